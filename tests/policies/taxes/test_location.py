"""Asset location, against the worked household."""

from decimal import Decimal

import pytest

from policies.book import Book, open_book
from policies.policy import Policy
from policies.taxes.location import (
    Payout,
    Place,
    after_tax_value,
    best_location,
    pro_rata,
    tax_drag,
    yearly_drag,
)
from portfolio.accounts import AccountKind
from portfolio.money import Money, Weight
from tests.support.households import account, household, memory, quote, target
from tests.support.vectors import vectors

CASE = vectors("asset_location")
KINDS = {
    "taxable": AccountKind.TAXABLE,
    "trad": AccountKind.TAX_DEFERRED,
    "roth": AccountKind.TAX_FREE,
}
PLACES = tuple(
    Place(name=name, kind=KINDS[name], value=Money(Decimal(value)))
    for name, value in CASE["accounts"].items()
)
TARGET = {asset: Weight(Decimal(weight)) for asset, weight in CASE["targets"].items()}
DRAGS = {
    asset: tax_drag(
        Payout(
            ordinary=Decimal(a["ord_yield"]),
            qualified=Decimal(a["qdiv"]),
            realised=Decimal(a["realize"]),
        ),
        on_ordinary=CASE["rates"]["ordinary"],
        on_qualified=CASE["rates"]["qualified"],
    )
    for asset, a in CASE["assets"].items()
}
RETURNS = {asset: Decimal(a["ret"]) for asset, a in CASE["assets"].items()}


@pytest.mark.parametrize("asset", list(CASE["assets"]))
def test_the_drag_is_the_tax_on_what_an_asset_pays(asset: str) -> None:
    assert DRAGS[asset] == CASE["tax_drag"][asset]


def test_the_most_dragged_are_sheltered_first() -> None:
    ranked = sorted(DRAGS, key=lambda asset: -DRAGS[asset])
    assert ranked == CASE["rank_most_tax_inefficient_first"]


def test_the_best_placement_costs_what_the_linear_program_finds() -> None:
    placed = best_location(TARGET, PLACES, DRAGS, RETURNS)
    assert yearly_drag(placed, PLACES, DRAGS) == CASE["annual_drag_optimal"]
    assert yearly_drag(pro_rata(TARGET, PLACES), PLACES, DRAGS) == CASE["annual_drag_pro_rata"]
    saved = CASE["annual_drag_pro_rata"] - CASE["annual_drag_optimal"]
    assert saved / 1_000_000 * 10_000 == CASE["saving_bp_of_household"]


def test_every_account_and_every_weight_is_kept() -> None:
    placed = best_location(TARGET, PLACES, DRAGS, RETURNS)
    for place in PLACES:
        assert sum(v for (name, _), v in placed.items() if name == place.name) == place.value
    for asset, weight in TARGET.items():
        assert sum(v for (_, a), v in placed.items() if a == asset) == weight * 1_000_000


def test_the_tax_free_account_takes_what_is_expected_to_grow_most() -> None:
    placed = best_location(TARGET, PLACES, DRAGS, RETURNS)
    for name, amounts in CASE["optimal_dollars"].items():
        for asset, amount in amounts.items():
            assert placed.get((name, asset), 0) == amount


def test_a_tax_deferred_account_may_be_counted_after_tax() -> None:
    weighing = CASE["after_tax_weighting"]
    value = after_tax_value(
        Money(Decimal(weighing["trad"])), AccountKind.TAX_DEFERRED, weighing["tau_ret"]
    )
    assert value == weighing["after_tax_value"]
    assert after_tax_value(value, AccountKind.TAX_FREE, weighing["tau_ret"]) == value


def test_filling_by_the_highest_drag_first_is_as_good_as_the_optimum() -> None:
    placed = best_location(TARGET, PLACES, DRAGS, RETURNS)
    assert yearly_drag(placed, PLACES, DRAGS) == CASE["greedy_drag"]
    assert CASE["greedy_drag"] == CASE["annual_drag_optimal"]


def test_bands_see_the_households_weights_not_an_accounts() -> None:
    """Each account is far from the target by design; together they are what the case says."""
    case = CASE["drift_household"]
    accounts = [
        account(0, held, name=name, kind=KINDS[name]) for name, held in case["holdings"].items()
    ]
    weights = {"US": "51", "INTL": "18", "BOND": "31"}
    snapshot = household(*accounts, quotes=tuple(quote(symbol, 1) for symbol in weights))
    book = open_book(snapshot, Policy(target=target(weights)), memory())
    assert isinstance(book, Book)
    found = {drift.name.upper(): drift.actual for drift in book.drifts if drift.actual}
    assert found == case["weights"]
    assert all(drift.drift == 0 for drift in book.drifts)
