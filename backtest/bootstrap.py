"""Other histories that could have been: sessions drawn again in blocks, so that what belongs together
stays together, across symbols and from day to day.
"""

import numpy as np
from numpy.typing import NDArray

from backtest.history import History, HistoryError, history_of
from portfolio.drift import Block

Index = NDArray[np.intp]
PLACES = 6
"""Of a drawn price: enough for any order, and quick to count with."""


def stationary_rows(rows: int, length: int, block: float, rng: np.random.Generator) -> Index:
    """Rows (length,) drawn from [0, rows) by the stationary bootstrap of Politis and Romano (1994).

    A block begins anywhere and goes on, past the end from the beginning again; after each row a new
    one begins with probability one over `block`, its mean length. Raises `ValueError`.
    """
    if rows < 1 or length < 0 or block < 1:
        raise ValueError(f"{rows} rows, a length of {length}, blocks of {block}: nothing to draw")
    begins = rng.random(length) < 1 / block
    if length:
        begins[0] = True
    place = np.arange(length)
    since = place - np.maximum.accumulate(np.where(begins, place, 0))
    starts = rng.integers(0, rows, length)
    return np.asarray((starts[place - since] + since) % rows, dtype=np.intp)


def total_steps(history: History) -> Block:
    """Growth (T - 1, M) of each symbol from session to session, its dividends included."""
    ends = history.prices[1:].copy()
    columns = {symbol: n for n, symbol in enumerate(history.symbols)}
    for row, paid in history.dividends.items():
        for dividend in paid if row else ():
            ends[row - 1, columns[dividend.symbol]] += float(dividend.per_unit)
    return np.asarray(ends / history.prices[:-1])


def calendar_of_paths(history: History, years: int) -> History:
    """The latest sessions of a history, at most so many years of them: the dates of every path."""
    last = history.sessions[-1].toordinal()
    start = int(np.searchsorted(history.days, last - round(years * 365.25)))
    return history_of(
        history.sessions[start:], history.symbols, history.prices[start:], source=history.source
    )


def drawn_path(
    history: History, calendar: History, number: int, *, block: int, seed: int
) -> History:
    """One path on the dates of `calendar`, which begins at the history's last prices.

    Dividends are in the prices. The same seed and number give the same path, whoever draws it and in
    whatever order. Raises `HistoryError` for a history too short to draw from.
    """
    steps = total_steps(history)
    if len(steps) < 2:
        raise HistoryError(f"{history.source} is too short to draw other histories from")
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))
    drawn = steps[stationary_rows(len(steps), len(calendar) - 1, block, rng)]
    growth = np.vstack([np.ones(drawn.shape[1]), np.cumprod(drawn, axis=0)])
    prices = np.maximum(np.round(history.prices[-1] * growth, PLACES), 10.0**-PLACES)
    return history_of(
        calendar.sessions, history.symbols, prices, source=f"path {number} of {history.source}"
    )
