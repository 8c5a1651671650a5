"""What moves lots without an order: splits, capital paid back, options exercised, companies changed."""

from collections.abc import Iterator
from decimal import Decimal

from policies.taxes.events import (
    Acquired,
    Exchanged,
    Renamed,
    ReturnedCapital,
    Sold,
    Split,
    SpunOff,
    TaxEvent,
)
from portfolio.lots import Lot, LotSource
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import ZERO, Money, Quantity
from portfolio.options import SHARES_OF_CONTRACT, contract_of


def fact_of_flow(flow: CashFlow) -> Iterator[TaxEvent]:
    """What an activity of the broker means to the lots; nothing for cash alone.

    Shares of an exercised option are acquired on that day at the strike, and count for wash sales;
    the premium is not in it, for the broker books it with the contract. A spin-off or a merger says
    no basis: a person's row does.
    """
    symbol, units = flow.symbol, flow.quantity
    if symbol is None:
        return
    if flow.kind is FlowKind.SPLIT and flow.ratio is not None:
        yield Split(on=flow.day, account=flow.account, symbol=symbol, ratio=flow.ratio)
    elif flow.kind is FlowKind.RETURN_OF_CAPITAL and flow.amount > ZERO:
        yield ReturnedCapital(
            on=flow.day,
            name=flow.flow_id,
            account=flow.account,
            symbol=symbol,
            amount=flow.amount,
        )
    elif flow.kind is FlowKind.EXERCISE and units is not None and units > ZERO:
        lot = Lot(
            lot_id=flow.flow_id,
            symbol=symbol,
            quantity=units,
            acquired_on=flow.day,
            basis=Money(abs(flow.amount)),
            account=flow.account,
            source=LotSource.EXERCISE,
        )
        yield Acquired(on=flow.day, lot=lot)
    elif flow.kind is FlowKind.EXERCISE and units is not None and units < ZERO:
        yield Sold(
            on=flow.day,
            sale=flow.flow_id,
            account=flow.account,
            symbol=symbol,
            quantity=Quantity(-units),
            proceeds=Money(abs(flow.amount)),
        )


def only_a_person_knows(fact: TaxEvent) -> bool:
    """Whether an imported row counts after the account's adoption, too: no broker tells its basis.

    Trades of that time are in the journal already; capital paid back is booked by the broker.
    """
    if isinstance(fact, Acquired):
        return fact.lot.source in (LotSource.GIFT, LotSource.INHERITANCE)
    return isinstance(fact, SpunOff | Exchanged | Renamed)


def shares_of(symbol: str, quantity: Decimal) -> Quantity:
    """Units as the ledger counts them: an option's contract is a hundred shares of its underlying."""
    if contract_of(symbol) is None:
        return Quantity(quantity)
    return Quantity(quantity * SHARES_OF_CONTRACT)
