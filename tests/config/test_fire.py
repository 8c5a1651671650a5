"""Conditions written in the configuration, presets of published rules, and bands by cost."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.read import settings_from
from config.settings import Settings
from policies.conditions import (
    AllOf,
    AnyOf,
    Banded,
    Blackout,
    ByPerson,
    CashOff,
    Covariance,
    DateDue,
    Improvement,
    LargestDrift,
    LookDay,
    Per,
    PortfolioDrift,
    Rested,
    SignalChanged,
    TargetChanged,
    TrackingError,
    Unless,
)
from policies.dates import CalendarRule, Period
from policies.policy import Scope, Stop
from portfolio.money import Money, Weight
from portfolio.target import Band
from tests.support.configurations import SMALLEST, refused

NO_DRIFT = Weight(Decimal(0))


def read(text: str, folder: Path = Path()) -> Settings:
    return settings_from(SMALLEST + text, file=folder / "core.toml")


def test_a_look_and_a_band_and_a_rest_or_the_yearly_date() -> None:
    """The example of the documentation."""
    fire = read(
        """
[[rebalance.fire]]
look = "monthly"
band = "slice"
rested_sessions = 10
rested_override_bands = 2
improvement_percent = 20
unless = { blackout = ["15 december to 2 january"] }

[[rebalance.fire]]
calendar = "yearly on 2 january"
largest_drift_points = 1
"""
    ).policy.fire
    monthly = AllOf(
        parts=(
            LookDay(rule=CalendarRule(period=Period.MONTHLY, min_drift=NO_DRIFT)),
            Rested(sessions=10, override=Decimal(2)),
            Banded(),
            Improvement(level=Decimal("0.2")),
        )
    )
    span = Blackout(first=date(2000, 12, 15), last=date(2000, 1, 2), yearly=True)
    yearly = AllOf(
        parts=(
            DateDue(rule=CalendarRule(period=Period.YEARLY, day=2, min_drift=NO_DRIFT)),
            LargestDrift(level=Weight(Decimal("0.01"))),
        )
    )
    assert fire == AnyOf(parts=(Unless(part=monthly, bar=span), yearly))


def test_the_examples_of_the_page_are_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text()
    preset, conditions = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert read(preset).policy.destination.scope is Scope.BREACHED
    assert isinstance(read(conditions).policy.fire, AnyOf)


def test_every_other_condition_can_be_written_and_nested() -> None:
    fire = read(
        """
[[rebalance.fire]]
any_of = [
  { band = "instrument", band_times = 1.5, band_stop_percent = 50 },
  { portfolio_drift_points = 5, portfolio_drift_stop_points = 2 },
  { cash_above_points = 2, cash_above_usd = 5000 },
  { cash_below_usd = 100 },
  { target_changed_points = 1 },
  { signal_changed = "trend" },
  { person = true },
  { all_of = [{ band_slices = ["stocks"] }, { rested_days = 14 }] },
]
"""
    ).policy.fire
    assert fire == AnyOf(
        parts=(
            Banded(per=Per.INSTRUMENT, times=Decimal("1.5"), stop=Decimal("0.5")),
            PortfolioDrift(level=Weight(Decimal("0.05")), stop=Weight(Decimal("0.02"))),
            CashOff(side="above", part=Weight(Decimal("0.02")), amount=Money(Decimal(5000))),
            CashOff(side="below", amount=Money(Decimal(100))),
            TargetChanged(level=Weight(Decimal("0.01"))),
            SignalChanged(name="trend"),
            ByPerson(),
            AllOf(parts=(Banded(slices=("stocks",)), Rested(days=14, override=None))),
        )
    )


def test_tracking_error_reads_its_covariance(tmp_path: Path) -> None:
    symbols = ("VTI", "BND")
    (tmp_path / "covariance.csv").write_text(",VTI,BND\nVTI,0.0256,0.0018\nBND,0.0018,0.0036\n")
    text = '[[rebalance.fire]]\ntracking_error_percent = 0.8\ncovariance_file = "covariance.csv"\n'
    assert read(text, tmp_path).policy.fire == TrackingError(
        level=Decimal("0.008"),
        covariance=Covariance(
            symbols=symbols,
            rows=(
                (Decimal("0.0256"), Decimal("0.0018")),
                (Decimal("0.0018"), Decimal("0.0036")),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("matrix", "found"),
    [
        (",VTI,BND\nVTI,0.1,0.2\nBND,0.3,0.1\n", "the matrix is not symmetric"),
        (",VTI,BND\nVTI,0.01,0.2\nBND,0.2,0.01\n", "no returns have such covariances"),
        (",VTI\nVTI,0.04\n", "it has no row for BND"),
        (",VTI,BND\nVTI,0.04,x\nBND,0.0,0.04\n", 'the row "VTI" is not all numbers'),
        ("", "the file has no matrix"),
        (None, "covariance_file"),
    ],
)
def test_a_matrix_that_is_none_is_refused(tmp_path: Path, matrix: str | None, found: str) -> None:
    if matrix is not None:
        (tmp_path / "c.csv").write_text(matrix)
    text = f"""[[rebalance.fire]]
tracking_error_percent = 1
covariance_file = "{tmp_path / "c.csv"}"
"""
    (problem,) = refused(SMALLEST + text)
    assert found in problem
    assert "rebalance.fire[1].covariance_file" in problem


@pytest.mark.parametrize(
    ("line", "key", "found"),
    [
        ("band_times = 2", "fire[1].band_times", 'it needs "band" or "band_slices" beside it'),
        ("", "fire[1]", "nothing is asked here"),
        ('blackout = ["1 may to 2 may"]', "fire[1].blackout", "only inside the blackout"),
        ('band_slices = ["gold"]', "fire[1].band_slices", '"gold" has no band'),
        (
            "largest_drift_points = 2\nlargest_drift_stop_points = 2",
            "fire[1].largest_drift_stop_points",
            "it stops at or above largest_drift_points",
        ),
        (
            'band = "slice"\nunless = { calendar = "monthly" }',
            "fire[1].unless.calendar",
            "it has no place under unless",
        ),
        (
            "unless = { person = true }",
            "fire[1].unless",
            "there is nothing that it could hold back",
        ),
        (
            """any_of = [
                { band = "slice", band_stop_percent = 50 },
                { band = "class", band_stop_percent = 20 },
            ]""",
            "fire[1].any_of[2].band_stop_percent",
            "there is one already",
        ),
        ('band = "group"', "fire[1].band", '"group" is not known here'),
        ('look = "at noon"', "fire[1].look", "is not a date that comes round"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_at_its_key(
    line: str, key: str, found: str
) -> None:
    (problem,) = refused(SMALLEST + f"[[rebalance.fire]]\n{line}\n")
    assert f"rebalance.{key}: " in problem
    assert found in problem


def test_conditions_beside_the_plain_dates_are_refused() -> None:
    text = '[rebalance]\nbackstop = "never"\n[[rebalance.fire]]\nband = "slice"\n'
    (problem,) = refused(SMALLEST + text)
    assert "rebalance.backstop: [[rebalance.fire]] says what makes a rebalance due" in problem


def test_a_preset_sets_what_is_not_written() -> None:
    policy = read('[rebalance]\npreset = "vanguard_200_175"\nrest_sessions = 3\n').policy
    assert policy.default_band.half_width(Weight(Decimal("0.6"))) == Decimal("0.02")
    assert (policy.destination.stop, policy.destination.inside) == (
        Stop.BAND_EDGE,
        Decimal("0.125"),
    )
    assert policy.rest_sessions == 3


def test_a_written_width_drops_that_of_the_preset() -> None:
    settings = read('[rebalance]\npreset = "daryanani"\nband_points = 4\n')
    assert settings.policy.default_band.half_width(Weight(Decimal("0.6"))) == Decimal("0.04")
    assert settings.policy.destination.scope is Scope.BREACHED
    assert str(settings.schedule.look) == "every 2 weeks, 30 minutes after open"


def test_a_band_by_cost_or_by_volatility() -> None:
    by_cost = read("[rebalance]\nband_by_cost = true\ncost_percent = 0.1\n").policy
    width = by_cost.default_band.half_width(Weight(Decimal("0.6")))
    assert round(width, 5) == Decimal("0.02785")
    band = read("[rebalance]\nband_volatility_times = 2\nvolatility_percent = 10\n").policy
    assert band.default_band != Band()
    # 2 x 0.6 x 0.4 x 10 % x sqrt(20 / 252)
    assert round(band.default_band.half_width(Weight(Decimal("0.6"))), 6) == Decimal("0.013522")


def test_only_sales_or_only_purchases() -> None:
    assert not read('[rebalance]\ntrades = "sell_only"\n').policy.buys_allowed
    assert not read('[rebalance]\ntrades = "buy_only"\n').policy.sells_allowed
    (problem,) = refused(SMALLEST + '[rebalance]\ntrades = "sell_only"\nsells_allowed = false\n')
    assert "rebalance.trades: nothing could ever be traded" in problem
