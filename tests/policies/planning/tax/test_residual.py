"""What a plan leaves open is said, with what closing it would cost: by hand."""

from decimal import Decimal

from policies.planning.tax.residual import (
    Residual,
    closing_message,
    residual_drift,
)
from portfolio.money import Money, Weight


def usd(amount: int | str) -> Money:
    return Money(Decimal(amount))


def part(fraction: str) -> Weight:
    return Weight(Decimal(fraction))


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


def test_without_tax_advantaged_accounts_the_budgets_are_named() -> None:
    residual = Residual(slice_name="stocks", beyond=part("0.03"), amount=usd(6_000))
    assert closing_message([residual], None, sheltered=False).startswith(
        "the budgets are too small"
    )
