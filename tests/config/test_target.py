"""`[target]`: each source with what it needs, and what it is refused for."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.read import settings_from
from config.target_settings import SourceKind
from policies.targets.glide_path import TARGET_DATE_PATH
from portfolio.money import Weight
from tests.support.configurations import SMALLEST, changed, refused, settings

CLASSED = changed(
    'symbol = "VTI"\n',
    'symbol = "VTI"\nasset_class = "equity"\n',
    changed('symbol = "BND"\n', 'symbol = "BND"\nasset_class = "bond"\n'),
)


def with_target(text: str, base: str = CLASSED) -> str:
    return f"{base}\n[target]\n{text}\n"


def test_without_a_target_table_the_weights_are_the_ones_typed_in() -> None:
    assert settings().target.is_as_typed


def test_a_glide_path_by_age_leads_to_the_year_of_retirement() -> None:
    found = settings(with_target('source = "glide_path"\nbirth_year = 1990')).target
    assert (found.kind, found.until) == (SourceKind.GLIDE_PATH, date(2057, 1, 1))
    assert found.nodes == TARGET_DATE_PATH
    assert found.growth == ("stocks",)
    assert found.kept == ("cash",)


def test_nodes_goals_and_signals_are_read() -> None:
    found = settings(
        with_target(
            'source = "goals"\n'
            "glide_path = [{ years = 10, growth_percent = 80 }, { years = 0, growth_percent = 20 }]\n"
            '[[target.goals]]\nname = "house"\namount_usd = 50_000\non = 2031-06-01\n'
            '[[target.signals]]\nname = "trend"\nkind = "trend"\nseries = ["sp.csv"]\n'
            'slices = ["stocks"]\nalpha_points = 3'
        )
    ).target
    assert [node.growth for node in found.nodes] == [Decimal("0.8"), Decimal("0.2")]
    assert (found.goals[0].name, found.goals[0].amount) == ("house", 50_000)
    assert found.signals[0].alpha == Decimal("0.03")
    (file,) = found.series.values()
    assert file.name == "sp.csv"
    assert not found.is_as_typed


def test_bounds_and_classes_reach_the_slices() -> None:
    text = changed(
        'asset_class = "equity"\n', 'asset_class = "equity"\nmax_percent = 80\n', CLASSED
    )
    node = settings(text).policy.target.slice_named("stocks")
    assert node.most == Weight(Decimal("0.796"))  # of what the buffer of half a percent leaves


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('source = "glide_path"', "a glide path leads to a date"),
        ('source = "feed"\nurl = "https://example.com/w"', "target.public_key"),
        ('source = "feed"\nurl = "http://example.com/w"', "no https address"),
        ('source = "file"', "target.file"),
        ('source = "plugin"', "target.plugin"),
        ('source = "goals"', "target.goals"),
        ('source = "magic"', "magic"),
        (
            (
                'source = "glide_path"\ndate = 2050-01-01\nglide_path = ['
                "{ years = 5, growth_percent = 1 }, { years = 5, growth_percent = 2 }]"
            ),
            "same years",
        ),
        (
            '[[target.signals]]\nname = "a"\nkind = "trend"\nseries = ["x.csv"]\nslices = ["gold"]',
            '"gold" is no slice without a parent',
        ),
        (
            (
                '[[target.signals]]\nname = "a"\nkind = "dual_momentum"\nseries = ["x.csv"]\n'
                'slices = ["stocks"]'
            ),
            "three series and three slices",
        ),
    ],
)
def test_what_a_source_needs_is_asked_for_at_its_place(text: str, why: str) -> None:
    assert any(why in line for line in refused(with_target(text)))


def test_a_source_by_growth_needs_to_know_each_slices_class() -> None:
    said = refused(with_target('source = "glide_path"\ndate = 2050-01-01', SMALLEST))
    assert any('slice "stocks" has no asset class' in line for line in said)


def test_a_weight_outside_its_own_bounds_is_refused() -> None:
    text = changed('asset_class = "bond"\n', 'asset_class = "bond"\nmax_percent = 30\n', CLASSED)
    (line,) = refused(text)
    assert "bonds at 39.8" in line
    assert "over its most" in line


def test_the_tracking_error_of_a_tilt_needs_a_covariance_that_can_be_read(tmp_path: Path) -> None:
    text = SMALLEST + "[target]\ntilt_tracking_error_percent = 0.5\n"
    assert any("tilt_covariance_file: a tracking error needs" in line for line in refused(text))
    text += 'tilt_covariance_file = "cov.csv"\n'
    assert any("there is no such file" in line for line in refused(text))
    (tmp_path / "cov.csv").write_text(",VTI,XYZ\nVTI,0.04,0\nXYZ,0,0.09\n", encoding="utf-8")
    read = settings_from(text, file=tmp_path / "core.toml").target
    assert read.bounds.tracking_error == Decimal("0.005")
    assert read.covariance is not None
    assert (read.covariance.symbols, read.covariance.rows) == (("stocks",), ((Decimal("0.04"),),))
