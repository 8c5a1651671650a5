"""Policies held against each other: by hand where a hand can, never ranked, the same anywhere."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from backtest.compare import Candidate, Comparison, Draw, compare
from backtest.compare_words import as_json, caveats
from backtest.engine import decision_at_end
from backtest.gains import realised
from backtest.history import History, history_of
from backtest.many import Cores
from backtest.measures import Rates, measures_of
from backtest.report.compare_page import compare_page
from backtest.run import run
from backtest.setup import Costs, Setup
from portfolio.accounts import AccountKind
from portfolio.decisions import Hold, Proposal
from portfolio.money import Money
from tests.support.backtests import flat_target, opening, random_history, same_close
from tests.support.ten_policies import NEVER, PLAIN, TEN, points, relative

HISTORY = random_history(500, ("A", "B", "C"), seed=8, volatility=0.015)
HERE = Cores(backend="sequential")
DRAW = Draw(paths=6, years=1, block=20, seed=3)


def told(setup: Setup, history: History) -> Setup:
    return setup


def candidate(name: str, width: str, setup: Setup | None = None) -> Candidate:
    policy = replace(PLAIN, default_band=points(width))
    return Candidate(name=name, policy=policy, setup_for=partial(told, setup or same_close()))


def compared(*candidates: Candidate, draw: Draw = DRAW, cores: Cores = HERE) -> Comparison:
    return compare(candidates, HISTORY, draw=draw, rates=Rates(), cores=cores)


WIDE_FIRST = (candidate("wide", "0.10"), candidate("narrow", "0.01"), candidate("middle", "0.03"))


def test_policies_keep_the_order_in_which_they_were_named() -> None:
    found = compared(*WIDE_FIRST)
    assert [row.candidate.name for row in found.rows] == ["wide", "narrow", "middle"]
    events = [row.measures.events_per_year for row in found.rows]
    assert events[0] < events[2] < events[1]
    returns = [row.measures.return_per_year for row in found.rows]
    assert returns != sorted(returns, reverse=True)


def test_a_narrow_band_trades_more_and_strays_less_over_drawn_histories_too() -> None:
    wide, narrow, _ = compared(*WIDE_FIRST).rows
    assert wide.over_paths is not None
    assert narrow.over_paths is not None
    assert narrow.over_paths.low.turnover_per_year > wide.over_paths.high.turnover_per_year
    assert narrow.over_paths.high.average_drift < wide.over_paths.low.average_drift
    for row in (wide, narrow):
        assert row.over_paths is not None
        low, mid, high = row.over_paths.low, row.over_paths.median, row.over_paths.high
        assert low.volatility < mid.volatility < high.volatility


def test_any_number_of_cores_gives_the_same_comparison() -> None:
    one = compared(*WIDE_FIRST[:2])
    two = compared(*WIDE_FIRST[:2], cores=Cores(workers=2, backend="threading"))
    assert as_json(one) == as_json(two)


def test_without_paths_only_the_history_is_told() -> None:
    found = compared(*WIDE_FIRST, draw=replace(DRAW, paths=0))
    assert all(row.over_paths is None for row in found.rows)
    assert "other histories" not in compare_page(found)


def test_a_policy_that_rebalances_every_session_tracks_the_target_to_nothing() -> None:
    policy = replace(PLAIN, default_band=relative("0.00001"))
    result = run(policy, HISTORY, same_close())
    assert measures_of(result, same_close(), Rates()).tracking_error < 1e-4
    held = run(replace(PLAIN, default_band=NEVER), HISTORY, same_close())
    assert measures_of(held, same_close(), Rates()).tracking_error > 1e-3


def test_gains_are_realised_first_in_first_out_and_by_term() -> None:
    """Half in A. A doubles in the first half-year: 250 of 1,000 are sold at twice their cost. Fourteen
    months on A has doubled again: what is sold was held for more than a year."""
    days = [date(2020, 1, 2), date(2020, 7, 2), date(2021, 3, 2)]
    prices = np.array([[100.0, 100.0], [200.0, 100.0], [400.0, 100.0]])
    history = history_of(days, ("A", "B"), prices)
    taxable = replace(opening("1000"), account=replace(opening().account, kind=AccountKind.TAXABLE))
    setup = replace(same_close(), openings=(taxable,))
    policy = replace(
        PLAIN,
        target=flat_target({"A": "0.5", "B": "0.5"}),
        prices=replace(PLAIN.prices, max_jump=Decimal(10)),
    )
    result = run(policy, history, setup)
    found = realised(result, setup)
    # 5 of each; 1,500 become 750 in A: 1.25 units are sold at 200 against 100, gain 125.
    assert float(found.short) == pytest.approx(125.0)
    # 3.75 at 400 and 7.5 at 100: 2,250 become 1,125: 0.9375 units are sold at 400 against 100.
    assert float(found.long) == pytest.approx(281.25)
    measures = measures_of(result, setup, Rates(short=0.4, long=0.2))
    average, years = (1000 + 1500 + 2250) / 3, (days[2] - days[0]).days / 365.25
    assert measures.tax_per_year == pytest.approx((50 + 56.25) / average / years)


def test_an_account_without_tax_realises_nothing_that_counts() -> None:
    found = realised(run(PLAIN, HISTORY, same_close()), same_close())
    assert (found.short, found.long) == (0, 0)


def test_cost_is_told_over_the_average_value_and_the_years() -> None:
    setup = replace(same_close(), costs=Costs(per_order=Money(Decimal(2))))
    result = run(PLAIN, HISTORY, setup)
    measures = measures_of(result, setup, Rates())
    years = (HISTORY.days[-1] - HISTORY.days[0]) / 365.25
    assert measures.cost_per_year == pytest.approx(
        2 * len(result.orders) / result.values.mean() / years
    )


def test_what_each_would_do_today_is_decided_on_the_same_holdings() -> None:
    setup = same_close()
    held = run(replace(PLAIN, default_band=NEVER), HISTORY, setup).held
    quiet = decision_at_end(replace(PLAIN, default_band=points("0.9")), HISTORY, setup, held)
    busy = decision_at_end(replace(PLAIN, default_band=points("0.001")), HISTORY, setup, held)
    assert isinstance(quiet, Hold)
    assert isinstance(busy, Proposal)


def test_the_page_needs_no_network_has_its_banner_and_shows_every_policy() -> None:
    page = compare_page(compared(*WIDE_FIRST))
    assert not re.search(r"https?://|<script|@import|url\(|<img|<link", page)
    assert 'class="banner"' in page
    assert "not ranked by return" in page
    for name in ("wide", "narrow", "middle"):
        assert f"<summary>{name}</summary>" in page


def test_the_json_is_a_programs() -> None:
    found = json.loads(json.dumps(as_json(compared(*WIDE_FIRST))))
    assert found["draw"]["seed"] == 3
    policy = found["policies"][0]
    assert {"name", "figures", "history", "paths", "today"} == policy.keys()
    assert (
        policy["paths"]["low"]["turnover_per_year"] <= policy["paths"]["high"]["turnover_per_year"]
    )
    assert policy["figures"]["fill_convention"] == "same_close"


def test_the_caveats_name_seed_and_survivors() -> None:
    said = " ".join(caveats(compared(*WIDE_FIRST)))
    assert "seed 3" in said
    assert "not by return" in said
    assert "exists today" in said


def test_a_policy_of_every_kind_can_be_compared() -> None:
    some = [
        Candidate(name=name, policy=policy, setup_for=partial(told, same_close()))
        for name, policy in TEN.items()
    ]
    found = compared(*some, draw=replace(DRAW, paths=1))
    assert all(row.measures.events_per_year >= 0 for row in found.rows)
