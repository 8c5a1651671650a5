"""The shape of a published table: how often to look, and how far to let it drift.

"Best practices for portfolio rebalancing" (Vanguard, 2010) runs 60 % stocks and 40 % bonds from 1926 to
2009 under ten rules. Its bonds are not to be had freely; French's factors are, with the market and
one-month bills, in the wheel of `arch`. So the bonds here are bills, and the rows are months. What
should agree is the order of things: events and turnover fall with rarer looks and wider thresholds, the
share of stocks rises. `make bench-peers ARGS=--vanguard` downloads the wheel, once, and prints both.
"""

import argparse
import gzip
import sys
import zipfile
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from backtest.history import History, history_of
from backtest.run import run
from benchmarks.backtesting import NEVER, policy, setup
from policies.dates import CalendarRule, Period
from portfolio.drift import shape_of
from portfolio.money import Weight

FIRST, LAST = 192601, 200912
LOOKS = {"monthly": Period.MONTHLY, "quarterly": Period.QUARTERLY, "annually": Period.YEARLY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule: threshold in points; percentages; events over the whole time."""

    look: str
    threshold: int
    stocks: float
    turnover: float
    events: int
    earned: float
    volatility: float


PUBLISHED = tuple(
    Line(
        look=look,
        threshold=threshold,
        stocks=stocks,
        turnover=turned,
        events=events,
        earned=earned,
        volatility=volatility,
    )
    for look, threshold, stocks, turned, events, earned, volatility in (
        ("monthly", 0, 60.1, 2.7, 1008, 8.5, 12.1),
        ("monthly", 1, 60.1, 2.3, 389, 8.5, 12.1),
        ("monthly", 5, 61.2, 1.7, 58, 8.6, 12.2),
        ("monthly", 10, 61.6, 1.3, 20, 8.8, 12.2),
        ("quarterly", 1, 60.2, 2.2, 210, 8.7, 12.2),
        ("quarterly", 5, 60.9, 1.7, 50, 8.9, 12.1),
        ("quarterly", 10, 62.6, 1.5, 21, 8.6, 12.3),
        ("annually", 1, 60.5, 1.7, 72, 8.6, 11.9),
        ("annually", 5, 60.7, 1.6, 28, 8.6, 11.8),
        ("annually", 10, 63.0, 1.4, 15, 8.7, 12.1),
        ("never", 0, 84.1, 0.0, 0, 8.1, 14.4),
    )
)


def main() -> int:
    """Print both tables side by side; 1 when an order of theirs is not found again."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vanguard", description=__doc__)
    parser.add_argument("--wheels", type=Path, default=Path(".peers") / "wheels")
    history = french(parser.parse_args().wheels)
    lines = [ours(history, line.look, line.threshold) for line in PUBLISHED]
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    console.print(table(lines))
    wrong = out_of_order(lines)
    for sentence in wrong:
        console.print(sentence, style="red")
    if not wrong:
        console.print("Every order of the published table is found again.")
    return 1 if wrong else 0


def french(wheels: Path) -> History:
    """Stocks and bills from July 1926 to December 2009, a row a month, reinvested."""
    (wheel,) = wheels.glob("arch-*.whl")
    packed = zipfile.ZipFile(wheel).read("arch/data/frenchdata/frenchdata.csv.gz")
    cells = [line.split(",") for line in gzip.decompress(packed).decode().splitlines()[1:]]
    rows = [row for row in cells if FIRST <= int(row[0]) <= LAST]
    earned = np.array([[float(row[1]) + float(row[4]), float(row[4])] for row in rows]) / 100
    prices = 100 * np.vstack([np.ones(2), np.cumprod(1 + earned, axis=0)])
    start = int(rows[0][0])
    months = [start // 100 * 12 + start % 100 - 1 + n for n in range(len(prices))]
    days = [date(month // 12, month % 12 + 1, 1) for month in months]
    return history_of(days, ("STOCKS", "BILLS"), prices, source="French's factors")


def ours(history: History, look: str, threshold: int) -> Line:
    """One rule over our history, decided and filled at the same close."""
    period = LOOKS.get(look)
    rule = replace(
        policy(history, NEVER),
        calendar=()
        if period is None
        else (CalendarRule(period=period, min_drift=Weight(Decimal(threshold) / 100)),),
    )
    result = run(rule, history, setup())
    figures, goals = result.figures, shape_of(rule.target).leaf_goals
    if goals[0] != 0.6:
        raise ValueError("the first slice is not the stocks")
    return Line(
        look=look,
        threshold=threshold,
        stocks=float(result.weights()[:, 0].mean()) * 100,
        turnover=figures.turnover_per_year * 100,
        events=figures.rebalances,
        earned=figures.return_per_year * 100,
        volatility=figures.volatility_per_year * 100,
    )


def out_of_order(lines: list[Line]) -> list[str]:
    """Where ours does not rise or fall as the published table does, in words."""
    found = []
    for look in LOOKS:
        mine = sorted((n for n in lines if n.look == look), key=lambda line: line.threshold)
        pairs = list(pairwise(mine))
        if any(a.events <= b.events for a, b in pairs):
            found.append(f"{look}: events do not fall with the threshold")
        if any(a.turnover <= b.turnover for a, b in pairs):
            found.append(f"{look}: turnover does not fall with the threshold")
        if mine[0].stocks >= mine[-1].stocks:
            found.append(f"{look}: the share of stocks does not rise from the least threshold on")
    for threshold in (1, 5):  # at ten points the published events do not fall either
        mine = [line for look in LOOKS for line in lines if line.look == look]
        events = [line.events for line in mine if line.threshold == threshold]
        if sorted(events, reverse=True) != events:
            found.append(f"{threshold} points: events do not fall with rarer looks")
    return found


def table(lines: list[Line]) -> Table:
    """Both, ours first."""
    shown = Table(
        title="60/40, 1926 to 2009: ours (stocks and bills) | published (stocks and bonds)"
    )
    for heading in ("look", "points"):
        shown.add_column(heading)
    for heading in ("stocks %", "turnover %/yr", "events", "return %", "volatility %"):
        shown.add_column(heading, justify="right")
    for mine, theirs in zip(lines, PUBLISHED, strict=True):
        shown.add_row(
            mine.look,
            "" if mine.look == "never" else str(mine.threshold),
            f"{mine.stocks:.1f} | {theirs.stocks:.1f}",
            f"{mine.turnover:.1f} | {theirs.turnover:.1f}",
            f"{mine.events:,} | {theirs.events:,}",
            f"{mine.earned:.1f} | {theirs.earned:.1f}",
            f"{mine.volatility:.1f} | {theirs.volatility:.1f}",
        )
    return shown


if __name__ == "__main__":
    sys.exit(main())
