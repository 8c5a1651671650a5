"""Histories of trades from JSON or CSV into the facts of the lot ledger.

A history may be one object (accounts, groups, events), a file of several under `cases`, or a table:

    date,type,account,symbol,quantity,amount,id,lots

`type` is buy, drip, sell, exercise, split, cash_in_lieu, return_of_capital, gift, inherit,
transfer_in, transfer, transfer_out, donation, spin_off, merger or name_change; rows of dividends,
interest, fees, deposits and withdrawals are passed over. `amount` is the whole of it in USD net of
fees. `lots` of a sale are "a:10 b:5"; empty, the first in go first. More columns where they are
needed: `ratio` (split, spin_off, merger), `to` (transfer), `into` (spin_off, merger, name_change) and
`basis_percent` (spin_off), `acquired` and `value` (gift, transfer_in), `order` (fills of one order)
and `kind` (of the account: taxable, ira, spouse_ira ...).
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from policies.taxes.events import (
    Acquired,
    Exchanged,
    Moved,
    Renamed,
    ReturnedCapital,
    Sold,
    Split,
    SpunOff,
    TaxEvent,
)
from policies.taxes.wash import TaxAccount
from portfolio.lots import Lot, LotSource
from portfolio.money import FRACTION_OF_SHARE, ZERO, Money, Quantity, finite

_UNTAXED = ("ira", "roth", "401k", "403b", "457", "hsa", "529", "sep", "tax_deferred", "tax_free")
_TAXED = ("taxable", "spouse", "individual", "joint", "brokerage", "trust")
_PURCHASES = {
    "buy": LotSource.BUY,
    "drip": LotSource.DRIP,
    "reinvest": LotSource.DRIP,
    "exercise": LotSource.EXERCISE,
    "transfer_in": LotSource.TRANSFER,
    "inherit": LotSource.INHERITANCE,
    "gift": LotSource.GIFT,
}
_PASSED_OVER = frozenset({"dividend", "interest", "fee", "deposit", "withdrawal", "cash"})
_OTHER_NAMES = {"acct": "account", "qty": "quantity", "order_id": "order", "buy_order_id": "order"}


class HistoryFileError(Exception):
    """A history that cannot be read; says where and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One household's facts, in the order of the file. `accounts` and `groups` as the file says."""

    name: str
    events: tuple[TaxEvent, ...]
    accounts: Mapping[str, TaxAccount] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)


def read_histories(path: Path) -> tuple[History, ...]:
    """All histories of a file; a table or a single object is one. Raises `HistoryFileError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise HistoryFileError(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise HistoryFileError(f"{path} is no text in UTF-8.") from None
    if text.lstrip()[:1] in ("{", "["):
        return tuple(_of_json(path, text))
    return (_of_csv(path, text),)


def _of_json(path: Path, text: str) -> Iterable[History]:
    try:
        found = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as problem:
        raise HistoryFileError(f"{path} is no JSON: {problem}.") from None
    cases = found.get("cases", [found]) if isinstance(found, dict) else found
    if not cases or not all(isinstance(c, dict) and "events" in c for c in cases):
        raise HistoryFileError(
            f'{path}: a history is an object with "events", or several of them under "cases".'
        )
    for number, case in enumerate(cases, start=1):
        name = str(case.get("name") or case.get("id") or number)
        where = f"{path}, {name}"
        yield History(
            name=name,
            events=events_of(where, case["events"]),
            accounts={a: account_kind(where, k) for a, k in case.get("accounts", {}).items()},
            groups={str(s): str(g) for s, g in case.get("groups", {}).items()},
        )


def _of_csv(path: Path, text: str) -> History:
    table = csv.DictReader(text.splitlines())
    names = [name.strip().lower() for name in table.fieldnames or ()]
    table.fieldnames = names
    missing = {"date", "type", "symbol"} - set(names)
    if missing:
        raise HistoryFileError(
            f"{path}: the header lacks {', '.join(sorted(missing))}; it begins"
            " date,type,account,symbol,quantity,amount."
        )
    rows = [{k: v.strip() for k, v in row.items() if k and v and v.strip()} for row in table]
    kinds = {_name(row, "account"): row["kind"] for row in rows if row.get("kind")}
    return History(
        name=path.stem,
        events=events_of(str(path), rows),
        accounts={account: account_kind(str(path), kind) for account, kind in kinds.items()},
    )


def account_kind(where: str, kind: object) -> TaxAccount:
    """taxable, ira, roth, 401k, spouse_taxable, spouse_ira ... as wash sales see them."""
    word = str(kind).strip().lower().replace("-", "_").replace(" ", "_")
    untaxed = any(part in word for part in _UNTAXED)
    if not untaxed and not any(part in word for part in _TAXED):
        raise HistoryFileError(f"{where}: {kind!r} is no kind of account; write taxable or ira.")
    return TaxAccount(taxable=not untaxed, spouse="spouse" in word)


def events_of(where: str, rows: Sequence[Mapping[str, Any]]) -> tuple[TaxEvent, ...]:
    """The facts of rows in the file's words, in their order; a sale without a name is S and its row."""
    events: list[TaxEvent] = []
    for number, row in enumerate(rows, start=1):
        named = {_OTHER_NAMES.get(key, key): value for key, value in row.items()}
        try:
            event = _event(number, named)
        except KeyError as missing:
            raise HistoryFileError(f"{where}, row {number}: {missing} is missing.") from None
        except (ValueError, TypeError) as problem:
            raise HistoryFileError(f"{where}, row {number}: {problem}.") from None
        if event is not None:
            events.append(event)
    return tuple(events)


def _event(number: int, row: Mapping[str, Any]) -> TaxEvent | None:
    kind = str(row["type"]).strip().lower().replace(" ", "_").replace("-", "_")
    if kind in _PASSED_OVER:
        return None
    on, account, symbol = _day(row["date"]), _name(row, "account"), str(row["symbol"]).strip()
    if kind in _PURCHASES:
        return Acquired(on=on, lot=_lot(number, row, _PURCHASES[kind], on))
    match kind:
        case "sell" | "cash_in_lieu":
            return Sold(
                on=on,
                sale=f"S{number}",
                account=account,
                symbol=symbol,
                quantity=_units(row["quantity"]),
                proceeds=_money(row["amount"]),
                lots=_named_lots(row.get("lots")),
            )
        case "split":
            return Split(on=on, account=account, symbol=symbol, ratio=_ratio(row["ratio"]))
        case "return_of_capital" | "roc":
            return ReturnedCapital(
                on=on,
                name=f"R{number}",
                account=account,
                symbol=symbol,
                amount=_money(row["amount"]),
            )
        case "spin_off":
            return SpunOff(
                on=on,
                account=account,
                symbol=symbol,
                into=str(row["into"]).strip(),
                ratio=_ratio(row["ratio"]),
                basis_fraction=finite(str(row["basis_percent"])) / 100,
            )
        case "merger" | "name_change":
            form = Exchanged if kind == "merger" else Renamed
            return form(
                on=on,
                account=account,
                symbol=symbol,
                into=str(row["into"]).strip(),
                ratio=_ratio(row.get("ratio") or 1),
            )
        case "transfer" | "transfer_out" | "donation" | "gift_out":
            return Moved(
                on=on,
                account=account,
                symbol=symbol,
                quantity=_units(row["quantity"]),
                to=str(row["to"]).strip() if kind == "transfer" else "",
                lots=_named_lots(row.get("lots")),
            )
        case _:
            raise ValueError(f"{row['type']!r} is no type of row; write buy, drip, sell, split ...")


def _lot(number: int, row: Mapping[str, Any], source: LotSource, on: date) -> Lot:
    units, cost = _units(row["quantity"]), row.get("amount")
    acquired = row.get("acquired")
    basis = None if cost is None else _money(cost)
    lot = Lot(
        lot_id=str(row.get("id") or f"B{number}"),
        symbol=str(row["symbol"]).strip(),
        quantity=units,
        acquired_on=_acquired(acquired, on),
        basis=basis,
        account=_name(row, "account"),
        buy_order=str(row.get("order") or ""),
        source=source,
        always_long=source is LotSource.INHERITANCE,
    )
    if source is not LotSource.GIFT or basis is None or row.get("value") is None:
        return lot
    return given(lot, _money(row["value"]), on)


def _acquired(value: object, on: date) -> date | None:
    """The day named, else the row's; None where the file says that nobody knows."""
    if value is None:
        return on
    return None if str(value).strip().lower() in ("unknown", "various") else _day(value)


def given(lot: Lot, value: Money, on: date) -> Lot:
    """A gift with the donor's basis and date, worth `value` in all on the day it was given."""
    if lot.basis is None or value >= lot.basis:
        return lot
    return replace(lot, loss_basis=value, loss_acquired_on=on)


def _name(row: Mapping[str, Any], key: str) -> str:
    return str(row.get(key) or row.get("acct") or "main").strip()


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        raise ValueError(f"{value!r} is no date; write 2026-01-31") from None


def _units(value: object) -> Quantity:
    units = _number(value)
    if units <= ZERO:
        raise ValueError(f"a quantity must be above zero, not {value}")
    if units != units.quantize(FRACTION_OF_SHARE):
        raise ValueError(f"{value} has more than nine places")
    return Quantity(units)


def _money(value: object) -> Money:
    amount = _number(value)
    if amount < ZERO:
        raise ValueError(f"an amount is never below zero, not {value}")
    return Money(amount)


def _ratio(value: object) -> Decimal:
    """New units for each old one: 2, 0.1, 1:10 is one for ten."""
    new, colon, old = str(value).partition(":")
    ratio = finite(new.strip()) / finite(old.strip()) if colon else _number(value)
    if ratio <= ZERO:
        raise ValueError(f"a ratio must be above zero, not {value}")
    return ratio


def _number(value: object) -> Decimal:
    return finite(str(value).strip().replace(",", "").removeprefix("$"))


def _named_lots(value: object) -> tuple[tuple[str, Quantity], ...]:
    """[[id, quantity], ...] or the text "id:quantity id:quantity"."""
    if not value:
        return ()
    if isinstance(value, str):
        pairs = [part.rsplit(":", 1) for part in value.replace(";", " ").split()]
    else:
        pairs = list(value)  # type: ignore[call-overload]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"{value!r} names no lots; write id:quantity id:quantity")
    return tuple((str(lot_id), _units(units)) for lot_id, units in pairs)
