"""Targets: leaves that provably sum to one, a cash slice always, and refusals that say why."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.money import Weight
from portfolio.target import Band, Slice, Target, TargetError, build_target


def w(text: str | int) -> Weight:
    return Weight(Decimal(text))


def leaf(name: str, weight: str, parent: str | None = None) -> Slice:
    return Slice(name=name, weight=w(weight), symbol=name.upper(), parent=parent)


def test_a_buffer_scales_the_root_and_becomes_the_cash_slice() -> None:
    target = build_target([leaf("stocks", "0.6"), leaf("bonds", "0.4")], cash_buffer=w("0.005"))
    assert dict(target.weights) == {
        "stocks": Decimal("0.597"),
        "bonds": Decimal("0.398"),
        "cash": Decimal("0.005"),
    }
    assert target.leaves == ("stocks", "bonds", "cash")
    assert target.cash_weight == Decimal("0.005")
    assert target.symbols == ("STOCKS", "BONDS")


def test_there_is_a_cash_slice_even_without_a_buffer() -> None:
    target = build_target([leaf("a", "1")])
    assert target.cash_weight == 0
    assert target.leaves[-1] == "cash"


def test_a_named_cash_slice_takes_the_place_of_the_buffer_and_comes_last() -> None:
    slices = [Slice(name="till", weight=w("0.1"), is_cash=True), leaf("a", "0.9")]
    target = build_target(slices, cash_buffer=w("0.5"))
    assert target.leaves == ("a", "till")
    assert target.cash_weight == Decimal("0.1")


def test_a_tree_is_weighed_along_its_paths_and_knows_its_members() -> None:
    target = build_target(
        [
            Slice(name="stocks", weight=w("0.6")),
            leaf("us", "0.7", parent="stocks"),
            Slice(name="abroad", weight=w("0.3"), parent="stocks"),
            leaf("europe", "0.5", parent="abroad"),
            leaf("asia", "0.5", parent="abroad"),
            leaf("bonds", "0.4"),
        ]
    )
    assert target.weights["us"] == Decimal("0.42")
    assert target.weights["asia"] == Decimal("0.09")
    assert target.members["stocks"] == ("us", "europe", "asia")
    assert target.members["abroad"] == ("europe", "asia")
    assert target.members["us"] == ("us",)
    assert target.slice_named("asia").symbol == "ASIA"
    assert target.leaf_of("ASIA") == "asia"
    assert target.leaf_of("XYZ") is None
    with pytest.raises(KeyError):
        target.slice_named("xyz")


@pytest.mark.parametrize(
    ("slices", "says"),
    [
        ([], "at least one slice"),
        ([leaf("a", "0.5"), leaf("a", "0.5")], "two slices are called 'a'"),
        (
            [leaf("a", "0.5"), Slice(name="b", weight=w("0.5"), symbol="A")],
            "A is in two slices, 'a' and 'b'",
        ),
        ([leaf("a", "-0.5"), leaf("b", "1.5")], "slice 'a' has a negative weight"),
        ([leaf("a", "0.6"), leaf("b", "0.3")], "the top slices sum to 90.0 %"),
        (
            [Slice(name="g", weight=w(1)), leaf("a", "0.4", parent="g")],
            "the slices under 'g' sum to 40.0 %",
        ),
        ([leaf("a", "1"), leaf("b", "1", parent="gone")], "names a parent 'gone'"),
        ([leaf("a", "1"), leaf("b", "1", parent="a")], "slice 'a' must have one of"),
        ([Slice(name="a", weight=w(1))], "slice 'a' must have one of"),
        (
            [
                leaf("a", "1"),
                Slice(name="x", weight=w(1), parent="y"),
                Slice(name="y", weight=w(1), parent="x"),
            ],
            "is its own ancestor",
        ),
        (
            [Slice(name=n, weight=w("0.5"), is_cash=True) for n in ("c1", "c2")],
            "at most one cash slice",
        ),
        ([leaf("cash", "1")], "slice 'cash' needs cash = true"),
    ],
)
def test_a_tree_that_is_no_target_is_refused_with_its_reason(
    slices: list[Slice], says: str
) -> None:
    with pytest.raises(TargetError, match=says):
        build_target(slices)


def test_a_buffer_must_leave_something_and_must_not_be_negative() -> None:
    with pytest.raises(TargetError, match="must be under 100 %"):
        build_target([leaf("a", "1")], cash_buffer=w(1))
    with pytest.raises(TargetError, match="negative weight"):
        build_target([leaf("a", "1")], cash_buffer=w("-0.01"))


def test_weights_of_many_digits_are_exact_and_endless_ones_are_refused() -> None:
    """Sixty digits times the 0.995 left by the buffer; the sum is still exactly one."""
    long, rest = "0." + "3" * 60, "0." + "6" * 59 + "7"
    target = build_target([leaf("a", long), leaf("b", rest)], cash_buffer=w("0.005"))
    assert len(target.weights["a"].as_tuple().digits) == 63
    assert str(target.weights["a"]).startswith("0.33166666")
    with pytest.raises(TargetError, match="more digits than can be multiplied exactly"):
        build_target([leaf("a", "0." + "3" * 250), leaf("b", "0." + "6" * 249 + "7")])


def test_a_band_needs_a_width() -> None:
    with pytest.raises(TargetError, match="a band needs points"):
        Band(points=None, relative=None).half_width(w("0.5"))


@st.composite
def trees(draw: st.DrawFn) -> Target:
    """Trees of up to three levels with weights of up to four digits, and any buffer."""

    def split(count: int) -> list[Decimal]:
        cuts = sorted(
            draw(st.lists(st.integers(0, 10_000), min_size=count - 1, max_size=count - 1))
        )
        edges = [0, *cuts, 10_000]
        return [Decimal(b - a) / 10_000 for a, b in pairwise(edges)]

    slices: list[Slice] = []

    def grow(parent: str | None, depth: int) -> None:
        for weight in split(draw(st.integers(1, 4))):
            name = f"n{len(slices)}"
            branch = depth < 2 and draw(st.booleans())
            symbol = None if branch else name.upper()
            slices.append(Slice(name=name, weight=Weight(weight), parent=parent, symbol=symbol))
            if branch:
                grow(name, depth + 1)

    grow(None, 0)
    buffer = Weight(Decimal(draw(st.integers(0, 9999))) / 10_000)
    return build_target(slices, cash_buffer=buffer)


@given(trees())
def test_the_leaves_sum_to_exactly_one(target: Target) -> None:
    assert sum(target.weights[name] for name in target.leaves) == 1
    for node in target.slices:
        under = sum(target.weights[name] for name in target.members[node.name])
        assert under == target.weights[node.name]
