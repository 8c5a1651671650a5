"""Tax-advantaged accounts are used first, and what they are too small for is said: by hand."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.location import Place
from policies.taxes.location_first import (
    Residual,
    Sheltered,
    closing_message,
    in_trading_order,
    mend_sheltered,
    residual_drift,
)
from portfolio.accounts import AccountKind
from portfolio.money import Money, Weight


def usd(amount: int | str) -> Money:
    return Money(Decimal(amount))


def part(fraction: str) -> Weight:
    return Weight(Decimal(fraction))


def test_sheltered_accounts_trade_before_taxable_ones_and_large_before_small() -> None:
    places = [
        Place(name="brokerage", kind=AccountKind.TAXABLE, value=usd(900)),
        Place(name="roth", kind=AccountKind.TAX_FREE, value=usd(100)),
        Place(name="ira", kind=AccountKind.TAX_DEFERRED, value=usd(300)),
    ]
    assert in_trading_order(places) == ("ira", "roth", "brokerage")


def test_a_large_enough_ira_mends_all_of_the_drift() -> None:
    """6,000 too much in stocks and as much too little in bonds: the IRA's 20,000 of stocks do."""
    gaps = {"VTI": usd(6_000), "BND": usd(-6_000)}
    done = mend_sheltered(gaps, [Sheltered(name="ira", held={"VTI": usd(20_000)})])
    assert done.trades == {("ira", "VTI"): -6_000, ("ira", "BND"): 6_000}
    assert done.left == {"VTI": 0, "BND": 0}


def test_a_small_ira_leaves_the_rest_to_the_taxable_account() -> None:
    gaps = {"VTI": usd(6_000), "BND": usd(-6_000)}
    done = mend_sheltered(gaps, [Sheltered(name="ira", held={"VTI": usd(2_500)})])
    assert done.left == {"VTI": 3_500, "BND": -3_500}


def test_cash_is_spent_before_anything_is_sold() -> None:
    gaps = {"VTI": usd(1_000), "BND": usd(-1_000)}
    one = Sheltered(name="ira", held={"VTI": usd(5_000)}, cash=usd(400))
    done = mend_sheltered(gaps, [one])
    assert done.trades == {("ira", "VTI"): -600, ("ira", "BND"): 1_000}


ASSETS = ("A", "B", "C")
AMOUNTS = st.integers(0, 10_000)


@given(
    gaps=st.lists(st.integers(-9_000, 9_000), min_size=3, max_size=3),
    accounts=st.lists(
        st.tuples(AMOUNTS, st.lists(AMOUNTS, min_size=3, max_size=3)), min_size=1, max_size=3
    ),
)
def test_no_account_spends_more_than_it_has_and_no_gap_is_turned_round(
    gaps: list[int], accounts: list[tuple[int, list[int]]]
) -> None:
    start = {a: usd(g) for a, g in zip(ASSETS, gaps, strict=True)}
    sheltered = [
        Sheltered(
            name=str(n),
            cash=usd(cash),
            held={a: usd(h) for a, h in zip(ASSETS, held, strict=True)},
        )
        for n, (cash, held) in enumerate(accounts)
    ]
    done = mend_sheltered(start, sheltered)
    for account in sheltered:
        own = {
            asset: amount for (name, asset), amount in done.trades.items() if name == account.name
        }
        assert sum(own.values()) <= account.cash
        assert all(account.held[asset] + amount >= 0 for asset, amount in own.items())
    for asset in ASSETS:
        change = sum(v for (_, other), v in done.trades.items() if other == asset)
        assert done.left[asset] == start[asset] + change
        assert abs(done.left[asset]) <= abs(start[asset])
        assert done.left[asset] * start[asset] >= 0


def test_what_stays_outside_its_destination_is_named_with_its_amount() -> None:
    found = residual_drift(
        {"stocks": part("0.68"), "bonds": part("0.27"), "gold": part("0.05")},
        {"stocks": part("0.60"), "bonds": part("0.30"), "gold": part("0.10")},
        {"stocks": part("0.05"), "bonds": part("0.05"), "gold": part("0.025")},
        usd(200_000),
    )
    assert found == (
        Residual(slice_name="stocks", beyond=part("0.03"), amount=usd(6_000)),
        Residual(slice_name="gold", beyond=part("-0.025"), amount=usd(-5_000)),
    )


def test_the_edge_of_the_destination_is_inside() -> None:
    at = {"stocks": part("0.65")}
    reach = {"stocks": part("0.05")}
    assert residual_drift(at, {"stocks": part("0.60")}, reach, usd(1_000)) == ()
    assert closing_message((), usd(5)) == ""


def test_the_message_says_what_is_left_and_what_closing_it_costs() -> None:
    residual = Residual(slice_name="stocks", beyond=part("0.03"), amount=usd(6_000))
    assert closing_message([residual], usd(1_250)) == (
        "the tax-advantaged accounts are too small to mend all: stocks +3.0 points (6,000 USD)"
        " beyond the destination; selling in taxable accounts to close it would cost 1,250 USD of tax"
    )
    assert "would cost" not in closing_message([residual], None)
