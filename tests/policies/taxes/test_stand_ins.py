"""What is bought while a fund is barred, and what a harvest costs a dividend: decided, by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from policies.book import Book, open_book
from policies.decide import decide
from policies.limits import Limits, check_plan
from policies.planning.harvest_view import holdings_of
from policies.policy import Policy
from policies.taxes.guards import LotRule
from policies.taxes.harvest_rule import HarvestRule
from policies.taxes.household import HouseholdTaxes
from policies.taxes.planning_rule import Planner, PlanningRule
from policies.taxes.rates import FlatRates, TaxRates
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import AccountKind
from portfolio.decisions import Decision, Proposal
from portfolio.lots import Lot
from portfolio.memory import CashFlow, FlowKind, RecentLoss
from portfolio.money import Money, Price, Quantity, Weight
from portfolio.snapshot import AccountSnapshot, Snapshot
from portfolio.target import Slice, build_target
from tests.support.households import DAY, account, household, memory, quote

RATES = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.24"))
)
LOSS = RecentLoss(
    account="main",
    symbol="VTI",
    sold_on=DAY - timedelta(days=4),
    quantity=Quantity(Decimal(100)),
    loss=Money(Decimal(1_000)),
)


def policy(*substitutes: str, planner: bool = True) -> Policy:
    target = build_target(
        [
            Slice(
                name="stocks",
                weight=Weight(Decimal("0.6")),
                symbol="VTI",
                substitutes=substitutes,
            ),
            Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BND"),
        ]
    )
    return Policy(
        target=target,
        taxes=HouseholdTaxes(rates=RATES),
        tax_planning=PlanningRule(planner=Planner.FAST if planner else Planner.OFF),
        harvest=HarvestRule(declared_on=date(2026, 1, 2)),
        lots=LotRule(
            guards=True,
            household=TaxHousehold(accounts={"ira": TaxAccount(taxable=False)}),
        ),
    )


def own(symbol: str, units: int, price: int, on: date, name: str = "main") -> Lot:
    return Lot(
        lot_id=f"{symbol}-{on}",
        symbol=symbol,
        quantity=Quantity(Decimal(units)),
        acquired_on=on,
        basis=Money(Decimal(units * price)),
        account=name,
    )


def after_a_harvest(*, cash: int = 0, ira_cash: int = 0) -> Snapshot:
    """SCHB stands in for VTI in the taxable account since four days; the IRA has bonds and cash."""
    lots = (
        own("SCHB", 200, 50, DAY - timedelta(days=4)),
        own("BND", 100, 100, DAY - timedelta(days=400)),
    )
    main = account(cash, {"SCHB": 200, "BND": 100}, lots=lots)
    ira = account(ira_cash, {"BND": 10}, name="ira", kind=AccountKind.TAX_FREE)
    prices = (quote("VTI", 100), quote("SCHB", 50), quote("ITOT", 70), quote("BND", 100))
    return household(main, ira, quotes=prices)


def bought(decision: Decision) -> set[tuple[str, str]]:
    if not isinstance(decision, Proposal):
        return set()
    return {(leg.intent.account, leg.intent.symbol) for leg in decision.buys}


@pytest.mark.parametrize("planner", [True, False], ids=["planned for tax", "plainly"])
def test_an_ira_buys_a_third_fund_never_the_partner(planner: bool) -> None:
    """The partner bought in the IRA would lose its own next loss for good."""
    snapshot = after_a_harvest(ira_cash=9_000)
    past = memory(recent_losses=(LOSS,), first_plan_done=("main", "ira"))
    rule = policy("SCHB", "ITOT", planner=planner)
    decision = decide(snapshot, rule, past)
    stocks = {place for place in bought(decision) if place[1] != "BND"}
    assert stocks == {("ira", "ITOT")}
    assert isinstance(decision, Proposal)
    limits = Limits(max_order_fraction=Decimal(1), max_plan_fraction=Decimal(1))
    assert check_plan(decision, snapshot, limits, past, lots=rule.lots).outcome == "approved"


def test_without_a_third_fund_the_iras_money_waits() -> None:
    past = memory(recent_losses=(LOSS,), first_plan_done=("main", "ira"))
    decision = decide(after_a_harvest(ira_cash=9_000), policy("SCHB"), past)
    assert {symbol for _, symbol in bought(decision)} <= {"BND"}


@pytest.mark.parametrize("planner", [True, False], ids=["planned for tax", "plainly"])
def test_a_taxable_account_goes_on_with_its_partner(planner: bool) -> None:
    past = memory(recent_losses=(LOSS,), first_plan_done=("main", "ira"))
    rule = policy("ITOT", "SCHB", planner=planner)
    decision = decide(after_a_harvest(cash=9_000), rule, past)
    assert {place for place in bought(decision) if place[1] != "BND"} == {("main", "SCHB")}


def test_once_the_window_is_over_the_fund_itself_is_bought_again() -> None:
    past = memory(first_plan_done=("main", "ira"))
    decision = decide(after_a_harvest(ira_cash=9_000), policy("SCHB", "ITOT"), past)
    assert ("ira", "VTI") in bought(decision)


def fallen(bought_days_ago: int) -> AccountSnapshot:
    lots = (own("VTI", 100, 120, DAY - timedelta(days=bought_days_ago)),)
    return account(0, {"VTI": 100}, lots=lots)


def dividend_cost(bought_days_ago: int) -> Money:
    """What a sale today takes from a dividend of 1 a share, booked 20 days ago, for each share."""
    paid = CashFlow(
        flow_id="d",
        account="main",
        kind=FlowKind.DIVIDEND,
        amount=Money(Decimal(100)),
        day=DAY - timedelta(days=20),
        symbol="VTI",
    )
    snapshot = household(fallen(bought_days_ago), quotes=(quote("VTI", 100), quote("SCHB", 50)))
    rule = policy("SCHB")
    book = open_book(snapshot, rule, memory(dividends=(paid,)))
    assert isinstance(book, Book)
    (holding,) = holdings_of(book, rule.harvest)
    assert holding.price == Price(Decimal(100))
    return holding.dividend_loss


@pytest.mark.parametrize(
    ("bought_days_ago", "cost"),
    [(40, "0.20"), (60, "0.20"), (61, "0"), (90, "0"), (15, "0")],
    ids=["40 days", "60 days", "61 days", "90 days", "bought after it was paid"],
)
def test_a_sale_within_sixty_days_takes_the_dividends_lower_rate(
    bought_days_ago: int, cost: str
) -> None:
    """A dividend of 1 held 61 of the 121 days around it is taxed at 15 %, else as ordinary income;
    a further dollar of short-term gain stands for the latter."""
    assert dividend_cost(bought_days_ago) == Decimal(cost)
