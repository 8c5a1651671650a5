"""What the chain shows: any byte flipped, any row dropped, doubled or swapped, any document changed."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from daemon.journal.audit import Broken, Verified, verify
from daemon.journal.store import JournalStore
from daemon.protocol import BrokenInvariant
from portfolio.canonical import digest
from portfolio.events import Halted
from portfolio.ports import JournalUnwritable
from tests.daemon.journal.conftest import Place, Tampering
from tests.support.journals import DOCUMENTS, INPUTS, NOW, cycle

ROWS = 12
DOUBLE_THE_LAST = (
    "INSERT INTO audit (seq, chain, at, actor, kind, body, prev, hash) "
    "SELECT seq + 1, chain, at, actor, kind, body, prev, hash FROM audit "
    "WHERE seq = (SELECT max(seq) FROM audit)"
)
COLUMNS = ("chain", "at", "actor", "kind", "body", "prev", "hash")


def written(journal: JournalStore) -> None:
    journal.append(cycle(1), documents=DOCUMENTS)
    for number in range(3, ROWS + 1):
        journal.append(Halted(by="anna", reason=f"reason {number}"), actor="anna")


def test_a_whole_chain_is_verified(journal: JournalStore, place: Place) -> None:
    written(journal)
    found = verify(place.read())
    assert found == Verified(rows=ROWS, head=journal.head()[1], documents=4, anchor=None)


def test_every_flipped_byte_is_found(tmp_path: Path, tamper: Tampering, place: Place) -> None:
    if not place.is_sqlite:
        pytest.skip("flips bytes by hundreds; the same hashes are recomputed on SQLite")
    journal = place.open()
    written(journal)
    tamper()
    with closing(sqlite3.connect(place.where, isolation_level=None)) as connection:
        rows = connection.execute(f"SELECT seq, {', '.join(COLUMNS)} FROM audit").fetchall()  # noqa: S608
        for seq, *values in rows:
            for column, value in zip(COLUMNS, values, strict=True):
                change = f"UPDATE audit SET {column} = ? WHERE seq = ?"  # noqa: S608
                for at in range(0, len(value), 1 if seq == 5 else 17):
                    flipped = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
                    connection.execute(change, (flipped, seq))
                    found = verify(journal)
                    assert isinstance(found, Broken), (seq, column, at)
                    assert found.seq in (seq, seq + 1)
                connection.execute(change, (value, seq))
        assert isinstance(verify(journal), Verified)


@pytest.mark.parametrize(
    ("statements", "seq", "why"),
    [
        (
            ["UPDATE audit SET body = replace(body, 'reason 7', 'reason 8') WHERE seq = 7"],
            7,
            "hash",
        ),
        (["UPDATE audit SET at = replace(at, '14:00', '15:00') WHERE seq = 7"], 7, "hash"),
        (["DELETE FROM audit WHERE seq = 7"], 7, "row 7 is missing"),
        (["DELETE FROM audit WHERE seq = 1"], 1, "row 1 is missing"),
        (
            ["DELETE FROM audit WHERE seq = 7", "UPDATE audit SET seq = seq - 1 WHERE seq = 8"],
            7,
            "does not follow",
        ),
        (
            [
                "UPDATE audit SET seq = 100 WHERE seq = 7",
                "UPDATE audit SET seq = 7 WHERE seq = 8",
                "UPDATE audit SET seq = 8 WHERE seq = 100",
            ],
            7,
            "does not follow",
        ),
        (
            [DOUBLE_THE_LAST],
            ROWS + 1,
            "does not follow",
        ),
        (["UPDATE audit SET chain = 'other' WHERE seq = 7"], 7, "chain 'other'"),
    ],
)
def test_a_tampered_row_is_found(
    journal: JournalStore, tamper: Tampering, statements: list[str], seq: int, why: str
) -> None:
    written(journal)
    tamper(*statements)
    found = verify(journal)
    assert isinstance(found, Broken)
    assert found.seq == seq
    assert why in found.reason


def test_every_row_that_is_dropped_doubled_or_swapped_and_every_cut_is_found(
    tmp_path: Path, tamper: Tampering, place: Place
) -> None:
    if not place.is_sqlite:
        pytest.skip("changes every row; the same hashes are recomputed on SQLite")
    journal = place.open()
    written(journal)
    journal.anchor(NOW)
    tamper()
    swap = [
        "UPDATE audit SET seq = 1000 WHERE seq = {0}",
        "UPDATE audit SET seq = {0} WHERE seq = {0} + 1",
        "UPDATE audit SET seq = {0} + 1 WHERE seq = 1000",
    ]
    double = [
        "UPDATE audit SET seq = seq + 1000 WHERE seq > {0}",
        "UPDATE audit SET seq = seq - 999 WHERE seq > 1000",
        DOUBLE_THE_LAST.replace("(SELECT max(seq) FROM audit)", "{0}"),
    ]
    ways = {
        "drop": (["DELETE FROM audit WHERE seq = {0}"], range(1, ROWS + 1)),
        "swap": (swap, range(1, ROWS)),
        "double": (double, range(1, ROWS + 1)),
        "cut": (["DELETE FROM audit WHERE seq > {0}"], range(ROWS)),
    }
    with closing(sqlite3.connect(place.where, isolation_level=None)) as connection:
        for way, (statements, rows) in ways.items():
            for row in rows:
                connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM audit")
                for statement in statements:
                    connection.execute(statement.format(row))
                found = verify(journal)
                assert isinstance(found, Broken), (way, row)
                assert found.seq in (row, row + 1), (way, row)
                connection.execute("DELETE FROM audit")
                connection.execute("INSERT INTO audit SELECT * FROM kept")
                connection.execute("DROP TABLE kept")
        assert isinstance(verify(journal), Verified)


def test_a_changed_document_is_found(journal: JournalStore, tamper: Tampering) -> None:
    written(journal)
    ref = digest(INPUTS["snapshot"])
    tamper(f"UPDATE document SET body = '\"another price\"' WHERE ref = '{ref}'")  # noqa: S608
    found = verify(journal)
    assert isinstance(found, Broken)
    assert (found.seq, found.reason[:9]) == (2, "document ")


@pytest.mark.parametrize("kept", [1, 2, 5, ROWS - 1])
def test_a_cut_tail_is_found_when_an_anchor_is_later(
    journal: JournalStore, tamper: Tampering, kept: int
) -> None:
    written(journal)
    journal.anchor(NOW)
    whole = verify(journal)
    assert isinstance(whole, Verified)
    assert whole.anchor is not None
    assert (whole.anchor.seq, whole.anchor.at) == (ROWS, NOW)
    tamper(f"DELETE FROM audit WHERE seq > {kept}")  # noqa: S608
    found = verify(journal)
    assert isinstance(found, Broken)
    assert found.seq == kept + 1
    assert f"the chain ends at row {kept}" in found.reason


def test_without_an_anchor_a_cut_tail_cannot_be_seen(
    journal: JournalStore, tamper: Tampering
) -> None:
    written(journal)
    tamper("DELETE FROM audit WHERE seq > 5")
    found = verify(journal)
    assert isinstance(found, Verified)
    assert (found.rows, found.anchor) == (5, None)


def test_a_chain_made_anew_does_not_fit_the_anchor(place: Place, journal: JournalStore) -> None:
    written(journal)
    journal.anchor(NOW)
    text_of_anchor = place.anchored_in.read_text()
    place.anchored_in.write_text(text_of_anchor.replace(journal.head()[1], "f" * 64))
    found = verify(journal)
    assert found == Broken(seq=ROWS, reason=f"the anchor of {NOW} knows another row")


@pytest.mark.parametrize("content", ["", "{}", '{"seq": 1}', "\x00\xff"])
def test_an_anchor_that_makes_no_sense_is_said(
    place: Place, journal: JournalStore, content: str
) -> None:
    place.anchored_in.write_text(content, encoding="latin-1")
    found = verify(journal)
    assert isinstance(found, Broken)
    assert "makes no sense" in found.reason


@pytest.mark.parametrize("table", ["audit", "document"])
def test_the_database_refuses_to_change_the_record(journal: JournalStore, table: str) -> None:
    written(journal)
    column = "actor" if table == "audit" else "body"
    statements = [f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"]  # noqa: S608
    if journal.database.is_sqlite:
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608
    else:
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with (
            pytest.raises((BrokenInvariant, JournalUnwritable), match="append-only"),
            journal.database.transaction() as tables,
        ):
            tables.execute(text(statement))
    assert isinstance(verify(journal), Verified)


def test_the_record_is_append_only_for_a_stranger_with_other_settings(place: Place) -> None:
    if not place.is_sqlite:
        pytest.skip("about a setting of SQLite connections")
    written(place.open())
    with closing(sqlite3.connect(place.where)) as stranger:  # recursive_triggers is off here
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            stranger.execute("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            stranger.execute("INSERT OR REPLACE INTO document SELECT * FROM document")
