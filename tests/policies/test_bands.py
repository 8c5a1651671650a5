"""Band triggers: widths, edges, groups, and one kernel for a moment and for a history."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policies.decide import decide
from policies.policy import Policy
from policies.triggers.bands import fires, kernel_widths
from portfolio.decisions import Decision, Gate, Hold, Proposal
from portfolio.drift import total_drift
from portfolio.money import Weight
from portfolio.target import Band, BandRule, Slice, build_target
from tests.support.households import account, d, household, memory, quote, stocks_and_bonds, target

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "cases" / "bands.json").read_text(), parse_float=Decimal
)
BANDS = {
    "swedroe_5_25": Band(),
    "daryanani_20pct_relative_dest_half": Band(points=None, relative=Decimal("0.2")),
    "vanguard_200_175": Band(points=Weight(Decimal("0.02")), relative=None),
    "vanguard_5pp_quarterly": Band(points=Weight(Decimal("0.05")), relative=None),
}


@pytest.mark.parametrize(
    "case", CASES["triggers"], ids=lambda c: f"{c['rule']}-{c['target']}-{c['actual']}"
)
def test_a_band_fires_as_published(case: dict[str, Any]) -> None:
    goal, actual = Decimal(case["target"]), case["actual"]
    width = BANDS[case["rule"]].half_width(Weight(goal))
    assert width == case["half_band"]
    tree = target({"A": str(goal * 100), "B": str(100 - goal * 100)})
    widths = kernel_widths(tree, (width, Weight(d(1)), Weight(d(0))))
    row = np.array([[float(actual), float(1 - actual), 0.0]])
    assert bool(fires(row, tree, widths).first[0] == 0) is case["trigger"]


def test_total_drift_is_half_the_sum_of_absolute_drifts() -> None:
    case = CASES["sum_abs_drift_half"]
    tree = target({s: str(w * 100) for s, w in zip("ABC", case["targets"], strict=True)})
    weights = np.array([[*(float(w) for w in case["actual"]), 0.0]])
    assert total_drift(weights, tree)[0] == pytest.approx(float(case["value"]))


def look(stocks: str, bonds: str, **settings: Any) -> Decision:
    quotes = (quote("STK", 1), quote("BND", 1))
    snapshot = household(account(0, {"STK": stocks, "BND": bonds}), quotes=quotes)
    return decide(snapshot, stocks_and_bonds(**settings), memory())


def band_gate(answer: Decision, scope: str = "stk") -> Gate:
    (gate,) = (g for g in answer.gates if g.name == "band" and g.scope == scope)
    return gate


def test_sixty_percent_plus_five_points_fires_at_exactly_sixty_five() -> None:
    answer = look("65000", "35000")
    assert isinstance(answer, Proposal)
    assert band_gate(answer).passed
    assert band_gate(answer).margin == 0
    assert band_gate(answer).text == "stk +5 points, fires at 5.0"


def test_a_weight_inside_its_band_is_left_alone_and_the_margin_is_told() -> None:
    answer = look("63100", "36900")
    assert isinstance(answer, Hold)
    gate = band_gate(answer)
    assert gate.text == "stk +3.1 points, fires at 5.0"
    assert (gate.passed, gate.unit) == (False, "points")
    assert (gate.value, gate.level, gate.margin) == (d("3.1"), d(5), d("1.9"))
    assert answer.reason == "nothing is due: stk +3.1 points, fires at 5.0"
    assert answer.settles_calendar


def test_just_inside_the_edge_is_never_shown_as_the_edge() -> None:
    answer = look("64999", "35001")
    assert isinstance(answer, Hold)
    assert band_gate(answer).text == "stk +4.999 points, fires at 5.0"


def test_every_slice_with_a_band_is_asked_and_cash_has_none() -> None:
    answer = look("60000", "40000")
    assert [g.scope for g in answer.gates if g.name == "band"] == ["stk", "bnd"]
    (cash,) = (v for v in answer.slices if v.name == "cash")
    assert cash.half_width == 0


def test_a_group_has_a_band_of_its_own() -> None:
    wide = Band(points=Weight(d("0.5")), relative=None)
    tight = Band(points=Weight(d("0.03")), relative=None)
    tree = build_target(
        [
            Slice(name="stocks", weight=Weight(d("0.6")), band=tight),
            Slice(name="us", weight=Weight(d("0.5")), parent="stocks", symbol="US", band=wide),
            Slice(name="abroad", weight=Weight(d("0.5")), parent="stocks", symbol="EX", band=wide),
            Slice(name="bonds", weight=Weight(d("0.4")), symbol="BND", band=wide),
        ]
    )
    quotes = (quote("US", 1), quote("EX", 1), quote("BND", 1))
    held = {"US": 32_000, "EX": 32_000, "BND": 36_000}
    answer = decide(household(account(0, held), quotes=quotes), Policy(target=tree), memory())
    assert isinstance(answer, Proposal)
    assert [g.scope for g in answer.gates if g.name == "band" and g.passed] == ["stocks"]
    assert {leg.intent.symbol: leg.intent.quantity for leg in answer.sells} == {
        "US": 2000,
        "EX": 2000,
    }
    after = {v.name: v.after for v in answer.slices}
    assert after["stocks"] == Decimal("0.6")


def test_narrower_wider_and_a_floor() -> None:
    five = Weight(d("0.05"))
    assert Band(points=five, relative=d("0.25")).half_width(Weight(d("0.1"))) == d("0.025")
    wider = Band(points=five, relative=d("0.25"), rule=BandRule.WIDER)
    assert wider.half_width(Weight(d("0.1"))) == five
    assert Band(points=five, relative=d("0.25")).half_width(Weight(d("0"))) == d("0.01")


def test_several_fired_bands_are_counted_and_the_worst_is_named() -> None:
    answer = look("70000", "30000")
    assert answer.reason == "stk +10.0 points, fires at 5.0 (and 1 more)"


def test_one_moment_is_the_row_of_a_block_bit_for_bit() -> None:
    rng = np.random.default_rng(7)
    tree = target({f"S{i}": str(d(100) / 8) for i in range(8)})
    block = rng.dirichlet(np.ones(9), size=300)
    widths = kernel_widths(tree, (*(Weight(d("0.05")),) * 8, Weight(d(0))))
    whole = fires(block, tree, widths)
    for t in range(300):
        row = fires(block[t : t + 1], tree, widths)
        assert row.first[0] == whole.first[t]
        assert (row.fired[0] == whole.fired[t]).all()
        assert (row.drifts[0] == whole.drifts[t]).all()


def test_the_first_row_that_fires_is_named() -> None:
    tree = target({"A": "60", "B": "40"})
    widths = kernel_widths(tree, (Weight(d("0.05")), Weight(d("0.05")), Weight(d(0))))
    calm, out = [0.6, 0.4, 0.0], [0.5, 0.5, 0.0]
    firing = fires(np.array([calm, calm, out, out]), tree, widths)
    assert firing.first_row == 2
    assert firing.first.tolist() == [-1, -1, 0, 0]
    assert fires(np.array([calm]), tree, widths).first_row == -1


def test_a_slice_has_its_own_band_or_the_default() -> None:
    own = Band(points=Weight(d("0.02")), relative=None)
    slices = [
        Slice(name="a", weight=Weight(d("0.5")), symbol="A", band=own),
        Slice(name="b", weight=Weight(d("0.5")), symbol="B"),
    ]
    policy = Policy(target=build_target(slices))
    assert policy.band_of("a") is own
    assert policy.band_of("b") is policy.default_band
