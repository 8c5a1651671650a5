"""From sources to weights: glide paths, goals, given weights, tilts, and blocks of days."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.targets.risk_profile import (
    Category,
    Circumstances,
    Term,
    aversion_for,
    capacity_of,
    category_path,
    merton_share,
    one_in_twenty_loss,
    profile_of,
    rank_differs,
    score,
)
from policies.targets.sources import (
    Fixed,
    Given,
    GlidePath,
    Goal,
    Goals,
    Overlay,
    Reading,
    Source,
    Weighing,
)
from policies.targets.weighing import (
    growth_share,
    reason_for,
    weights_on,
    weights_over,
    with_growth,
)
from portfolio.money import Money, Weight
from portfolio.target import TargetError
from tests.support.households import d

DAY = date(2026, 3, 11)
BASE = {"us": d("0.42"), "world": d("0.18"), "bonds": d("0.395"), "cash": d("0.005")}


def weighing(source: Source, *, overlay: Overlay | None = None, day: date = DAY) -> Weighing:
    """Stocks (us, world) and bonds beside a buffer of half a percent."""
    return Weighing(
        source=source,
        day=day,
        base={name: Weight(weight) for name, weight in BASE.items()},
        growth=("us", "world"),
        classes={"stocks": ("us", "world"), "bonds": ("bonds",)},
        kept=("cash",),
        overlay=overlay,
    )


def test_fixed_weights_are_the_ones_typed_in() -> None:
    assert weights_on(DAY, weighing(Fixed())) == BASE


def test_a_glide_path_moves_growth_and_keeps_proportions_and_the_buffer() -> None:
    # 20 years before the date: 83.077 %, in steps of a point 83 %, of what the buffer leaves.
    source = GlidePath(until=DAY + timedelta(days=7305))
    found = weights_on(DAY, weighing(source))
    assert found["cash"] == d("0.005")
    assert found["us"] == d("0.578095")  # 0.995 x 0.83 x 0.7
    assert found["world"] == d("0.247755")  # 0.995 x 0.83 x 0.3
    assert found["bonds"] == d("0.16915")  # 0.995 x 0.17
    assert sum(found.values()) == 1


def test_without_steps_the_share_is_the_line_itself() -> None:
    source = GlidePath(until=DAY + timedelta(days=7305), step=Decimal(0))
    assert float(growth_share(source, DAY)) == pytest.approx(0.83077, abs=1e-5)


def test_a_block_of_days_has_the_weights_of_each_day() -> None:
    days = [DAY + timedelta(days=90 * n) for n in range(60)]
    inputs = weighing(GlidePath(until=date(2035, 1, 1)))
    block = weights_over(days, inputs)
    assert block.shape == (60, 4)
    for row, day in zip(block, days, strict=True):
        assert row.tolist() == [float(w) for w in weights_on(day, inputs).values()]
    assert np.all(np.diff(block[:, 0]) <= 0)


def test_goals_share_the_portfolio_by_their_amounts() -> None:
    # Ten years before its date a goal has 70 %, three years before it 20 %: (3 x 70 + 20) / 4.
    goals = Goals(
        goals=(
            Goal(name="house", amount=Money(d(30_000)), until=DAY + timedelta(days=3653)),
            Goal(name="car", amount=Money(d(10_000)), until=DAY + timedelta(days=1096)),
        ),
        step=Decimal(0),
    )
    assert float(growth_share(goals, DAY)) == pytest.approx(0.575, abs=1e-3)


def test_a_goal_whose_date_has_come_is_left_out_and_the_last_leaves_nothing_at_risk() -> None:
    near = Goal(name="car", amount=Money(d(10_000)), until=DAY)
    far = Goal(name="house", amount=Money(d(1)), until=DAY + timedelta(days=7305))
    assert growth_share(Goals(goals=(near, far)), DAY) == d("0.9")
    assert growth_share(Goals(goals=(near,)), DAY) == 0


def test_a_share_that_no_slice_can_hold_is_refused() -> None:
    base = {"bonds": Weight(d(1))}
    with pytest.raises(TargetError, match="growth"):
        with_growth(base, [], d("0.5"))
    with pytest.raises(TargetError, match="bonds or cash"):
        with_growth({"us": Weight(d(1))}, ["us"], d("0.5"))


def given_weights(**weights: str) -> Given:
    found = {name: Weight(d(weight)) for name, weight in weights.items()}
    return Given(origin="feed example.com", weights=found, as_of=DAY)


def test_given_top_slices_keep_the_shares_inside_and_the_buffer() -> None:
    found = weights_on(DAY, weighing(given_weights(stocks="0.5", bonds="0.5")))
    assert found == {
        "us": d("0.34825"),  # 0.995 x 0.5 x 0.7
        "world": d("0.14925"),
        "bonds": d("0.4975"),
        "cash": d("0.005"),
    }


def test_given_leaves_are_taken_beside_the_buffer_or_with_cash_named() -> None:
    found = weights_on(DAY, weighing(given_weights(us="0.5", world="0.25", bonds="0.25")))
    assert found["us"] == d("0.4975")
    named = given_weights(us="0.5", world="0.2", bonds="0.2", cash="0.1")
    assert weights_on(DAY, weighing(named))["cash"] == d("0.1")


def test_given_weights_for_a_slice_that_is_not_there_are_refused() -> None:
    with pytest.raises(TargetError, match="'gold'"):
        weights_on(DAY, weighing(given_weights(stocks="0.5", bonds="0.4", gold="0.1")))


def reading(stocks: str, bonds: str = "0") -> Reading:
    return Reading(
        signal="trend",
        month_end=date(2026, 2, 28),
        value=d(1),
        scores={"stocks": d(stocks), "bonds": d(bonds)},
    )


def test_a_tilt_moves_classes_against_each_other_and_leaves_cash_alone() -> None:
    overlay = Overlay(alphas={"trend": d("0.03")}, readings=(reading("-1"),))
    found = weights_on(DAY, weighing(Fixed(), overlay=overlay))
    # -3 points for stocks, demeaned over two classes: -1.5 and +1.5.
    assert found["us"] + found["world"] == d("0.585")
    assert found["bonds"] == d("0.41")
    assert found["cash"] == d("0.005")
    assert "tilted by trend" in reason_for(weighing(Fixed(), overlay=overlay), DAY)


@given(
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.floats(0.001, 0.5),
    st.dates(date(2020, 1, 1), date(2060, 1, 1)),
)
def test_whatever_the_signals_say_the_weights_stay_within_their_bounds(
    stocks: float, bonds: float, alpha: float, day: date
) -> None:
    overlay = Overlay(
        alphas={"trend": Decimal(f"{alpha:.6f}")},
        readings=(reading(f"{stocks:.6f}", f"{bonds:.6f}"),),
    )
    source = GlidePath(until=date(2045, 1, 1))
    plain, tilted = (weights_on(day, weighing(source, overlay=o)) for o in (None, overlay))
    assert sum(tilted.values()) == 1
    assert min(tilted.values()) >= 0
    moved = sum(abs(tilted[name] - plain[name]) for name in plain) / 2
    assert moved <= Decimal("0.05") + Decimal("0.00001")


# The risk profile beyond the vectors


def test_without_a_reserve_or_a_stable_income_capacity_is_one_step_less() -> None:
    assert capacity_of(Circumstances(horizon_years=d(8))) == d("0.7")
    assert capacity_of(Circumstances(horizon_years=d(8), reserve_months=d("2.9"))) == d("0.4")
    both = Circumstances(horizon_years=d(8), reserve_months=d(0), income_is_stable=False)
    assert capacity_of(both) == d("0.4")


def test_the_age_term_never_binds_under_thirty_percent() -> None:
    old = profile_of(Category.HIGH, Circumstances(horizon_years=d(20), age=95))
    assert (old.growth, old.binding) == (d("0.3"), Term.AGE)


def test_the_loss_of_a_bad_year_is_said() -> None:
    # 1.645 x 16 % - 5 % = 21.32 % of a portfolio that is all growth
    assert one_in_twenty_loss(d(1)) == d("0.2132")
    assert one_in_twenty_loss(d(0)) == 0


def test_aversion_leads_back_to_the_share() -> None:
    share = merton_share(d("0.05"), d("0.16"), aversion_for(d("0.55")))
    assert abs(share - d("0.55")) < d("1e-12")


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ("bbbb", "13 answers"),
        ("ebbbbbbbaabbb", "question 1 is a to d"),
        ("bbbbbbbbcabbb", "question 9"),
    ],
)
def test_an_unanswered_or_unknown_answer_is_refused(answers: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        score(answers)


def test_new_answers_move_one_category_a_year_and_no_further() -> None:
    low, high = Category.LOW, Category.HIGH
    assert category_path([(d(0), high)]) is high
    assert category_path([(d(0), high), (d("0.5"), low)]) is high  # within a year of the first
    assert category_path([(d(0), high), (d("1.1"), low)]) is Category.ABOVE_AVERAGE
    assert category_path([(d(0), high), (d("1.1"), low), (d("1.6"), low)]) is Category.ABOVE_AVERAGE
    assert category_path([(d(0), high), (d("1.1"), low), (d("2.2"), low)]) is Category.AVERAGE


def test_a_self_rating_far_from_the_score_is_noticed() -> None:
    assert rank_differs(Category.LOW, 9)
    assert not rank_differs(Category.AVERAGE, 5)
