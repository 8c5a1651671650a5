"""The running policy and a new one over the same recorded months, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from backtest.measures import Measures, Rates, measures_of
from backtest.metrics import Result
from backtest.run import run
from backtest.trace import Order
from daemon.journal.codec import read_policy
from daemon.trial.recorded import NothingToReplay, RecordedMonths, recorded_months
from policies.policy import Policy
from portfolio.ports import JournalReader

DAYS_A_MONTH = 30.4375


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One policy over the recorded months."""

    name: str
    result: Result = field(repr=False)
    measures: Measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A session in which the two did not trade the same."""

    session: date
    running: tuple[Order, ...]
    changed: tuple[Order, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Both sides, the sessions in which they differ, and how many orders were really filled."""

    running: Side
    changed: Side
    days: tuple[Day, ...]
    really_filled: int


def replay(
    journal: JournalReader, changed: Policy, name: str, *, months: int | None = None, after: int = 0
) -> Replay:
    """Run the policy of the last look and a changed one from what was held at the first look.

    Both on the recorded prices, filled where a look saw them, every proposal accepted, no limit
    asked. Raises `NothingToReplay`.
    """
    since = None
    if months is not None:
        last = journal.cycles(limit=1)
        if last:
            since = last[0].session - timedelta(days=round(months * DAYS_A_MONTH))
    seen = recorded_months(journal, after=after, since=since)
    running = one_side("running", read_policy(journal, seen.policy), seen)
    other = one_side(name, changed, seen)
    first = seen.history.sessions[0]
    filled = {
        leg.client_order_id
        for leg in journal.legs()
        if leg.filled_quantity and leg.planned_at.date() >= first
    }
    return Replay(
        running=running,
        changed=other,
        days=tuple(_different(running.result, other.result)),
        really_filled=len(filled),
    )


def one_side(name: str, policy: Policy, seen: RecordedMonths) -> Side:
    """One policy over the recorded months; raises `NothingToReplay`."""
    missing = [s for s in policy.target.symbols if s not in seen.history.symbols]
    if missing:
        raise NothingToReplay(
            f"The journal has no prices of {', '.join(missing)}: only what was watched can be "
            "replayed. `trimtab compare` takes prices from a file."
        )
    result = run(policy, seen.history, seen.setup)
    return Side(name=name, result=result, measures=measures_of(result, seen.setup, Rates()))


def _different(running: Result, changed: Result) -> Iterator[Day]:
    for row, session in enumerate(running.history.sessions):
        one = tuple(o for o in running.orders if o.row == row)
        other = tuple(o for o in changed.orders if o.row == row)
        if _traded(one) != _traded(other):
            yield Day(session=session, running=one, changed=other)


def _traded(orders: tuple[Order, ...]) -> list[tuple[str, str, str]]:
    """What was traded to the last thousandth of a unit."""
    return sorted((o.symbol, o.side.value, f"{o.quantity:.3f}") for o in orders)
