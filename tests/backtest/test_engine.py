"""What a backtest does with costs, flows, interest, dividends and later fills, by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from backtest.history import Dividend, History, HistoryError, between, history_of
from backtest.run import run
from backtest.setup import Costs, Fill, Flow, Setup
from policies.policy import MinimumTrade, Policy, PriceRule
from portfolio.money import Money, Weight
from portfolio.orders import Side
from tests.support.backtests import flat_target, opening, same_close, weekdays
from tests.support.ten_policies import NEVER, PLAIN

HALVES = replace(
    PLAIN,
    target=flat_target({"A": "0.5", "B": "0.5"}),
    prices=PriceRule(max_jump=Decimal(10)),
)
QUIET = replace(HALVES, default_band=NEVER)
ALL_A = replace(
    QUIET,
    target=flat_target({"A": "1"}),
    minimum_trade=MinimumTrade(amount=Money(Decimal(10)), fraction=Weight(Decimal(0))),
)


def prices(*columns: list[float], first: date = date(2024, 1, 30), **more: object) -> History:
    symbols = ("A", "B")[: len(columns)]
    days = weekdays(len(columns[0]), first)
    return history_of(days, symbols, np.array(columns).T, **more)  # type: ignore[arg-type]


def test_the_first_investment_is_an_order_and_no_rebalance() -> None:
    figures = run(QUIET, prices([10.0] * 4, [20.0] * 4), same_close("1000")).figures
    assert (figures.orders, figures.rebalances, figures.final_value) == (2, 0, 1000)


def test_a_band_trades_at_the_close_that_was_seen_or_at_the_next() -> None:
    history = prices([10.0, 10, 20, 40, 40], [10.0] * 5)
    seen = run(HALVES, history, same_close("1000"), in_full=True)
    later = run(HALVES, history, Setup(openings=(opening("1000"),)))
    assert [o.row for o in seen.orders] == [0, 0, 2, 2, 3, 3]
    assert [float(o.price) for o in seen.orders if o.side is Side.SELL] == [20, 40]
    assert later.figures.fill_convention is Fill.NEXT_CLOSE
    # 50 of each at 10; at 20 and 10 the plan sells 12.5 of A, which bring 500 at the next close.
    sale = next(o for o in later.orders if o.side is Side.SELL)
    assert (sale.decided, sale.row, sale.quantity, sale.price) == (2, 3, Decimal("12.5"), 40)


def test_a_buy_pays_half_the_spread_and_its_fees_and_never_more_than_the_cash() -> None:
    costs = Costs(spread=Decimal("0.02"), per_order=Money(Decimal(5)), fraction=Decimal("0.001"))
    setup = replace(same_close("1000"), costs=costs)
    result = run(ALL_A, prices([100.0, 100]), setup)
    (order,) = result.orders
    assert order.price == 101
    assert order.quantity == Decimal("9.841643505")  # (1000 - 5) / (101 x 1.001), rounded down
    assert order.fee == pytest.approx(Decimal("5.994005994"), abs=Decimal("1e-8"))
    assert result.held.cash[-1] == pytest.approx(0, abs=1e-6)
    assert result.held.cash[-1] >= 0
    assert result.figures.cost == pytest.approx(float(order.fee) + 9.841643505)


def test_a_deposit_is_no_return_and_is_invested_after_its_wait() -> None:
    history = prices([10.0] * 6)
    flow = Flow(day=history.sessions[2], amount=Money(Decimal(500)))
    result = run(ALL_A, history, replace(same_close("1000"), flows=(flow,)))
    assert [(o.row, o.quantity) for o in result.orders] == [(0, 100), (3, 50)]
    figures = result.figures
    assert (figures.paid_in, figures.final_value, figures.total_return) == (500, 1500, 0)
    assert figures.cash_runs == 1
    assert figures.money_weighted_return == pytest.approx(0, abs=1e-9)


def test_a_withdrawal_is_raised_by_a_sale() -> None:
    history = prices([10.0] * 5)
    flow = Flow(day=history.sessions[2], amount=Money(Decimal(-300)))
    result = run(ALL_A, history, replace(same_close("1000"), flows=(flow,)))
    assert [(o.row, o.side, o.quantity) for o in result.orders][1] == (2, Side.SELL, 30)
    assert result.figures.final_value == pytest.approx(700)
    assert result.figures.turnover_per_year == 0


def test_interest_accrues_by_days_and_is_paid_in_the_first_session_of_a_month() -> None:
    idle = replace(ALL_A, minimum_trade=MinimumTrade(amount=Money(Decimal(10**9))))
    history = prices([10.0] * 5)  # 30 and 31 January, 1, 2 and 5 February
    setup = replace(same_close("36500"), interest=((date.min, Decimal(10)),))
    result = run(idle, history, setup)
    assert result.figures.income == 20  # two days at 10 a day, paid on 1 February
    assert result.values.tolist() == [36500, 36500, 36520, 36520, 36520]


def test_a_dividend_is_paid_on_what_was_held_before_its_day() -> None:
    days = weekdays(4, date(2024, 1, 30))
    paid = (Dividend(day=days[2], symbol="A", per_unit=Decimal("0.5")),)
    result = run(ALL_A, prices([10.0] * 4, dividends=paid), same_close("1000"))
    assert result.figures.income == 50
    assert [(o.row, o.quantity) for o in result.orders] == [(0, 100), (2, 5)]
    assert result.figures.total_return == pytest.approx(0.05)


def test_a_symbol_without_prices_is_named() -> None:
    with pytest.raises(HistoryError, match="no column for B"):
        run(HALVES, prices([10.0] * 3), same_close())


def test_a_part_of_a_history_keeps_its_dividends() -> None:
    days = weekdays(5, date(2024, 1, 30))
    paid = (Dividend(day=days[3], symbol="A", per_unit=Decimal(1)),)
    part = between(prices([1.0, 2, 3, 4, 5], dividends=paid), days[1], days[3])
    assert part.prices[:, 0].tolist() == [2, 3, 4]
    assert [d.day for d in part.dividends[2]] == [days[3]]


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(HistoryError, match="not a number above zero"):
        prices([10.0, bad, 10.0])


def test_skipped_rows_are_looked_at_less_than_one_by_one() -> None:
    """The point of looking ahead: a quiet history costs a handful of decisions."""
    quiet = Policy(target=flat_target({"A": "0.5", "B": "0.5"}, cash="0.005"))
    history = prices([10.0] * 600, [10.0] * 600)
    assert run(quiet, history, same_close()).figures.looks <= 6
