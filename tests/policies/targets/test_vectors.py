"""Every worked case of `risk_profile` and `tactical_signals`, through the kernels of production."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policies.targets.glide_path import TARGET_DATE_PATH, age_rule, growth_shares
from policies.targets.risk_profile import (
    SCORING_KEY,
    Circumstances,
    capacity_of,
    category_of,
    merton_share,
    profile_of,
    score,
)
from policies.targets.signals import (
    Winner,
    dual_momentum,
    inverse_variance_weight,
    momentum_12_1,
    realised_volatility,
    recession_probability,
    sahm_gap,
    sahm_triggers,
    trend_is_up,
    valuation_tilt_points,
    valuation_z,
    volatility_weight,
)
from policies.targets.tilt import Bounds, tilted

VECTORS = Path(__file__).parents[2] / "vectors"
PROFILE: dict[str, Any] = json.loads((VECTORS / "risk_profile.json").read_text())
SIGNALS: dict[str, Any] = json.loads((VECTORS / "tactical_signals.json").read_text())


def test_the_scoring_key_is_the_published_one() -> None:
    assert [list(points) for points in SCORING_KEY] == PROFILE["scoring_key"]
    assert sum(min(points) for points in SCORING_KEY) == 13
    assert sum(max(points) for points in SCORING_KEY) == 47


@pytest.mark.parametrize("case", PROFILE["questionnaires"], ids=lambda c: c["name"])
def test_a_questionnaire_has_its_score_and_category(case: dict[str, Any]) -> None:
    assert score(case["answers"]) == case["score"]
    assert category_of(case["score"]).words == case["category"]


@pytest.mark.parametrize("case", PROFILE["boundaries"], ids=lambda c: str(c["score"]))
def test_a_category_begins_at_its_first_score(case: dict[str, Any]) -> None:
    assert category_of(case["score"]).words == case["category"]


@pytest.mark.parametrize("case", PROFILE["age_rules"], ids=lambda c: str(c["age"]))
def test_the_age_rules(case: dict[str, Any]) -> None:
    assert age_rule(case["age"], 100) * 100 == case["r100"]
    assert age_rule(case["age"], 110) * 100 == case["r110"]
    assert age_rule(case["age"], 120) * 100 == case["r120"]


def test_the_default_glide_path_is_the_one_of_target_date_funds() -> None:
    nodes = [[float(n.years), float(n.growth * 100)] for n in TARGET_DATE_PATH]
    assert nodes == [[float(y), float(g)] for y, g in PROFILE["tdf_nodes"]]


@pytest.mark.parametrize("case", PROFILE["tdf_interp"], ids=lambda c: str(c["years_to_retirement"]))
def test_the_glide_path_is_linear_between_nodes(case: dict[str, Any]) -> None:
    share = growth_shares(TARGET_DATE_PATH, np.array([case["years_to_retirement"]], dtype=float))
    assert share[0] * 100 == pytest.approx(case["equity"], abs=5e-4)


@pytest.mark.parametrize("case", PROFILE["merton"], ids=lambda c: str(c["gamma"]))
def test_mertons_share(case: dict[str, Any]) -> None:
    share = merton_share(
        Decimal(str(case["erp"])), Decimal(str(case["sigma"])), Decimal(case["gamma"])
    )
    assert float(share) == pytest.approx(case["share"], abs=5e-5)


@pytest.mark.parametrize("case", PROFILE["mapping_cases"], ids=lambda c: str(c["score"]))
def test_the_final_share_is_the_smallest_of_its_terms(case: dict[str, Any]) -> None:
    facts = Circumstances(horizon_years=Decimal(case["horizon"]), age=case["age"])
    found = profile_of(category_of(case["score"]), facts)
    assert found.tolerance * 100 == case["tolerance"]
    assert found.capacity * 100 == case["capacity_cap"]
    assert age_rule(case["age"]) * 100 == case["age_rule_110"]
    assert found.growth * 100 == case["final"]


def test_the_caps_by_horizon_and_the_shares_by_category() -> None:
    mapping = PROFILE["mapping_default"]
    at = {"<1": "0.9", "1-3": "1", "3-5": "3", "5-10": "5", ">=10": "10"}
    for name, cap in mapping["capacity_cap_by_horizon_years"].items():
        assert capacity_of(Circumstances(horizon_years=Decimal(at[name]))) * 100 == cap
    for points, (name, share) in zip(
        (13, 19, 23, 29, 33), mapping["tolerance_equity_pct"].items(), strict=True
    ):
        category = category_of(points)
        assert category.words == name
        facts = Circumstances(horizon_years=Decimal(30))
        assert profile_of(category, facts).growth * 100 == share


@pytest.mark.parametrize("row", SIGNALS["faber_sma10"]["rows"], ids=lambda r: str(r["month_index"]))
def test_the_ten_month_trend(row: dict[str, Any]) -> None:
    closes = SIGNALS["faber_sma10"]["closes"][: row["month_index"] + 1]
    assert trend_is_up(closes) is (row["signal"] == "risk_on")


@pytest.mark.parametrize("case", SIGNALS["gem"], ids=lambda c: f"{c['us']}-{c['exus']}")
def test_dual_momentum_in_both_orders(case: dict[str, Any]) -> None:
    names = {"US": Winner.US, "EXUS": Winner.EX_US, "BONDS": Winner.BONDS}
    returns = (case["us"], case["exus"], case["tbill"])
    assert dual_momentum(*returns) is names[case["winner_vs_cash"]]
    assert dual_momentum(*returns, us_first=True) is names[case["us_vs_cash_first"]]


def test_dual_momentum_differs_where_only_the_rest_of_the_world_beats_bills() -> None:
    """US 3 %, ex-US 6 %, bills 4 % (taxes.md section 9)."""
    assert dual_momentum(0.03, 0.06, 0.04) is Winner.EX_US
    assert dual_momentum(0.03, 0.06, 0.04, us_first=True) is Winner.BONDS


def test_momentum_skips_the_last_month() -> None:
    case = SIGNALS["mom_12_1"]
    assert momentum_12_1(case["month_end_prices"]) == pytest.approx(case["value"], abs=1e-12)


def test_the_volatility_target_in_both_forms() -> None:
    case = SIGNALS["vol_target"]
    volatility = realised_volatility(case["returns"])
    assert volatility == pytest.approx(case["annualized_vol"], abs=5e-6)
    assert volatility_weight(volatility, case["target"], case["cap"]) == case["weight_vol"]
    share = inverse_variance_weight(
        case["returns"], case["moreira_muir_c"], case["moreira_muir_cap"]
    )
    assert share == pytest.approx(case["weight_mm"], abs=5e-7)


@pytest.mark.parametrize("row", SIGNALS["sahm"]["rows"], ids=lambda r: str(r["i"]))
def test_the_sahm_rule(row: dict[str, Any]) -> None:
    known = SIGNALS["sahm"]["unemployment"][: row["i"] + 1]
    gap = sahm_gap(known)
    assert gap == pytest.approx(row["sahm"], abs=5e-5)
    assert sahm_gap(known, as_published=True) == pytest.approx(row["fred_rounded"], abs=1e-9)
    assert sahm_triggers(gap) is row["trigger"]


@pytest.mark.parametrize("row", SIGNALS["nyfed_probit"]["rows"], ids=lambda r: str(r["spread_pp"]))
def test_the_yield_curves_probability(row: dict[str, Any]) -> None:
    assert recession_probability(row["spread_pp"]) == pytest.approx(row["prob"], abs=5e-5)


@pytest.mark.parametrize("case", SIGNALS["cape"], ids=lambda c: str(c["cape"]))
def test_valuation(case: dict[str, Any]) -> None:
    assert valuation_z(case["cape"]) == pytest.approx(case["z"], abs=5e-5)
    assert valuation_tilt_points(case["cape"]) == pytest.approx(case["tilt_pp"], abs=5e-5)


@pytest.mark.parametrize("case", SIGNALS["tilt"], ids=["one signal", "two signals"])
def test_a_tilt_is_cut_balanced_and_scaled(case: dict[str, Any]) -> None:
    bounds = Bounds(
        per_class=Decimal(str(case["per_asset_cap"])),
        active_share=Decimal(str(case["active_share_cap"])),
    )
    assert tilted(case["base"], case["z"], case["alpha"], bounds) == pytest.approx(
        case["result"], abs=5e-7
    )
