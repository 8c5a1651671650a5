"""Small histories and policies for tests of the backtest."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from backtest.history import History, history_of
from backtest.setup import Fill, Opening, Setup
from portfolio.accounts import Account, AccountKind, Autonomy
from portfolio.drift import Block
from portfolio.money import Money, Quantity, Weight
from portfolio.target import Slice, Target, build_target


def weekdays(count: int, first: date = date(2019, 1, 2)) -> tuple[date, ...]:
    """So many weekdays from a date on."""
    days: list[date] = []
    day = first
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return tuple(days)


def random_prices(count: int, assets: int, seed: int, *, volatility: float = 0.01) -> Block:
    """Prices (count, assets) in whole cents, from a seeded walk that starts at 100."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0003, volatility * rng.uniform(0.5, 1.5, assets), (count, assets))
    steps[0] = 0
    return np.round(100 * np.exp(np.cumsum(steps, axis=0)), 2)


def random_history(
    count: int, symbols: Sequence[str], seed: int, volatility: float = 0.01
) -> History:
    """A history of random prices on weekdays."""
    prices = random_prices(count, len(symbols), seed, volatility=volatility)
    return history_of(weekdays(count), symbols, prices)


def flat_target(weights: Mapping[str, str], cash: str = "0") -> Target:
    """Slices named as their symbols in small letters."""
    slices = [
        Slice(name=s.lower(), weight=Weight(Decimal(w)), symbol=s) for s, w in weights.items()
    ]
    return build_target(slices, cash_buffer=Weight(Decimal(cash)))


def opening(cash: str = "100000", positions: Mapping[str, str] | None = None) -> Opening:
    """The account called main."""
    return Opening(
        account=Account(
            id="main",
            broker="simulated",
            kind=AccountKind.TAX_DEFERRED,
            autonomy=Autonomy.AUTO,
        ),
        cash=Money(Decimal(cash)),
        positions={s: Quantity(Decimal(q)) for s, q in (positions or {}).items()},
    )


def same_close(cash: str = "100000", positions: Mapping[str, str] | None = None) -> Setup:
    """One account, no costs, filled at the close that was seen."""
    return Setup(openings=(opening(cash, positions),), fill=Fill.SAME_CLOSE)
