"""Verifying the record: every hash, every link, every document, and the anchor.

Proves that no row between the first and the last was altered, removed, added or put elsewhere, and
with an anchor that the chain still holds what it held then. Does not prove: that rows after the last
anchor were not cut off; that nobody with write access, this code and the anchor's file made all of it
anew (the hashes carry no key); that the times are true; that what was recorded is what happened. The
broker's own order list, whose ids carry our hashes, is the witness from outside.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, or_, select

from daemon.journal.anchor import Anchor, AnchorUnreadable, read_anchor
from daemon.journal.chain import GENESIS, ChainRow
from daemon.journal.database import Database
from daemon.journal.prepared import Prepared
from daemon.journal.store import JournalStore
from daemon.journal.tables import AUDIT, CYCLE, DOCUMENT

_BATCH = 1_000
_BEFORE_THE_FIRST = -(2**62)
"""A row that somebody has put before the first is found as well."""
_ROWS_AFTER = Prepared(
    select(AUDIT)
    .where(AUDIT.c.seq > bindparam("after", type_=BigInteger))
    .order_by(AUDIT.c.seq)
    .limit(bindparam("most", type_=BigInteger))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The record is whole up to `head`, a hash, at row `rows`; `anchor` is what also vouches for it."""

    rows: int
    head: str
    documents: int
    anchor: Anchor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first row that is not as it was written (0 when it is none of the chain), and why."""

    seq: int
    reason: str


def verify(journal: JournalStore) -> Verified | Broken:
    """Recompute the whole record. Reads all of it; writes nothing."""
    try:
        anchor = read_anchor(journal.anchored_in)
    except AnchorUnreadable as error:
        return Broken(seq=0, reason=str(error))
    chain = journal.identity().household
    expected, last, anchored = 1, GENESIS, anchor is None
    for row in chain_rows(journal.database):
        reason = _fault(row, chain, expected, last)
        if reason:
            return Broken(seq=expected, reason=reason)
        if anchor is not None and anchor.seq == row.seq:
            if anchor.hash != row.hash:
                return Broken(seq=row.seq, reason=f"the anchor of {anchor.at} knows another row")
            anchored = True
        expected, last = row.seq + 1, row.hash
    if anchor is not None and not anchored:
        reason = (
            f"the chain ends at row {expected - 1}, the anchor of {anchor.at} knows {anchor.seq}: "
            "this database has gone back in time, or its end was cut off"
        )
        return Broken(seq=expected, reason=reason)
    documents = _check_documents(journal.database)
    if isinstance(documents, Broken):
        return documents
    return Verified(rows=expected - 1, head=last, documents=documents, anchor=anchor)


def fits_anchor(journal: JournalStore, row: int, head: str) -> str:
    """Why a head from elsewhere (`head` may be its beginning) is not this chain's; "" when it is."""
    found = journal.database.first(select(AUDIT.c.hash).where(AUDIT.c.seq == row))
    if found is None:
        return f"the chain ends at row {journal.head()[0]}, the given head is of row {row}"
    if not str(found.hash).startswith(head):
        return f"row {row} is {str(found.hash)[:12]}, the given head says {head[:12]}"
    return ""


def chain_rows(database: Database) -> Iterator[ChainRow]:
    """The chain as stored, in order, a batch at a time so that its length costs no memory."""
    after = _BEFORE_THE_FIRST
    while True:
        rows = database.rows(_ROWS_AFTER, {"after": after, "most": _BATCH})
        for row in rows:
            yield ChainRow(**row._asdict())
        if len(rows) < _BATCH:
            return
        after = rows[-1].seq


def _fault(row: ChainRow, chain: str, expected: int, last: str) -> str:
    if row.seq != expected:
        return f"row {expected} is missing, row {row.seq} follows"
    texts = (row.chain, row.at, row.actor, row.kind, row.body, row.prev, row.hash)
    if not all(isinstance(text, str) for text in texts):
        return "something in it is not text"
    if row.chain != chain:
        return f"it belongs to chain {row.chain!r}, not {chain!r}"
    if row.prev != last:
        return "it does not follow the row before it"
    if row.hash != row.proper_hash():
        return "its hash does not fit what it says"
    return ""


def _check_documents(database: Database) -> int | Broken:
    """How many documents there are, each of them under its own digest."""
    after, count = "", 0
    while True:
        chosen = select(DOCUMENT).where(DOCUMENT.c.ref > after).order_by(DOCUMENT.c.ref).limit(50)
        rows = database.rows(chosen)
        for row in rows:
            whole = isinstance(row.body, str)
            if not whole or hashlib.sha256(row.body.encode()).hexdigest() != row.ref:
                seq = _first_row_with(database, row.ref)
                return Broken(seq=seq, reason=f"document {row.ref[:12]} is not what was recorded")
        count += len(rows)
        if not rows:
            return count
        after = rows[-1].ref


def _first_row_with(database: Database, ref: str) -> int:
    columns = (CYCLE.c.snapshot, CYCLE.c.policy, CYCLE.c.memory, CYCLE.c.limits)
    uses = or_(*(column == ref for column in columns))
    row = database.first(select(CYCLE.c.seq).where(uses).order_by(CYCLE.c.seq).limit(1))
    return 0 if row is None else int(row.seq)
