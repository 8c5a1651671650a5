"""Pre-trade limits: the only place that says yes to a plan. Defaults as documented in docs/.

A plan is checked whole, before its first leg. What is beyond a limit is referred to a person; only
what no person may allow is denied: a price that is none, a limit far from its quote, a sale of more
than is held, cash that would go negative, a continuation beyond its run. The kinds of limits are
those of RTS 6 article 15 (EU 2017/589) and 17 CFR 240.15c3-5.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain

from policies.checks import (
    beyond_allowance,
    beyond_means,
    collar,
    denials,
    fresh_quote,
    in_money,
    in_number,
    within_run,
)
from policies.concentration import concentration
from policies.explain import percent
from policies.limit_rule import Limits
from policies.planning.wash_guard import wash_denials
from policies.policy import PriceRule
from policies.taxes.guards import LotRule
from policies.triggers.cash_flow import PERSON_ASKED
from portfolio.decisions import LimitCheck, PlannedLeg, Proposal, Verdict
from portfolio.memory import Memory
from portfolio.money import ONE, ZERO, Money, Quantity, exact_arithmetic, total
from portfolio.orders import OrderIntent
from portfolio.snapshot import Quote, RefusedPrice, Snapshot

__all__ = ("Limits", "check_plan", "last_look")

NO_GUARDS = LotRule()


def check_plan(
    proposal: Proposal,
    snapshot: Snapshot,
    limits: Limits,
    memory: Memory,
    *,
    asked: bool = False,
    lots: LotRule = NO_GUARDS,
) -> Verdict:
    """The limits' answer on a whole plan, every check with its numbers; a level itself still passes.

    `asked` says that a person has granted this very plan: what would be referred is then only told.
    The continuation of a run (`proposal.run`) was accepted with it, so only what denies is asked,
    its allowances, and whether it trades what it has traded before once too often. `snapshot` may be
    newer than the proposal's: prices, cash and holdings are judged as they are in it. Advice is not
    checked, for it is never sent. `lots` says which buys would be wash sales; they are denied.
    """
    with exact_arithmetic():
        equity = snapshot.equity() or proposal.managed_value
        checks = list(denials(proposal, snapshot, memory, limits.max_limit_from_quote))
        checks += wash_denials(proposal, snapshot, memory, lots)
        if proposal.run is None:
            checks += _referrals(proposal, snapshot, limits, memory, equity)
        else:
            checks += within_run(proposal, memory)
            checks += _repeats_of_run(proposal, limits, memory)
        if asked:
            checks = [_granted(check) for check in checks]
        return Verdict(checks=tuple(checks))


def last_look(
    intent: OrderIntent,
    quote: Quote | RefusedPrice | None,
    *,
    at: datetime,
    rule: PriceRule,
    limits: Limits,
    cash: Money,
    available: Quantity,
    allowance: Quantity,
) -> LimitCheck | None:
    """The last question before a send: the check that refuses it, or None when it may go.

    `quote` is fresh and `at` is now. `cash` is what the account has without what other open buys may
    take, `available` what it can sell, `allowance` what the run still lets this symbol trade; each
    without this order, and with the earlier legs of its wave taken off.
    """
    with exact_arithmetic():
        fresh = fresh_quote(intent, quote, at, rule)
        if isinstance(fresh, LimitCheck):
            return fresh
        limit = collar(intent, fresh, limits.max_limit_from_quote)
        if limit.outcome != "ok":
            return limit
        return beyond_means(intent, cash, available) or beyond_allowance(intent, allowance)


def _referrals(
    proposal: Proposal, snapshot: Snapshot, limits: Limits, memory: Memory, equity: Money
) -> Iterator[LimitCheck]:
    return chain(
        _order_sizes(proposal, limits, equity),
        _plan_size(proposal, limits, memory, equity),
        _positions_sold(proposal, snapshot, limits),
        _harvested(proposal, limits, equity),
        _markets(proposal, snapshot, limits),
        _pace(proposal, limits, memory),
        _people(proposal, memory),
        concentration(
            proposal,
            snapshot,
            limits.concentration,
            equity,
            limits.warn_single_holding_fraction,
        ),
    )


def _order_sizes(proposal: Proposal, limits: Limits, equity: Money) -> Iterator[LimitCheck]:
    level = Money(limits.max_order_fraction * equity)
    if limits.max_order is not None:
        level = min(level, limits.max_order)
    for leg in proposal.legs:
        yield in_money("order", leg.intent.symbol, _worth(leg), level, "an order of")


def _worth(leg: PlannedLeg) -> Money:
    """What an order counts for: the larger of its value at its price and at its limit."""
    return max(leg.value, leg.intent.notional(leg.price))


def _plan_size(
    proposal: Proposal, limits: Limits, memory: Memory, equity: Money
) -> Iterator[LimitCheck]:
    one_way = Money(max(_side_worth(proposal.sells), _side_worth(proposal.buys)))
    level = Money(limits.max_plan_fraction * equity)
    yield in_money("plan", "", one_way, level, "one way")
    yield in_number("legs", "", len(proposal.legs), limits.max_plan_legs, "orders in the plan")
    both = _side_worth(proposal.sells) + _side_worth(proposal.buys)
    today = Money(memory.usage.traded_today + both)
    yield in_money("day", "", today, Money(limits.max_day_fraction * equity), "both ways today")


def _harvested(proposal: Proposal, limits: Limits, equity: Money) -> Iterator[LimitCheck]:
    if proposal.harvests:
        level = Money(limits.max_harvest_fraction * equity)
        yield in_money("harvest", "", _side_worth(proposal.sells), level, "harvests sell")


def _side_worth(legs: tuple[PlannedLeg, ...]) -> Money:
    return total(_worth(leg) for leg in legs)


def _positions_sold(proposal: Proposal, snapshot: Snapshot, limits: Limits) -> Iterator[LimitCheck]:
    """A harvest buys what it sells again: it has a limit of its own, and may empty a position."""
    if proposal.harvests:
        return
    held = {(a.account.id, p.symbol): p.quantity for a in snapshot.accounts for p in a.positions}
    level = limits.max_position_sold_fraction
    for leg in proposal.sells:
        has = held.get((leg.intent.account, leg.intent.symbol), ZERO)
        part = leg.intent.quantity / has if has > ZERO else ONE
        yield LimitCheck(
            name="position sold",
            outcome="ok" if part <= level else "refer",
            text=f"{percent(part)} of {leg.intent.symbol} in {leg.intent.account} is sold,"
            f" without a person at most {percent(level)}",
            scope=f"{leg.intent.account} {leg.intent.symbol}",
            value=part * 100,
            level=level * 100,
            unit="percent",
        )


def _markets(proposal: Proposal, snapshot: Snapshot, limits: Limits) -> Iterator[LimitCheck]:
    """Share of the average volume, and distance of the limit from the last close."""
    for leg in proposal.legs:
        quote = snapshot.quotes.get(leg.intent.symbol)
        if quote is not None:
            yield _volume(leg.intent, quote, limits)
            yield _from_close(leg.intent, quote, limits)


def _volume(intent: OrderIntent, quote: Quote, limits: Limits) -> LimitCheck:
    level = limits.max_volume_fraction
    volume = quote.average_daily_volume
    if not volume:
        text = f"the average volume of {intent.symbol} is not known"
        return LimitCheck(name="volume", outcome="refer", text=text, scope=intent.symbol)
    part = intent.quantity / volume
    return LimitCheck(
        name="volume",
        outcome="ok" if part <= level else "refer",
        text=f"{part * 100:.3f} % of {intent.symbol}'s average volume, at most {percent(level)}",
        scope=intent.symbol,
        value=part * 100,
        level=level * 100,
        unit="percent",
    )


def _from_close(intent: OrderIntent, quote: Quote, limits: Limits) -> LimitCheck:
    level, close = limits.max_price_from_close, quote.previous_close
    if close is None or close <= ZERO:
        text = f"the last close of {intent.symbol} is not known"
        return LimitCheck(name="close", outcome="refer", text=text, scope=intent.symbol)
    away = (intent.limit_price or quote.price) / close - ONE
    return LimitCheck(
        name="close",
        outcome="ok" if abs(away) <= level else "refer",
        text=(
            f"{intent.symbol} limit is {away * 100:+.1f} % from the last close, "
            f"at most {percent(level)}"
        ),
        scope=intent.symbol,
        value=away * 100,
        level=level * 100,
        unit="percent",
    )


def _pace(proposal: Proposal, limits: Limits, memory: Memory) -> Iterator[LimitCheck]:
    usage = memory.usage
    # Messages come from one broker's account, so each is counted by itself; a loop is the household's.
    orders = Counter((leg.intent.account, leg.intent.symbol) for leg in proposal.legs)
    for (account, symbol), count in sorted(orders.items()):
        most = limits.max_orders_per_symbol_per_cycle
        words = f"orders of {symbol} in {account} in one cycle"
        yield in_number("pace", f"{account} {symbol}", count, most, words)
    for symbol in sorted({symbol for _, symbol in orders}):
        yield _repeats(symbol, limits, memory)
    today = usage.orders_today + len(proposal.legs)
    yield in_number("orders today", "", today, limits.max_orders_per_day, "orders today")
    if proposal.legs:
        yield _cycles_today(limits, memory)


def _repeats(symbol: str, limits: Limits, memory: Memory) -> LimitCheck:
    cycles = memory.usage.cycles_by_symbol.get(symbol, 0) + 1
    most = limits.max_cycles_per_symbol_per_session
    text = f"cycles that traded {symbol} this session, disarmed beyond"
    return in_number("repeats", symbol, cycles, most, text)


def _cycles_today(limits: Limits, memory: Memory) -> LimitCheck:
    cycles, most = memory.usage.cycles_today + 1, limits.max_cycles_per_day
    return in_number("cycles today", "", cycles, most, "cycles that traded today, disarmed beyond")


def _repeats_of_run(proposal: Proposal, limits: Limits, memory: Memory) -> Iterator[LimitCheck]:
    """What a run may do over: its first order in a symbol was judged with the plan, so that a plan
    is never cut off between its sales and its buys; any further one counts like that of a new plan.
    """
    tried = {leg.intent.symbol for leg in memory.run_legs if leg.sends > 0}
    again = sorted({leg.intent.symbol for leg in proposal.legs} & tried)
    for symbol in again:
        yield _repeats(symbol, limits, memory)
    if again:
        yield _cycles_today(limits, memory)


def _people(proposal: Proposal, memory: Memory) -> Iterator[LimitCheck]:
    """What a person is asked whatever the size: an account's first plan, and a large deposit."""
    for account in sorted({leg.intent.account for leg in proposal.legs}):
        first = account not in memory.first_plan_done
        yield LimitCheck(
            name="first plan",
            outcome="refer" if first else "ok",
            text=f"the first plan of {account} is always a proposal"
            if first
            else f"{account} has had its first plan",
            scope=account,
        )
    for gate in proposal.gates:
        if gate.name in PERSON_ASKED and not gate.passed:
            yield LimitCheck(
                name="deposit",
                outcome="refer",
                text=gate.text,
                scope=gate.scope,
                value=gate.value,
                level=gate.level,
                unit=gate.unit,
            )


def _granted(check: LimitCheck) -> LimitCheck:
    if check.outcome != "refer":
        return check
    return replace(check, outcome="warn", text=f"{check.text} (granted by a person)")
