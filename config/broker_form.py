"""A broker's 1099-B as CSV into lines; every problem names its line and what to write."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from policies.taxes.broker_form import FormLine
from portfolio.money import Money, Quantity

COLUMNS = ("symbol", "quantity", "acquired", "sold", "proceeds", "basis", "disallowed")
_ALSO: Mapping[str, str] = {
    "ticker": "symbol",
    "shares": "quantity",
    "qty": "quantity",
    "date acquired": "acquired",
    "date_acquired": "acquired",
    "date sold": "sold",
    "date_sold": "sold",
    "date sold or disposed": "sold",
    "cost basis": "basis",
    "cost_basis": "basis",
    "cost or other basis": "basis",
    "wash sale loss disallowed": "disallowed",
    "wash_sale_loss_disallowed": "disallowed",
    "wash sale": "disallowed",
}
_NO_DATE = {"", "various", "unknown", "inherited"}
_FORMS = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y")


class FormFileError(Exception):
    """A file that is no 1099-B as CSV; the message says where and what to write."""


def read_form(file: Path) -> tuple[FormLine, ...]:
    """The lines of a file whose first row names its columns. Raises `FormFileError`, `OSError`.

    Needed are symbol, quantity, acquired, sold, proceeds, basis and disallowed (or a broker's usual
    names of them); dates as 2026-03-09 or 03/09/2026, "various" for more than one purchase.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FormFileError(f"{file} is no text in UTF-8; save it as CSV.") from None
    return tuple(_lines(file, text))


def _lines(file: Path, text: str) -> Iterator[FormLine]:
    reader = csv.reader(text.splitlines())
    head = [name.strip().lower() for name in next(reader, [])]
    names = [_ALSO.get(name, name) for name in head]
    if missing := [name for name in COLUMNS if name not in names]:
        raise FormFileError(
            f"{file} has no column {missing[0]!r}; its first line must name {', '.join(COLUMNS)}."
        )
    for number, cells in enumerate(reader, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        try:
            yield _line(row)
        except (ValueError, KeyError) as problem:
            raise FormFileError(f"{file}, line {number}: {problem}.") from None


def _line(row: Mapping[str, str]) -> FormLine:
    basis = row["basis"]
    return FormLine(
        symbol=row["symbol"].upper(),
        quantity=Quantity(_number("quantity", row["quantity"])),
        acquired=None if row["acquired"].lower() in _NO_DATE else _date(row["acquired"]),
        sold=_date(row["sold"]),
        proceeds=Money(_number("proceeds", row["proceeds"])),
        basis=None if basis.lower() in ("", "unknown") else Money(_number("basis", basis)),
        disallowed=Money(_number("disallowed", row["disallowed"] or "0")),
    )


def _number(name: str, text: str) -> Decimal:
    try:
        found = Decimal(text.replace("$", "").replace(",", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(f"{name} {text!r} is not a number")
    return found


def _date(text: str) -> date:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date; write 2026-03-09")
