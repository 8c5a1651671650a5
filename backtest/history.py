"""A history of prices and dividends as the backtest reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np

from policies.triggers.calendar import Days
from portfolio.drift import Block
from portfolio.money import Price


class HistoryError(ValueError):
    """A history that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """Money per unit, paid in a session to whoever held the symbol before it."""

    day: date
    symbol: str
    per_unit: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One price per session and symbol: `prices` is (T, M), sessions down, symbols across.

    Make it with `history_of`. `largest_jump` is the largest change of a price from one session to
    the next, as a fraction of the earlier one.
    """

    source: str
    sessions: tuple[date, ...]
    symbols: tuple[str, ...]
    prices: Block = field(repr=False)
    days: Days = field(repr=False)
    largest_jump: float
    dividends: Mapping[int, tuple[Dividend, ...]] = field(default_factory=dict, repr=False)
    """By the row of the session in which they are paid."""

    def __len__(self) -> int:
        return len(self.sessions)

    def price(self, symbol: str, row: int) -> Price:
        """The exact price: the shortest decimal that reads back to the stored float.

        That is the text of the file for anything up to 15 digits. Raises `ValueError` for no column.
        """
        return exact(self.prices[row, self.symbols.index(symbol)])

    @property
    def years(self) -> float:
        """From the first session to the last, in years of 365.25 days."""
        return (self.sessions[-1] - self.sessions[0]).days / 365.25


def exact(price: float) -> Price:
    """A float price as the shortest decimal that reads back to it.

    >>> exact(0.1)
    Decimal('0.1')
    """
    return Price(Decimal(repr(float(price))))


def history_of(
    sessions: Sequence[date],
    symbols: Sequence[str],
    prices: Block,
    *,
    dividends: Iterable[Dividend] = (),
    source: str = "prices",
) -> History:
    """Check a history and make it ready. Prices (T, M) are finite and above zero, sessions rise.

    A dividend of a day that is no session is paid in the next one; one outside the history, or of a
    symbol that has no column, is left out. Raises `HistoryError`.
    """
    if len(sessions) < 2:
        raise HistoryError(f"{source}: a backtest needs two sessions, there are {len(sessions)}")
    if prices.shape != (len(sessions), len(symbols)):
        raise HistoryError(f"{source}: the prices are not {len(sessions)} by {len(symbols)}")
    if any(later <= earlier for earlier, later in pairwise(sessions)):
        raise HistoryError(f"{source}: the sessions are not in rising order")
    if not (np.isfinite(prices).all() and (prices > 0).all()):
        raise HistoryError(f"{source}: a price is not a number above zero")
    days = np.array([day.toordinal() for day in sessions], dtype=np.int64)
    return History(
        source=source,
        sessions=tuple(sessions),
        symbols=tuple(symbols),
        prices=np.ascontiguousarray(prices, dtype=np.float64),
        days=days,
        largest_jump=float(np.abs(prices[1:] / prices[:-1] - 1).max()),
        dividends=_by_row(dividends, days, frozenset(symbols)),
    )


def _by_row(
    dividends: Iterable[Dividend], days: Days, symbols: frozenset[str]
) -> dict[int, tuple[Dividend, ...]]:
    rows: dict[int, tuple[Dividend, ...]] = {}
    for dividend in dividends:
        row = int(np.searchsorted(days, dividend.day.toordinal()))
        is_inside = dividend.day.toordinal() >= days[0] and row < len(days)
        if is_inside and dividend.symbol in symbols:
            rows[row] = (*rows.get(row, ()), dividend)
    return rows


def between(history: History, first: date | None, last: date | None) -> History:
    """The part of a history from `first` to `last`, both included; raises `HistoryError` when it has
    fewer than two sessions.
    """
    start = 0 if first is None else int(np.searchsorted(history.days, first.toordinal()))
    stop = (
        len(history)
        if last is None
        else int(np.searchsorted(history.days, last.toordinal(), side="right"))
    )
    paid = [d for row in range(start, stop) for d in history.dividends.get(row, ())]
    return history_of(
        history.sessions[start:stop],
        history.symbols,
        history.prices[start:stop],
        dividends=paid,
        source=history.source,
    )
