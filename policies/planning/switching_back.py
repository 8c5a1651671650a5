"""From a partner back to the fund it stands in for, once the 30 days are over and it costs no tax.

TLH-5: at a loss or at no gain the partner is changed back; at a gain it stays and counts for its
slice, and new money goes to the fund again; a long-term gain is taken only where keeping the partner
costs more. A loss that is worth harvesting is harvested on the way, by the rules of harvesting.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from policies.book import Book, Desk
from policies.explain import money
from policies.planning.harvest_view import gain_rates, year_of
from policies.planning.plan import Plan, plan_of
from policies.planning.sizing import Part, affordable, limit_of
from policies.planning.wash_guard import unwashed_sales
from policies.taxes.harvest import later_tax_of, marginal_rates
from policies.taxes.switching import KeepingCost, SwitchBack, switch_back
from policies.taxes.terms import Term, result_of_sale
from portfolio.accounts import AccountKind
from portfolio.decisions import Gate, HarvestStep
from portfolio.lots import Lot
from portfolio.memory import StandIn
from portfolio.money import ZERO, Money, Quantity, round_down
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What is changed back at a look: gates, and a plan where something is."""

    gates: tuple[Gate, ...] = ()
    plan: Plan | None = None
    steps: tuple[HarvestStep, ...] = ()
    reason: str = ""


def ask_switch_back(book: Book) -> Back:
    """The partners to change back today; each one that is held has a gate that says how it stands."""
    if not book.policy.harvest.switch_back:
        return Back()
    gates: list[Gate] = []
    parts: list[Part] = []
    steps: list[HarvestStep] = []
    for stood in _latest(book).values():
        for desk, account in _where(book, stood):
            answer, gain = _answer(book, account, stood)
            if answer is None:
                continue
            why = _in_the_way(book, desk, stood)
            gates.append(_gate(stood, answer, gain, why))
            if why or answer not in (SwitchBack.SWITCH, SwitchBack.HARVEST):
                continue
            done = _trade(book, desk, account, stood, gain)
            if done is not None:
                parts += done[0]
                steps.append(done[1])
    if not steps:
        return Back(gates=tuple(gates))
    first = steps[0]
    plan = plan_of(book, parts, [])
    legs = tuple(
        replace(leg, reason=_why_leg(leg.intent.side, steps, leg.intent.symbol))
        for leg in plan.legs
    )
    return Back(
        gates=tuple(gates),
        plan=replace(plan, legs=legs),
        steps=tuple(steps),
        reason=f"change {first.symbol} back to {first.partner}: 30 days are over, no gain is taxed",
    )


def _latest(book: Book) -> Mapping[tuple[str, str], StandIn]:
    """The last harvest that bought each partner, by account and partner."""
    found: dict[tuple[str, str], StandIn] = {}
    for stood in book.memory.stood_in:
        key = (stood.account, stood.partner)
        if key not in found or found[key].sold_on < stood.sold_on:
            found[key] = stood
    return found


def _where(book: Book, stood: StandIn) -> Iterator[tuple[Desk, AccountSnapshot]]:
    """The desk and the account of a partner that is still held in its slice; none when it is not."""
    account = next((a for a in book.snapshot.accounts if a.account.id == stood.account), None)
    desk = next((d for d in book.desks if d.account == stood.account and not d.advises), None)
    if account is None or desk is None or account.account.kind is not AccountKind.TAXABLE:
        return
    if book.stand_ins.get(stood.partner) != stood.symbol:
        return
    if account.quantity(stood.partner) > ZERO and stood.partner in book.snapshot.quotes:
        yield desk, account


def _answer(
    book: Book, account: AccountSnapshot, stood: StandIn
) -> tuple[SwitchBack | None, Money]:
    """What the rule says of the whole holding, and its gain; None where a basis is not known."""
    rule, day = book.policy.harvest, book.snapshot.day
    bid = book.snapshot.quotes[stood.partner].bid
    results = [
        result_of_sale(lot, lot.quantity * bid, day) for lot in _lots(account, stood.partner)
    ]
    gains = [result.gain for result in results if result.gain is not None]
    if not results or len(gains) < len(results):
        return None, Money(ZERO)
    gain = Money(sum(gains, ZERO))
    value = Money(sum((result.proceeds for result in results), ZERO))
    later = later_tax_of(year_of(book))
    dearer = rule.expenses.get(stood.partner, ZERO) - rule.expenses.get(stood.symbol, ZERO)
    answer = switch_back(
        gain,
        (day - stood.sold_on).days,
        value=value,
        threshold=rule.min_loss_fund,
        long_term=all(result.term is Term.LONG for result in results),
        long_rate=max(ZERO, gain_rates(book)[1] - later.of_a_dollar()),
        keeping=KeepingCost(expense=dearer, years=rule.horizon_years, discount=rule.discount),
    )
    return answer, gain


def _lots(account: AccountSnapshot, symbol: str) -> tuple[Lot, ...]:
    return tuple(lot for lot in account.lots if lot.symbol == symbol)


def _in_the_way(book: Book, desk: Desk, stood: StandIn) -> str:
    """What bars either side of the change now; empty when nothing does."""
    if why := desk.barred.get(stood.partner) or book.locks.sales.get(stood.partner):
        return why
    if stood.symbol not in book.snapshot.quotes:
        return f"{stood.symbol} has no price now"
    return desk.why_no_buy(stood.symbol) or book.locks.buys.get(stood.symbol, "")


def _trade(
    book: Book, desk: Desk, account: AccountSnapshot, stood: StandIn, gain: Money
) -> tuple[list[Part], HarvestStep] | None:
    """The sale of the partner and the purchase of the fund for the same money; None when too small."""
    quote = book.snapshot.quotes[stood.partner]
    held = desk.sellable.get(stood.partner, Quantity(ZERO))
    quantity = round_down(held, book.step(stood.partner))
    sale = Part(
        account=desk.account, symbol=stood.partner, side=Side.SELL, quantity=Quantity(quantity)
    )
    if quantity * book.prices[stood.partner] < book.minimum:
        return None
    if unwashed_sales(book, [sale])[0] != [sale]:
        return None
    amount = quantity * limit_of(Side.SELL, quote, book.policy.limit_offset)
    limit = limit_of(Side.BUY, book.snapshot.quotes[stood.symbol], book.policy.limit_offset)
    units = affordable(book, stood.symbol, amount, limit)
    if units <= ZERO:
        return None
    purchase = Part(account=desk.account, symbol=stood.symbol, side=Side.BUY, quantity=units)
    year = year_of(book)
    loss = max(ZERO, -gain)
    spread = (quote.ask - quote.bid) / 2 * quantity
    step = HarvestStep(
        account=desk.account,
        symbol=stood.partner,
        quantity=Quantity(quantity),
        lots=tuple(lot.lot_id for lot in _lots(account, stood.partner)),
        partner=stood.symbol,
        partner_quantity=units,
        loss_short=Money(loss),
        loss_long=Money(ZERO),
        saving=Money(loss * marginal_rates(year)[0]),
        later_tax=Money(loss * later_tax_of(year).of_a_dollar()),
        cost=Money(spread),
    )
    return [sale, purchase], step


def _why_leg(side: Side, steps: list[HarvestStep], symbol: str) -> str:
    if side is Side.SELL:
        step = next(s for s in steps if s.symbol == symbol)
        return f"stood in for {step.partner} and goes back to it"
    step = next(s for s in steps if s.partner == symbol)
    return f"comes back for {step.symbol}, which stood in for it"


def _gate(stood: StandIn, answer: SwitchBack, gain: Money, why: str) -> Gate:
    pair = f"{stood.partner} in {stood.account} stands in for {stood.symbol} since {stood.sold_on}"
    days = {
        SwitchBack.WAIT: "it stays for 30 days",
        SwitchBack.KEEP: f"it stays, for a gain of {money(gain)} would be taxed",
        SwitchBack.SWITCH: "it goes back",
        SwitchBack.HARVEST: "it goes back",
    }[answer]
    goes = answer in (SwitchBack.SWITCH, SwitchBack.HARVEST) and not why
    return Gate(
        name="switch back",
        passed=goes,
        scope=stood.partner,
        text=f"{pair}: {days}" + (f", but not now: {why}" if why else ""),
        next_possible=stood.first_day_back if answer is SwitchBack.WAIT else None,
    )
