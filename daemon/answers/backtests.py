"""From a configuration and a price file to a backtest: what the one says in the words of the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np

from backtest.dividend_file import read_dividends
from backtest.history import Dividend, History, between, history_of
from backtest.quick_csv import read_plainly
from backtest.setup import Costs, Fill, Flow, Opening, Setup
from brokers.simulated.price_file import PriceFileError, read_prices
from config.look import Look
from config.settings import EventKind, Settings
from daemon.targets.over_history import changes_of
from portfolio.accounts import Autonomy
from portfolio.money import ZERO, Money

_T = TypeVar("_T")

SHIPPED = "us_60_40"
"""What a configuration calls the shipped prices."""

DEFAULT_CASH = Money(Decimal(100_000))
"""What the first account begins with when nothing says how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line says of a backtest; None leaves it to `[backtest]`, and what that leaves
    out to the simulated market.

    Fractions are fractions: a spread of 0.0004 is 0.04 %. `monthly` comes (or, negative, goes) in
    the first session of each month.
    """

    fill: Fill | None = None
    first: date | None = None
    last: date | None = None
    cash: Money | None = None
    spread: Decimal | None = None
    fee_per_order: Money | None = None
    fee_fraction: Decimal | None = None
    interest_percent: Decimal | None = None
    monthly: Money | None = None


def _first(*choices: _T | None) -> _T | None:
    return next((choice for choice in choices if choice is not None), None)


def _resolved(settings: Settings, wish: Wish) -> Wish:
    """The wish with what `[backtest]` says where the command line says nothing."""
    said, market = settings.backtest, settings.simulation

    return Wish(
        fill=_first(wish.fill, Fill(said.fill)),
        first=_first(wish.first, said.start),
        last=_first(wish.last, said.end),
        cash=_first(wish.cash, said.cash),
        spread=_first(wish.spread, said.spread, market.spread if market else None, ZERO),
        fee_per_order=_first(
            wish.fee_per_order, said.fee_per_order, market.fee_per_order if market else None
        ),
        fee_fraction=_first(
            wish.fee_fraction, said.fee_fraction, market.fee_fraction if market else None
        ),
        interest_percent=_first(wish.interest_percent, said.interest_percent),
        monthly=_first(wish.monthly, said.monthly),
    )


def prices_of(settings: Settings, named: Path | None) -> Path:
    """The file of prices that was named, else that of the configuration's `[simulation]`.

    `us_60_40` names the shipped one. Raises `PriceFileError` when there is none.
    """
    if named is not None and (str(named) != SHIPPED or named.exists()):
        return named
    if named is None and settings.simulation is None:
        raise PriceFileError(
            "no prices are named, and the configuration has no [simulation] to take them from; "
            "add --prices FILE"
        )
    if named is None and settings.simulation is not None and settings.simulation.prices_file:
        return settings.simulation.prices_file
    from daemon.worlds.simulated import BUILT_IN  # the whole broker, which a file never needs

    return BUILT_IN / "us_stocks_treasuries.csv"


def read_history(settings: Settings, prices: Path, dividends: Path | None, wish: Wish) -> History:
    """The prices of a file from the first to the last day that was asked for.

    Raises `PriceFileError` or `HistoryError`.
    """
    wish = _resolved(settings, wish)
    read = read_plainly(prices)
    if read is None:
        table = read_prices(prices)  # it takes what is odd and good, and says what is wrong
        read = table.sessions, table.symbols, np.array(table.rows, dtype=np.float64)
    history = history_of(
        *read,
        dividends=(*_scripted(settings), *(read_dividends(dividends) if dividends else ())),
        source=str(prices),
    )
    if wish.first is None and wish.last is None:
        return history
    return between(history, wish.first, wish.last)


def setup_of(settings: Settings, history: History, wish: Wish) -> Setup:
    """Openings, costs, flows and looks of a configuration, as far as the wish does not say else.

    Every account that can trade acts by itself in a backtest, whatever its autonomy.
    """
    wish = _resolved(settings, wish)
    return Setup(
        household=settings.household.name,
        openings=_openings(settings, wish),
        fill=wish.fill or Fill.NEXT_CLOSE,
        costs=Costs(
            spread=wish.spread or ZERO,
            per_order=wish.fee_per_order or Money(ZERO),
            fraction=wish.fee_fraction or ZERO,
        ),
        flows=tuple(_flows(settings, history, wish)),
        interest=() if not wish.interest_percent else ((date.min, wish.interest_percent),),
        looks=_looks(settings.schedule.look, history.sessions),
        changes=changes_of(settings, history),
        tax_paid_on=_month_day(settings.backtest.tax_paid_on),
    )


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def _openings(settings: Settings, wish: Wish) -> tuple[Opening, ...]:
    openings = []
    for account in settings.accounts:
        market = settings.simulation
        known = market.openings.get(account.id) if market else None
        known = known or settings.elsewhere.get(account.id)
        openings.append(
            Opening(
                account=replace(account, autonomy=Autonomy.AUTO),
                cash=Money(ZERO) if known is None else known.cash,
                positions={} if known is None else known.positions,
            )
        )
    first = next(i for i, o in enumerate(openings) if o.account.can_trade)
    if wish.cash is not None:
        openings = [replace(o, cash=Money(ZERO)) if o.account.can_trade else o for o in openings]
        openings[first] = replace(openings[first], cash=wish.cash)
    elif not any(o.cash or o.positions for o in openings):
        openings[first] = replace(openings[first], cash=DEFAULT_CASH)
    return tuple(openings)


def _flows(settings: Settings, history: History, wish: Wish) -> Iterator[Flow]:
    for event in settings.simulation.events if settings.simulation else ():
        if event.kind is EventKind.DEPOSIT and event.amount:
            yield Flow(day=event.on, amount=event.amount, account=event.account or "")
        elif event.kind is EventKind.WITHDRAWAL and event.amount:
            yield Flow(day=event.on, amount=Money(-event.amount), account=event.account or "")
    if wish.monthly:
        for before, day in pairwise(history.sessions):
            if (before.year, before.month) != (day.year, day.month):
                yield Flow(day=day, amount=wish.monthly)


def _scripted(settings: Settings) -> Iterator[Dividend]:
    for event in settings.simulation.events if settings.simulation else ():
        if event.kind is EventKind.DIVIDEND and event.amount and event.symbol:
            yield Dividend(day=event.on, symbol=event.symbol, per_unit=event.amount)


def _looks(look: Look, sessions: Sequence[date]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which sessions get a look; the first one does whatever the schedule."""
    due = [True, *(look.is_due_in(day, before) for before, day in pairwise(sessions))]
    return np.array(due, dtype=np.bool_)
