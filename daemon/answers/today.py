"""What any policy would do today: on what the accounts held at the journal's last look."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from backtest.compare import Today
from config.settings import Settings
from daemon.journal.codec import Undecodable, read_memory, read_snapshot
from daemon.journal.errors import JournalMissing
from daemon.wiring import open_reader, state_place
from policies.decide import decide
from policies.policy import Policy
from portfolio.decisions import Decision
from portfolio.memory import Memory
from portfolio.ports import JournalReader
from portfolio.snapshot import Snapshot

YEAR = timedelta(days=366)


def today_at(settings: Settings, state: Path | None) -> Today | None:
    """Decisions on the last look of the household's journal; None where there is no journal or look.

    A journal that was named with `state` must be there: raises `JournalMissing` and its like.
    """
    place = state_place(settings, state)
    if state is None and (place is None or not place.is_dir()):
        return None
    try:
        journal = open_reader(place) if place is not None else None
    except JournalMissing:
        if state is not None:
            raise
        return None
    return None if journal is None else _of_journal(journal)


def _of_journal(journal: JournalReader) -> Today | None:
    looks = journal.cycles(limit=1)
    if not looks:
        return None
    try:
        snapshot = read_snapshot(journal, looks[0].snapshot)
        memory = read_memory(journal, looks[0].memory)
    except (KeyError, Undecodable):
        return None
    words = (
        f"At the last look of {snapshot.household}'s journal, {snapshot.as_of:%Y-%m-%d %H:%M} UTC, "
        "on what its accounts held, at its prices, with nothing under way"
    )
    decides: Callable[[Policy], Decision] = partial(_decided, snapshot, memory)
    return Today(words=words, decides=decides)


def _decided(snapshot: Snapshot, memory: Memory, policy: Policy) -> Decision:
    """As in the middle of an open session, with the prices however old, no run and no halt."""
    session = snapshot.session
    middle = session.opens_at + (session.closes_at - session.opens_at) / 2
    any_age = replace(policy.prices, max_age_seconds=int(YEAR.total_seconds()))
    at_rest = replace(memory, run=None, run_legs=(), live_legs=(), halted="")
    return decide(
        replace(snapshot, is_open=True, as_of=middle), replace(policy, prices=any_age), at_rest
    )
