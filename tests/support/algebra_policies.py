"""Policies of every kind of condition, preset and cash rule, written as a user writes them.

Each is read from the text of a configuration, so that what is run is what a household would get.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np

from backtest.history import Dividend, History, history_of
from backtest.setup import Change, Fill, Flow, Setup
from config.read import settings_from
from config.settings import Settings
from policies.policy import Policy
from policies.targets.sources import Fixed, Overlay, Reading, Weighing
from portfolio.money import Money, Weight
from portfolio.reweigh import reweighed
from tests.support.backtests import opening, random_prices, weekdays

SYMBOLS = ("A", "B", "C")
HOUSE = """
mode = "dry_run"

[household]
name = "core"

[[accounts]]
id = "main"
broker = "simulated"

[[slices]]
name = "a"
weight_percent = 50
symbol = "A"

[[slices]]
name = "b"
weight_percent = 30
symbol = "B"

[[slices]]
name = "c"
weight_percent = 20
symbol = "C"

"""
FRACTIONS = "fractional = true\nlimit_offset_percent = 0\n"
COVARIANCE = """,A,B,C
A,0.04,0.01,0
B,0.01,0.02,0
C,0,0,0.01
"""
"""Yearly, as `covariance_file` wants it."""

RULES: Mapping[str, str] = {
    "hysteresis of a band, half of the way each week": f"""[rebalance]
{FRACTIONS}band_points = 3
destination = "part way 40 %"
[[rebalance.fire]]
look = "weekly on wednesday"
band = "slice"
band_stop_percent = 30
rested_sessions = 0
improvement_percent = 0
""",
    "hysteresis of the whole portfolio's drift": f"""[rebalance]
{FRACTIONS}destination = "part way 50 %"
rest_sessions = 2
[[rebalance.fire]]
portfolio_drift_points = 3
portfolio_drift_stop_points = 1
""",
    "all, any and unless inside one another": f"""[rebalance]
{FRACTIONS}
[[rebalance.fire]]
look = "monthly on day 10"
any_of = [
  {{ band = "slice", band_times = 0.5, improvement_percent = 30 }},
  {{ all_of = [{{ largest_drift_points = 1 }}, {{ cash_above_usd = 500 }}] }},
]
unless = {{ blackout = ["15 july to 31 august", "2019-12-01 to 2020-01-06"] }}
[[rebalance.fire]]
calendar = "yearly on 2 january"
largest_drift_points = 1
unless = {{ largest_drift_points = 12 }}
""",
    "the preset of Vanguard's target-date funds": '[rebalance]\npreset = "vanguard_200_175"\n',
    "the preset of Daryanani": '[rebalance]\npreset = "daryanani"\n',
    "the preset of Leland, by cost": '[rebalance]\npreset = "leland"\ncost_percent = 0.3\n',
    "by cost, with a fee for each order": f"""[rebalance]
{FRACTIONS}band_points = 2
destination = "by cost"
cost_per_order_usd = 4
rest_sessions = 0
""",
    "a cooldown in sessions and days that a far drift ends": f"""[rebalance]
{FRACTIONS}band_points = 2
[[rebalance.fire]]
band = "slice"
rested_sessions = 30
rested_days = 60
rested_override_bands = 1.5
""",
    "an improvement that most plans do not reach": f"""[rebalance]
{FRACTIONS}band_points = 2
destination = "part way 60 %"
scope = "breached"
rest_sessions = 0
[[rebalance.fire]]
band = "slice"
improvement_percent = 40
[[rebalance.fire]]
look = "quarterly"
improvement_percent = 10
""",
    "expected tracking error": f"""[rebalance]
{FRACTIONS}rest_sessions = 0
[[rebalance.fire]]
tracking_error_percent = 0.4
tracking_error_stop_percent = 0.2
covariance_file = "covariance.csv"
""",
    "a target that changed": f"""[rebalance]
{FRACTIONS}
[[rebalance.fire]]
target_changed_points = 2
rested_sessions = 5
[[rebalance.fire]]
largest_drift_points = 9
""",
    "a signal that changed": f"""[rebalance]
{FRACTIONS}
[[rebalance.fire]]
signal_changed = "trend"
rested_sessions = 0
""",
    "purchases only, in whole shares, new cash in shares of the target": """[rebalance]
trades = "buy_only"
[[rebalance.fire]]
band = "slice"
[deposits]
fill = "relative"
wait_sessions = 3
""",
    "new cash and dividends held until a rebalance": f"""[rebalance]
{FRACTIONS}band_points = 3
rest_sessions = 0
[deposits]
action = "hold"
[dividends]
action = "hold"
[withdrawals]
action = "wait"
""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One policy with its looks, and the changes of its weights; `moves` money by itself."""

    settings: Settings
    changes: tuple[Change, ...] = ()
    moves: bool = False

    @property
    def policy(self) -> Policy:
        return self.settings.policy

    def looks_at(self, days: tuple[date, ...]) -> list[bool]:
        """Which sessions have a look, the first always."""
        due = self.settings.schedule.look.is_due_in
        return [True, *(due(day, before) for before, day in pairwise(days))]

    def setup(self, history: History, *, fill: Fill = Fill.SAME_CLOSE) -> Setup:
        """A backtest of it, with 100,000 USD in cash."""
        return Setup(
            openings=(opening(),),
            fill=fill,
            flows=flows_of(history) if self.moves else (),
            looks=np.array(self.looks_at(history.sessions)),
            changes=self.changes,
        )


def case(name: str, folder: Path) -> Case:
    """The case of a name; `folder` is where its files are written."""
    (folder / "covariance.csv").write_text(COVARIANCE)
    found = settings_from(HOUSE + RULES[name], file=folder / "core.toml")
    days = weekdays(400)
    changes: tuple[Change, ...] = ()
    if "target" in name and "changed" in name:
        steps = {90: ("0.49", "0.306"), 180: ("0.46", "0.325"), 260: ("0.3", "0.45")}
        changes = tuple(_with_weights(found.policy, days[row], *w) for row, w in steps.items())
    if "signal" in name:
        scores = {0: "1", 100: "1", 130: "-1", 240: "-1", 300: "1"}
        changes = tuple(_with_signal(found.policy, days[row], z) for row, z in scores.items())
    moves = any(word in name for word in ("only", "held", "inside"))
    return Case(settings=found, changes=changes, moves=moves)


def _with_weights(policy: Policy, day: date, a: str, b: str) -> Change:
    """Of 99.5 % invested, for there is a buffer."""
    rest = Decimal("0.995") - Decimal(a) - Decimal(b)
    cash = next(node.name for node in policy.target.slices if node.is_cash)
    weights = {"a": Decimal(a), "b": Decimal(b), "c": rest, cash: Decimal("0.005")}
    target = reweighed(policy.target, {name: Weight(w) for name, w in weights.items()})
    return Change(day=day, policy=replace(policy, target=target))


def _with_signal(policy: Policy, day: date, z: str) -> Change:
    reading = Reading(
        signal="trend", month_end=day, value=Decimal(z), scores={"a": Decimal(z)}, known_on=day
    )
    weighing = Weighing(
        source=Fixed(),
        day=day,
        base=policy.target.leaf_weights,
        overlay=Overlay(alphas={"trend": Decimal(0)}, readings=(reading,)),
    )
    return Change(day=day, policy=replace(policy, weighing=weighing))


def flows_of(history: History) -> tuple[Flow, ...]:
    """Deposits, and a withdrawal that the cash at hand can pay: the built-in broker refuses others."""
    amounts = {40: "2500", 41: "900", 150: "12000", 170: "-300", 200: "30", 290: "4000"}
    return tuple(
        Flow(day=history.sessions[row], amount=Money(Decimal(amount)))
        for row, amount in amounts.items()
        if row < len(history)
    )


def algebra_history(rows: int, seed: int = 5, *, dividends: bool = False) -> History:
    """Random prices, and dividends of B four times."""
    days, prices = weekdays(rows), random_prices(rows, 3, seed, volatility=0.018)
    paid = [
        Dividend(day=days[row], symbol="B", per_unit=Decimal("1.1"))
        for row in (60, 121, 181, 242)
        if dividends and row < rows
    ]
    return history_of(days, SYMBOLS, prices, dividends=paid)
