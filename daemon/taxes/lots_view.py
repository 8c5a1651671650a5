"""What `trimtab lots` shows: the household's lots, how their brokers sell them, what does not agree."""

from dataclasses import dataclass
from datetime import date

from config.settings import Settings
from daemon.journal.codec import read_snapshot
from daemon.taxes.ledger import JournalLedger
from daemon.taxes.replay import WORDS, cents
from policies.taxes.reconcile import Difference, lot_differences
from policies.taxes.relief import relief_in_force
from policies.taxes.reporting import recent_losses
from policies.taxes.terms import days_to_long_term, term_of
from portfolio.accounts import Account, AccountKind, Position
from portfolio.canonical import decimal_text
from portfolio.lots import Lot
from portfolio.memory import RecentLoss
from portfolio.ports import JournalReader


@dataclass(frozen=True, slots=True, kw_only=True)
class LotsView:
    """Accounts with their lots, and what a person should know of them; as of `day`."""

    day: date
    accounts: tuple[Account, ...]
    lots: tuple[Lot, ...]
    relief: tuple[str, ...]
    differences: tuple[Difference, ...]
    recent_losses: tuple[RecentLoss, ...]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For a program; amounts in USD with cents, as text."""
        return {
            "day": self.day,
            "lots": [_plain(lot, self.day) for lot in self.lots],
            "relief": self.relief,
            "differences": [
                {"account": d.account, "symbol": d.symbol, "text": d.text} for d in self.differences
            ],
            "recent_losses": [
                {
                    "account": loss.account,
                    "symbol": loss.symbol,
                    "sold_on": loss.sold_on,
                    "quantity": loss.quantity,
                    "loss": cents(loss.loss),
                    "first_safe_day": loss.first_safe_day,
                }
                for loss in self.recent_losses
            ],
            "notes": self.notes,
        }


def lots_view(
    settings: Settings, journal: JournalReader, today: date, account: str = ""
) -> LotsView:
    """The ledger as the journal has it, against the holdings of its last look."""
    rule = settings.policy.lots
    book = JournalLedger(journal).book(rule.household)
    accounts = tuple(a for a in settings.accounts if account in ("", a.id))
    names = {a.id for a in accounts}
    looks = journal.cycles(limit=1)
    held = _positions(journal, looks[0].snapshot) if looks else {}
    return LotsView(
        day=today,
        accounts=accounts,
        lots=tuple(
            sorted(
                (lot for lot in book.lots if lot.account in names),
                key=lambda lot: (lot.account, lot.symbol, lot.acquired_on or date.min),
            )
        ),
        relief=tuple(_relief(settings, a) for a in accounts if a.kind is AccountKind.TAXABLE),
        differences=tuple(
            difference
            for a in accounts
            if a.id in held
            for difference in lot_differences(a.id, book.lots_of(a.id), held[a.id])
        ),
        recent_losses=recent_losses(book, today),
        notes=book.notes,
    )


def _relief(settings: Settings, account: Account) -> str:
    """How an account's lots are sold, and why not as asked for."""
    method, why = relief_in_force(settings.policy.lots.method, may_name_lots=not account.can_trade)
    return f"{account.id}: {why}" if why else f"{account.id}: lots are sold by {method.value}"


def _positions(journal: JournalReader, ref: str) -> dict[str, tuple[Position, ...]]:
    snapshot = read_snapshot(journal, ref)
    return {a.account.id: a.positions for a in snapshot.accounts if a.positions or a.lots}


def _plain(lot: Lot, day: date) -> dict[str, object]:
    return {
        "account": lot.account,
        "symbol": lot.symbol,
        "lot": lot.lot_id,
        "quantity": decimal_text(lot.quantity),
        "basis": cents(lot.basis),
        "original_basis": cents(lot.cost_before_washes),
        "acquired": lot.acquired_on,
        "tacked_days": lot.tacked_days,
        "is_replacement": lot.is_replacement,
        "term": WORDS[term_of(lot, day)],
        "days_to_long_term": days_to_long_term(lot, day),
    }
