"""Which losses are worth realising today, what each brings and costs, and what stands in its way.

Every taxable holding with a loss is an opportunity; what blocks it is said beside it. Sources:
Chaudhuri, Burnham and Lo (FAJ 2020); IRC 1091, 1211(b), 1212(b); Publication 550.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from policies.taxes.harvest_rule import HarvestRule
from policies.taxes.harvest_value import (
    LaterTax,
    LossUse,
    break_even,
    use_of_loss,
    waiting_threshold,
)
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import TaxRates
from policies.taxes.terms import Term, result_of_sale
from portfolio.lots import Lot, oldest_first
from portfolio.money import ONE, ZERO, Money, Price, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestYear:
    """The day, the household's rates, what the year has come to so far, and the rule."""

    day: date
    rates: TaxRates
    result: CapitalResult
    rule: HarvestRule

    def with_loss(self, *, short: Decimal, long: Decimal) -> "HarvestYear":
        """The same with a further loss realised, given unsigned: the next one is worth less."""
        return HarvestYear(
            day=self.day,
            rates=self.rates,
            result=self.result.with_sale(short=-short, long=-long),
            rule=self.rule,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One symbol in one taxable account.

    `lots` are in the order of their booking and of known basis, `available` units can be sold at
    `price`. `fifo` says that its broker relieves first in, first out. `round_trip` is the cost of
    changing to the partner and back, a fraction of the value. `recent` units of its identity group
    were bought in the household within 30 days and would wash as many; in the accounts of `untaxed`
    a washed loss is gone for good. `dividend_loss` is what selling now takes from dividends' lower
    rate, a unit.
    """

    account: str
    symbol: str
    lots: tuple[Lot, ...]
    available: Quantity
    price: Price
    is_fund: bool
    fifo: bool = True
    round_trip: Decimal = ZERO
    recent: tuple[Lot, ...] = ()
    untaxed: frozenset[str] = frozenset()
    dividend_loss: Money = field(default=Money(ZERO))
    partner: str | None = None
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """A loss that could be realised, USD unless it says otherwise.

    `loss_short` and `loss_long` are unsigned; a negative one is a gain that must be taken along.
    `saving` is what the loss saves at today's worth in `years_to_use`, `later_tax` what the lower
    basis costs, `cost` the round trip, `other_costs` dividends and tracking. `loss_fraction` and
    `threshold` are of the value. An opportunity with `blocks` is not traded.
    """

    account: str
    symbol: str
    quantity: Quantity
    lots: tuple[str, ...]
    value: Money
    loss_short: Money
    loss_long: Money
    washed: Quantity
    loss_fraction: Decimal
    threshold: Decimal | None
    saving: Money
    years_to_use: int
    later_tax: Money
    cost: Money
    other_costs: Money
    partner: str | None
    blocks: tuple[str, ...]

    @property
    def loss(self) -> Money:
        """Both terms together."""
        return Money(self.loss_short + self.loss_long)

    @property
    def benefit(self) -> Money:
        """What is left of the saving."""
        return Money(self.saving - self.later_tax - self.cost - self.other_costs)


def opportunities(holdings: Sequence[Holding], year: HarvestYear) -> tuple[Opportunity, ...]:
    """Every holding that has a loss, the best first, each valued as if it were the only one."""
    marginal = _Marginal.of(year)
    found = (opportunity(holding, year, marginal) for holding in holdings)
    with_loss = [item for item in found if item is not None]
    return tuple(sorted(with_loss, key=lambda o: (bool(o.blocks), -o.benefit, o.symbol, o.account)))


def chosen(
    holdings: Sequence[Holding], year: HarvestYear, *, at_most: int
) -> tuple[Opportunity, ...]:
    """What to harvest now: the best unblocked one, then the best of the rest with its loss taken.

    At most `at_most` of them. How much may go without a person is for the limits to say.
    """
    left = list(holdings)
    picks: list[Opportunity] = []
    while left and len(picks) < at_most:
        best = next((o for o in opportunities(left, year) if not o.blocks), None)
        if best is None:
            break
        picks.append(best)
        year = year.with_loss(short=best.loss_short, long=best.loss_long)
        left = [h for h in left if (h.account, h.symbol) != (best.account, best.symbol)]
    return tuple(picks)


def marginal_rates(year: HarvestYear) -> tuple[Decimal, Decimal]:
    """What a further dollar of short-term and of long-term loss saves, at today's worth."""
    marginal = _Marginal.of(year)
    return marginal.short, marginal.long


def later_tax_of(year: HarvestYear) -> LaterTax:
    """What a dollar of later gain is taxed, by the year's rule and rates."""
    return _Marginal.of(year).later


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marginal:
    """What a further dollar of loss saves by term, and what one of later gain costs."""

    short: Decimal
    long: Decimal
    later: LaterTax

    @classmethod
    def of(cls, year: HarvestYear) -> "_Marginal":
        rule, sample = year.rule, Decimal(1000)
        short = _use(year, short=sample).rate(sample)
        long = _use(year, long=sample).rate(sample)
        rate = rule.later_rate
        if rate is None:
            rate = -_use(year, long=-sample).saving / sample
        later = LaterTax(
            rate=rate, years=rule.horizon_years, discount=rule.discount, step_up=rule.step_up
        )
        return cls(short=short, long=long, later=later)


def _use(year: HarvestYear, *, short: Decimal = ZERO, long: Decimal = ZERO) -> LossUse:
    return use_of_loss(
        year.rates,
        year.day.year,
        year.result,
        short=short,
        long=long,
        discount=year.rule.discount,
    )


def opportunity(
    holding: Holding, year: HarvestYear, marginal: "_Marginal | None" = None
) -> Opportunity | None:
    """The best sale of one holding; None when every sale realises a gain.

    Whole lots only. A broker that relieves first in, first out sells old gains before new losses,
    so there the sale is a run of the oldest lots whose sum is a loss.
    """
    marginal = marginal or _Marginal.of(year)
    best = _best_sale(holding, year, marginal)
    if best is None:
        return None
    short, long = _with_washes(best)
    gone = (best.short + best.long) * best.lost / best.quantity
    use = _use(year, short=short, long=long)
    loss = short + long
    value = best.quantity * holding.price
    tracking = year.rule.tracking * value
    rate_now = use.rate(loss) if loss > ZERO else ZERO
    threshold = _threshold(holding, year.rule, rate_now, marginal.later)
    found = Opportunity(
        account=holding.account,
        symbol=holding.symbol,
        quantity=best.quantity,
        lots=tuple(lot.lot_id for lot in best.lots),
        value=Money(value),
        loss_short=Money(short),
        loss_long=Money(long),
        washed=best.washed,
        loss_fraction=loss / value,
        threshold=threshold,
        saving=use.saving,
        years_to_use=use.years,
        later_tax=Money((loss + max(ZERO, gone)) * marginal.later.of_a_dollar()),
        cost=Money(holding.round_trip * value),
        other_costs=Money(tracking + best.quantity * holding.dividend_loss),
        partner=holding.partner,
        blocks=(),
    )
    return _judged(found, holding, year)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sale:
    lots: tuple[Lot, ...]
    quantity: Quantity
    short: Decimal
    long: Decimal
    washed: Quantity
    lost: Decimal


def _best_sale(holding: Holding, year: HarvestYear, marginal: _Marginal) -> _Sale | None:
    """The run of lots with the most saved at the marginal rates, cost and later tax taken off."""
    lots: list[Lot] = []
    short = long = quantity = ZERO
    best, most = None, None
    later = marginal.later.of_a_dollar()
    for lot in _in_order(holding, year.day):
        result = result_of_sale(lot, lot.quantity * holding.price, year.day)
        if result.gain is None or quantity + lot.quantity > holding.available:
            break
        lots.append(lot)
        quantity += lot.quantity
        if result.term is Term.LONG:
            long -= result.gain
        else:
            short -= result.gain
        worth = short * marginal.short + long * marginal.long - (short + long) * later
        worth -= holding.round_trip * quantity * holding.price
        if short + long > ZERO and (most is None or worth > most):
            most = worth
            fresh, untaxed = _bought_lately(holding, lots)
            washed = min(quantity, fresh)
            best = _Sale(
                lots=tuple(lots),
                quantity=Quantity(quantity),
                short=short,
                long=long,
                washed=Quantity(washed),
                lost=min(washed, untaxed),
            )
    return best


def _in_order(holding: Holding, day: date) -> list[Lot]:
    """First in, first out; or, where lots may be named, the losses alone, the largest a unit first."""
    lots = oldest_first(holding.lots)
    if holding.fifo:
        return lots

    def unit_gain(lot: Lot) -> Decimal:
        gain = result_of_sale(lot, lot.quantity * holding.price, day).gain
        return ZERO if gain is None else gain / lot.quantity

    return sorted((lot for lot in lots if unit_gain(lot) < ZERO), key=unit_gain)


def _bought_lately(holding: Holding, sold: Sequence[Lot]) -> tuple[Decimal, Decimal]:
    """Units of the group bought within 30 days that stay after the sale, and so would wash it; and
    those of them in untaxed accounts."""
    gone = {lot.lot_id for lot in sold}
    stay = [lot for lot in holding.recent if lot.lot_id not in gone]
    untaxed = (lot.quantity for lot in stay if lot.account in holding.untaxed)
    return sum((lot.quantity for lot in stay), ZERO), sum(untaxed, ZERO)


def _with_washes(sale: _Sale) -> tuple[Decimal, Decimal]:
    """The loss by term that counts: the washed share of a loss does not, a gain always does."""
    kept = ONE - sale.washed / sale.quantity
    short = sale.short * kept if sale.short > ZERO else sale.short
    long = sale.long * kept if sale.long > ZERO else sale.long
    return short, long


def _threshold(
    holding: Holding, rule: HarvestRule, rate_now: Decimal, later: LaterTax
) -> Decimal | None:
    """The larger of break-even and the option to wait; None where no loss pays."""
    even = break_even(holding.round_trip, rate_now, later)
    if even is None:
        return None
    floor = rule.min_loss_fund if holding.is_fund else rule.min_loss_single
    return max(even, floor, waiting_threshold(holding.round_trip))


def _judged(found: Opportunity, holding: Holding, year: HarvestYear) -> Opportunity:
    return replace(found, blocks=(*holding.blocks, *_shortcomings(found, year.rule)))


def _shortcomings(found: Opportunity, rule: HarvestRule) -> list[str]:
    """What the numbers themselves say against a sale; of a loss at least half must count (WS-6)."""
    said = []
    if found.washed * 2 >= found.quantity:
        said.append(
            f"{found.washed.normalize():f} of {found.quantity.normalize():f} units would be washed:"
            " as many were bought within 30 days"
        )
    if found.threshold is None:
        said.append("a loss saves less now than the lower basis costs later")
    elif found.loss_fraction < found.threshold:
        said.append(
            f"the loss is {found.loss_fraction * 100:.2f} % of the value,"
            f" worth taking from {found.threshold * 100:.2f} % on"
        )
    if found.loss < rule.min_loss:
        said.append(f"the loss of {found.loss:.2f} is under {rule.min_loss:.2f}")
    if found.saving < rule.benefit_over_cost * found.cost:
        said.append(
            f"it saves {found.saving:.2f}, less than {rule.benefit_over_cost.normalize():f} times"
            f" the cost of {found.cost:.2f}"
        )
    if found.threshold is not None and found.benefit <= ZERO:
        said.append(f"it costs {-found.benefit:.2f} more than it saves")
    return said
