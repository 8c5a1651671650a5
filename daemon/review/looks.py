"""What the looks of a period found: how near each slice came to its edge, why nothing was done."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from daemon.review.period import Period
from portfolio.decisions import Gate, Hold, SliceView
from portfolio.money import ZERO, Weight
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord

AT_ONCE = 100
"""Looks read from the journal at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The furthest that a slice with a band stood from its target in the period, and when."""

    name: str
    drift: Weight
    half_width: Weight
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What the looks came to: how many held, and their reasons, the commonest first."""

    looks: int
    held: int
    reasons: tuple[tuple[str, int], ...]
    nearest: tuple[Nearest, ...]


def looks_in(journal: JournalReader, period: Period) -> list[CycleRecord]:
    """The looks of the period's sessions, oldest first."""
    found: list[CycleRecord] = []
    before = datetime.combine(period.last + timedelta(days=1), time.max, UTC)
    while chunk := journal.cycles(limit=AT_ONCE, before=before):
        found += [look for look in chunk if look.session in period]
        if chunk[-1].session < period.first or len(chunk) < AT_ONCE:
            break
        before = chunk[-1].at - timedelta(microseconds=1)
    return found[::-1]


def quiet_of(looks: Sequence[CycleRecord]) -> Quiet:
    """Why nothing was done, from the looks that held."""
    holds = [look.decision for look in looks if isinstance(look.decision, Hold)]
    reasons = Counter(kind for hold in holds for kind in _kinds(hold))
    return Quiet(
        looks=len(looks),
        held=len(holds),
        reasons=tuple(reasons.most_common(5)),
        nearest=tuple(_nearest(looks)),
    )


def _kinds(hold: Hold) -> Iterator[str]:
    """Why a look held, in words that do not change from day to day, so that they can be counted."""
    failed = {gate.name: gate for gate in hold.gates if not gate.passed}
    for name, text in _STANDING:
        if name in failed:
            yield text
            return
    if any(gate.name == "band" and gate.passed for gate in hold.gates):
        yield "a band was breached, and another gate stood in the way"
    else:
        yield "every slice was inside its band"


_STANDING = (
    ("halt", "everything was halted"),
    ("session", "the exchange was closed, or the session too young or too old"),
    ("prices", "no quote was good enough to trade on"),
    ("price", "a price was not good enough to trade on"),
    ("deposit", "a deposit was waiting"),
    ("rest", "the rest after a run was not over"),
)


def _nearest(looks: Sequence[CycleRecord]) -> Iterator[Nearest]:
    best: dict[str, tuple[Decimal, CycleRecord, SliceView]] = {}
    for look in looks:
        for view in look.decision.slices:
            if view.half_width == ZERO:
                continue
            part = abs(view.before - view.target) / view.half_width
            if view.name not in best or part > best[view.name][0]:
                best[view.name] = (part, look, view)
    for _, look, view in sorted(best.values(), key=lambda found: -found[0]):
        yield Nearest(
            name=view.name,
            drift=Weight(view.before - view.target),
            half_width=view.half_width,
            at=look.at,
        )


def what_next(look: CycleRecord) -> tuple[Gate, ...]:
    """What would trade next: the triggers not yet fired, the next dates first, then the nearest."""
    waiting = [
        gate
        for gate in look.decision.gates
        if not gate.passed and (gate.next_possible is not None or gate.unit == "points")
    ]

    def order(gate: Gate) -> tuple[bool, str, Decimal]:
        day = "" if gate.next_possible is None else gate.next_possible.isoformat()
        nearness = ZERO if not gate.level or gate.margin is None else gate.margin / gate.level
        return (gate.next_possible is None, day, nearness)

    return tuple(sorted(waiting, key=order))
