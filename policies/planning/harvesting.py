"""Harvesting in a plan: which losses are taken today, what is sold and what stands in for it.

Asked before any drift (a sale for the tax may be a sale towards the target as well). What a harvest
sells is bought back in a partner of the same slice for the same money, but never beyond the slice's
goal: what was overweight stays in cash for the slices that are short.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from policies.book import Book
from policies.explain import money
from policies.planning.harvest_view import holdings_of, year_of
from policies.planning.plan import Plan, plan_of
from policies.planning.sizing import Part, affordable, limit_of
from policies.planning.switching_back import ask_switch_back
from policies.taxes.harvest import (
    HarvestYear,
    Holding,
    Opportunity,
    chosen,
    opportunities,
)
from policies.taxes.harvest_rule import why_not_declared
from portfolio.decisions import Gate, HarvestStep
from portfolio.money import ZERO, Money, Quantity, round_down
from portfolio.orders import Side

REFUSED_DAYS = 31
"""A harvest that nobody wanted is left for as long as a harvested symbol is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What harvesting says at a look: its gates, and a plan with its reason when one is worth it."""

    gates: tuple[Gate, ...] = ()
    plan: Plan | None = None
    steps: tuple[HarvestStep, ...] = ()
    reason: str = ""


def ask_harvest(book: Book) -> Harvest:
    """The harvests of this look; nothing, not even a gate, for a household that has not asked."""
    rule = book.policy.harvest
    if rule.declared_on is None or book.policy.taxes is None:
        return Harvest()
    if why := why_not_declared(rule, book.snapshot.day):
        return Harvest(gates=(_gate(f"harvesting is off: {why}"),))
    if (day := book.memory.harvest_refused_on) is not None:
        again = day + timedelta(days=REFUSED_DAYS)
        if book.snapshot.day < again:
            text = f"a person turned a harvest down on {day}; it is asked again from {again} on"
            return Harvest(gates=(_gate(text),))
    if not book.policy.sells_allowed:
        return Harvest(gates=(_gate("harvesting is off: sales are not allowed"),))
    year = year_of(book)
    holdings = holdings_of(book, rule)
    done_today = {
        (loss.account, loss.symbol)
        for loss in book.memory.recent_losses
        if loss.sold_on == book.snapshot.day
    }
    picks = chosen(
        holdings,
        year,
        at_most=max(0, rule.max_per_day - len(done_today)),
    )
    if not picks:
        back = ask_switch_back(book)
        return Harvest(
            gates=(_gate(_why_none(holdings, year)), *back.gates),
            plan=back.plan,
            steps=back.steps,
            reason=back.reason,
        )
    parts, steps = _parts(book, picks)
    gates = tuple(_taken(step) for step in steps)
    if not parts:
        return Harvest(gates=(_gate("no harvest is left after rounding to what can be traded"),))
    plan = _said(plan_of(book, parts, []), steps)
    return Harvest(gates=gates, plan=plan, steps=steps, reason=_reason(steps))


def _parts(
    book: Book, picks: tuple[Opportunity, ...]
) -> tuple[list[Part], tuple[HarvestStep, ...]]:
    """Sales of the lots and purchases of the partners, and what is said of each."""
    parts: list[Part] = []
    steps: list[HarvestStep] = []
    sold_of: dict[str, Decimal] = {}
    for pick in picks:
        quantity = round_down(pick.quantity, book.step(pick.symbol))
        if quantity <= ZERO:
            continue
        key = book.key_of(pick.symbol)
        quote = book.snapshot.quotes[pick.symbol]
        limit = limit_of(Side.SELL, quote, book.policy.limit_offset)
        sold_of[key] = sold_of.get(key, ZERO) + quantity * book.prices[pick.symbol]
        room = sold_of[key] - max(ZERO, book.gap(key))
        bought = _stand_in(book, pick, min(quantity * limit, max(ZERO, room)))
        sold_of[key] -= bought * book.prices.get(pick.partner or pick.symbol, ZERO)
        parts.append(_part(pick.account, pick.symbol, Side.SELL, quantity))
        if bought > ZERO and pick.partner is not None:
            parts.append(_part(pick.account, pick.partner, Side.BUY, bought))
        steps.append(_step(pick, quantity, bought))
    return parts, tuple(steps)


def _part(account: str, symbol: str, side: Side, quantity: Decimal) -> Part:
    return Part(account=account, symbol=symbol, side=side, quantity=Quantity(quantity))


def _stand_in(book: Book, pick: Opportunity, amount: Decimal) -> Decimal:
    """Units of the partner for the same money; none under the minimum trade."""
    if pick.partner is None or amount < book.minimum:
        return ZERO
    quote = book.snapshot.quotes[pick.partner]
    limit = limit_of(Side.BUY, quote, book.policy.limit_offset)
    return affordable(book, pick.partner, amount, limit)


def _step(pick: Opportunity, quantity: Decimal, bought: Decimal) -> HarvestStep:
    return HarvestStep(
        account=pick.account,
        symbol=pick.symbol,
        quantity=Quantity(quantity),
        lots=pick.lots,
        partner=pick.partner if bought > ZERO else None,
        partner_quantity=Quantity(bought),
        loss_short=pick.loss_short,
        loss_long=pick.loss_long,
        saving=pick.saving,
        later_tax=pick.later_tax,
        cost=Money(pick.cost + pick.other_costs),
    )


def _said(plan: Plan, steps: tuple[HarvestStep, ...]) -> Plan:
    """The plan with the reasons of a harvest on its legs."""
    sold = {(s.account, s.symbol): s for s in steps}
    bought = {(s.account, s.partner): s for s in steps if s.partner}
    legs = []
    for leg in (*plan.legs, *plan.advice):
        place = (leg.intent.account, leg.intent.symbol)
        if leg.intent.side is Side.SELL:
            step = sold[place]
            why = f"takes a loss of {money(step.loss)}, worth {money(step.benefit)} after all costs"
        else:
            why = f"stands in for {bought[place].symbol}"
        legs.append(replace(leg, reason=why))
    count = len(plan.legs)
    return replace(plan, legs=tuple(legs[:count]), advice=tuple(legs[count:]))


def _reason(steps: tuple[HarvestStep, ...]) -> str:
    first = steps[0]
    stands = f", {first.partner} stands in" if first.partner else ", its money waits in cash"
    more = f" (and {len(steps) - 1} more)" if len(steps) > 1 else ""
    return (
        f"harvest {first.symbol}: a loss of {money(first.loss)} is worth {money(first.benefit)}"
        f" after all costs{stands}{more}"
    )


def _taken(step: HarvestStep) -> Gate:
    return Gate(
        name="harvest",
        passed=True,
        scope=step.symbol,
        value=step.benefit,
        level=Money(ZERO),
        margin=Money(-step.benefit),
        unit="USD",
        text=(
            f"{step.symbol} in {step.account}: a loss of {money(step.loss)} saves"
            f" {money(step.saving)}, costs {money(step.cost)} now and {money(step.later_tax)} later"
        ),
    )


def _why_none(holdings: tuple[Holding, ...], year: HarvestYear) -> str:
    found = opportunities(holdings, year)
    if not found:
        return "no taxable holding is at a loss"
    best = found[0]
    why = best.blocks[0] if best.blocks else "the day's limit of harvests is used up"
    return f"no loss is worth taking now; {best.symbol}: {why}"


def _gate(text: str) -> Gate:
    return Gate(name="harvest", passed=False, text=text)
