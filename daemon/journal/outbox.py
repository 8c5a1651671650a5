"""The outbox: notices queued in the append's transaction, delivered later by another thread."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Connection, bindparam, insert, select, update

from daemon.journal.database import Database
from daemon.journal.prepared import Prepared
from daemon.journal.tables import NOTICE
from portfolio.records import Notice, QueuedNotice

_KNOWN = Prepared(select(NOTICE.c.number).where(NOTICE.c.key == bindparam("key")))
_QUEUED = ("key", "urgent", "title", "body", "queued_at", "tries", "next_try_at", "last_error")
_INSERT = Prepared(insert(NOTICE).values({name: bindparam(name) for name in _QUEUED}).inline())

_DUE = Prepared(
    select(NOTICE)
    .where(NOTICE.c.delivered_at.is_(None), NOTICE.c.next_try_at <= bindparam("now"))
    .order_by(NOTICE.c.number)
    .limit(bindparam("most", type_=BigInteger))
)


def queue(tables: Connection, notices: Iterable[Notice], at: datetime) -> None:
    """Queue what is not queued yet: the same key only once, for ever."""
    for notice in notices:
        if _KNOWN.first(tables, {"key": notice.key}):
            continue
        values = {
            "key": notice.key,
            "urgent": notice.urgent,
            "title": notice.title,
            "body": notice.body,
            "queued_at": at,
            "tries": 0,
            "next_try_at": at,
            "last_error": "",
        }
        _INSERT.run(tables, values)


def due(database: Database, now: datetime, limit: int) -> Sequence[QueuedNotice]:
    """Undelivered notices whose next try is due, oldest first."""
    return [
        QueuedNotice(
            number=row.number,
            notice=Notice(key=row.key, urgent=row.urgent, title=row.title, body=row.body),
            queued_at=row.queued_at,
            tries=row.tries,
            next_try_at=row.next_try_at,
            delivered_at=row.delivered_at,
            last_error=row.last_error,
        )
        for row in database.rows(_DUE, {"now": now, "most": limit})
    ]


def delivered(database: Database, number: int, at: datetime) -> None:
    """A notice went out."""
    done = update(NOTICE).where(NOTICE.c.number == number)
    with database.transaction() as tables:
        tables.execute(done.values(delivered_at=at, tries=NOTICE.c.tries + 1))


def failed(database: Database, number: int, error: str, next_try_at: datetime) -> None:
    """A notice did not go out; it is tried again at `next_try_at`."""
    tried = update(NOTICE).where(NOTICE.c.number == number)
    values = {"tries": NOTICE.c.tries + 1, "last_error": error, "next_try_at": next_try_at}
    with database.transaction() as tables:
        tables.execute(tried.values(values))
