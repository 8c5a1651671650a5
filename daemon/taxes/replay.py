"""A history replayed for `trimtab taxes replay`: its book, its rows in cents, and their JSON."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from config.settings import Settings
from config.tax_history import History
from policies.taxes.ledger import TaxBook, replay
from policies.taxes.reporting import Row, Totals, adjusted_day, rows_of, totals_of
from policies.taxes.terms import Term
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import AccountKind
from portfolio.canonical import decimal_text
from portfolio.lots import Lot
from portfolio.money import to_cents

WORDS = {Term.SHORT: "ST", Term.LONG: "LT", None: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A book with its rows, as of a day."""

    book: TaxBook
    rows: tuple[Row, ...]
    totals: Totals
    as_of: date


def replayed(history: History, household: TaxHousehold, as_of: date) -> Replayed:
    """Run a history through the ledger."""
    book = replay(history.events, household)
    rows = rows_of(book, as_of)
    return Replayed(book=book, rows=rows, totals=totals_of(rows), as_of=as_of)


def household_of(settings: Settings) -> TaxHousehold:
    """Accounts and identity groups of a configuration."""
    return TaxHousehold(
        accounts={
            account.id: TaxAccount(taxable=account.kind is AccountKind.TAXABLE)
            for account in settings.accounts
        },
    )


def as_json(one: Replayed) -> dict[str, object]:
    """Realised slices, open lots and totals; amounts in USD with cents, as text."""
    open_lots = sorted(one.book.lots, key=lambda lot: (lot.acquired_on or date.min, lot.lot_id))
    return {
        "realized": [_row(row) for row in one.rows],
        "open_lots": [_lot(lot) for lot in open_lots],
        "totals": {
            "recognized": cents(one.totals.recognised),
            "disallowed": cents(one.totals.disallowed),
            "permanently_lost": cents(one.totals.permanently_lost),
        },
    }


def _row(row: Row) -> dict[str, object]:
    return {
        "sale": row.of.sale,
        "lot": row.of.lot.lot_id,
        "qty": decimal_text(row.of.lot.quantity),
        "term": WORDS[row.of.term],
        "proceeds": cents(row.proceeds),
        "basis": cents(row.basis),
        "raw_gain": cents(row.gain),
        "disallowed": cents(row.disallowed),
        "permanently_lost": cents(row.permanently_lost),
        "recognized": cents(row.recognised),
    }


def _lot(lot: Lot) -> dict[str, object]:
    adjusted = adjusted_day(lot)
    return {
        "lot": lot.lot_id,
        "acct": lot.account,
        "symbol": lot.symbol,
        "qty": decimal_text(lot.quantity),
        "basis": cents(lot.basis),
        "acquired": None if lot.acquired_on is None else lot.acquired_on.isoformat(),
        "tacked_days": lot.tacked_days,
        "adjusted_acquired": None if adjusted is None else adjusted.isoformat(),
        "is_replacement": lot.is_replacement,
    }


def cents(amount: Decimal | None) -> str | None:
    """An amount with its two places; None where it is not known."""
    return None if amount is None else f"{to_cents(amount) + 0:.2f}"
