"""The household priced: with a price on all that couples the slices, each is planned alone, exactly.

Prices of a dollar of short and of long result, of a dollar of cash in each account, and of the budgets
leave one small problem per slice: sell along the chains of all accounts, buy where a purchase is
cheapest, pay for the drift of what stands. Its optimum is written down in closed form:

- Chains whose lots may be sold in any order are straight pieces. With the pieces of the drift, sorted
  by slope, they make one convex curve of the slice's value (an infimal convolution). Purchases cut the
  curve's slope off from below.
- A first-in-first-out chain is not convex. All its corners are tried, and all bends of the curve.
- Of several such chains the one with most at stake is treated so; the others by their convex
  envelopes, which can only lower the bound.
- A slice whose losses a purchase would wash is planned twice, with purchases and with those losses.

The sum over the slices is below the cost of every plan at these prices, and concave in the prices.
"""

from dataclasses import dataclass, replace

import numpy as np

from policies.planning.tax.pieces import Order, Pieces, Point, Rows
from policies.planning.tax.problem import Flags
from portfolio.drift import Block

_MILL = 1e-6
"""USD: less is nothing."""
_TIE = 1e-9
"""Prices of a purchase this near to each other are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """The plan at prices; it need not fit the accounts' cash nor the year's tax.

    `value` is the least that any trades cost there, USD. `sold` and `bought` are (A, C); of a slice's
    purchases `need` (C,) those in accounts marked in `where` (A, C) cost the same. `short` and `long`
    (C,) are the result by slice, `cash` (A,) what is left, `harvests` (C,) the slices that sell what a
    purchase would wash.
    """

    value: float
    sold: Block
    bought: Block
    need: Block
    where: Flags
    short: Block
    long: Block
    cash: Block
    harvests: Flags

    @property
    def traded(self) -> float:
        """USD sold and bought."""
        return float(self.sold.sum() + self.need.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curves:
    """By row, the least cost of a slice by the value that it stands at before the pool trades.

    Pieces (R, P) in the order of their slope, from `start` on; below `stop` it is bought at `rate`, and
    `floor` is the cost at `stop`.
    """

    order: Order
    slope: Block
    length: Block
    start: Block
    rate: Block
    stop: Block
    floor: Block
    bent: Block

    def at(self, value: Block, beside: Flags) -> Block:
        """The cost at values (R, V); `beside` (R, V) says where purchases are allowed."""
        full = np.repeat(self.bent[:, None], value.shape[1], axis=1)
        used = np.empty_like(value)
        for p in range(self.slope.shape[1]):
            np.subtract(value, self.start[:, p, None], out=used)
            np.maximum(used, 0.0, out=used)
            np.minimum(used, self.length[:, p, None], out=used)
            used *= self.slope[:, p, None]
            full += used
        barred = np.where(value >= self.start[:, :1] - _MILL, full, np.inf)
        stop = self.stop[:, None]
        bought = self.floor[:, None] + self.rate[:, None] * (stop - value)
        return np.where(beside & (value < stop), bought, barred)


def priced(h: Rows, point: Point) -> Priced:
    """Plan every slice at prices."""
    rates = h.buy + (point.trade + point.cash[:, None] * (1.0 + h.kappa))
    cheapest = rates.min(axis=0)
    rate = _enveloped(h, h.pool.rate(point))
    curves = _curves(h, rate, cheapest)
    best, from_chain = _best(h, curves, point)
    count = len(h.problem.names)
    row = np.where(best[h.second] < best[:count], h.second, np.arange(count))
    stands = h.held[row] - from_chain[row]
    harvests = from_chain[row] > h.free[row] + _MILL
    need = np.where(harvests, 0.0, np.maximum(curves.stop[row] - stands, 0.0))
    harvests |= row >= count
    used = np.minimum(
        np.maximum((stands + need)[:, None] - curves.start[row], 0.0), curves.length[row]
    )
    from_pool = np.empty_like(used)
    np.put_along_axis(from_pool, curves.order[row], used, axis=1)
    from_pool = from_pool[:, 4:]
    found = _told(h, row, from_pool, from_chain[row], need, rates)
    value = float(best[row].sum()) - float(point.cash @ h.problem.cash)
    return replace(found, value=value, harvests=harvests)


def _enveloped(h: Rows, rate: Block) -> Block:
    """Rates of further chains that are sold in order: those of their convex envelopes."""
    for columns in h.enveloped:
        rate[:, columns] = envelope(h.pool.value[:, columns], rate[:, columns])
    return rate


def envelope(value: Block, rate: Block) -> Block:
    """The slopes (R, K) of the greatest convex curve under each chain of pieces (R, K).

    >>> envelope(np.array([[1.0, 1.0, 2.0]]), np.array([[0.5, 0.0, 0.75]])).tolist()
    [[0.25, 0.25, 0.75]]
    """
    rows, lots = value.shape
    width = np.concatenate([np.zeros((rows, 1)), np.cumsum(value, axis=1)], axis=1)
    paid = np.concatenate([np.zeros((rows, 1)), np.cumsum(value * rate, axis=1)], axis=1)
    slope = np.full((rows, lots), -np.inf)
    for first in range(lots):
        steepest = np.full(rows, np.inf)
        for last in reversed(range(first, lots)):
            wide = width[:, last + 1] - width[:, first]
            mean = (paid[:, last + 1] - paid[:, first]) / np.where(wide > 0.0, wide, 1.0)
            steepest = np.where(wide > 0.0, np.minimum(steepest, mean), steepest)
            slope[:, last] = np.maximum(
                slope[:, last], np.where(np.isfinite(steepest), steepest, -np.inf)
            )
    return np.where(value > 0.0, slope, 0.0)


def _curves(h: Rows, rate: Block, cheapest: Block) -> _Curves:
    rows = len(h.name)
    slope = np.concatenate([np.broadcast_to(h.slopes, (rows, 4)), rate], axis=1)
    length = np.concatenate([h.lengths, h.pool.value], axis=1)
    order = np.argsort(slope, axis=1)
    slope = np.take_along_axis(slope, order, axis=1)
    length = np.take_along_axis(length, order, axis=1)
    start = np.empty_like(length)
    start[:, 0] = h.start
    np.cumsum(length[:, :-1], axis=1, out=start[:, 1:])
    start[:, 1:] += h.start[:, None]
    below = np.where((slope < -cheapest[:, None]) & np.isfinite(start), length, 0.0)
    return _Curves(
        order=order,
        slope=slope,
        length=length,
        start=start,
        rate=cheapest,
        stop=h.start + below.sum(axis=1),
        floor=h.bent + (below * slope).sum(axis=1),
        bent=h.bent,
    )


def _best(h: Rows, curves: _Curves, point: Point) -> tuple[Block, Block]:
    """The least cost (R,), and what is then sold of the chain in order (R,)."""
    if h.ordered < 0:
        own = h.held[:, None]
        return curves.at(own, own >= 0.0)[:, 0], np.zeros(len(h.held))
    chain = h.chain
    rate = chain.rate(point)
    nothing = np.zeros((len(rate), 1))
    corner = np.concatenate([nothing, np.cumsum(chain.value, axis=1)], axis=1)
    paid = np.concatenate([nothing, np.cumsum(chain.value * rate, axis=1)], axis=1)
    at_bend = h.held[:, None] - curves.start
    np.clip(at_bend, 0.0, corner[:, -1:], out=at_bend)
    paid_at_bend, part = np.zeros_like(at_bend), np.empty_like(at_bend)
    for k in range(rate.shape[1]):
        np.subtract(at_bend, corner[:, k, None], out=part)
        np.maximum(part, 0.0, out=part)
        np.minimum(part, chain.value[:, k, None], out=part)
        part *= rate[:, k, None]
        paid_at_bend += part
    sold = np.concatenate([corner, at_bend], axis=1)
    total = np.concatenate([paid, paid_at_bend], axis=1)
    total += curves.at(h.held[:, None] - sold, sold <= h.free[:, None] + _MILL)
    pick = total.argmin(axis=1)[:, None]
    best = np.take_along_axis(total, pick, axis=1)[:, 0]
    return best, np.take_along_axis(sold, pick, axis=1)[:, 0]


def _told(
    h: Rows,
    row: Order,
    from_pool: Block,
    from_chain: Block,
    need: Block,
    rates: Block,
) -> Priced:
    problem = h.problem
    sold = np.zeros(problem.may_buy.shape)
    np.add.at(sold, h.pool.account, from_pool.T)
    short = (from_pool * h.pool.short[row]).sum(axis=1)
    long = (from_pool * h.pool.long[row]).sum(axis=1)
    if h.ordered >= 0:
        sold[h.ordered] += from_chain
        lots = _lots(h.chain, row, from_chain)
        short += (lots * h.chain.short[row]).sum(axis=1)
        long += (lots * h.chain.long[row]).sum(axis=1)
    where = (rates <= rates.min(axis=0) + _TIE)[:, row] & problem.may_buy
    cash = problem.cash + sold @ (1.0 - problem.kappa)
    bought = spread(need, where, cash, 1.0 + problem.kappa)
    return Priced(
        value=0.0,
        sold=sold,
        bought=bought,
        need=need,
        where=where,
        short=short,
        long=long,
        cash=cash - bought @ (1.0 + problem.kappa),
        harvests=row < 0,
    )


def _lots(chain: Pieces, row: Order, sold: Block) -> Block:
    own = chain.value[row]
    before = np.cumsum(own, axis=1) - own
    return np.clip(sold[:, None] - before, 0.0, own)


def spread(need: Block, where: Flags, cash: Block, pay: Block) -> Block:
    """Purchases (A, C): what each slice needs, in the accounts that will do, as their cash allows.

    What no account has cash for is bought where most is left. `pay` (C,) is the cash of a USD bought.
    """
    bought = np.zeros(where.shape)
    left, funds = need.copy(), cash.copy()
    for a in np.argsort(where.sum(axis=1), kind="stable"):
        wants = np.where(where[a], left * pay, 0.0)
        before = np.cumsum(wants) - wants
        part = np.clip(max(float(funds[a]), 0.0) - before, 0.0, wants) / pay
        bought[a] += part
        left -= part
        funds[a] -= float(part @ pay)
    rest = left > 1e-9
    if rest.any():
        richest = np.where(where, funds[:, None], -np.inf).argmax(axis=0)
        np.add.at(bought, (richest[rest], np.flatnonzero(rest)), left[rest])
    return bought
