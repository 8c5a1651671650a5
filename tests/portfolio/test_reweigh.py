"""Other weights for the same tree."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.money import Weight
from portfolio.reweigh import exact_weights, out_of_bounds, reweighed
from portfolio.target import Slice, Target, TargetError, build_target
from tests.support.households import d


def tree() -> Target:
    return build_target(
        [
            Slice(name="stocks", weight=Weight(d("0.6")), most=Weight(d("0.8"))),
            Slice(name="us", parent="stocks", weight=Weight(d("0.7")), symbol="VTI"),
            Slice(name="world", parent="stocks", weight=Weight(d("0.3")), symbol="VXUS"),
            Slice(name="bonds", weight=Weight(d("0.4")), symbol="BND", least=Weight(d("0.2"))),
        ]
    )


def weights(**given: str) -> dict[str, Weight]:
    return {name: Weight(d(weight)) for name, weight in given.items()}


def test_groups_are_the_sum_of_their_leaves_and_shares_follow() -> None:
    target = reweighed(tree(), weights(us="0.3", world="0.2", bonds="0.5", cash="0"))
    assert target.weights["stocks"] == d("0.5")
    assert target.slice_named("us").weight == d("0.6")
    assert target.slice_named("bonds").weight == d("0.5")
    assert target.leaf_weights == {"us": d("0.3"), "world": d("0.2"), "bonds": d("0.5"), "cash": 0}


def test_a_group_of_weight_zero_has_children_of_share_zero() -> None:
    target = reweighed(tree(), weights(us="0", world="0", bonds="1", cash="0"))
    assert target.weights["stocks"] == 0
    assert target.slice_named("us").weight == 0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"us": "0.6", "bonds": "0.4", "cash": "0"}, "every leaf"),
        ({"us": "0.6", "world": "0.1", "bonds": "0.4", "cash": "0"}, "exactly one"),
        ({"us": "1.2", "world": "-0.2", "bonds": "0", "cash": "0"}, "negative"),
    ],
)
def test_weights_that_are_no_target_are_refused(given: dict[str, str], why: str) -> None:
    with pytest.raises(TargetError, match=why):
        reweighed(tree(), weights(**given))


def test_bounds_are_said_with_both_numbers() -> None:
    target = reweighed(tree(), weights(us="0.6", world="0.25", bonds="0.15", cash="0"))
    stocks, bonds = out_of_bounds(target)
    assert stocks == "stocks at 85.00 % is over its most 80.0 %"
    assert "bonds at 15.00 % is under its least 20.0 %" in bonds


def test_a_weight_at_its_bound_is_within_it() -> None:
    target = reweighed(tree(), weights(us="0.6", world="0.2", bonds="0.2", cash="0"))
    assert out_of_bounds(target) == ()


@given(
    st.dictionaries(
        st.text("abcdefgh", min_size=1, max_size=3),
        st.decimals(0, 1000, places=4),
        min_size=1,
        max_size=40,
    ).filter(lambda found: sum(found.values()) > 0)
)
def test_rounded_weights_always_sum_to_exactly_one(found: dict[str, Decimal]) -> None:
    rounded = exact_weights(found)
    assert sum(rounded.values()) == 1
    whole = sum(found.values())
    for name, weight in rounded.items():
        assert abs(weight - found[name] / whole) <= Decimal("0.000001") * len(found)


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(TargetError, match="nothing"):
        exact_weights({"a": Decimal(0)})
