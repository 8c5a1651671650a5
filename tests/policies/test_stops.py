"""Where a rebalance stops: inside the edge, by cost, for the breached slices or for all."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decide import decide
from policies.policy import CostShape, Destination, MinimumTrade, Policy, Scope, Stop
from policies.triggers.width import CostOfDrift, best_band, best_stop, cost_rate
from portfolio.decisions import Decision, Proposal
from portfolio.money import Money, Weight
from portfolio.target import Band
from portfolio.widths import CostWidth, VolatilityWidth
from tests.support.households import account, d, household, memory, quote, target

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "bands_triggers.json").read_text(),
    parse_float=Decimal,
)
TWO = VECTORS["two_parameter_policy"]
RULES = {
    "swedroe_5_25": (Band(), Destination()),
    "daryanani_20pct_relative_dest_half": (
        Band(points=None, relative=d("0.2"), floor=Weight(d(0))),
        Destination(stop=Stop.BAND_EDGE, inside=d("0.5")),
    ),
    "vanguard_200_175": (
        Band(points=Weight(d("0.02")), relative=None),
        Destination(stop=Stop.BAND_EDGE, inside=d("0.125")),
    ),
    "vanguard_5pp_quarterly": (Band(points=Weight(d("0.05")), relative=None), Destination()),
}


def look(goal: Decimal, actual: Decimal, band: Band, destination: Destination) -> Decision:
    """A portfolio of a million at a dollar a share, of which one slice is off."""
    tree = target({"A": str(goal * 100), "B": str(100 - goal * 100)})
    held = {"A": actual * 1_000_000, "B": (1 - actual) * 1_000_000}
    policy = Policy(
        target=tree,
        default_band=band,
        destination=destination,
        min_improvement=d(0),
        limit_offset=d(0),
        minimum_trade=MinimumTrade(amount=Money(d(0)), fraction=Weight(d(0))),
        backstop=None,
    )
    wide = Band(points=Weight(d(1)), relative=None)
    slices = tuple(n if n.name == "a" else replace(n, band=wide) for n in policy.target.slices)
    alone = replace(policy, target=replace(policy.target, slices=slices))
    quotes = (quote("A", 1), quote("B", 1))
    return decide(household(account(0, held), quotes=quotes), alone, memory())


@pytest.mark.parametrize("case", VECTORS["triggers"], ids=lambda c: f"{c['rule']} {c['actual']}")
def test_a_published_rule_fires_and_stops_as_published(case: dict[str, Any]) -> None:
    band, destination = RULES[case["rule"]]
    answer = look(case["target"], case["actual"], band, destination)
    assert isinstance(answer, Proposal) is case["trigger"]
    if isinstance(answer, Proposal):
        after = {view.name: view.after for view in answer.slices}["a"]
        assert after == case.get("destination", case["target"])


@pytest.mark.parametrize("case", VECTORS["optimal_half_bands"], ids=lambda c: f"c {c['c']}")
def test_the_cost_optimal_width_is_the_published_one(case: dict[str, Any]) -> None:
    width = CostWidth(cost=case["c"], risk_aversion=case["gamma"]).half_width(Weight(case["w"]))
    assert round(width, 5) == case["half_band"].quantize(d("0.00001"))


@pytest.mark.parametrize("row", TWO["rows"], ids=lambda r: f"K {r['K']} c {r['c']}")
def test_the_band_and_the_stop_under_a_fixed_and_a_proportional_cost(row: dict[str, Any]) -> None:
    case = CostOfDrift(
        fixed=float(row["K"]),
        proportional=float(row["c"]),
        variance=float(TWO["s2"]),
        loss=float(TWO["k"]),
    )
    found = best_band(case)
    assert round(found.band, 5) == float(row["B"])
    assert round(found.stop, 5) == float(row["dest"])
    assert found.rate == pytest.approx(float(row["cost_rate"]), rel=1e-9)


COSTS = st.floats(1e-6, 1e-2)


@settings(max_examples=80, deadline=None)
@given(COSTS, COSTS, st.floats(0.01, 0.2), st.floats(0.0, 1.0))
def test_no_other_stop_costs_less(
    fixed: float, proportional: float, band: float, other: float
) -> None:
    case = CostOfDrift(fixed=fixed, proportional=proportional, variance=1.5e-3, loss=0.05)
    best = cost_rate(case, band, best_stop(case, band))
    assert best <= cost_rate(case, band, other * band) * (1 + 1e-9)


def test_a_width_by_volatility() -> None:
    width = VolatilityWidth(times=d(2), volatility=d("0.16"), sessions=252)
    assert width.half_width(Weight(d("0.6"))) == d("0.0768")


def by_cost(per_order: str, fraction: str) -> Destination:
    costs = CostShape(per_order=Money(d(per_order)), fraction=d(fraction))
    return Destination(stop=Stop.BY_COST, costs=costs)


@pytest.mark.parametrize(
    ("per_order", "fraction", "least", "most", "why"),
    [
        ("0", "0.02", "0.65", "0.65", "nothing an order, so it stays near the edge"),
        ("10", "0.001", "0.61", "0.64", "so it goes inside the edge"),
        ("10", "0", "0.6", "0.6", "so it goes to the target"),
    ],
)
def test_the_shape_of_the_costs_says_where_to_stop(
    per_order: str, fraction: str, least: str, most: str, why: str
) -> None:
    band = Band(points=Weight(d("0.05")), relative=None)
    answer = look(d("0.6"), d("0.66"), band, by_cost(per_order, fraction))
    assert isinstance(answer, Proposal)
    after = {view.name: view.after for view in answer.slices}["a"]
    assert d(least) <= after <= d(most)
    (gate,) = (g for g in answer.gates if g.name == "destination")
    assert gate.text.endswith(why)


def three(scope: Scope | None, stop: Stop, stocks: int) -> Decision:
    """A is 8 points over, B 4 under and C 4 under; only A's band has fired."""
    policy = Policy(
        target=target({"A": "40", "B": "30", "C": "30"}),
        default_band=Band(points=Weight(d("0.05")), relative=None),
        destination=Destination(stop=stop, scope=scope, inside=d("0.5")),
        min_improvement=d(0),
        limit_offset=d(0),
        backstop=None,
    )
    held = {"A": stocks, "B": (100_000 - stocks) // 2 + 2000, "C": (100_000 - stocks) // 2 - 2000}
    quotes = tuple(quote(s, 1) for s in "ABC")
    return decide(household(account(0, held), quotes=quotes), policy, memory())


def test_only_the_breached_slice_goes_to_its_target() -> None:
    answer = three(Scope.BREACHED, Stop.TARGET, 46_000)
    assert isinstance(answer, Proposal)
    after = {view.name: view.after for view in answer.slices}
    assert after["a"] == d("0.4")
    # 6 points of money go to the largest gap first: B was 1 under and C 5 under.
    assert (after["b"], after["c"]) == (d("0.3"), d("0.3"))
    assert {leg.intent.symbol for leg in answer.sells} == {"A"}


def test_all_slices_go_inside_their_edges_when_all_move() -> None:
    """C is 4.5 under, inside its band but past the stop of 2.5: with all it moves, alone it may not."""
    answer = three(Scope.ALL, Stop.BAND_EDGE, 45_000)
    assert isinstance(answer, Proposal)
    after = {view.name: view.after for view in answer.slices}
    assert after["a"] == d("0.425")
    assert after["c"] >= d("0.275")
