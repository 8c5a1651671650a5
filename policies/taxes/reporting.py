"""From exact slices to what a form shows: whole cents that sum up, and Form 8949's columns.

Rounding happens here and nowhere before: half-even to the cent, and what is left of a sale's cent
goes to its last slice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from policies.taxes.events import Acquired, Moved, TaxEvent
from policies.taxes.ledger import TaxBook, replay
from policies.taxes.terms import Term, adjusted_acquired
from policies.taxes.wash import Slice, TaxHousehold
from portfolio.lots import Lot
from portfolio.memory import RealisedYear, RecentLoss
from portfolio.money import ZERO, Money, exact_arithmetic, to_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A realised slice in cents; `pending` is what of its loss a purchase could still disallow.

    recognised = proceeds - basis + disallowed, always to the cent. None where the basis is unknown.
    """

    of: Slice
    proceeds: Money
    basis: Money | None
    gain: Money | None
    disallowed: Money
    permanently_lost: Money
    recognised: Money | None
    pending: Money = Money(ZERO)  # noqa: RUF009


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over rows; `pending` losses are inside `recognised` until their window is over."""

    recognised: Money
    disallowed: Money
    permanently_lost: Money
    pending: Money

    @property
    def confirmed(self) -> Money:
        """What no purchase can change any more."""
        return Money(self.recognised + self.pending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form8949:
    """A line of Form 8949: (d) proceeds, (e) basis, (f) code, (g) adjustment, (h) gain or loss.

    `acquired` is what column (b) shows: the day bought, or "INHERITED"; wash sales adjust (g) and the
    box by term, never the date.
    """

    description: str
    acquired: str
    sold: date
    term: Term | None
    d: Money
    e: Money
    f: str
    g: Money
    h: Money


def rows_of(book: TaxBook, as_of: date) -> tuple[Row, ...]:
    """Every slice in cents, in the order realised; `as_of` tells which losses are still pending."""
    pending = {id(loss.of): loss.loss for loss in book.open_losses if as_of <= loss.last_day}
    rows: list[Row] = []
    with exact_arithmetic():
        for _, group in groupby(book.slices, key=lambda piece: (piece.sale, piece.account)):
            pieces = list(group)
            proceeds = in_cents([piece.proceeds for piece in pieces])
            known = in_cents([piece.basis for piece in pieces if piece.basis is not None])
            bases = iter(known)
            for piece, money in zip(pieces, proceeds, strict=True):
                basis = None if piece.basis is None else next(bases)
                rows.append(_row(piece, money, basis, pending.get(id(piece), Money(ZERO))))
    return tuple(rows)


def in_cents(amounts: Sequence[Decimal]) -> tuple[Money, ...]:
    """Amounts rounded to cents that sum to the rounded sum; the last one takes what is left.

    >>> in_cents([Decimal(100) / 3] * 3)
    (Decimal('33.33'), Decimal('33.33'), Decimal('33.34'))
    """
    if not amounts:
        return ()
    rounded = [to_cents(amount) for amount in amounts[:-1]]
    whole = to_cents(sum(amounts, ZERO))
    return (*rounded, Money(whole - sum(rounded, ZERO)))


def _row(piece: Slice, proceeds: Money, basis: Money | None, pending: Money) -> Row:
    gain = None if basis is None else Money(proceeds - basis)
    disallowed = to_cents(piece.disallowed)
    if gain is not None and piece.gain is not None and piece.disallowed == -piece.gain:
        disallowed = Money(max(ZERO, -gain))  # a loss that is wholly disallowed leaves no cent
    lost = to_cents(piece.permanently_lost)
    return Row(
        of=piece,
        proceeds=proceeds,
        basis=basis,
        gain=gain,
        disallowed=disallowed,
        permanently_lost=disallowed if piece.permanently_lost == piece.disallowed else lost,
        recognised=None if gain is None else Money(gain + disallowed),
        pending=to_cents(pending),
    )


def totals_of(rows: Iterable[Row]) -> Totals:
    """The sums; a row without a gain adds nothing to it."""
    rows = tuple(rows)
    return Totals(
        recognised=Money(sum((r.recognised or ZERO for r in rows), ZERO)),
        disallowed=Money(sum((r.disallowed for r in rows), ZERO)),
        permanently_lost=Money(sum((r.permanently_lost for r in rows), ZERO)),
        pending=Money(sum((r.pending for r in rows), ZERO)),
    )


def in_year(rows: Iterable[Row], year: int) -> tuple[Row, ...]:
    """The rows sold in a tax year; the trade date decides."""
    return tuple(row for row in rows if row.of.sold_on.year == year)


def realised_in(book: TaxBook, day: date) -> RealisedYear:
    """What the year of a day realised by it, by term, after wash sales; pending losses are in it."""
    own = tuple(piece for piece in book.slices if piece.sold_on.year == day.year)
    rows = rows_of(replace(book, slices=own), day)
    known = [(row.of.term, row.recognised) for row in rows if row.recognised is not None]
    return RealisedYear(
        year=day.year,
        short=Money(sum((gain for term, gain in known if term is Term.SHORT), ZERO)),
        long=Money(sum((gain for term, gain in known if term is Term.LONG), ZERO)),
    )


def form_8949(row: Row) -> Form8949 | None:
    """The form's line for a slice; None where its basis is not known."""
    if row.basis is None or row.recognised is None:
        return None
    lot = row.of.lot
    bought = "" if lot.acquired_on is None else lot.acquired_on.isoformat()
    return Form8949(
        description=f"{lot.quantity.normalize():f} {lot.symbol}",
        acquired="INHERITED" if lot.always_long else bought,
        sold=row.of.sold_on,
        term=row.of.term,
        d=row.proceeds,
        e=row.basis,
        f="W" if row.disallowed > ZERO else "",
        g=row.disallowed,
        h=row.recognised,
    )


def expected_1099b(events: Iterable[TaxEvent], household: TaxHousehold, account: str) -> TaxBook:
    """What one account's broker will report: wash sales of the same account and symbol alone.

    Reg. 1.6045-1(d)(6)(iii) has a broker look no further. Shares moved in from another account come
    with what that account's broker knew of them.
    """
    whole = tuple(events)
    moves = tuple(event for event in whole if isinstance(event, Moved))
    known = {account} | {move.account for move in moves if move.to == account}
    own = tuple(event for event in whole if _account_of(event) in known)
    book = replay(own, replace(household, groups={}, separate_accounts=True))
    return replace(
        book,
        lots=book.lots_of(account),
        slices=tuple(piece for piece in book.slices if piece.account == account),
        open_losses=tuple(loss for loss in book.open_losses if loss.of.account == account),
    )


def _account_of(event: TaxEvent) -> str:
    return event.lot.account if isinstance(event, Acquired) else event.account


def adjusted_day(lot: Lot) -> date | None:
    """The day from which a lot's holding period counts; None when its date is not known."""
    return None if lot.acquired_on is None else adjusted_acquired(lot.acquired_on, lot.tacked_days)


def recent_losses(book: TaxBook, day: date) -> tuple[RecentLoss, ...]:
    """Losses that a purchase on the day would still wash, the oldest first."""
    found = (
        RecentLoss(
            account=loss.of.account,
            symbol=loss.symbol,
            sold_on=loss.of.sold_on,
            quantity=loss.quantity,
            loss=loss.loss,
        )
        for loss in book.open_losses
        if loss.of.sold_on <= day <= loss.last_day
    )
    return tuple(sorted(found, key=lambda loss: (loss.sold_on, loss.account, loss.symbol)))
