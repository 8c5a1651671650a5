"""Harvesting in a plan: which losses are taken today, what is sold and what stands in for it.

Asked before any drift (a sale for the tax may be a sale towards the target as well). What a harvest
sells is bought back in a partner of the same slice for the same money, but never beyond the slice's
goal: what was overweight stays in cash for the slices that are short.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from policies.book import Book, Desk
from policies.explain import money
from policies.planning.plan import Plan, plan_of
from policies.planning.sizing import Part, affordable, limit_of
from policies.taxes.harvest import (
    HarvestYear,
    Holding,
    Opportunity,
    chosen,
    opportunities,
)
from policies.taxes.harvest_rule import HarvestRule, PartnerFund, why_not_declared
from policies.taxes.netting import CapitalResult
from policies.taxes.partners import choose_partner
from policies.taxes.rates import tax_of_year
from policies.taxes.terms import dividend_is_qualified, result_of_sale
from policies.taxes.wash import WINDOW_DAYS
from portfolio.accounts import AccountKind
from portfolio.decisions import Gate, HarvestStep
from portfolio.lots import Lot
from portfolio.memory import RecentLoss
from portfolio.money import ZERO, Money, Price, Quantity, round_down
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot, Quote

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
        return Harvest(gates=(_gate(_why_none(holdings, year)),))
    parts, steps = _parts(book, picks)
    gates = tuple(_taken(step) for step in steps)
    if not parts:
        return Harvest(gates=(_gate("no harvest is left after rounding to what can be traded"),))
    plan = _said(plan_of(book, parts, []), steps)
    return Harvest(gates=gates, plan=plan, steps=steps, reason=_reason(steps))


def year_of(book: Book) -> HarvestYear:
    """The year so far as the book's memory has it, with what the household typed in."""
    taxes, day = book.policy.taxes, book.snapshot.day
    assert taxes is not None  # noqa: S101  asked only with rates
    typed: CapitalResult = taxes.typed_in(day.year)
    so_far = book.memory.realised
    if so_far is not None and so_far.year == day.year:
        typed = typed.with_sale(short=so_far.short, long=so_far.long)
    return HarvestYear(day=day, rates=taxes.rates, result=typed, rule=book.policy.harvest)


def gain_rates(book: Book) -> tuple[Decimal, Decimal]:
    """What a further dollar of short-term and of long-term gain is taxed this year."""
    year, sample = year_of(book), Decimal(1000)
    now = tax_of_year(year.rates, year.result, year.day.year)
    more = (
        tax_of_year(year.rates, year.result.with_sale(short=sample), year.day.year),
        tax_of_year(year.rates, year.result.with_sale(long=sample), year.day.year),
    )
    return (more[0] - now) / sample, (more[1] - now) / sample


def every_opportunity(book: Book) -> tuple[Opportunity, ...]:
    """Every taxable holding with a loss, also where nothing is declared; the best first."""
    return opportunities(holdings_of(book, book.policy.harvest), year_of(book))


def holdings_of(book: Book, rule: HarvestRule) -> tuple[Holding, ...]:
    """What could be harvested: each symbol of the target in each taxable account that can trade."""
    desks = {desk.account: desk for desk in book.desks}
    found = []
    for account in book.snapshot.accounts:
        desk = desks.get(account.account.id)
        if desk is None or account.account.kind is not AccountKind.TAXABLE:
            continue
        for position in account.positions:
            quote = book.snapshot.quotes.get(position.symbol)
            if position.symbol in book.slice_of and quote is not None:
                found.append(_holding(book, rule, account, desk, quote))
    return tuple(found)


def taxable_holdings(book: Book) -> tuple[tuple[str, str, tuple[Lot, ...], Price], ...]:
    """Account, symbol, lots of known basis and bid of every taxable holding with a quote."""
    found = []
    for account in book.snapshot.accounts:
        if account.account.kind is not AccountKind.TAXABLE:
            continue
        for position in account.positions:
            quote = book.snapshot.quotes.get(position.symbol)
            lots = tuple(lot for lot in account.lots if lot.symbol == position.symbol)
            if quote is not None and lots:
                found.append((account.account.id, position.symbol, lots, quote.bid))
    return tuple(found)


def _holding(
    book: Book, rule: HarvestRule, account: AccountSnapshot, desk: Desk, quote: Quote
) -> Holding:
    symbol = quote.symbol
    partner, refused = _partner(book, rule, desk, symbol)
    blocks = [*_in_the_way(book, desk, symbol)]
    if partner is None and not rule.hold_cash:
        said = "; ".join(refused) or f"no partner is known: add one under [harvest] for {symbol}"
        blocks.append(f"nothing may stand in for it ({said})")
    other = None if partner is None else book.snapshot.quotes.get(partner)
    return Holding(
        account=desk.account,
        symbol=symbol,
        lots=tuple(lot for lot in account.lots if lot.symbol == symbol),
        available=desk.sellable.get(symbol, Quantity(ZERO)),
        price=quote.bid,
        is_fund=book.instrument(symbol).is_fund or symbol in rule.partners,
        round_trip=_spread(quote) + _spread(other or quote),
        recent=_bought_lately(book, symbol),
        dividend_loss=_dividend_loss(book, account, symbol),
        partner=partner,
        blocks=tuple(blocks),
    )


def _group(book: Book, symbol: str) -> str:
    return book.policy.lots.household.group_of(symbol)


def _taken_lately(book: Book, symbol: str) -> RecentLoss | None:
    """A loss of the symbol's identity group that was taken within 31 days, the latest one."""
    group, day = _group(book, symbol), book.snapshot.day
    return max(
        (
            loss
            for loss in book.memory.recent_losses
            if _group(book, loss.symbol) == group and loss.first_safe_day > day
        ),
        key=lambda loss: loss.sold_on,
        default=None,
    )


def _spread(quote: Quote) -> Decimal:
    return (quote.ask - quote.bid) / quote.price


def _in_the_way(book: Book, desk: Desk, symbol: str) -> list[str]:
    """What bars the sale itself, and a loss of the group that was taken within 31 days."""
    said = []
    if why := desk.barred.get(symbol) or book.locks.sales.get(symbol):
        said.append(f"{symbol} is not traded now: {why}")
    group = _group(book, symbol)
    if (loss := _taken_lately(book, symbol)) is not None:
        said.append(
            f"a loss of {loss.symbol} was taken on {loss.sold_on}; the next one from"
            f" {loss.first_safe_day} on"
        )
    buying = {leg.intent.symbol for leg in book.memory.live_legs if leg.intent.side is Side.BUY}
    buying |= {
        o.symbol for a in book.snapshot.accounts for o in a.open_orders if o.side is Side.BUY
    }
    if bought := sorted(s for s in buying if _group(book, s) == group):
        said.append(f"an order to buy {bought[0]} is open and would wash the loss")
    return said


def _partner(
    book: Book, rule: HarvestRule, desk: Desk, symbol: str
) -> tuple[str | None, tuple[str, ...]]:
    """The first fund of the same slice that will do; the rule's order comes before the slice's."""
    node = book.policy.target.slice_named(book.slice_of[symbol])
    known = {fund.symbol: fund for fund in rule.partners.get(symbol, ())}
    in_slice = [s for s in node.every_symbol if s != symbol]
    order = [s for s in known if s in in_slice] + [s for s in in_slice if s not in known]
    funds = [known.get(s, PartnerFund(symbol=s, expense=rule.expenses.get(s))) for s in order]
    choice = choose_partner(
        symbol,
        funds,
        rule,
        groups={s: _group(book, s) for s in (symbol, *order)},
        barred={s: why for s in order if (why := _why_not_bought(book, desk, s))},
        held_at_a_loss={s: why for s in order if (why := _own_loss(book, s))},
        expense=rule.expenses.get(symbol),
    )
    return choice.symbol, choice.refused


def _why_not_bought(book: Book, desk: Desk, symbol: str) -> str:
    if symbol not in book.snapshot.quotes:
        return "it has no price now"
    if why := desk.why_no_buy(symbol) or book.locks.buys.get(symbol, ""):
        return why
    loss = _taken_lately(book, symbol)
    return "" if loss is None else f"{loss.symbol} was sold at a loss on {loss.sold_on}"


def _own_loss(book: Book, symbol: str) -> str:
    """A purchase of what is held at a loss itself would keep that loss from being taken."""
    price, day = book.prices.get(symbol), book.snapshot.day
    for account in book.snapshot.accounts:
        if price is None or account.account.kind is not AccountKind.TAXABLE:
            continue
        for lot in account.lots:
            if lot.symbol != symbol:
                continue
            gain = result_of_sale(lot, lot.quantity * price, day).gain
            if gain is not None and gain < ZERO:
                return "it is held at a loss itself"
    return ""


def _bought_lately(book: Book, symbol: str) -> tuple[Lot, ...]:
    """Lots of the identity group that the household bought within 30 days, in any account."""
    group, since = _group(book, symbol), book.snapshot.day - timedelta(days=WINDOW_DAYS)
    return tuple(
        lot
        for account in book.snapshot.accounts
        for lot in account.lots
        if _group(book, lot.symbol) == group
        and lot.acquired_on is not None
        and lot.acquired_on >= since
        and lot.source.is_purchase
        and not lot.is_replacement
    )


def _dividend_loss(book: Book, account: AccountSnapshot, symbol: str) -> Money:
    """What a unit's recent dividends lose by a sale today, on average over the lots.

    Their lower rate needs more than 60 days of the 121 around the ex-date; the day on which the cash
    was booked stands for the ex-date, which nobody tells us.
    """
    taxes, day = book.policy.taxes, book.snapshot.day
    units = account.quantity(symbol)
    if taxes is None or units <= ZERO:
        return Money(ZERO)
    gap = _rate_gap(book)
    lost = ZERO
    for flow in book.memory.dividends:
        if (flow.account, flow.symbol) != (account.account.id, symbol):
            continue
        for lot in account.lots:
            if (
                lot.symbol == symbol
                and lot.acquired_on is not None
                and lot.acquired_on < flow.day
                and not dividend_is_qualified(lot.acquired_on, day, flow.day)
                and dividend_is_qualified(lot.acquired_on, None, flow.day)
            ):
                lost += flow.amount / units * lot.quantity * gap
    return Money(lost / units)


def _rate_gap(book: Book) -> Decimal:
    """Ordinary rate less long-term rate, for a dividend that is no longer qualified."""
    short, long = gain_rates(book)
    return max(ZERO, short - long)


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
