"""Which lots a sale takes where a person can name them, and where the broker cannot be told."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from daemon.taxes.tickets import lots_named
from policies.book import Book, open_book
from policies.planning.tax.estimate import with_lots
from policies.taxes.guards import LotRule
from portfolio.decisions import PlannedLeg
from portfolio.lots import ReliefMethod
from portfolio.money import Price, Quantity
from portfolio.orders import OrderIntent, Side
from tests.support.households import account, household, memory, quote
from tests.support.tax_households import NEW, OLD, bought, taxed_policy

LOTS = (
    bought("STK", 10, 40, OLD, "cheap"),
    bought("STK", 10, 95, date(2022, 1, 3), "dear"),
    bought("STK", 10, 120, NEW, "loss"),
)


def book_at(broker: str, method: ReliefMethod) -> Book:
    held = account(0, {"STK": 30, "BND": 1}, broker=broker, lots=LOTS)
    held = replace(held, account=replace(held.account, tickets=True))
    snapshot = household(held, quotes=(quote("STK", 100), quote("BND", 100)))
    book = open_book(snapshot, taxed_policy(lots=LotRule(method=method)), memory())
    assert isinstance(book, Book)
    return book


def taken(method: ReliefMethod, broker: str, units: int = 15) -> list[tuple[str, Decimal]]:
    """The lots of a sale at 100 under 35 % short and 15 % long."""
    leg = with_lots(book_at(broker, method), sale(units))
    return [(lot.lot_id, Decimal(lot.quantity)) for lot in leg.lots]


def sale(units: int) -> PlannedLeg:
    intent = OrderIntent(
        account="main",
        symbol="STK",
        side=Side.SELL,
        quantity=Quantity(Decimal(units)),
        limit_price=Price(Decimal(99)),
    )
    return PlannedLeg(intent=intent, price=Price(Decimal(100)), reason="a test")


@pytest.mark.parametrize("method", [ReliefMethod.MINTAX, ReliefMethod.HIFO, ReliefMethod.LIFO])
def test_a_broker_that_cannot_be_told_sells_the_first_in_whatever_the_wish(
    method: ReliefMethod,
) -> None:
    assert taken(method, "simulated") == [("cheap", 10), ("dear", 5)]


@pytest.mark.parametrize(
    ("method", "lots"),
    [
        (ReliefMethod.FIFO, [("cheap", 10), ("dear", 5)]),
        (ReliefMethod.HIFO, [("loss", 10), ("dear", 5)]),
        (ReliefMethod.LOFO, [("cheap", 10), ("dear", 5)]),
        (ReliefMethod.LIFO, [("loss", 10), ("dear", 5)]),
        (ReliefMethod.MINTAX, [("loss", 10), ("dear", 5)]),
    ],
)
def test_a_ticket_names_the_lots_of_the_method(
    method: ReliefMethod, lots: list[tuple[str, int]]
) -> None:
    assert taken(method, "held_elsewhere") == lots


def test_a_part_of_a_ticket_takes_its_first_lots_and_more_than_it_names_takes_none() -> None:
    leg = with_lots(book_at("held_elsewhere", ReliefMethod.HIFO), sale(15))
    assert lots_named(leg, Decimal(12)) == {"loss": 10, "dear": 2}
    assert lots_named(leg, Decimal(16)) == {}
