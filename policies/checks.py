"""Single checks of the limits: what no person can waive, and how a value is held against its level."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from policies.book import reserved_cash
from policies.explain import money
from policies.planning.remaining import budget_left, remaining
from policies.policy import PriceRule
from policies.prices import fault_of
from portfolio.decisions import LimitCheck, Proposal
from portfolio.memory import Memory
from portfolio.money import ONE, ZERO, Money, Quantity, total
from portfolio.orders import OrderIntent, Side
from portfolio.snapshot import Quote, RefusedPrice, Snapshot


def fresh_quote(
    intent: OrderIntent, quote: Quote | RefusedPrice | None, at: datetime, rule: PriceRule
) -> Quote | LimitCheck:
    """The quote if it may be traded on, else what denies it."""
    if quote is None:
        return deny("quote", intent.symbol, f"{intent.symbol} has no quote")
    if isinstance(quote, RefusedPrice):
        return deny("quote", intent.symbol, quote.detail)
    fault = fault_of(quote, rule, at)
    return quote if fault is None else deny("quote", intent.symbol, fault.detail)


def beyond_means(intent: OrderIntent, cash: Money, available: Quantity) -> LimitCheck | None:
    """The check that denies a buy beyond the cash or a sale beyond what can be sold; else None."""
    if intent.side is Side.BUY:
        cost = Money(intent.quantity * (intent.limit_price or ZERO))
        return too_much("cash", intent.account, cost, cash, "USD") if cost > cash else None
    over = intent.quantity > available
    return (
        too_much("oversell", intent.symbol, intent.quantity, available, "units") if over else None
    )


def beyond_allowance(intent: OrderIntent, allowance: Quantity) -> LimitCheck | None:
    """The check that denies more than the run allows; else None."""
    if intent.quantity <= allowance:
        return None
    return too_much("allowance", intent.symbol, intent.quantity, allowance, "units")


def denials(
    proposal: Proposal, snapshot: Snapshot, memory: Memory, from_quote: Decimal
) -> Iterator[LimitCheck]:
    """Every check that no person can waive: quotes, collars, what is held, what can be paid.

    `from_quote` is how far a limit may lie through its quote, as a fraction of price.
    """
    for leg in proposal.legs:
        quote = snapshot.quotes.get(leg.intent.symbol)
        if quote is None:
            refused = snapshot.refused.get(leg.intent.symbol)
            detail = refused.detail if refused else f"{leg.intent.symbol} has no quote"
            yield deny("quote", leg.intent.symbol, detail)
        else:
            yield collar(leg.intent, quote, from_quote)
    yield from _duplicates(proposal, snapshot, memory)
    yield from _oversells(proposal, snapshot)
    yield from _cash(proposal, snapshot, memory)


def collar(intent: OrderIntent, quote: Quote, from_quote: Decimal) -> LimitCheck:
    """How far the limit is through the quote: above the ask for a buy, under the bid for a sale."""
    if intent.limit_price is None:
        return deny("collar", intent.symbol, f"{intent.symbol}: an order without a limit")
    if intent.side is Side.BUY:
        through = intent.limit_price / quote.ask - ONE
    else:
        through = ONE - intent.limit_price / quote.bid
    within = through <= from_quote
    text = (
        f"{intent.symbol} limit {intent.limit_price} is {through * 100:.2f} % through the quote, "
        f"at most {from_quote * 100:.2f} %"
    )
    return LimitCheck(
        name="collar",
        outcome="ok" if within else "deny",
        text=text,
        scope=intent.symbol,
        value=through * 100,
        level=from_quote * 100,
        unit="percent",
    )


def _duplicates(proposal: Proposal, snapshot: Snapshot, memory: Memory) -> Iterator[LimitCheck]:
    """At most one order of ours in a symbol of an account: what denies one beside an open one."""
    ours = Counter((leg.intent.account, leg.intent.symbol) for leg in memory.live_legs)
    known = {leg.client_order_id for leg in memory.live_legs}
    ours += Counter(
        (account.account.id, order.symbol)
        for account in snapshot.accounts
        for order in account.open_orders
        if order.is_ours and order.client_order_id not in known
    )
    for key in sorted({(leg.intent.account, leg.intent.symbol) for leg in proposal.legs}):
        if ours[key]:
            scope = " ".join(key)
            yield too_much("duplicate", scope, Decimal(ours[key] + 1), ONE, "orders")


def _oversells(proposal: Proposal, snapshot: Snapshot) -> Iterator[LimitCheck]:
    selling: dict[tuple[str, str], Decimal] = {}
    for leg in proposal.sells:
        key = (leg.intent.account, leg.intent.symbol)
        selling[key] = selling.get(key, ZERO) + leg.intent.quantity
    available = {
        (a.account.id, p.symbol): p.available for a in snapshot.accounts for p in a.positions
    }
    for (account, symbol), quantity in selling.items():
        free = available.get((account, symbol), Quantity(ZERO))
        if quantity > free:
            yield too_much("oversell", f"{account} {symbol}", quantity, free, "units")


def _cash(proposal: Proposal, snapshot: Snapshot, memory: Memory) -> Iterator[LimitCheck]:
    """Buys of an account at their limits against its cash, its sales at theirs, and open buys."""
    for account in snapshot.accounts:
        name = account.account.id
        own = [leg for leg in proposal.legs if leg.intent.account == name]
        cost = total(leg.intent.notional(leg.price) for leg in own if leg.intent.side is Side.BUY)
        if cost == ZERO:
            continue
        earned = total(
            leg.intent.notional(leg.price) for leg in own if leg.intent.side is Side.SELL
        )
        there = Money(account.cash - reserved_cash(account, snapshot, memory) + earned)
        yield LimitCheck(
            name="cash",
            outcome="ok" if cost <= there else "deny",
            text=f"{name}: buys of {money(cost)} at their limits, {money(there)} are there",
            scope=name,
            value=cost,
            level=there,
            unit="USD",
        )


def within_run(proposal: Proposal, memory: Memory) -> Iterator[LimitCheck]:
    """What denies a continuation: another run, more than its allowances, or more than its budget."""
    run = memory.run
    if run is None or run.number != proposal.run:
        yield deny("run", str(proposal.run), f"run {proposal.run} is not under way")
        return
    left = {
        (item.allowance.account, item.allowance.symbol, item.allowance.side): item.quantity
        for item in remaining(run, memory.run_legs)
    }
    for leg in proposal.legs:
        intent = leg.intent
        room = left.get((intent.account, intent.symbol, intent.side), Quantity(ZERO))
        if intent.quantity > room:
            yield too_much("allowance", intent.symbol, intent.quantity, room, "units")
    cost = total(leg.intent.notional(leg.price) for leg in proposal.buys)
    budget = budget_left(run, memory.run_legs)
    if cost > budget:
        yield too_much("budget", f"run {run.number}", cost, budget, "USD")


def deny(name: str, scope: str, text: str) -> LimitCheck:
    """A refusal without numbers."""
    return LimitCheck(name=name, outcome="deny", text=text, scope=scope)


def too_much(name: str, scope: str, value: Decimal, level: Decimal, unit: str) -> LimitCheck:
    """A refusal of a value above its level."""
    shown = (money(value), money(level)) if unit == "USD" else (f"{value:f}", f"{level:f}")
    return LimitCheck(
        name=name,
        outcome="deny",
        text=f"{scope}: {shown[0]} is more than the {shown[1]} there is ({name})",
        scope=scope,
        value=value,
        level=level,
        unit=unit,
    )


def in_money(name: str, scope: str, value: Money, level: Money, words: str) -> LimitCheck:
    """A value in money against a level; beyond it a person is asked, the level itself passes."""
    who = f"{scope}: " if scope else ""
    return LimitCheck(
        name=name,
        outcome="ok" if value <= level else "refer",
        text=f"{who}{words} {money(value)}, without a person at most {money(level)}",
        scope=scope,
        value=value,
        level=level,
        unit="USD",
    )


def in_number(name: str, scope: str, value: int, level: int, words: str) -> LimitCheck:
    """A count against a level; beyond it a person is asked, the level itself passes."""
    return LimitCheck(
        name=name,
        outcome="ok" if value <= level else "refer",
        text=f"{value} {words}, at most {level}",
        scope=scope,
        value=Decimal(value),
        level=Decimal(level),
        unit="orders" if "orders" in words else "cycles",
    )
