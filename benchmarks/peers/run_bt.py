"""W1 to W3 in bt, for its own environment: reads the works from a folder, prints JSON.

Decided and filled at the same close, in fractions, no costs, invested on the first day.
"""

import json
import sys
import time
from pathlib import Path

import bt
import numpy as np
import pandas as pd


class OutOfBand(bt.Algo):
    """Passes on the first day, and when any weight is off by its width, the edge included."""

    def __init__(self, goals, widths):
        super().__init__()
        self.goals, self.widths, self.started = goals, widths, False

    def __call__(self, target):
        if not self.started:
            self.started = True
            return True
        weights = np.array([target.children[name].weight for name in self.goals])
        goals = np.array(list(self.goals.values()))
        return bool((np.abs(weights - goals) >= self.widths - 1e-9).any())


def backtest(work, prices):
    goals = dict(zip(prices.columns, work["goals"], strict=True))
    when = (
        bt.algos.RunMonthly(run_on_first_date=True)
        if work["widths"] is None
        else OutOfBand(goals, np.array(work["widths"]))
    )
    steps = [when, bt.algos.SelectAll(), bt.algos.WeighSpecified(**goals), bt.algos.Rebalance()]
    return bt.Backtest(
        bt.Strategy("s", steps),
        prices,
        initial_capital=work["cash"],
        integer_positions=False,
        progress_bar=False,
    )


def main(folder, runs):
    found = {"version": bt.__version__, "works": {}}
    for work in json.loads((folder / "works.json").read_text()):
        raw = np.load(folder / work["file"])
        days = pd.to_datetime(raw["days"], unit="D", origin=pd.Timestamp("1970-01-01"))
        prices = pd.DataFrame(
            raw["prices"], index=days, columns=[f"S{n:03}" for n in range(raw["prices"].shape[1])]
        )
        samples, value = [], 0.0
        for _ in range(runs + 1):  # the first run is not counted
            ready = backtest(work, prices)
            before = time.process_time()
            ready.run()
            samples.append(time.process_time() - before)
            value = float(ready.strategy.values.iloc[-1])
        found["works"][work["name"]] = {
            "final_value": value,
            "ms": [s * 1000 for s in samples[1:]],
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
