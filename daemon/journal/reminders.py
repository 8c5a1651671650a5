"""Telling a page again: the notice of an open alarm that nobody has acknowledged, queued once more.

Nothing new has happened, so that the chain gets no row; the outbox gets another notice.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from daemon.journal.database import Database
from daemon.journal.prepared import Prepared
from daemon.journal.tables import ALARM, AUDIT, HALT, NOTICE

BY_THEMSELVES = ("trimtab", "halt file")
"""Who halts without a person being there to know of it."""

# Made once: every tick asks.
_PAGES = Prepared(select(ALARM).where(ALARM.c.level == "page"))
_LAST_HALT = Prepared(select(HALT.c.by).order_by(HALT.c.seq.desc()).limit(1))
_KIND = Prepared(select(AUDIT.c.kind).where(AUDIT.c.seq == bindparam("of_seq")))
_TOLD = Prepared(
    select(NOTICE)
    .where((NOTICE.c.key == bindparam("first")) | NOTICE.c.key.like(bindparam("later")))
    .order_by(NOTICE.c.number.desc())
)


def remind(
    database: Database,
    now: datetime,
    every: timedelta,
    acknowledged: frozenset[tuple[str, str]],
) -> int:
    """Queue again what went out `every` ago or longer and is still open; how many notices.

    `acknowledged` are name and scope of the alarms that a person has seen. A notice that has not gone
    out yet is not told again: it is still on its way. A person's own halt needs no page to that person.
    """
    with database.using() as connection:
        pages = _PAGES.all(connection, {})
        due = [
            notice
            for page in pages
            if (page.name, page.scope) not in acknowledged and not _is_own_halt(connection, page)
            for notice in _again(connection, page, now, every)
        ]
    if not due:
        return 0
    with database.transaction() as tables:
        for notice in due:
            tables.execute(insert(NOTICE), notice)
    return len(due)


def _is_own_halt(connection: Connection, page: Any) -> bool:
    if page.name != "halted":
        return False
    last = _LAST_HALT.first(connection, {})
    return last is not None and last.by not in BY_THEMSELVES


def _again(
    connection: Connection, page: Any, now: datetime, every: timedelta
) -> list[dict[str, object]]:
    first = _first_key(connection, page)
    told = _TOLD.all(connection, {"first": first, "later": f"{first}-again-%"})
    if not told or told[0].delivered_at is None or now - told[0].delivered_at < every:
        return []
    original, times = told[-1], len(told)
    return [
        {
            "key": f"{first}-again-{times}",
            "urgent": True,
            "title": f"{original.title} (told again, {times})",
            "body": f"{original.body}\nIt is told again until: trimtab ack “{page.name}”",
            "queued_at": now,
            "tries": 0,
            "next_try_at": now,
            "last_error": "",
        }
    ]


def _first_key(connection: Connection, page: Any) -> str:
    """The key of the notice that told of it: a halt is told by its own row, the one before."""
    if page.name == "halted":
        before = _KIND.first(connection, {"of_seq": page.seq - 1})
        if before is not None and before.kind == "halted":
            return f"halted-{page.seq - 1}"
    return f"alarm-{page.seq}"
