"""The score card: what the daemon did and what it came to, from its journal and the broker's books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from brokers.simulated.price_file import PriceTable
from daemon.answers.explain import reread
from daemon.review.course import Course, course, held
from daemon.review.runs import Rebalance, filled_value
from portfolio.decisions import SliceView
from portfolio.events import FlowSeen, SessionClosed
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import ZERO, Money, Weight
from portfolio.orders import Leg, LegState, Side
from portfolio.ports import BrokerReader, JournalReader
from portfolio.records import CycleRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The largest drift at a close."""

    name: str
    drift: Weight
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCard:
    """All figures of the last page. `unexplained` must be empty; `agrees` says that books match."""

    rebalances: tuple[Rebalance, ...]
    sessions: int
    looks: int
    turnover: Decimal
    cost: Money
    largest_drift: Worst | None
    orders: int
    filled: int
    not_filled: tuple[str, ...]
    unexplained: tuple[str, ...]
    recomputed: int
    differing: tuple[int, ...]
    audit_rows: int
    audit_fault: str
    agrees: str
    deposits: Money
    kept: Course
    never: Course | None


def closes(journal: JournalReader) -> list[SessionClosed]:
    """One row a session."""
    return [r.event for r in journal.events("session_closed") if isinstance(r.event, SessionClosed)]


def largest_drift(
    rows: Sequence[SessionClosed], views: Sequence[SliceView], since: date
) -> Worst | None:
    """The furthest that any slice but cash stood from its target at a close from `since` on."""
    targets = {view.name: view.target for view in views if view.name != "cash"}
    found = [
        Worst(name=name, drift=Weight(weight - targets[name]), day=row.session)
        for row in rows
        if row.session >= since
        for name, weight in row.weights.items()
        if name in targets
    ]
    return max(found, key=lambda worst: abs(worst.drift), default=None)


def flows_of(journal: JournalReader) -> list[CashFlow]:
    """Deposits and withdrawals since the start."""
    kinds = (FlowKind.DEPOSIT, FlowKind.WITHDRAWAL)
    return [
        r.event.flow
        for r in journal.events("flow_seen")
        if isinstance(r.event, FlowSeen) and r.event.flow.kind in kinds
    ]


def kept_course(rows: Sequence[SessionClosed], flows: Sequence[CashFlow]) -> Course:
    """How the rebalanced portfolio did."""
    by_day = {flow.day: flow.amount for flow in flows}
    return course([(row.session, row.equity) for row in rows], by_day)


def never_course(
    journal: JournalReader,
    table: PriceTable,
    rows: Sequence[SessionClosed],
    runs: Sequence[Rebalance],
) -> Course | None:
    """The twin: the first run's fills, held for ever; later deposits bought in the same proportions.

    It starts from the same cash, earns no interest on what stays in cash, and pays no spread on its
    purchases of later deposits, which favours it. None when there was no run or no close.
    """
    if not runs or not rows:
        return None
    legs = journal.legs(run=runs[0].run)
    units: dict[str, Decimal] = {
        leg.intent.symbol: leg.filled_quantity
        for leg in legs
        if leg.intent.side is Side.BUY and leg.filled_quantity > ZERO
    }
    spent = filled_value(legs, Side.BUY)
    start = next((row for row in rows if row.session >= runs[0].day), None)
    if start is None or not units:
        return None
    at_start = _prices(table, runs[0].day)
    cash = start.equity - held(units, ZERO, at_start)
    shares = {symbol: quantity * at_start[symbol] / spent for symbol, quantity in units.items()}
    flows = {flow.day: flow.amount for flow in flows_of(journal)}
    values: list[tuple[date, Money]] = []
    for row in rows:
        if row.session < start.session:
            continue
        prices = _prices(table, row.session)
        if row.session in flows and values:
            for symbol, share in shares.items():
                units[symbol] += flows[row.session] * share / prices[symbol]
            cash += flows[row.session] * (1 - sum(shares.values(), ZERO))
        values.append((row.session, held(units, cash, prices)))
    return course(values, flows)


def _prices(table: PriceTable, day: date) -> dict[str, Decimal]:
    place = table.position_at_or_before(day) or 0
    return dict(zip(table.symbols, table.rows[place], strict=True))


def order_account(journal: JournalReader) -> tuple[int, int, tuple[str, ...], tuple[str, ...]]:
    """Orders, how many filled whole, those that did not with their note, and those without a word."""
    legs = journal.legs()
    rest = [leg for leg in legs if leg.state is not LegState.FILLED]
    told = tuple(f"{_order(leg)}: {leg.state}, {leg.note}" for leg in rest if leg.note)
    silent = tuple(f"{_order(leg)}: {leg.state}" for leg in rest if not leg.note)
    return len(legs), len(legs) - len(rest), told, silent


def _order(leg: Leg) -> str:
    return f"{leg.intent.side} {leg.intent.symbol} in cycle {leg.cycle}"


def differing_cycles(journal: JournalReader, looks: Sequence[CycleRecord]) -> tuple[int, ...]:
    """Cycles whose recorded inputs no longer give their recorded answer."""
    return tuple(look.cycle for look in looks if reread(journal, look).differences)


def books_agree(journal: JournalReader, account: str, broker: BrokerReader) -> str:
    """In what the broker's holdings differ from the journal's; empty when they do not."""
    ours = {s: q for s, q in journal.positions(account).items() if q != ZERO}
    theirs = {p.symbol: p.quantity for p in broker.positions() if p.quantity != ZERO}
    symbols = sorted(ours.keys() | theirs.keys())
    return ", ".join(
        f"{s}: journal {ours.get(s, ZERO)}, broker {theirs.get(s, ZERO)}"
        for s in symbols
        if ours.get(s, ZERO) != theirs.get(s, ZERO)
    )
