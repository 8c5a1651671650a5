"""Alpaca's account activities into fills and cash flows.

Facts used: a FILL has no client order id, and its id's prefix is New York local time, never parsed.
A deposit (CSD) is positive and a withdrawal (CSW) negative, also when they return one of the other
kind (Alpaca's changelog of 2026-11-06). SSP and SSO are old codes of splits and spin-offs. An exercise
or an assignment moves its shares as OPTRD, with a signed quantity, beside the OPEXC or OPASN of the
contract; a return of capital is a DIV of the sub type ROC (changelog of 2026-08-12), once DIVROC.
"""

from decimal import Decimal

from brokers.alpaca.wire import Row, Unreadable
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import ZERO, Money, Quantity, exact_arithmetic
from portfolio.orders import Fill

FILL = "FILL"

_KIND = {
    "CSD": FlowKind.DEPOSIT,
    "CSW": FlowKind.WITHDRAWAL,
    "CGD": FlowKind.DIVIDEND,
    "DIVFEE": FlowKind.FEE,
    "FEE": FlowKind.FEE,
    "CFEE": FlowKind.FEE,
    "PTC": FlowKind.FEE,
    "PTR": FlowKind.FEE,
    "SPLIT": FlowKind.SPLIT,
    "SSP": FlowKind.SPLIT,
    "DIVROC": FlowKind.RETURN_OF_CAPITAL,
    "OPTRD": FlowKind.EXERCISE,
    "SPIN": FlowKind.CORPORATE_ACTION,
    "SSO": FlowKind.CORPORATE_ACTION,
    "MA": FlowKind.CORPORATE_ACTION,
    "NC": FlowKind.CORPORATE_ACTION,
    "REORG": FlowKind.CORPORATE_ACTION,
}
_FAMILY = {"DIV": FlowKind.DIVIDEND, "INT": FlowKind.INTEREST}
_MOVES_CASH_EITHER_WAY = frozenset({"JNL", "JNLC", "ACATC", "TRANS"})


def fill(row: Row, account: str) -> Fill:
    """One execution. Alpaca charges fees apart, as activities of the next day, so the fee is 0."""
    quantity = row.number("qty")
    price = row.price("price")
    if quantity <= ZERO:
        raise row.problem("qty")
    if price is None:
        raise row.problem("price")
    return Fill(
        execution_id=row.text("id"),
        account=account,
        broker_order_id=row.text("order_id"),
        symbol=row.text("symbol"),
        side=row.side("side"),
        quantity=Quantity(quantity),
        price=price,
        fee=Money(ZERO),
        at=row.instant("transaction_time"),
    )


def flow(row: Row, account: str) -> CashFlow | None:
    """One activity that is not a fill; None for a fill and for one that was canceled."""
    code = row.text("activity_type")
    if code == FILL or row.text("status", "") == "canceled":
        return None
    amount = row.number("net_amount", ZERO)
    kind = flow_kind(code, amount)
    if code == "DIV" and row.text("activity_sub_type", "") == "ROC":
        kind = FlowKind.RETURN_OF_CAPITAL
    return CashFlow(
        flow_id=row.text("id"),
        account=account,
        kind=kind,
        amount=Money(-abs(amount) if code == "CSW" else amount),
        day=row.day("date" if row.has("date") else "created_at"),
        symbol=row.text("symbol") if row.has("symbol") else None,
        ratio=_ratio(row) if kind is FlowKind.SPLIT else None,
        quantity=row.quantity("qty") if kind is FlowKind.EXERCISE else None,
    )


def flow_kind(code: str, amount: Decimal) -> FlowKind:
    """What an activity type means to a portfolio; a transfer of cash by the sign of its amount."""
    if code in _KIND:
        return _KIND[code]
    if code in _MOVES_CASH_EITHER_WAY:
        return FlowKind.DEPOSIT if amount >= ZERO else FlowKind.WITHDRAWAL
    return _FAMILY.get(code[:3], FlowKind.OTHER)


def _ratio(row: Row) -> Decimal | None:
    """New units per old one, where the row carries both rates."""
    details = row.fields.get("details")
    for place in (row, Row(row.kind, details) if isinstance(details, dict) else row):
        old, new = place.quantity("old_rate"), place.quantity("new_rate")
        if old is not None and new is not None:
            if old <= ZERO or new <= ZERO:
                raise Unreadable(f"{row.kind} {row.text('id')}: a split of {new} for {old}")
            with exact_arithmetic():
                return new / old
    return None
