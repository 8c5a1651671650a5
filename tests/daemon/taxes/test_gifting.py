"""Gifts of shares on a real journal: suggested, accepted, and gone with exactly their lots."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.memory import remember
from daemon.observe import observe
from daemon.reconcile import Differences, reconcile
from daemon.taxes.gifting import Suggestion, letter, suggest, wish_of
from daemon.taxes.open_gifts import open_gifts
from policies.book import Book, open_book
from policies.policy import Policy
from policies.taxes.gifts import GiftRule
from policies.taxes.household import HouseholdTaxes
from policies.taxes.rates import FlatRates, TaxRates
from portfolio.gifts import GiftState
from portfolio.lot_events import GiftMoved
from portfolio.money import Money, Quantity
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import approve, finish, say, sixty_forty

BOUGHT, LATER = date(2025, 3, 3), date(2026, 3, 9)
DAYS = (BOUGHT, *(LATER + timedelta(days=i) for i in range(5)))
RATES = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.24"))
)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """597 STK and 398 BND bought at 100 a year and a week ago; STK is at 102 now, BND at 90."""
    policy = Policy(
        target=sixty_forty(),
        taxes=HouseholdTaxes(rates=RATES),
        gifts=GiftRule(income=Money(Decimal(100_000)), marginal_rate=Decimal("0.24")),
    )
    prices = table(DAYS, STK=["100", *["102"] * 5], BND=["100", *["90"] * 5])
    made = build_rig(tmp_path, prices, policy, cash="100000")
    made.look(BOUGHT)
    approve(made)
    finish(made)
    made.go_to(LATER)
    return made


def suggested(rig: Rig, amount: int) -> Suggestion:
    snapshot = observe(rig.house)
    memory = remember(rig.house, Wake(kind=WakeKind.PERSON), snapshot.session)
    return suggest(snapshot, rig.house.policy, memory, Money(Decimal(amount)))


def accepted(rig: Rig, amount: int) -> str:
    found = suggested(rig, amount)
    say(rig, "gift", wish_of(found.plan))
    (gift,) = open_gifts(rig.journal)
    return gift.gift_id


def states(rig: Rig) -> list[GiftState]:
    return [
        r.event.state for r in rig.journal.events("gift_moved") if isinstance(r.event, GiftMoved)
    ]


def test_a_suggestion_takes_long_term_gains_and_says_what_they_save(rig: Rig) -> None:
    """1,000 USD are 9 shares at 102: 918 in shares, 82 in cash; the gain of 18 saves 2.70. The floor
    of half a percent of 100,000 leaves 418 to deduct."""
    found = suggested(rig, 1_000)
    assert [(p.symbol, p.shares) for p in found.plan.picks] == [("STK", 9)]
    assert (found.plan.value, found.plan.cash) == (918, 82)
    assert found.saved == pytest.approx(Decimal("2.70"), abs=Decimal("0.3"))
    assert found.deduction is not None
    assert found.deduction.shares == 418
    assert found.good_until == LATER + timedelta(days=5)
    assert "no advice, and no filing" in found.note


def test_the_letter_names_each_lot(rig: Rig) -> None:
    text = letter(suggested(rig, 1_000).plan, "test", LATER)
    assert "9 shares of STK from account main" in text
    assert "bought on 2025-03-03" in text


def test_a_suggestion_alone_is_recorded_nowhere(rig: Rig) -> None:
    suggested(rig, 1_000)
    assert states(rig) == []


def test_an_accepted_gift_leaves_with_exactly_its_lots(rig: Rig) -> None:
    accepted(rig, 1_000)
    before = dict(rig.journal.positions("main"))
    now = {"main": {**before, "STK": Quantity(before["STK"] - 9)}}
    watch = Differences()
    for _ in range(4):
        rig.clock.advance_to(rig.clock.now() + timedelta(seconds=61))
        reconcile(rig.house, now, watch)
    assert states(rig) == [GiftState.ACCEPTED, GiftState.TRANSFERRED]
    assert open_gifts(rig.journal) == ()
    assert rig.journal.positions("main")["STK"] == before["STK"] - 9
    held = sum(lot.quantity for lot in rig.journal.lots("main") if lot.symbol == "STK")
    assert held == before["STK"] - 9


def test_another_decrease_is_no_gift(rig: Rig) -> None:
    accepted(rig, 1_000)
    before = dict(rig.journal.positions("main"))
    now = {"main": {**before, "STK": Quantity(before["STK"] - 10)}}
    watch = Differences()
    for _ in range(4):
        rig.clock.advance_to(rig.clock.now() + timedelta(seconds=61))
        reconcile(rig.house, now, watch)
    assert states(rig) == [GiftState.ACCEPTED]


def test_a_person_cannot_confirm_what_the_broker_still_shows(rig: Rig) -> None:
    gift = accepted(rig, 1_000)
    say(rig, "gift", f"transferred {gift}")
    assert states(rig) == [GiftState.ACCEPTED]
    assert "has not left" in rig.journal.open_alarms()[-1].text


def test_an_accepted_gift_can_be_taken_back(rig: Rig) -> None:
    gift = accepted(rig, 1_000)
    say(rig, "gift", f"cancel {gift}")
    assert open_gifts(rig.journal) == ()


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ("accept main/STK/nowhere=5@102", "does not hold"),
        ("accept ", "names no shares"),
        ("accept main/STK/x=many@102", "is not a number"),
        ("cancel g999", "no open gift"),
    ],
)
def test_a_wish_that_does_not_fit_is_told_and_changes_nothing(
    rig: Rig, wish: str, why: str
) -> None:
    say(rig, "gift", wish)
    assert states(rig) == []
    assert why in rig.journal.open_alarms()[-1].text


def test_a_price_that_moved_too_far_asks_for_a_new_suggestion(rig: Rig) -> None:
    wish = wish_of(suggested(rig, 1_000).plan).replace("@102", "@98")
    say(rig, "gift", wish)
    assert "ask for a new one" in rig.journal.open_alarms()[-1].text


def test_accepted_shares_are_kept_from_sale_until_they_have_left(rig: Rig) -> None:
    """Lots go first in, first out: the gift's lot is the oldest, so that none of it may be sold."""
    stocks = observe(rig.house).accounts[0].quantity("STK")
    assert sellable(rig) == stocks
    name = accepted(rig, 1_000)
    assert sellable(rig) == 0
    assert "are kept for a gift that you accepted" in capped(rig)
    say(rig, "gift", f"cancel {name}")
    assert sellable(rig) == stocks


def book_of(rig: Rig) -> Book:
    snapshot = observe(rig.house)
    memory = remember(rig.house, Wake(kind=WakeKind.PERSON), snapshot.session)
    book = open_book(snapshot, rig.house.policy, memory)
    assert isinstance(book, Book)
    return book


def sellable(rig: Rig) -> Quantity:
    return book_of(rig).desks[0].sellable["STK"]


def capped(rig: Rig) -> str:
    return book_of(rig).desks[0].capped["STK"]
