"""What each account should hold, and in which lots: accepted holdings plus every fill and split.

Positions follow the broker's facts even where they surprise (below zero when more was sold than we
knew of); lots never go below zero.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from daemon.journal.prepared import Prepared
from daemon.journal.tables import LOT, POSITION
from portfolio.accounts import Position
from portfolio.events import PositionsAccepted
from portfolio.gifts import Gift, GiftShares
from portfolio.lots import (
    SMALLEST_MONEY,
    Lot,
    after_split,
    divided,
    matching_position,
    sold_first_in_first_out,
)
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import ZERO, Money, Quantity, exact_arithmetic
from portfolio.orders import Fill, Side

EXCHANGE_ZONE = "America/New_York"
"""A lot is acquired on the exchange's date: an evening trade there is tomorrow in UTC."""


def _held_by(table: Table) -> ColumnElement[bool]:
    return and_(
        table.c.account == bindparam("in_account"), table.c.symbol == bindparam("of_symbol")
    )


# Made once: building and keying a statement takes longer than running it.
_POSITION_NOW = Prepared(select(POSITION.c.quantity).where(_held_by(POSITION)))
_MOVE_POSITION = Prepared(
    update(POSITION).where(_held_by(POSITION)).values(quantity=bindparam("to"))
)
_INSERT_POSITION = Prepared(insert(POSITION))
_DROP_POSITION = Prepared(delete(POSITION).where(_held_by(POSITION)))
_LOTS_OF_ACCOUNT = Prepared(
    select(LOT).where(LOT.c.account == bindparam("in_account")).order_by(LOT.c.symbol, LOT.c.number)
)
_LOTS_OF_SYMBOL = Prepared(select(LOT).where(_held_by(LOT)).order_by(LOT.c.number))
_LAST_LOT = Prepared(select(func.max(LOT.c.number)).where(_held_by(LOT)))
_INSERT_LOT = Prepared(insert(LOT))
_DROP_LOTS = Prepared(delete(LOT).where(_held_by(LOT)))


def accept(tables: Connection, event: PositionsAccepted, seq: int) -> None:
    """Take holdings as they are: the whole account, so that a symbol not named is not held.

    Lots of what stays are kept, first in first out; what was not known has no basis. What is only
    listed anew keeps its lots.
    """
    with exact_arithmetic():
        known = set(
            tables.scalars(select(POSITION.c.symbol).where(POSITION.c.account == event.account))
        )
        for old, new in event.renamed.items():
            _rename(tables, event.account, old, new)
        for symbol in sorted(known | set(event.quantities)):
            held = event.quantities.get(symbol, Quantity(ZERO))
            _set_position(tables, event.account, symbol, held)
            counted = Quantity(max(held, ZERO))
            position = Position(symbol=symbol, quantity=counted, available=counted)
            before = lots_of(tables, event.account, symbol)
            lots = matching_position(before, position)
            if len(lots) > len(before):
                lots = (*lots[:-1], _with_id_of_its_own(lots[-1], before, seq))
            _set_lots(tables, event.account, symbol, lots)


def _rename(tables: Connection, account: str, old: str, new: str) -> None:
    lots = lots_of(tables, account, old)
    _set_lots(tables, account, old, ())
    listed = tuple(replace(lot, symbol=new) for lot in lots)
    _set_lots(tables, account, new, (*listed, *lots_of(tables, account, new)))


def _with_id_of_its_own(lot: Lot, before: Sequence[Lot], seq: int) -> Lot:
    """A second lot without basis is named for its row."""
    taken = any(lot.lot_id == other.lot_id for other in before)
    return replace(lot, lot_id=f"{lot.lot_id}-{seq}") if taken else lot


def give_away(tables: Connection, gift: Gift) -> None:
    """Take a gift's shares off, from exactly its lots as far as they are still there."""
    with exact_arithmetic():
        for part in gift.shares:
            held = position_of(tables, part.account, part.symbol)
            left = Quantity(held - part.shares)
            _set_position(tables, part.account, part.symbol, left)
            lots = lots_of(tables, part.account, part.symbol)
            kept = [_without(lot, part) for lot in lots]
            _set_lots(tables, part.account, part.symbol, [lot for lot in kept if lot is not None])


def _without(lot: Lot, part: GiftShares) -> Lot | None:
    if lot.lot_id != part.lot_id:
        return lot
    return divided(lot, min(part.shares, lot.quantity))[1]


def fill(tables: Connection, done: Fill) -> None:
    """Book an execution: a purchase is a lot of its own, a sale takes the oldest."""
    with exact_arithmetic():
        held = position_of(tables, done.account, done.symbol)
        if done.side is Side.BUY:
            _set_position(tables, done.account, done.symbol, Quantity(held + done.quantity))
            _add_lot(tables, done.account, _lot(done))
        else:
            _set_position(tables, done.account, done.symbol, Quantity(held - done.quantity))
            lots = lots_of(tables, done.account, done.symbol)
            there = sum((lot.quantity for lot in lots), ZERO)
            taken = Quantity(min(done.quantity, there))
            lots, _ = sold_first_in_first_out(lots, done.symbol, taken)
            _set_lots(tables, done.account, done.symbol, lots)


def _lot(done: Fill) -> Lot:
    return Lot(
        lot_id=done.execution_id,
        symbol=done.symbol,
        quantity=done.quantity,
        acquired_on=_exchange_day(done.at),
        basis=Money(done.price * done.quantity + done.fee),
        account=done.account,
    )


def _exchange_day(at: datetime) -> date:
    return at.astimezone(ZoneInfo(EXCHANGE_ZONE)).date()


def split(tables: Connection, flow: CashFlow) -> None:
    """Multiply a holding by the split's ratio; the basis stays."""
    if flow.kind is not FlowKind.SPLIT or flow.symbol is None or flow.ratio is None:
        return
    with exact_arithmetic():
        held = position_of(tables, flow.account, flow.symbol)
        _set_position(tables, flow.account, flow.symbol, Quantity(held * flow.ratio))
        lots = lots_of(tables, flow.account, flow.symbol)
        _set_lots(tables, flow.account, flow.symbol, after_split(lots, flow.symbol, flow.ratio))


def position_of(tables: Connection, account: str, symbol: str) -> Decimal:
    """Units an account should hold; zero when none."""
    found = _POSITION_NOW.first(tables, _key(account, symbol))
    return ZERO if found is None else Decimal(found[0])


def lots_of(tables: Connection, account: str, symbol: str | None = None) -> tuple[Lot, ...]:
    """The lots of an account, or of one symbol in it, oldest bookings first."""
    if symbol is None:
        rows = _LOTS_OF_ACCOUNT.all(tables, {"in_account": account})
    else:
        rows = _LOTS_OF_SYMBOL.all(tables, _key(account, symbol))
    return tuple(
        Lot(
            lot_id=row.lot_id,
            symbol=row.symbol,
            quantity=row.quantity,
            acquired_on=row.acquired_on,
            basis=_basis(row.unit_cost, row.quantity),
            account=account,
        )
        for row in rows
    )


def _basis(unit_cost: Decimal | None, quantity: Decimal) -> Money | None:
    """The cost of the lot from the table's cost of a unit, which has all its digits."""
    if unit_cost is None:
        return None
    with exact_arithmetic():
        return Money((unit_cost * quantity).quantize(SMALLEST_MONEY))


def _set_position(tables: Connection, account: str, symbol: str, quantity: Quantity) -> None:
    key = _key(account, symbol)
    if quantity == ZERO:
        _DROP_POSITION.run(tables, key)
    elif _MOVE_POSITION.run(tables, {**key, "to": quantity}) == 0:
        values = {"account": account, "symbol": symbol, "quantity": quantity}
        _INSERT_POSITION.run(tables, values)


def _set_lots(tables: Connection, account: str, symbol: str, lots: Sequence[Lot]) -> None:
    _DROP_LOTS.run(tables, _key(account, symbol))
    for number, lot in enumerate(lots):
        _INSERT_LOT.run(tables, _lot_columns(account, number, lot))


def _add_lot(tables: Connection, account: str, lot: Lot) -> None:
    """A lot behind the others, which stay as they are: a purchase costs the same however many."""
    found = _LAST_LOT.first(tables, _key(account, lot.symbol))
    last = None if found is None else found[0]
    _INSERT_LOT.run(tables, _lot_columns(account, 0 if last is None else last + 1, lot))


def _lot_columns(account: str, number: int, lot: Lot) -> dict[str, object]:
    return {
        "account": account,
        "symbol": lot.symbol,
        "number": number,
        "lot_id": lot.lot_id,
        "quantity": lot.quantity,
        "acquired_on": lot.acquired_on,
        "unit_cost": lot.unit_cost,
    }


def _key(account: str, symbol: str) -> dict[str, object]:
    return {"in_account": account, "of_symbol": symbol}
