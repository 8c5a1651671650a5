"""Portfolios to measure on: any number of positions, made from a fixed seed."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from policies.policy import MinimumTrade, Policy
from portfolio.accounts import Account, AccountKind, Autonomy, Position
from portfolio.instruments import Instrument
from portfolio.lots import Lot
from portfolio.memory import Memory
from portfolio.money import CENT, Money, Price, Quantity, Weight
from portfolio.snapshot import AccountSnapshot, Quote, Session, Snapshot
from portfolio.target import Slice, build_target
from portfolio.wakes import Wake, WakeKind

SEED = 2007
GROUPS = 5
LOTS_A_POSITION = 3
VALUE = Decimal(100_000_000)
SESSION = Session(
    day=date(2026, 11, 20),
    opens_at=datetime(2026, 11, 20, 14, 30, tzinfo=UTC),
    closes_at=datetime(2026, 11, 20, 21, 0, tzinfo=UTC),
)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ACCOUNT = Account(id="main", broker="simulated", kind=AccountKind.TAXABLE, autonomy=Autonomy.AUTO)

_NO_MINIMUM = MinimumTrade(amount=Money(Decimal(1)), fraction=Weight(Decimal(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """What `decide` is asked: a snapshot, a policy and a memory."""

    snapshot: Snapshot
    policy: Policy
    memory: Memory


def household(positions: int, *, drifted: bool) -> Household:
    """So many slices in five groups, each with a position of three lots in one taxable account.

    Every position is a little off its weight. `drifted` also moves the first and the last group by
    eight points, beyond their bands; then every position has to be traded, however small the order.
    """
    dice = random.Random(SEED)
    symbols = [f"S{number:04}" for number in range(positions)]
    slices = _slices(symbols)
    target = build_target(slices, cash_buffer=Weight(Decimal("0.005")))
    moved = {"group-0": Decimal("1.4"), f"group-{GROUPS - 1}": Decimal("0.6")} if drifted else {}
    held: list[Position] = []
    lots: list[Lot] = []
    quotes: dict[str, Quote] = {}
    for symbol in symbols:
        price = Decimal(dice.randrange(1_000, 50_000)) * CENT
        off = Decimal(dice.randrange(985, 1016)) / 1000
        goal = target.weights[symbol] * VALUE * moved.get(_group_of(target.slices, symbol), 1)
        units = Quantity((goal * off / price).to_integral_value())
        held.append(
            Position(symbol=symbol, quantity=units, available=units, average_cost=Price(price))
        )
        lots.extend(_lots(symbol, units, price))
        quotes[symbol] = _quote(symbol, price)
    cash = Money(target.cash_weight * VALUE)
    account = AccountSnapshot(
        account=ACCOUNT, cash=cash, settled_cash=cash, positions=tuple(held), lots=tuple(lots)
    )
    snapshot = Snapshot(
        household="bench",
        as_of=NOW,
        session=SESSION,
        is_open=True,
        accounts=(account,),
        quotes=quotes,
        instruments={s: Instrument(symbol=s) for s in symbols},
    )
    return Household(
        snapshot=snapshot,
        policy=Policy(target=target, minimum_trade=_NO_MINIMUM if drifted else MinimumTrade()),
        memory=Memory(
            wake=Wake(kind=WakeKind.LOOK),
            started_on=date(2026, 1, 2),
            first_plan_done=(ACCOUNT.id,),
            calendar_done_through=date(2026, 11, 19),
            backstop_done_on=date(2026, 1, 2),
        ),
    )


def _slices(symbols: list[str]) -> list[Slice]:
    groups = min(GROUPS, len(symbols))
    members = [symbols[number::groups] for number in range(groups)]
    slices = [
        Slice(name=f"group-{number}", weight=weight)
        for number, weight in enumerate(_shares(groups))
    ]
    for number, names in enumerate(members):
        slices += [
            Slice(name=name, parent=f"group-{number}", symbol=name, weight=weight)
            for name, weight in zip(names, _shares(len(names)), strict=True)
        ]
    return slices


def _shares(parts: int) -> list[Weight]:
    """Equal shares of six places; the last takes what is missing to one."""
    share = (Decimal(1) / parts).quantize(Decimal("0.000001"))
    return [*[Weight(share)] * (parts - 1), Weight(1 - share * (parts - 1))]


def _group_of(slices: tuple[Slice, ...], name: str) -> str:
    return next(node.parent or "" for node in slices if node.name == name)


def _lots(symbol: str, units: Quantity, price: Decimal) -> list[Lot]:
    part = units // LOTS_A_POSITION
    sizes = [part] * (LOTS_A_POSITION - 1)
    return [
        Lot(
            lot_id=f"{symbol}-{number}",
            symbol=symbol,
            quantity=Quantity(size),
            acquired_on=date(2020 + number, 3, 2),
            basis=Money(price * size),
        )
        for number, size in enumerate([*sizes, units - sum(sizes)])
    ]


def _quote(symbol: str, price: Decimal) -> Quote:
    return Quote(
        symbol=symbol,
        bid=Price(price),
        ask=Price(price + CENT),
        last=Price(price),
        as_of=NOW,
        previous_close=Price(price),
        average_daily_volume=Quantity(Decimal(10_000_000)),
    )
