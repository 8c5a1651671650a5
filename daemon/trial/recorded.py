"""What the journal has seen, as a history: a row for each session, at the prices of its first look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np

from backtest.history import Dividend, History, history_of
from backtest.setup import Costs, Fill, Flow, Opening, Setup
from daemon.journal.codec import read_snapshot
from portfolio.accounts import Autonomy
from portfolio.drift import Block
from portfolio.events import CycleDecided
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import ONE, ZERO, Money, Price, Quantity
from portfolio.ports import JournalReader
from portfolio.snapshot import Snapshot

_CASH = (
    *(FlowKind.DEPOSIT, FlowKind.WITHDRAWAL, FlowKind.INTEREST, FlowKind.FEE, FlowKind.OTHER),
    *(FlowKind.RETURN_OF_CAPITAL, FlowKind.EXERCISE, FlowKind.CORPORATE_ACTION),
)


class NothingToReplay(Exception):
    """The journal has too little to replay, or no prices of a symbol that a policy wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMonths:
    """The recorded sessions as a backtest reads them. Orders fill at the prices of the look, as they
    would have been asked for; `household` is the first snapshot's."""

    history: History
    setup: Setup
    policy: str
    """Reference of the policy in force at the last look."""


def recorded_months(
    journal: JournalReader, *, after: int = 0, since: date | None = None
) -> RecordedMonths:
    """Read the looks behind sequence number `after`, from session `since` on.

    A price that a look did not have is the last one known; a symbol without any is left out.
    Raises `NothingToReplay` for fewer than two sessions.
    """
    looks = list(_first_looks(journal, after, since))
    if len(looks) < 2:
        raise NothingToReplay(
            f"The journal has looks of {len(looks)} sessions there; a replay needs two at least."
        )
    snapshots = [read_snapshot(journal, look.snapshot) for look in looks]
    sessions = [look.session for look in looks]
    flows = [f for f in journal.flows() if f.seen_session and f.seen_session > sessions[0]]
    symbols, prices = _prices(snapshots)
    splits = [f for f in flows if f.kind is FlowKind.SPLIT and f.symbol in symbols and f.ratio]
    for split in splits:
        row = int(np.searchsorted([d.toordinal() for d in sessions], split.day.toordinal()))
        prices[:row, symbols.index(split.symbol or "")] /= float(split.ratio or ONE)
    history = history_of(
        sessions,
        symbols,
        prices,
        dividends=_dividends(flows, sessions, snapshots),
        source="the journal",
    )
    return RecordedMonths(
        history=history,
        setup=_setup(snapshots, symbols, flows, splits),
        policy=looks[-1].policy,
    )


def _first_looks(journal: JournalReader, after: int, since: date | None) -> Iterator[CycleDecided]:
    last: date | None = None
    for recorded in journal.events("cycle_decided", after=after):
        look = recorded.event
        if not isinstance(look, CycleDecided) or (since is not None and look.session < since):
            continue
        if last is None or look.session > last:
            yield look
            last = look.session


def _prices(snapshots: Sequence[Snapshot]) -> tuple[tuple[str, ...], Block]:
    """Prices (T, M) of the symbols that have one in any look, gaps filled from before, then behind."""
    symbols = tuple(sorted({symbol for snapshot in snapshots for symbol in snapshot.quotes}))
    prices = np.full((len(snapshots), len(symbols)), np.nan)
    for row, snapshot in enumerate(snapshots):
        for column, symbol in enumerate(symbols):
            if symbol in snapshot.quotes:
                prices[row, column] = float(snapshot.quotes[symbol].price)
            elif row:
                prices[row, column] = prices[row - 1, column]
    for row in range(len(prices) - 2, -1, -1):
        prices[row] = np.where(np.isnan(prices[row]), prices[row + 1], prices[row])
    return symbols, prices


def _dividends(
    flows: Sequence[CashFlow], sessions: Sequence[date], snapshots: Sequence[Snapshot]
) -> Iterator[Dividend]:
    """Paid per unit of what was really held in the look before."""
    for flow in flows:
        if flow.kind is not FlowKind.DIVIDEND or not flow.symbol or flow.seen_session is None:
            continue
        row = max(0, int(np.searchsorted(_days(sessions), flow.seen_session.toordinal())) - 1)
        held = sum(
            (
                position.quantity
                for account in snapshots[min(row, len(snapshots) - 1)].accounts
                if account.account.id == flow.account
                for position in account.positions
                if position.symbol == flow.symbol
            ),
            ZERO,
        )
        if held > ZERO and flow.amount > ZERO:
            yield Dividend(
                day=flow.seen_session, symbol=flow.symbol, per_unit=Decimal(flow.amount) / held
            )


def _days(sessions: Sequence[date]) -> list[int]:
    return [day.toordinal() for day in sessions]


def _setup(
    snapshots: Sequence[Snapshot],
    symbols: Sequence[str],
    flows: Sequence[CashFlow],
    splits: Sequence[CashFlow],
) -> Setup:
    ratios = dict.fromkeys(symbols, ONE)
    for split in splits:
        ratios[split.symbol or ""] *= split.ratio or ONE
    first = snapshots[0]
    openings = tuple(
        Opening(
            account=replace(account.account, autonomy=Autonomy.AUTO),
            cash=account.cash,
            positions={
                p.symbol: Quantity(p.quantity * ratios.get(p.symbol, ONE))
                for p in account.positions
            },
            costs={
                p.symbol: Price(p.average_cost / ratios.get(p.symbol, ONE))
                for p in account.positions
                if p.average_cost is not None
            },
        )
        for account in first.accounts
    )
    return Setup(
        openings=openings,
        household=first.household,
        fill=Fill.SAME_CLOSE,
        costs=Costs(spread=_spread(snapshots)),
        flows=tuple(
            Flow(day=f.seen_session, amount=Money(f.amount), account=f.account)
            for f in flows
            if f.kind in _CASH and f.amount and f.seen_session is not None
        ),
    )


def _spread(snapshots: Sequence[Snapshot]) -> Decimal:
    """The average of ask minus bid over the price, of all quotes of all looks."""
    parts = [(q.ask - q.bid) / q.price for s in snapshots for q in s.quotes.values()]
    return (sum(parts, ZERO) / len(parts)).quantize(Decimal("1e-9")) if parts else ZERO
