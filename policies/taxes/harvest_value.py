"""What a realised loss is worth: its use year by year, its break-even, and the price of waiting.

A loss saves tax now and lowers a basis, so it costs tax later; what is left is the gain. Rates and
costs are fractions. Sources: Chaudhuri, Burnham and Lo, Financial Analysts Journal 2020; IRC 1211(b)
and 1212(b) for the use of a loss; Constantinides 1984 for the option to wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from policies.taxes.netting import CapitalResult, net_year
from policies.taxes.rates import TaxRates, liability, loss_limit
from portfolio.money import ONE, ZERO, Money

LONGEST_USE_YEARS = 100
"""What is not used within a lifetime counts as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterTax:
    """What the lower basis costs later: `rate` on the gain, after `years`, discounted.

    `step_up` is the chance that it is never taxed: given away, or left to heirs.
    """

    rate: Decimal
    years: int = 10
    discount: Decimal = Decimal("0.06")
    step_up: Decimal = ZERO

    def of_a_dollar(self) -> Decimal:
        """Today's worth of the tax on one dollar of later gain."""
        return self.rate * (ONE - self.step_up) * (ONE + self.discount) ** -self.years


def break_even(cost: Decimal, rate_now: Decimal, later: LaterTax) -> Decimal | None:
    """The smallest loss, as a fraction of value, whose use pays for selling and buying back.

    `cost` is that of the round trip, `rate_now` what a dollar of loss saves at today's worth. None
    where a loss never pays, as in a bracket of 0 %: there a gain is worth realising.

    >>> later = LaterTax(rate=Decimal("0.15"))
    >>> break_even(Decimal("0.0004"), Decimal("0.35"), later).quantize(Decimal("0.0001"))
    Decimal('0.0015')
    """
    kept = rate_now - later.of_a_dollar()
    return cost / kept if kept > ZERO else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LossUse:
    """A loss used up over the years: what it saves at today's worth, USD, and in how many years."""

    saving: Money
    years: int

    def rate(self, loss: Decimal) -> Decimal:
        """The saving of each dollar of loss; zero for no loss."""
        return self.saving / loss if loss else ZERO


def use_of_loss(
    rates: TaxRates,
    year: int,
    result: CapitalResult,
    *,
    short: Decimal = ZERO,
    long: Decimal = ZERO,
    discount: Decimal = Decimal("0.06"),
    later: Sequence[CapitalResult] = (),
) -> LossUse:
    """What one more loss saves: against this year's gains, then 3,000 a year, then carried on.

    `short` and `long` are the loss by term, unsigned; a negative one is a gain realised with it.
    `later` are the gains expected of the following years, none beyond it; the law of `year` is taken
    to stay. A saving of the k-th year counts (1 + discount)^-k. Raises `NoTaxData`.
    """
    taxes = _Taxes(rates=rates, year=year)
    without, within = result, result.with_sale(short=-short, long=-long)
    saving, weight, used_in = ZERO, ONE, 0
    for k in range(LONGEST_USE_YEARS):
        a, carry_a = taxes.of(without)
        b, carry_b = taxes.of(within)
        saving += weight * (a - b)
        if a != b:
            used_in = k + 1
        if carry_a == carry_b:
            break
        ahead = later[k] if k < len(later) else CapitalResult()
        without, within = _into(ahead, carry_a), _into(ahead, carry_b)
        weight /= ONE + discount
    return LossUse(saving=Money(saving), years=used_in)


_Carry = tuple[Money, Money]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taxes:
    rates: TaxRates
    year: int

    def of(self, result: CapitalResult) -> tuple[Money, _Carry]:
        """The year's tax without any worth of what is carried on, and the carry."""
        netted = net_year(result, loss_limit(self.rates.status))
        spent = replace(self.rates, carried_short=ZERO, carried_long=ZERO)
        carry = (netted.carry_short, netted.carry_long)
        return liability(spent, netted, self.year), carry


def _into(ahead: CapitalResult, carry: _Carry) -> CapitalResult:
    return replace(
        ahead,
        carried_short=Money(ahead.carried_short + carry[0]),
        carried_long=Money(ahead.carried_long + carry[1]),
    )


WAITING_TABLE = (
    (Decimal("0.0002"), Decimal("0.02")),
    (Decimal("0.0010"), Decimal("0.03")),
    (Decimal("0.0030"), Decimal("0.075")),
)
"""Round-trip cost and the loss from which harvesting beats waiting for a larger one, simulated with a
volatility of 17 % a year; straight lines in between, flat outside."""


def waiting_threshold(cost: Decimal) -> Decimal:
    """The loss, as a fraction of value, that is worth more now than the chance of a larger one.

    >>> waiting_threshold(Decimal("0.0006"))
    Decimal('0.025')
    """
    low, high = WAITING_TABLE[0], WAITING_TABLE[-1]
    if cost <= low[0]:
        return low[1]
    for after in WAITING_TABLE[1:]:
        if cost <= after[0]:
            part = (cost - low[0]) / (after[0] - low[0])
            return low[1] + part * (after[1] - low[1])
        low = after
    return high[1]
