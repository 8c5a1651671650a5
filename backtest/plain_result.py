"""What came of a plain walk: the same figures from its arrays; its orders are made when asked for."""

from functools import partial

import numpy as np

from backtest.history import History, exact
from backtest.metrics import Result, columns_of, figures_of
from backtest.plain import PlainWalk
from backtest.setup import Setup
from backtest.trace import Held, Order, Planned, Tally
from policies.policy import Policy
from portfolio.drift import Block, total_drift_in
from portfolio.money import FRACTION_OF_SHARE, ZERO, Money, Quantity
from portfolio.orders import Side

CELLS = 32_768
"""Of a block that stays in a processor's cache."""
WHY = "to the target"


def measured_plain(policy: Policy, history: History, setup: Setup, walk: PlainWalk) -> Result:
    """Work out what came of a plain walk, in one pass over the prices."""
    first = int(walk.rows[0]) + 1
    cash = walk.cash - np.concatenate([[0.0], np.cumsum((walk.traded * walk.prices).sum(axis=1))])
    values, drift = _found(walk, cash)
    figures, growth = figures_of(
        history,
        setup,
        values=values,
        flows=None,
        drift=drift[first:],
        tally=_tally(walk),
        income=0.0,
        looks=len(walk.rows),
    )
    return Result(
        policy=policy,
        history=history,
        figures=figures,
        held=_held(policy, history, walk, cash),
        values=values,
        growth=growth,
        drift=drift,
        story=partial(_story, walk, policy.target.symbols, setup.openings[0].account.id),
    )


def _found(walk: PlainWalk, cash: Block) -> tuple[Block, Block]:
    """Value (T,) and total drift (T,) as each session's look finds them; 0 before the first trade.

    Without costs a session's trades leave the value as its look found it.
    """
    prices, columns = walk.own_prices, walk.units.shape[1]
    rows = len(prices)
    values, drift = np.empty(rows), np.zeros(rows)
    units = np.vstack([np.zeros((1, columns)), walk.units])
    after = np.zeros(rows + 1, dtype=np.intp)
    after[walk.rows + 1] = 1
    trade = np.cumsum(after[:rows])
    size = max(CELLS // (columns + 1), 1)
    leaves = np.empty((size, columns + 1))
    for row in range(0, rows, size):
        end = min(row + size, rows)
        block = leaves[: end - row]
        np.multiply(prices[row:end], units[trade[row:end]], out=block[:, :-1])
        block[:, -1] = cash[trade[row:end]]
        values[row:end] = block.sum(axis=1)
        drift[row:end] = total_drift_in(block / values[row:end, None], walk.shape)
    drift[: walk.rows[0] + 1] = 0.0
    return values, drift


def _tally(walk: PlainWalk) -> Tally:
    value = walk.traded[1:] * walk.prices[1:]
    return Tally(
        orders=int(np.count_nonzero(walk.traded)),
        rebalances=len(walk.rows) - 1,
        cash_runs=0,
        buys=float(value.sum(where=value > 0)),
        sells=float(-value.sum(where=value < 0)),
        cost=0.0,
    )


def _held(policy: Policy, history: History, walk: PlainWalk, cash: Block) -> Held:
    units, columns = walk.units, len(history.symbols)
    if policy.target.symbols != history.symbols:
        units = np.zeros((len(walk.rows), columns))
        units[:, columns_of(policy, history)] = walk.units
    if walk.rows[0] == 0:
        return Held(starts=walk.rows, units=units, cash=cash[1:])
    return Held(
        starts=np.concatenate([[0], walk.rows]),
        units=np.vstack([np.zeros((1, columns)), units]),
        cash=cash,
    )


def _story(
    walk: PlainWalk, symbols: tuple[str, ...], account: str
) -> tuple[tuple[Order, ...], tuple[Planned, ...]]:
    """The orders trade by trade, sales first and the larger first, as a plan has them."""
    orders: list[Order] = []
    for trade, row in enumerate(walk.rows.tolist()):
        value = walk.traded[trade] * walk.prices[trade]
        by_size = sorted(
            np.flatnonzero(value).tolist(),
            key=lambda n, v=value: (v[n] > 0, -abs(v[n]), symbols[n]),  # type: ignore[misc]
        )
        orders.extend(
            Order(
                row=row,
                decided=row,
                run=trade + 1,
                account=account,
                symbol=symbols[n],
                side=Side.BUY if value[n] > 0 else Side.SELL,
                quantity=Quantity(exact(abs(walk.traded[trade, n])).quantize(FRACTION_OF_SHARE)),
                price=exact(walk.prices[trade, n]),
                fee=Money(ZERO),
                reason=WHY,
            )
            for n in by_size
        )
    plans = tuple(
        Planned(row=row, run=trade + 1, aim="rebalance", reason=WHY)
        for trade, row in enumerate(walk.rows.tolist())
    )
    return tuple(orders), plans
