"""A backtest's tax ledger: lots as they are bought and sold, the year's tax, and its payment.

It is the household's own ledger (`policies.taxes.ledger`), so that wash sales, terms and the order of
relief are those of a live look. A year's tax is worked out in its last session and leaves the first
taxable account on a stated day of the next year. A net loss brings no money in: what it deducts from
other income is told, and the rest is carried into the next year. Dividends and interest are not taxed
here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from backtest.history import History, exact
from backtest.setup import Opening, Setup
from backtest.trace import Order, TaxOutcome
from policies.planning.tax.curve import curve_of
from policies.policy import Policy
from policies.taxes.events import Acquired, Sold
from policies.taxes.household import HouseholdTaxes
from policies.taxes.ledger import HouseholdLedger, TaxBook
from policies.taxes.netting import CapitalResult, net_year
from policies.taxes.rates import FlatRates, IncomeRates, TaxRates, loss_limit, tax_of_year
from policies.taxes.reporting import realised_in, recent_losses
from policies.taxes.terms import Term, result_of_sale
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import AccountKind
from portfolio.lots import Lot
from portfolio.memory import RealisedYear, RecentLoss
from portfolio.money import ZERO, Money, to_cents
from portfolio.orders import Side


@dataclass(slots=True, kw_only=True)
class TaxLedger:
    """The lots of a walk, and its years. `taxes` brings the year's carried losses to the planner."""

    taxes: HouseholdTaxes
    household: TaxHousehold
    ledger: HouseholdLedger
    payer: str
    year: int
    book: TaxBook
    unpaid: list[tuple[int, Money]] = field(default_factory=list)
    paid: Money = field(default=Money(ZERO))
    deducted: Money = field(default=Money(ZERO))
    realised: RealisedYear | None = None
    _policy: tuple[Policy, Policy] | None = None

    def policy(self, policy: Policy) -> Policy:
        """A policy with this ledger's rates and carried losses."""
        if self._policy is None or self._policy[0] is not policy:
            lots = replace(policy.lots, household=self.household)
            self._policy = policy, replace(policy, taxes=self.taxes, lots=lots)
        return self._policy[1]

    def filled(self, order: Order, day: date) -> None:
        """Book an order of any account; fees are part of cost and proceeds."""
        number = f"{order.run}-{order.account}-{order.symbol}"
        if order.side is Side.BUY:
            lot = Lot(
                lot_id=f"{number}-{day}",
                symbol=order.symbol,
                quantity=order.quantity,
                acquired_on=day,
                basis=Money(order.value + order.fee),
                account=order.account,
            )
            self.ledger.apply(Acquired(on=day, lot=lot))
        else:
            self.ledger.apply(
                Sold(
                    on=day,
                    sale=number,
                    account=order.account,
                    symbol=order.symbol,
                    quantity=order.quantity,
                    proceeds=Money(order.value - order.fee),
                )
            )
        self.book = self.ledger.book()
        self.realised = None

    def so_far(self, day: date) -> RealisedYear:
        """What the year realised by a day; it stands until the next order."""
        if self.realised is None or self.realised.year != day.year:
            self.realised = realised_in(self.book, day)
        return self.realised

    def losses(self, day: date) -> tuple[RecentLoss, ...]:
        """Losses that a purchase would still wash."""
        return recent_losses(self.book, day)

    def turn(self, day: date) -> None:
        """Close the years before a day: their tax is owed, their losses are carried on."""
        while self.year < day.year:
            last = date(self.year, 12, 31)
            result = self.taxes.so_far(realised_in(self.book, last), self.year)
            due = _due(self.taxes.rates, result, self.year)
            self.deducted = Money(self.deducted + max(ZERO, -due))
            if due > ZERO:
                self.unpaid.append((self.year + 1, due))
            netted = net_year(result, loss_limit(self.taxes.rates.status))
            self.year += 1
            carried = CapitalResult(
                carried_short=netted.carry_short, carried_long=netted.carry_long
            )
            self.taxes = replace(self.taxes, typed_year=self.year, typed=carried)
            self._policy = None

    def pay(self, year: int) -> Money:
        """What is due in a year leaves; how much."""
        due = Money(sum((amount for when, amount in self.unpaid if when <= year), ZERO))
        self.unpaid = [(when, amount) for when, amount in self.unpaid if when > year]
        self.paid = Money(self.paid + due)
        return due

    def outcome(self, day: date, prices: Mapping[str, float]) -> TaxOutcome:
        """What it came to at the end, at the last closes."""
        year = self.taxes.so_far(self.so_far(day), day.year)
        before = sum((amount for _, amount in self.unpaid), ZERO)
        short = long = ZERO
        for lot in self.book.lots:
            if self.household.is_taxable(lot.account) and lot.symbol in prices:
                worth = Money(lot.quantity * exact(prices[lot.symbol]))
                found = result_of_sale(lot, worth, day)
                gain = found.gain or ZERO
                if found.term is Term.LONG:
                    long += gain
                else:
                    short += gain
        rates = self.taxes.rates
        now = max(ZERO, _due(rates, year, day.year))
        sold = max(ZERO, _due(rates, year.with_sale(short=short, long=long), day.year))
        return TaxOutcome(
            paid=to_cents(self.paid),
            owed=to_cents(before + now),
            deducted=to_cents(self.deducted),
            on_liquidation=to_cents(before + sold),
        )


def _due(rates: TaxRates, result: CapitalResult, year: int) -> Money:
    """The year's tax alone; losses carried on are worth what they save later."""
    plain = replace(rates, carried_short=ZERO, carried_long=ZERO)
    return to_cents(tax_of_year(plain, result, year))


def ledger_of(policy: Policy, history: History, setup: Setup) -> TaxLedger | None:
    """The ledger of a household that gives rates and trades in a taxable account; else None.

    What is held at the start counts as bought in the first session, at its stated cost or else at the
    first price.
    """
    trading = [o.account for o in setup.openings if o.account.can_trade]
    taxable = [a.id for a in trading if a.kind is AccountKind.TAXABLE]
    if policy.taxes is None or not taxable:
        return None
    household = replace(
        policy.lots.household,
        accounts={
            **{
                o.account.id: TaxAccount(taxable=o.account.kind is AccountKind.TAXABLE)
                for o in setup.openings
            },
            **policy.lots.household.accounts,
        },
    )
    ledger = HouseholdLedger(household)
    day = history.sessions[0]
    for lot in _opening_lots(setup.openings, history):
        ledger.apply(Acquired(on=day, lot=lot))
    return TaxLedger(
        taxes=replace(policy.taxes, rates=rates_in_the_past(policy.taxes.rates), typed_year=None),
        household=household,
        ledger=ledger,
        payer=taxable[0],
        year=day.year,
        book=ledger.book(),
    )


def tax_rows(history: History, setup: Setup) -> dict[int, int]:
    """The rows in which the tax of the year before leaves, with their years: the stated day, or the
    first session after it in that year."""
    rows: dict[int, int] = {}
    month, day = setup.tax_paid_on
    for year in range(history.sessions[0].year + 1, history.sessions[-1].year + 1):
        row = int(np.searchsorted(history.days, date(year, month, day).toordinal()))
        if row < len(history) and history.sessions[row].year == year:
            rows[row] = year
    return rows


def _opening_lots(openings: Sequence[Opening], history: History) -> list[Lot]:
    lots: list[Lot] = []
    for opening in openings:
        for symbol, units in opening.positions.items():
            cost = opening.costs.get(symbol)
            if cost is None and symbol in history.symbols:
                cost = history.price(symbol, 0)
            if units:
                lots.append(
                    Lot(
                        lot_id=f"opening-{opening.account.id}-{symbol}",
                        symbol=symbol,
                        quantity=units,
                        acquired_on=history.sessions[0],
                        basis=None if cost is None else Money(units * cost),
                        account=opening.account.id,
                    )
                )
    return lots


def rates_in_the_past(rates: TaxRates) -> TaxRates:
    """Brackets are of a few years, a history is of many: the marginal rates of the latest year that is
    known are used for all. Flat rates stay as they are."""
    if not isinstance(rates.federal, IncomeRates):
        return rates
    years = [t.year for t in rates.federal.tables if t.status is rates.status]
    curve = curve_of(rates, max(years))
    short, long = curve.slopes(1.0, 1.0)
    ordinary, _ = curve.slopes(-1.0, 0.0)
    state = rates.state
    flat = FlatRates(
        short=exact(round(short, 6)) - state,
        long=exact(round(long, 6)) - state,
        ordinary=exact(round(ordinary, 6)) - state,
    )
    return replace(rates, federal=flat, niit=False)
