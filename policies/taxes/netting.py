"""Netting a year's gains and losses: what is taxed, what is deducted, what is carried on.

Schedule D of Form 1040: short against short, long against long, then across. IRC 1211(b) deducts a
net loss up to 3,000 USD (1,500 for a married person filing separately); IRC 1212(b) carries the rest
into the next year with its character, the deduction using short-term loss first. A holding is worth
its tax only through this function: a dollar of long-term loss saves at the short-term rate once the
long-term gains are used up, so the tax is not convex in the two sums.
"""

from dataclasses import dataclass
from decimal import Decimal

from portfolio.money import ZERO, Money

LOSS_LIMIT = Money(Decimal(3000))
"""Of a net capital loss against other income in one year, USD (IRC 1211(b))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapitalResult:
    """A year's capital gains less losses by term, USD; a net loss is negative.

    `short` and `long` are this year's; `carried_short` and `carried_long` the losses brought in from
    earlier years, zero or more.
    """

    short: Money = Money(ZERO)  # noqa: RUF009
    long: Money = Money(ZERO)  # noqa: RUF009
    carried_short: Money = Money(ZERO)  # noqa: RUF009
    carried_long: Money = Money(ZERO)  # noqa: RUF009

    @property
    def net_short(self) -> Money:
        """Short-term result with the carried losses taken off."""
        return Money(self.short - self.carried_short)

    @property
    def net_long(self) -> Money:
        """Long-term result with the carried losses taken off."""
        return Money(self.long - self.carried_long)

    def with_sale(self, *, short: Decimal = ZERO, long: Decimal = ZERO) -> "CapitalResult":
        """The year with one more gain or loss of each term in it."""
        return CapitalResult(
            short=Money(self.short + short),
            long=Money(self.long + long),
            carried_short=self.carried_short,
            carried_long=self.carried_long,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Netted:
    """What a year comes to, USD, every field zero or more.

    `short_gain` is taxed as ordinary income, `long_gain` at the long-term rates, `deduction` lowers
    other income; the two `carry` fields go into the next year. Never is there both a gain and a
    deduction.
    """

    short_gain: Money
    long_gain: Money
    deduction: Money
    carry_short: Money
    carry_long: Money


def net_year(year: CapitalResult, limit: Money = LOSS_LIMIT) -> Netted:
    """Net a year; `limit` is the most that a net loss may deduct.

    >>> net_year(CapitalResult(short=Money(Decimal(-4000)), long=Money(Decimal(-2000)))).carry_long
    Decimal('2000')
    """
    short, long = year.net_short, year.net_long
    across = min(max(short, ZERO), max(-long, ZERO))  # a long loss against a short gain
    short, long = Money(short - across), Money(long + across)
    across = min(max(long, ZERO), max(-short, ZERO))  # a short loss against a long gain
    short, long = Money(short + across), Money(long - across)
    from_short = min(max(-short, ZERO), limit)
    from_long = min(max(-long, ZERO), limit - from_short)
    return Netted(
        short_gain=Money(max(short, ZERO)),
        long_gain=Money(max(long, ZERO)),
        deduction=Money(from_short + from_long),
        carry_short=Money(max(-short, ZERO) - from_short),
        carry_long=Money(max(-long, ZERO) - from_long),
    )
