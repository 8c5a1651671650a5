"""How things stand, from the journal and the two files beside it: what `trimtab status` shows."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.problems import ConfigurationError
from config.read import settings_from
from daemon.journal.codec import read_policy, read_snapshot
from daemon.latch import FileLatch
from daemon.machine.lease import running_pid
from daemon.requests.reservations import reservations
from daemon.review.by_hand import ByHand, by_hand, with_counted
from portfolio.decisions import Run
from portfolio.events import Alarm, ConfigurationChanged, DaemonStarted, JournalOpened
from portfolio.memory import Reservation
from portfolio.money import Money
from portfolio.orders import Leg
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord, PendingApproval
from portfolio.snapshot import Snapshot
from portfolio.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One moment of a household, as far as its journal knows it.

    `pid` is the running daemon's, `halted` the reason of the halt. `last` is the latest look and
    `seen` its snapshot. `unsliced` are holdings in no slice: shown, never traded.
    """

    identity: JournalOpened
    head: tuple[int, str]
    pid: int | None
    halted: str | None
    last_tick: datetime | None
    last: CycleRecord | None
    seen: Snapshot | None
    unsliced: tuple[str, ...]
    pending: PendingApproval | None
    run: Run | None
    live_legs: tuple[Leg, ...]
    alarms: tuple[Alarm, ...]
    reserved: tuple[Reservation, ...] = ()
    target: Target | None = None
    """The last look's."""
    looks: str = ""
    """When full looks are taken, in the configuration's words; empty when that cannot be told."""
    by_hand: tuple[ByHand, ...] = ()

    @property
    def equity(self) -> Money | None:
        """Cash and every holding at the last look; None before it, or when a price is missing."""
        return None if self.seen is None else self.seen.equity()

    @property
    def managed(self) -> Money | None:
        """What the slices' weights are fractions of: the equity, and what is counted by hand."""
        return with_counted(self.equity, self.by_hand)

    def as_json(self) -> dict[str, object]:
        """For a program; documents are named by their references, not repeated."""
        last = self.last
        return {
            "household": self.identity.household,
            "mode": self.identity.mode,
            "accounts": self.identity.account_numbers,
            "journal": {"rows": self.head[0], "head": self.head[1]},
            "pid": self.pid,
            "halted": self.halted,
            "last_tick": self.last_tick,
            "looks": self.looks,
            "equity": self.equity,
            "cash": None if self.seen is None else self.seen.cash,
            "in_no_slice": self.unsliced,
            "by_hand": self.by_hand,
            "by_account": () if self.seen is None else _by_account(self.seen),
            "slices": () if last is None else last.decision.slices,
            "last_look": None
            if last is None
            else {
                "cycle": last.cycle,
                "at": last.at,
                "session": last.session,
                "kind": last.decision.kind,
                "reason": last.decision.reason,
            },
            "reserved": self.reserved,
            "pending": self.pending,
            "run": self.run,
            "live_legs": self.live_legs,
            "alarms": self.alarms,
        }


def standing(journal: JournalReader, state_dir: Path) -> Standing:
    """Read it all once."""
    latest = journal.cycles(limit=1)
    last = latest[0] if latest else None
    seen = None if last is None else read_snapshot(journal, last.snapshot)
    target = None if last is None else read_policy(journal, last.policy).target
    return Standing(
        identity=journal.identity(),
        head=journal.head(),
        pid=running_pid(state_dir),
        halted=FileLatch(state_dir).reason(),
        last_tick=journal.last_tick(),
        last=last,
        seen=seen,
        unsliced=_unsliced(target, seen),
        target=target,
        pending=journal.pending_approval(),
        run=journal.open_run(),
        live_legs=tuple(journal.legs(live=True)),
        alarms=tuple(journal.open_alarms()),
        reserved=reservations(journal),
        looks=_looks(journal),
        by_hand=_by_hand(journal, last, seen),
    )


def _looks(journal: JournalReader) -> str:
    """From the configuration that the daemon last wrote down."""
    started = journal.events("daemon_started", "configuration_changed", limit=1, newest_first=True)
    event = started[0].event if started else None
    if not isinstance(event, DaemonStarted | ConfigurationChanged):
        return ""
    try:
        text = json.loads(journal.document(event.configuration))["text"]
        return str(settings_from(text, file=Path("the journal")).schedule.look)
    except (KeyError, TypeError, ValueError, ConfigurationError):
        return ""


def _by_hand(
    journal: JournalReader, last: CycleRecord | None, seen: Snapshot | None
) -> tuple[ByHand, ...]:
    if last is None or seen is None or not seen.by_hand:
        return ()
    return by_hand(seen, read_policy(journal, last.policy))


def _unsliced(target: Target | None, seen: Snapshot | None) -> tuple[str, ...]:
    if target is None or seen is None:
        return ()
    return tuple(symbol for symbol in seen.symbols_held() if symbol not in target.symbols)


def _by_account(seen: Snapshot) -> list[dict[str, object]]:
    return [
        {
            "account": part.account.id,
            "kind": part.account.kind,
            "autonomy": part.account.autonomy,
            "value": seen.value_in(part),
            "cash": part.cash,
        }
        for part in seen.accounts
    ]
