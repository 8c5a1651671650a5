"""Where the household stands, worked out once per look and then only read.

Everything here is keyed by symbol, because each slice that is not cash buys exactly one. What is held
of its substitutes is in the slice's value and so in the gap of that symbol; `key_of` leads from a
substitute to it. A household without substitutes and locks pays nothing for them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from policies.allocation import Allocation, Unknown, allocation_of
from policies.locks import Locks, locks_of
from policies.policy import Policy
from policies.sellable import barred_symbols, known_quantities, sellable_of
from policies.taxes.guards import is_excepted, why_no_buy
from policies.taxes.open_orders import OpenTrades, open_trades
from portfolio.accounts import Autonomy
from portfolio.drift import Block, SliceDrift, drifts_of_row
from portfolio.instruments import Instrument
from portfolio.memory import Memory
from portfolio.money import ZERO, Money, Price, Quantity, Weight
from portfolio.orders import Order, Side
from portfolio.snapshot import AccountSnapshot, Snapshot
from portfolio.target import Target


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


def open_book(snapshot: Snapshot, policy: Policy, memory: Memory) -> Book | Unknown:
    """Work out values, goals, drift and desks from a snapshot whose prices were judged.

    Unknown when something that counts to a slice has no price or value, or when the slices and the
    cash are together worth nothing.
    """
    known = allocation_of(snapshot, policy, memory)
    return known if isinstance(known, Unknown) else book_of(known)


def book_of(known: Allocation) -> Book:
    """What may be traded, and how far each slice is from its goal in money."""
    snapshot, policy, memory = known.snapshot, known.policy, known.memory
    target, managed = policy.target, known.managed
    leaves = {node.name: node for node in known.sought.slices if node.symbol or node.is_cash}
    slice_of = {s: n.name for n in leaves.values() for s in n.every_symbol}
    cash_goal = Money(target.cash_weight * managed)
    locks, pending = locks_of(policy), open_trades(policy.lots, snapshot, memory)
    return Book(
        snapshot=snapshot,
        policy=policy,
        memory=memory,
        slice_of=slice_of,
        prices=known.prices,
        values=known.values,
        goals={
            s: Money(target.weights[name] * managed)
            for name in target.leaves
            if (s := leaves[name].symbol) is not None
        },
        cash=known.cash,
        cash_goal=cash_goal,
        waiting=known.waiting,
        owed=_owed(snapshot, known.kept),
        managed=managed,
        minimum=minimum_trade(policy, managed),
        weights=known.weights,
        block=known.block,
        half_widths=known.half_widths,
        drifts=drifts_of_row(known.block[0], target, known.half_widths),
        desks=_guarded(
            _desks(snapshot, memory, known.aside, cash_goal, (frozenset(slice_of), locks)),
            _washes(slice_of, (snapshot, policy, memory), pending),
            (snapshot, policy, memory),
        ),
        stand_ins={s: n.symbol for n in leaves.values() if n.symbol for s in n.substitutes},
        locks=locks,
        pending=pending,
        sought=known.sought,
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
        quantity, why = sellable_of(account, position, known, memory, snapshot.day)
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
