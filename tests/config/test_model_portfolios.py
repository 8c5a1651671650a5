"""Models of models: slices that take what is under them from a named mix, shared and nested."""

from decimal import Decimal

import pytest

from config.settings import Settings
from tests.support.configurations import refused, settings

HEAD = """\
mode = "dry_run"
[household]
name = "core"
[[accounts]]
id = "play"
broker = "simulated"
[rebalance]
cash_buffer_percent = 0
"""
WORLD = """\
[[models]]
name = "world"
[[models.slices]]
name = "us"
weight_percent = 60
symbol = "VTI"
[[models.slices]]
name = "abroad"
weight_percent = 40
symbol = "VXUS"
"""
BONDS = """\
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
"""
STOCKS = """\
[[slices]]
name = "stocks"
weight_percent = 60
model = "world"
"""


def leaves(read: Settings) -> dict[str, Decimal]:
    return dict(read.policy.target.leaf_weights)


def test_a_slice_takes_its_children_from_a_model() -> None:
    target = settings(HEAD + STOCKS + BONDS + WORLD).policy.target
    assert target.leaf_weights == {
        "us": Decimal("0.36"), "abroad": Decimal("0.24"), "bonds": Decimal("0.4"), "cash": 0,
    }  # fmt: skip
    assert target.weights["stocks"] == Decimal("0.6")
    assert target.members["stocks"] == ("us", "abroad")


def test_a_model_may_hold_another_model() -> None:
    balanced = """\
[[models]]
name = "balanced"
[[models.slices]]
name = "shares"
weight_percent = 70
model = "world"
[[models.slices]]
name = "lent"
weight_percent = 30
symbol = "BNDX"
"""
    stocks = STOCKS.replace("world", "balanced")
    target = settings(HEAD + stocks + BONDS + WORLD + balanced).policy.target
    # 60 % x 70 % x 60 %, 60 % x 70 % x 40 %, 60 % x 30 %
    assert target.weights["us"] == Decimal("0.252")
    assert target.weights["abroad"] == Decimal("0.168")
    assert target.weights["lent"] == Decimal("0.18")
    assert target.members["stocks"] == ("lent", "us", "abroad")


def test_slices_whose_models_share_a_symbol_are_blended_with_the_weights_added_up() -> None:
    near = """\
[[slices]]
name = "house"
weight_percent = 30
model = "careful"
[[slices]]
name = "retirement"
weight_percent = 70
model = "world"
[[models]]
name = "careful"
[[models.slices]]
name = "us shares"
weight_percent = 20
symbol = "VTI"
[[models.slices]]
name = "lent"
weight_percent = 80
symbol = "BND"
"""
    target = settings(HEAD + near + WORLD).policy.target
    # VTI: 30 % x 20 % + 70 % x 60 %; its slices have two names, so that it is called by its symbol
    assert target.leaf_weights == {
        "VTI": Decimal("0.48"), "lent": Decimal("0.24"), "abroad": Decimal("0.28"), "cash": 0,
    }  # fmt: skip


def test_one_model_under_two_slices_is_blended_and_other_slices_stay_as_they_are() -> None:
    twice = STOCKS.replace("60", "30") + STOCKS.replace("60", "30").replace("stocks", "more")
    target = settings(HEAD + twice + BONDS + WORLD).policy.target
    assert leaves(settings(HEAD + STOCKS + BONDS + WORLD)) == target.leaf_weights
    assert "stocks" not in target.weights


def test_weights_that_do_not_come_out_even_still_sum_to_one() -> None:
    thirds = WORLD.replace("60", "33.333333333").replace("40", "66.666666667")
    twice = STOCKS.replace("60", "33.3") + STOCKS.replace("60", "26.7").replace("stocks", "more")
    weights = leaves(settings(HEAD + twice + BONDS + thirds))
    assert sum(weights.values()) == 1
    assert weights["us"] == pytest.approx(Decimal("0.2"), abs=Decimal("1e-9"))


def test_names_that_two_models_share_follow_the_slice_that_they_are_under() -> None:
    other = WORLD.replace("world", "old world").replace("VTI", "VOO").replace("VXUS", "VEU")
    bonds = BONDS.replace('symbol = "BND"', 'model = "old world"')
    target = settings(HEAD + STOCKS + bonds + WORLD + other).policy.target
    assert set(target.leaves) == {"stocks us", "stocks abroad", "bonds us", "bonds abroad", "cash"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STOCKS + BONDS, 'slices[1].model: there is no model called "world". Add [[models]]'),
        (
            STOCKS + 'symbol = "VT"\n' + BONDS + WORLD,
            'slice "stocks" has a model and something else to hold',
        ),
        (STOCKS + BONDS + WORLD.replace("60", "50"), 'of model "world" sum to 90 %'),
        (STOCKS + BONDS + WORLD + WORLD, 'two models are called "world"'),
        (
            STOCKS + BONDS + WORLD.replace('symbol = "VTI"', 'model = "world"'),
            'model "world" uses itself',
        ),
        (
            STOCKS.replace("60", "30")
            + "band_points = 3\n"
            + STOCKS.replace("60", "30").replace("stocks", "more")
            + BONDS
            + WORLD,
            'slice "stocks" has band_points, and what it holds is blended',
        ),
        (STOCKS + BONDS + WORLD.replace('"us"', '"abroad"'), 'two slices are called "abroad"'),
        (
            STOCKS + BONDS + 'parent = "land"\n' + WORLD,
            'the parent of slice "bonds" is not there',
        ),
        (STOCKS + BONDS + WORLD.replace("60", '"60"'), "models[1].slices[1].weight_percent"),
    ],
)
def test_models_that_do_not_fit_are_refused_with_what_to_write(text: str, said: str) -> None:
    assert any(said in line for line in refused(HEAD + text)), refused(HEAD + text)
