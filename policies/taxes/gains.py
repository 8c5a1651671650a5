"""Gains that are worth taking early, and gains that are worth waiting for. Suggestions only.

In the 0 % bracket a long-term gain costs nothing and raises the basis; the shares may be bought back
at once, because section 1091 knows only losses. A short-term gain a few weeks from its year is
cheaper then. Sources: IRC 1(h), 1222; brackets as in the table of the year.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from policies.taxes.harvest_value import LaterTax
from policies.taxes.netting import CapitalResult, net_year
from policies.taxes.rates import IncomeRates, TaxRates, loss_limit, table_of, tax_of_year
from policies.taxes.terms import Term, days_to_long_term, first_long_term_day, result_of_sale
from portfolio.lots import Lot, oldest_first
from portfolio.money import SHARE, ZERO, Money, Price, Quantity, round_down


@dataclass(frozen=True, slots=True, kw_only=True)
class GainRoom:
    """How much more long-term gain is taxed at 0 % this year, USD; `why_none` where none is."""

    amount: Money
    why_none: str = ""


def room_at_zero(rates: TaxRates, result: CapitalResult, year: int) -> GainRoom:
    """The room left in the year's 0 % bracket for long-term gains.

    Flat rates know no brackets, and losses still to be netted would be used up by the gain: then
    there is none. Raises `NoTaxData`.
    """
    if not isinstance(rates.federal, IncomeRates):
        return _no_room("flat rates know no 0 % bracket; give the household's income instead")
    table = table_of(rates, year)
    first = None if table is None else table.long_term[0]
    if first is None or first.rate != ZERO or first.up_to is None:
        return _no_room("the year has no 0 % bracket")
    netted = net_year(result, loss_limit(rates.status))
    if netted.deduction or netted.carry_short or netted.carry_long:
        return _no_room("a gain would use up losses that are still to be netted")
    income = rates.federal.income.ordinary + netted.short_gain
    left = first.up_to - max(ZERO, income) - netted.long_gain
    if left <= ZERO:
        return _no_room(f"income and gains are {-left:.2f} over the 0 % bracket")
    return GainRoom(amount=Money(left))


def _no_room(why: str) -> GainRoom:
    return GainRoom(amount=Money(ZERO), why_none=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxableHolding:
    """One symbol in one taxable account: lots in the order of booking, and what a unit sells for."""

    account: str
    symbol: str
    lots: tuple[Lot, ...]
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class GainSuggestion:
    """Sell and buy back: `gain` is realised at `tax` (a state's, mostly) and `saved_later` avoided."""

    account: str
    symbol: str
    quantity: Quantity
    lots: tuple[str, ...]
    gain: Money
    tax: Money
    saved_later: Money


def gains_at_zero(
    holdings: Sequence[TaxableHolding],
    rates: TaxRates,
    result: CapitalResult,
    day: date,
    later: LaterTax,
) -> tuple[GainSuggestion, ...]:
    """Long-term gains that fill the 0 % bracket, the largest gain a dollar first, whole shares.

    Lots are taken first in, first out, and only while they are long-term gains. A suggestion whose
    tax now is not less than the tax it saves later is left out.
    """
    room: Decimal = room_at_zero(rates, result, day.year).amount
    found: list[GainSuggestion] = []
    for holding in sorted(holdings, key=lambda h: (-_gain_share(h, day), h.symbol, h.account)):
        if room <= ZERO:
            break
        taken = _fill(holding, room, day)
        if taken is None:
            continue
        quantity, lots, gain = taken
        tax = tax_of_year(rates, result.with_sale(long=gain), day.year) - tax_of_year(
            rates, result, day.year
        )
        saved = gain * later.of_a_dollar()
        if saved <= tax:
            continue
        room -= gain
        result = result.with_sale(long=gain)
        found.append(
            GainSuggestion(
                account=holding.account,
                symbol=holding.symbol,
                quantity=quantity,
                lots=lots,
                gain=gain,
                tax=Money(tax),
                saved_later=Money(saved),
            )
        )
    return tuple(found)


def _gain_share(holding: TaxableHolding, day: date) -> Decimal:
    first = next(iter(_long_gains(holding, day)), None)
    return ZERO if first is None else first[1] / holding.price


def _long_gains(holding: TaxableHolding, day: date) -> Iterable[tuple[Lot, Decimal]]:
    """The oldest lots with their long-term gain a unit, up to the first that has none."""
    for lot in oldest_first(holding.lots):
        result = result_of_sale(lot, lot.quantity * holding.price, day)
        if result.gain is None or result.gain <= ZERO or result.term is not Term.LONG:
            return
        yield lot, result.gain / lot.quantity


def _fill(
    holding: TaxableHolding, room: Decimal, day: date
) -> tuple[Quantity, tuple[str, ...], Money] | None:
    units, gain, names = ZERO, ZERO, []
    for lot, unit_gain in _long_gains(holding, day):
        taken = min(lot.quantity, round_down((room - gain) / unit_gain, SHARE))
        if taken <= ZERO:
            break
        units += taken
        gain += taken * unit_gain
        names.append(lot.lot_id)
        if taken < lot.quantity:
            break
    return (Quantity(units), tuple(names), Money(gain)) if units else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A short-term gain that is long-term in `days`, from `first_day` on; waiting saves `saving`."""

    account: str
    symbol: str
    lot_id: str
    quantity: Quantity
    gain: Money
    days: int
    first_day: date
    saving: Money


def worth_waiting(
    holdings: Iterable[TaxableHolding],
    day: date,
    *,
    short_rate: Decimal,
    long_rate: Decimal,
    within_days: int = 45,
) -> tuple[Wait, ...]:
    """Short-term gains that become long-term within so many calendar days, the largest saving first.

    The saving is (short rate - long rate) x gain. A lot whose holding period stands still never
    becomes long-term and is not named.
    """
    found = []
    for holding in holdings:
        for lot in holding.lots:
            gain = result_of_sale(lot, lot.quantity * holding.price, day).gain
            days = days_to_long_term(lot, day)
            if gain is None or gain <= ZERO or not days or days > within_days:
                continue
            assert lot.acquired_on is not None  # noqa: S101  days are known only with the date
            found.append(
                Wait(
                    account=holding.account,
                    symbol=holding.symbol,
                    lot_id=lot.lot_id,
                    quantity=lot.quantity,
                    gain=gain,
                    days=days,
                    first_day=first_long_term_day(lot.acquired_on, lot.tacked_days),
                    saving=Money((short_rate - long_rate) * gain),
                )
            )
    return tuple(sorted(found, key=lambda w: (-w.saving, w.symbol, w.lot_id)))
