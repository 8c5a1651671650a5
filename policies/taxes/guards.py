"""Planning guards against wash sales: what may not be bought now, and what a sale would wash.

A loss sold on a day blocks every purchase of its identity group, in any account of the household,
through the thirtieth day after it; the first safe day is the thirty-first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from policies.taxes.terms import loss_of, result_of_sale
from policies.taxes.wash import WINDOW_DAYS, TaxHousehold
from portfolio.lots import Lot, ReliefMethod, sold_first_in_first_out
from portfolio.memory import RecentLoss, WashException
from portfolio.money import ZERO, Money, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRule:
    """How lots are sold and wash sales are kept out.

    `method` is the wish; a broker that cannot be told sells first in, first out. A short-term gain
    waits up to `wait_days` for its long term. `guards` False lets purchases wash losses. `household`
    says what counts together; accounts that buy by themselves (reinvested dividends, a recurring
    plan) are in `buys_itself`, symbols by account.
    """

    method: ReliefMethod = ReliefMethod.MINTAX
    wait_days: int = 45
    guards: bool = False
    household: TaxHousehold = field(default_factory=TaxHousehold)
    buys_itself: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def blocking(
    rule: LotRule, symbol: str, losses: Iterable[RecentLoss], day: date
) -> RecentLoss | None:
    """The loss that a purchase of the symbol on a day would wash, the one open longest; or None."""
    if not rule.guards:
        return None
    group = rule.household.group_of(symbol)
    found = [
        loss
        for loss in losses
        if rule.household.group_of(loss.symbol) == group
        and loss.quantity > ZERO
        and loss.sold_on <= day < loss.first_safe_day
    ]
    return max(found, key=lambda loss: loss.sold_on, default=None)


def why_no_buy(rule: LotRule, symbol: str, losses: Iterable[RecentLoss], day: date) -> str:
    """Why a purchase would make a wash sale, with the first safe day; empty when it would not.

    >>> why_no_buy(LotRule(), "VTI", (), date(2025, 1, 10))
    ''
    """
    loss = blocking(rule, symbol, losses, day)
    if loss is None:
        return ""
    same = "" if loss.symbol == symbol else f", which may count as the same as {symbol},"
    return (
        f"wash sale: {loss.symbol}{same} was sold at a loss in {loss.account} on {loss.sold_on};"
        f" the first safe day to buy is {loss.first_safe_day}"
    )


def is_excepted(
    rule: LotRule,
    exceptions: Iterable[WashException],
    account: str,
    symbol: str,
    day: date,
) -> bool:
    """Whether a person lets trades of the symbol's group in the account make a wash sale that day."""
    group = rule.household.group_of(symbol)
    return any(
        one.account == account and rule.household.group_of(one.symbol) == group and day <= one.until
        for one in exceptions
    )


def sells_at_a_loss(lots: Iterable[Lot], symbol: str, quantity: Decimal, price: Decimal) -> Money:
    """The losses, unsigned, among the lots that a first-in-first-out sale at this price takes.

    Gains beside them count as nothing: each lot's loss can be washed by itself. More than the lots
    hold sells what there is of them.
    """
    own = tuple(lot for lot in lots if lot.symbol == symbol)
    held = sum((lot.quantity for lot in own), ZERO)
    taken = Quantity(min(quantity, held))
    if taken <= ZERO:
        return Money(ZERO)
    _, sold = sold_first_in_first_out(own, symbol, taken)
    losses = (
        loss_of(result_of_sale(lot, price * lot.quantity, lot.acquired_on or date.max).gain)
        for lot in sold
    )
    return Money(sum(losses, ZERO))


def washed_by_sale(
    sold: Lot, household_lots: Iterable[Lot], household: TaxHousehold, day: date
) -> Quantity:
    """Units of a lot sold at a loss today that lots already held would wash.

    They are shares of its identity group bought within the last 30 days in any account, of another
    order, still held after the sale, that have not washed a loss before.
    """
    group = household.group_of(sold.symbol)
    fresh = (
        lot.quantity
        for lot in household_lots
        if household.group_of(lot.symbol) == group
        and (lot.account, lot.order) != (sold.account, sold.order)
        and lot.acquired_on is not None
        and 0 <= (day - lot.acquired_on).days <= WINDOW_DAYS
        and lot.source.is_purchase
        and not lot.is_replacement
        and household.replaces(lot.account, sold.account)
    )
    return Quantity(min(sold.quantity, sum(fresh, ZERO)))


def buys_by_itself(rule: LotRule, symbol: str) -> tuple[str, ...]:
    """Accounts that buy the symbol's identity group without being asked, in words for a warning."""
    return tuple(
        f"{account} buys {bought} by itself: turn it off, or its next purchase washes the loss"
        for account, bought in self_buyers(rule, symbol)
    )


def self_buyers(rule: LotRule, symbol: str) -> tuple[tuple[str, str], ...]:
    """Account and symbol of what buys the identity group without being asked."""
    group = rule.household.group_of(symbol)
    return tuple(
        (account, bought)
        for account, symbols in sorted(rule.buys_itself.items())
        for bought in symbols
        if rule.household.group_of(bought) == group
    )
