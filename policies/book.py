"""Where the household stands, worked out once per look and then only read.

Everything here is keyed by symbol, because each slice that is not cash buys exactly one. What is held
of its substitutes is in the slice's value and so in the gap of that symbol; `key_of` leads from a
substitute to it. A household without substitutes and locks pays nothing for them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from policies.cash_floor import with_floor
from policies.flows import kept_cash, waiting_deposits
from policies.locks import Locks, locks_of
from policies.policy import Policy
from policies.sellable import barred_symbols, known_quantities, sellable_of
from policies.taxes.guards import is_excepted, why_no_buy
from policies.taxes.open_orders import OpenTrades, open_trades
from policies.vanished import presumed_values
from portfolio.accounts import Autonomy
from portfolio.drift import Block, SliceDrift, drift_of, drifts_of_row, weights_of
from portfolio.instruments import Instrument
from portfolio.keeping import keeps_answers
from portfolio.memory import Memory
from portfolio.money import ZERO, Money, Price, Quantity, Weight, total, value_of
from portfolio.orders import Order, Side
from portfolio.snapshot import AccountSnapshot, Snapshot
from portfolio.target import Slice, Target
from portfolio.valuations import Counts, counted_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One account that can trade, seen from the planner.

    `sellable` is what a sale may take of each symbol; `capped` says why where that is less than is
    held. `barred` symbols are not traded now, with the reason; `no_buys` are only
    not bought: it would be a wash sale. `spendable` is the account's cash without waiting deposits,
    what open buys may take, and its share of the cash slice; it is negative when sales must first
    fill the slice. `advises` accounts are planned but only told.
    """

    account: str
    sellable: Mapping[str, Quantity]
    capped: Mapping[str, str]
    barred: Mapping[str, str]
    no_buys: Mapping[str, str]
    spendable: Money
    advises: str

    def why_no_buy(self, symbol: str) -> str:
        """Why the symbol is not bought here now; empty when it may be."""
        return self.barred.get(symbol, "") or self.no_buys.get(symbol, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The household against its target. Values are at count prices; `cash` leaves out deposits that
    still wait (`waiting`) and money that a person will take out, of which `owed` is what an account
    still lacks; `managed` is the value of all slices with that cash.

    `values` and `goals` are those of whole slices, keyed by the symbol that is bought. `prices`,
    `slice_of` and the desks know the substitutes too; `stand_ins` maps a substitute to the symbol
    that is bought, for those held and those not. `locks` says what may not be sold or bought.
    `pending` are open orders as wash sales see them.
    `policy.target` holds the cash floor; `sought` is the target without it.

    `weights` (1, N) of the leaves and `block`, the drift (1, S), are for the kernels; `drifts` are the
    same in exact numbers, in the order of the slices.
    """

    snapshot: Snapshot
    policy: Policy
    memory: Memory
    slice_of: Mapping[str, str]
    prices: Mapping[str, Price]
    values: Mapping[str, Money]
    goals: Mapping[str, Money]
    cash: Money
    cash_goal: Money
    waiting: Money
    owed: Mapping[str, Money]
    managed: Money
    minimum: Money
    weights: Block
    block: Block
    half_widths: tuple[Weight, ...]
    drifts: tuple[SliceDrift, ...]
    desks: tuple[Desk, ...]
    stand_ins: Mapping[str, str]
    locks: Locks
    pending: OpenTrades
    sought: Target

    def gap(self, symbol: str) -> Decimal:
        """Value minus goal of the slice that a symbol is bought for; positive is overweight."""
        return self.values[symbol] - self.goals[symbol]

    def key_of(self, symbol: str) -> str:
        """The symbol that stands for a slice: the symbol itself, or what it is a substitute of."""
        return self.stand_ins.get(symbol, symbol)

    def to_sell(self, symbol: str) -> tuple[str, ...]:
        """What a sale of a slice takes, in this order: substitutes held, then the symbol itself."""
        if not self.stand_ins:
            return (symbol,)
        held = (s for s, key in self.stand_ins.items() if key == symbol and s in self.prices)
        return (*held, symbol)

    def instrument(self, symbol: str) -> Instrument:
        """What the broker says of a symbol; unsaid, it is whole shares only."""
        known = self.snapshot.instruments.get(symbol)
        return known or Instrument(symbol=symbol, fractionable=False)

    def step(self, symbol: str) -> Quantity:
        """The quantity step of its orders."""
        return self.instrument(symbol).quantity_step(fractional=self.policy.fractional)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The weights cannot be known; why, in sentences."""

    reasons: tuple[str, ...]


_ALL_TAKEN = "the money to be taken out is all that there is, or more"
_WORTH_NOTHING = "the slices and the cash are together worth nothing"


def open_book(snapshot: Snapshot, policy: Policy, memory: Memory) -> Book | Unknown:
    """Work out values, goals, drift and desks from a snapshot whose prices were judged.

    Unknown when something that counts to a slice has no price or value, or when the slices and the
    cash are together worth nothing.
    """
    sought = policy.target
    leaves = {node.name: node for node in sought.slices if node.symbol or node.is_cash}
    prices, values, unpriced = _values(snapshot, leaves, policy.counts)
    if unpriced:
        return Unknown(reasons=tuple(unpriced))
    stand_ins = {s: n.symbol for n in leaves.values() if n.symbol for s in n.substitutes}
    locks = locks_of(policy)
    slice_of = {s: n.name for n in leaves.values() for s in n.every_symbol}
    waiting_by_account = waiting_deposits(snapshot, policy.deposits, memory)
    waiting = total(waiting_by_account.values())
    kept = kept_cash(snapshot, policy, memory)
    # A deposit that waits may be what is taken out: it is set aside once.
    aside = {
        name: max(waiting_by_account.get(name, Money(ZERO)), kept.get(name, Money(ZERO)))
        for name in (*waiting_by_account, *kept)
    }
    cash = Money(snapshot.cash - total(aside.values()))
    values |= presumed_values(values, sought, memory.vanished, cash)
    managed = Money(total(values.values()) + cash)
    if managed <= ZERO:
        return Unknown(reasons=(_ALL_TAKEN if kept else _WORTH_NOTHING,))
    target = with_floor(sought, policy.cash_floor, managed)
    policy = policy if target is sought else replace(policy, target=target)
    cash_goal = Money(target.cash_weight * managed)
    symbol_of = {name: leaves[name].symbol for name in target.leaves}
    leaf_values = [cash if (s := symbol_of[name]) is None else values[s] for name in target.leaves]
    widths = half_widths_of(policy)
    weights = weights_of(np.array([[float(v) for v in leaf_values]]))
    block, pending = drift_of(weights, target), open_trades(policy.lots, snapshot, memory)
    return Book(
        snapshot=snapshot,
        policy=policy,
        memory=memory,
        slice_of=slice_of,
        prices=prices,
        values=values,
        goals={
            s: Money(target.weights[name] * managed)
            for name, s in symbol_of.items()
            if s is not None
        },
        cash=cash,
        cash_goal=cash_goal,
        waiting=waiting,
        owed=_owed(snapshot, kept),
        managed=managed,
        minimum=minimum_trade(policy, managed),
        weights=weights,
        block=block,
        half_widths=widths,
        drifts=drifts_of_row(block[0], target, widths),
        desks=_guarded(
            _desks(snapshot, memory, aside, cash_goal, (frozenset(slice_of), locks)),
            _washes(slice_of, (snapshot, policy, memory), pending),
            (snapshot, policy, memory),
        ),
        stand_ins=stand_ins,
        locks=locks,
        pending=pending,
        sought=sought,
    )


def _owed(snapshot: Snapshot, kept: Mapping[str, Money]) -> dict[str, Money]:
    """What each account still lacks of the money that a person will take out of it."""
    return {
        a.account.id: Money(lack)
        for a in snapshot.accounts
        if (lack := kept.get(a.account.id, ZERO) - max(a.cash, ZERO)) > ZERO
    }


def minimum_trade(policy: Policy, managed: Money) -> Money:
    """The smallest order worth placing, for a portfolio of this value."""
    rule = policy.minimum_trade
    return Money(max(rule.amount, rule.fraction * managed))


def _values(
    snapshot: Snapshot, leaves: Mapping[str, Slice], counts: Counts
) -> tuple[dict[str, Price], dict[str, Money], list[str]]:
    prices: dict[str, Price] = {}
    values: dict[str, Money] = {}
    held = snapshot.quantities()
    beside, unpriced = counted_values(snapshot, counts)
    for node in leaves.values():
        for symbol in node.every_symbol:
            key = node.symbol or symbol
            price = snapshot.count_price(symbol)
            quantity = held.get(symbol, Quantity(ZERO))
            worth = values.get(key, ZERO)
            if price is not None:
                prices[symbol] = price
                values[key] = Money(worth + value_of(quantity, price))
            elif quantity == ZERO:
                values[key] = Money(worth)
            else:
                detail = snapshot.refused[symbol].detail
                unpriced.append(f"{node.name}: {quantity} {symbol} cannot be counted, {detail}")
    for name, counted in beside.items():
        key = leaves[name].symbol or name
        values[key] = Money(values.get(key, ZERO) + counted)
    return prices, values, unpriced


@keeps_answers
def half_widths_of(policy: Policy) -> tuple[Weight, ...]:
    """Of every slice, in order; zero for the cash slice, which has no band."""
    weights = policy.target.weights
    return tuple(
        Weight(ZERO)
        if node.is_cash
        else (node.band or policy.default_band).half_width(weights[node.name])
        for node in policy.target.slices
    )


def _desks(
    snapshot: Snapshot,
    memory: Memory,
    waiting: Mapping[str, Money],
    cash_goal: Money,
    of_target: tuple[frozenset[str], Locks],
) -> tuple[Desk, ...]:
    own_cash = {a.account.id: a.cash - waiting.get(a.account.id, ZERO) for a in snapshot.accounts}
    positive = {name: max(cash, ZERO) for name, cash in own_cash.items()}
    all_cash = sum(positive.values(), ZERO)
    desks = []
    for account in snapshot.accounts:
        if not account.account.is_planned:
            continue
        name = account.account.id
        part = positive[name] / all_cash if all_cash else 1 / Decimal(len(snapshot.accounts))
        share = cash_goal * part
        reserved = reserved_cash(account, snapshot, memory)
        spendable = own_cash[name] - share - reserved
        desks.append(_desk(account, snapshot, memory, Money(spendable), of_target))
    return tuple(desks)


def _desk(
    account: AccountSnapshot,
    snapshot: Snapshot,
    memory: Memory,
    spendable: Money,
    of_target: tuple[frozenset[str], Locks],
) -> Desk:
    symbols, locks = of_target
    barred = barred_symbols(account, snapshot, memory)
    sellable: dict[str, Quantity] = {}
    capped: dict[str, str] = {}
    known = known_quantities(account)
    for position in account.positions:
        symbol = position.symbol
        if symbol not in symbols:
            continue
        quantity, why = sellable_of(account, position, known, memory)
        if symbol in locks.sales:
            quantity, why = Quantity(ZERO), f"{symbol} is not sold: {locks.sales[symbol]}"
        sellable[symbol] = quantity
        if why:
            capped[symbol] = why
    advises = ""
    if account.blocked:
        advises = f"{account.account.id} is blocked: {account.blocked}"
    elif not account.account.can_trade:
        advises = f"{account.account.id} is held elsewhere: its orders are tickets for you"
    elif account.account.autonomy is Autonomy.OBSERVE:
        advises = f"{account.account.id} is only observed"
    return Desk(
        account=account.account.id,
        sellable=sellable,
        capped=capped,
        barred=barred,
        no_buys={},
        spendable=spendable,
        advises=advises,
    )


def with_guards(desks: tuple[Desk, ...], no_buys: Mapping[str, str]) -> tuple[Desk, ...]:
    """Desks that do not buy these symbols either, for the reasons given."""
    if not no_buys:
        return desks
    return tuple(replace(desk, no_buys={**desk.no_buys, **no_buys}) for desk in desks)


def _washes(
    symbols: Iterable[str], of: tuple[Snapshot, Policy, Memory], pending: OpenTrades
) -> dict[str, str]:
    """Why symbols are not bought: a loss of the last 30 days, or an open order that may make one."""
    snapshot, policy, memory = of
    rule = policy.lots
    if not rule.guards:
        return {}
    found = {
        s: why_no_buy(rule, s, memory.recent_losses, snapshot.day)
        or pending.why_no_buy(rule.household.group_of(s))
        for s in symbols
    }
    return {s: why for s, why in found.items() if why}


def _guarded(
    desks: tuple[Desk, ...], washes: Mapping[str, str], of: tuple[Snapshot, Policy, Memory]
) -> tuple[Desk, ...]:
    """Desks with the guards, but for what a person has excepted from them."""
    snapshot, policy, memory = of
    if not washes or not memory.wash_exceptions:
        return with_guards(desks, washes)
    return tuple(
        with_guards(
            (desk,),
            {
                s: why
                for s, why in washes.items()
                if not is_excepted(
                    policy.lots, memory.wash_exceptions, desk.account, s, snapshot.day
                )
            },
        )[0]
        for desk in desks
    )


def reserved_cash(account: AccountSnapshot, snapshot: Snapshot, memory: Memory) -> Money:
    """Cash that open buys may still take: our live legs at their limits, other people's orders too.

    A stranger's buy without a limit counts at the ask; one of unknown size takes all the cash.
    """
    name = account.account.id
    ours = [leg for leg in memory.live_legs if leg.intent.account == name]
    counted = {leg.client_order_id for leg in ours}
    reserved = sum((leg.reserved_cash for leg in ours), ZERO)
    for order in account.open_orders:
        if order.side is Side.BUY and order.client_order_id not in counted:
            reserved += _cost_of(order, snapshot, max(account.cash, Money(ZERO)))
    return Money(reserved)


def _cost_of(order: Order, snapshot: Snapshot, otherwise: Money) -> Money:
    quote = snapshot.quotes.get(order.symbol)
    price = order.limit_price or (None if quote is None else quote.ask)
    if order.quantity is None or price is None:
        return otherwise
    return Money((order.quantity - order.filled_quantity) * price)
