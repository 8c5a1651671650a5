"""W1 to W3 in vectorbt, for its own environment: reads the works from a folder, prints JSON.

Decided and filled at the same close, in fractions, no costs, invested on the first day. The calendar
is `from_orders`; a band depends on what is held, and so is an order function that numba compiles,
which is not counted: the first run is not.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit
from vectorbt.portfolio import nb
from vectorbt.portfolio.enums import Direction, SizeType


@njit
def rebalance_when_out(c, goals, widths):
    """Before each day: whether any weight is off by its width, at the day's close."""
    row = c.i
    worth = c.last_cash[c.group]
    for col in range(c.from_col, c.to_col):
        c.last_val_price[col] = c.close[row, col]
        worth += c.last_position[col] * c.close[row, col]
    fires = row == 0
    for col in range(c.from_col, c.to_col):
        weight = c.last_position[col] * c.close[row, col] / worth
        if abs(weight - goals[col]) >= widths[col] - 1e-9:
            fires = True
    sizes = np.full(c.group_len, np.nan)
    if fires:
        sizes[:] = goals
        scratch = np.empty(c.group_len, dtype=np.float64)
        nb.sort_call_seq_nb(c, sizes, SizeType.TargetPercent, Direction.LongOnly, scratch)
    return (sizes,)


@njit
def order(c, sizes):
    return nb.order_nb(
        size=sizes[c.col - c.from_col],
        price=c.close[c.i, c.col],
        size_type=SizeType.TargetPercent,
        direction=Direction.LongOnly,
    )


def by_band(prices, goals, widths, cash):
    return vbt.Portfolio.from_order_func(
        prices,
        order,
        pre_segment_func_nb=rebalance_when_out,
        pre_segment_args=(goals, widths),
        init_cash=cash,
        cash_sharing=True,
        group_by=True,
    )


def by_month(prices, goals, cash):
    months = prices.index.year * 12 + prices.index.month
    first = np.concatenate([[True], np.diff(months) != 0])
    sizes = np.where(first[:, None], goals, np.nan)
    return vbt.Portfolio.from_orders(
        prices,
        size=sizes,
        size_type="targetpercent",
        direction="longonly",
        init_cash=cash,
        cash_sharing=True,
        group_by=True,
        call_seq="auto",
    )


def main(folder, runs):
    found = {"version": vbt.__version__, "works": {}}
    for work in json.loads((folder / "works.json").read_text()):
        raw = np.load(folder / work["file"])
        days = pd.to_datetime(raw["days"], unit="D", origin=pd.Timestamp("1970-01-01"))
        prices = pd.DataFrame(raw["prices"], index=days)
        goals, cash = np.array(work["goals"]), work["cash"]
        samples, value = [], 0.0
        for _ in range(runs + 1):  # the first run compiles and is not counted
            before = time.process_time()
            portfolio = (
                by_month(prices, goals, cash)
                if work["widths"] is None
                else by_band(prices, goals, np.array(work["widths"]), cash)
            )
            value = float(portfolio.final_value())
            samples.append(time.process_time() - before)
        found["works"][work["name"]] = {
            "final_value": value,
            "ms": [s * 1000 for s in samples[1:]],
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
