"""Which lots to give to charity: long-term gains, the largest share of gain first. Suggestion only.

Nobody can transfer shares through a broker's trading interface, so nothing here becomes an order.
Sources: IRC 170(e)(1), IRS Publications 526 (what may be deducted) and 561 (fair value).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from portfolio.money import ONE, SHARE, ZERO, Money, Price, Quantity, round_down, total


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftRule:
    """How a suggestion is made. Rates and moves are fractions.

    `income` is adjusted gross income, None when not given, and then no limit can be checked.
    `marginal_rate` is what a dollar of deduction saves before its limits, `carried` what earlier
    years' shares have left to deduct. A suggestion lapses after `valid_days`, or when a price has
    moved by more than `max_price_move`.
    """

    income: Money | None = None
    itemises: bool = True
    marginal_rate: Decimal = ZERO
    carried: Money = Money(ZERO)  # noqa: RUF009
    valid_days: int = 5
    max_price_move: Decimal = Decimal("0.03")


class GiftReject(StrEnum):
    """Why a lot is not given."""

    UNKNOWN_BASIS = "unknown_basis"
    LOSS = "loss_lot_sell_then_give_cash"
    NO_GAIN = "no_gain_give_cash"
    SHORT_TERM = "short_term_deduction_limited_to_basis"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftLot:
    """A lot as a gift sees it. `price` is its fair value a unit, `overweight` its slice's state.

    `unit_cost` None: the basis is not known. `long_term` is as of the day of the gift.
    """

    lot_id: str
    account: str
    symbol: str
    quantity: Quantity
    price: Price
    acquired_on: date | None
    unit_cost: Price | None
    long_term: bool
    overweight: bool = False

    @property
    def unit_gain(self) -> Decimal:
        """Price minus cost; zero when the cost is not known."""
        return ZERO if self.unit_cost is None else self.price - self.unit_cost

    @property
    def gain_share(self) -> Decimal:
        """The gain as a fraction of the fair value; negative for a loss."""
        return self.unit_gain / self.price


def why_not_given(lot: GiftLot) -> GiftReject | None:
    """Why a lot is left out; None for a long-term lot with a gain.

    A loss is worth more sold, a short-term gain is deductible only up to its basis.
    """
    if lot.unit_cost is None:
        return GiftReject.UNKNOWN_BASIS
    if lot.price < lot.unit_cost:
        return GiftReject.LOSS
    if not lot.long_term:
        return GiftReject.SHORT_TERM
    return GiftReject.NO_GAIN if lot.price == lot.unit_cost else None


def deduction_of_unit(lot: GiftLot) -> Price:
    """What one unit would deduct: its fair value, for a short-term gain only its basis."""
    if lot.unit_cost is None or lot.long_term:
        return lot.price
    return min(lot.price, lot.unit_cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftPick:
    """Whole shares of one lot. `price` is the fair value a unit, `unit_cost` the basis."""

    lot_id: str
    account: str
    symbol: str
    shares: Quantity
    price: Price
    unit_cost: Price
    acquired_on: date | None = None

    @property
    def value(self) -> Money:
        """Fair value of the shares."""
        return Money(self.shares * self.price)

    @property
    def gain(self) -> Money:
        """The gain that is never taxed."""
        return Money(self.shares * (self.price - self.unit_cost))


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftPlan:
    """Lots for an amount. `cash` is what whole shares leave; `tax_avoided` is on the gain.

    `deduction_value` is the fair value of the shares times the deduction rate, before any limit.
    The gain of giving shares over selling them and giving the money is `tax_avoided` alone.
    """

    wanted: Money
    picks: tuple[GiftPick, ...]
    cash: Money
    tax_avoided: Money
    deduction_value: Money
    rejected: tuple[tuple[str, GiftReject], ...] = ()

    @property
    def value(self) -> Money:
        """Fair value of all shares."""
        return total(pick.value for pick in self.picks)

    @property
    def gain(self) -> Money:
        """Gain of all shares."""
        return total(pick.gain for pick in self.picks)


def plan_gift(
    lots: Iterable[GiftLot], wanted: Money, *, gain_rate: Decimal, deduction_rate: Decimal
) -> GiftPlan:
    """Whole shares worth at most `wanted`: overweight slices first, then by share of gain, then age.

    A gift out of an overweight slice is a sale towards the target that nobody taxes. `gain_rate` is
    the long-term rate. Raises `ValueError` for an amount that is not above zero.
    """
    if wanted <= ZERO:
        raise ValueError(f"a gift of {wanted} is none")
    offered = list(lots)
    rejected = [(lot.lot_id, why) for lot in offered if (why := why_not_given(lot)) is not None]
    eligible = [lot for lot in offered if why_not_given(lot) is None]
    left: Decimal = wanted
    picks: list[GiftPick] = []
    for lot in sorted(eligible, key=_rank):
        shares = round_down(min(lot.quantity, left / lot.price), SHARE)
        if shares > ZERO and lot.unit_cost is not None:
            left -= shares * lot.price
            picks.append(_pick(lot, Quantity(shares), lot.unit_cost))
    gain = sum((pick.gain for pick in picks), ZERO)
    return GiftPlan(
        wanted=wanted,
        picks=tuple(picks),
        cash=Money(left),
        tax_avoided=Money(gain * gain_rate),
        deduction_value=Money((wanted - left) * deduction_rate),
        rejected=tuple(rejected),
    )


def lapse_of(
    picks: Iterable[GiftPick],
    suggested_on: date,
    today: date,
    prices: dict[str, Price],
    rule: GiftRule,
) -> str:
    """Why a suggestion no longer holds, in words; empty while it does.

    It holds through its last day, and up to the full price move itself.
    """
    last = suggested_on + timedelta(days=rule.valid_days)
    if today > last:
        return f"it was good until {last}"
    for pick in picks:
        now = prices.get(pick.symbol)
        if now is not None and abs(now / pick.price - ONE) > rule.max_price_move:
            return f"{pick.symbol} moved from {pick.price:.2f} to {now:.2f}"
    return ""


def fair_value(high: Price, low: Price, shares: Quantity) -> Money:
    """The mean of the day's high and low times the shares (Publication 561).

    >>> fair_value(Price(Decimal(152)), Price(Decimal(148)), Quantity(Decimal(40)))
    Decimal('6000')
    """
    return Money((high + low) / 2 * shares)


def _rank(lot: GiftLot) -> tuple[bool, Decimal, date, str]:
    return (not lot.overweight, -lot.gain_share, lot.acquired_on or date.min, lot.lot_id)


def _pick(lot: GiftLot, shares: Quantity, unit_cost: Price) -> GiftPick:
    return GiftPick(
        lot_id=lot.lot_id,
        account=lot.account,
        symbol=lot.symbol,
        shares=shares,
        price=lot.price,
        unit_cost=unit_cost,
        acquired_on=lot.acquired_on,
    )
