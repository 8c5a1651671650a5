"""The tax year of a household from its journal: realised, wash sales, form rows, carries, savings."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from config.settings import Settings
from daemon.taxes.ledger import JournalLedger
from daemon.taxes.turnover import turnover_of
from policies.taxes.broker_form import Compared, FormLine, compare, lines_of
from policies.taxes.reporting import (
    Form8949,
    Row,
    expected_1099b,
    form_8949,
    in_year,
    rows_of,
)
from policies.taxes.terms import Term
from policies.taxes.year_to_date import YearToDate, over_budget, year_to_date
from portfolio.accounts import AccountKind
from portfolio.decisions import HarvestStep, Proposal
from portfolio.events import RunOpened
from portfolio.gifts import GiftState
from portfolio.lot_events import GiftMoved
from portfolio.money import ZERO, Money
from portfolio.ports import JournalReader

NO_FILING = (
    "An estimate from this journal: no advice, and no filing. Accounts and trades that are not"
    " listed here are not in it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSum:
    """A term's sales of the year, USD: recognised = proceeds - basis + disallowed."""

    term: str
    sales: int
    proceeds: Money
    basis: Money
    disallowed: Money
    permanently_lost: Money
    recognised: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What one technique saved in the year, by its own estimate when it was done."""

    technique: str
    count: int
    saved: Money
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxYear:
    """The report. `so_far` is None without tax rates; `notes` say what the journal did not know."""

    household: str
    year: int
    as_of: date
    terms: tuple[TermSum, ...]
    form: tuple[Form8949, ...]
    so_far: YearToDate | None
    budgets: tuple[str, ...]
    savings: tuple[Saving, ...]
    notes: tuple[str, ...]
    note: str = NO_FILING


def tax_year(settings: Settings, journal: JournalReader, year: int, as_of: date) -> TaxYear:
    """The year's report as of a day. Raises `NoTaxData` for a year without brackets."""
    policy = settings.policy
    book = JournalLedger(journal).book(policy.lots.household)
    rows = in_year(rows_of(book, as_of), year)
    so_far = None
    if policy.taxes is not None:
        typed = policy.taxes.typed_in(year)
        so_far = year_to_date(rows, policy.taxes.rates, year=year, typed=typed)
    budgets: tuple[str, ...] = ()
    if so_far is not None and policy.taxes is not None:
        used = turnover_of(journal, year)
        told = over_budget(so_far, policy.taxes.budgets, turnover=used)
        budgets = tuple(text for _, text in told)
    return TaxYear(
        household=settings.household.name,
        year=year,
        as_of=as_of,
        terms=tuple(_terms(rows)),
        form=tuple(line for row in rows if (line := form_8949(row)) is not None),
        so_far=so_far,
        budgets=budgets,
        savings=tuple(_savings(journal, settings, year, rows)),
        notes=tuple(_notes(book.notes, rows)),
    )


def _terms(rows: Iterable[Row]) -> Iterator[TermSum]:
    rows = tuple(rows)
    for term, name in ((Term.SHORT, "short-term"), (Term.LONG, "long-term"), (None, "no term")):
        own = [row for row in rows if row.of.term is term and row.recognised is not None]
        if own:
            yield TermSum(
                term=name,
                sales=len(own),
                proceeds=_sum(row.proceeds for row in own),
                basis=_sum(row.basis or ZERO for row in own),
                disallowed=_sum(row.disallowed for row in own),
                permanently_lost=_sum(row.permanently_lost for row in own),
                recognised=_sum(row.recognised or ZERO for row in own),
            )


def _sum(amounts: Iterable[Decimal]) -> Money:
    return Money(sum(amounts, ZERO))


def _notes(said: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
    yield from said
    unknown = [row for row in rows if row.recognised is None]
    if unknown:
        names = ", ".join(sorted({row.of.lot.symbol for row in unknown}))
        yield f"{len(unknown)} sales have no known basis and are in no sum: {names}"


def _savings(
    journal: JournalReader, settings: Settings, year: int, rows: Iterable[Row]
) -> Iterator[Saving]:
    steps = tuple(_harvested(journal, year))
    if steps:
        yield Saving(
            technique="harvesting",
            count=len(steps),
            saved=_sum(step.benefit for step in steps),
            words="losses taken, less the later tax and what trading cost",
        )
    deferred = _sum(row.disallowed - row.permanently_lost for row in rows)
    if deferred > ZERO:
        yield Saving(
            technique="wash sales",
            count=sum(row.disallowed > ZERO for row in rows),
            saved=Money(ZERO),
            words=f"{deferred:,.2f} of loss lives on in the basis of the replacements",
        )
    yield from planned_savings(journal, year)
    yield from _given(journal, settings, year)


def planned_savings(journal: JournalReader, year: int) -> tuple[Saving, ...]:
    """What the accepted rebalances of a year saved against a naive one, technique by technique."""
    saved: dict[str, list[Decimal]] = {}
    for recorded in journal.events("run_opened"):
        event = recorded.event
        if not isinstance(event, RunOpened) or event.run.is_harvest:
            continue
        look = journal.cycle(event.run.opened_cycle)
        if look is None or look.session.year != year or not isinstance(look.decision, Proposal):
            continue
        taxes = look.decision.taxes
        for one in () if taxes is None else taxes.savings:
            if one.amount:
                saved.setdefault(one.technique, []).append(one.amount)
    return tuple(
        Saving(
            technique=technique,
            count=len(amounts),
            saved=_sum(amounts),
            words="as planned, against selling in proportion, first in, first out",
        )
        for technique, amounts in saved.items()
    )


def _harvested(journal: JournalReader, year: int) -> Iterator[HarvestStep]:
    for recorded in journal.events("run_opened"):
        event = recorded.event
        if not isinstance(event, RunOpened) or not event.run.is_harvest:
            continue
        look = journal.cycle(event.run.opened_cycle)
        if look is None or look.session.year != year or not isinstance(look.decision, Proposal):
            continue
        yield from look.decision.harvests


def _given(journal: JournalReader, settings: Settings, year: int) -> Iterator[Saving]:
    taxes = settings.policy.taxes
    gifts = [
        recorded.event.gift
        for recorded in journal.events("gift_moved")
        if isinstance(recorded.event, GiftMoved)
        and recorded.event.state is GiftState.TRANSFERRED
        and recorded.at.year == year
    ]
    if not gifts:
        return
    gain = _sum(
        part.shares * (part.price - part.unit_cost)
        for gift in gifts
        for part in gift.shares
        if part.unit_cost is not None
    )
    from daemon.taxes.gifting import long_rate

    rate = ZERO if taxes is None else long_rate(settings.policy, year)
    yield Saving(
        technique="gifts",
        count=len(gifts),
        saved=Money(gain * rate),
        words=f"a gain of {gain:,.2f} that nobody taxes",
    )


_FORM_COLUMNS = (
    "term",
    "(a) description",
    "(b) acquired",
    "(c) sold",
    "(d) proceeds",
    "(e) basis",
    "(f) code",
    "(g) adjustment",
    "(h) gain or loss",
)


def form_csv(lines: Iterable[Form8949]) -> str:
    """Form 8949's columns as CSV, short-term lines (part I) before long-term ones (part II)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_FORM_COLUMNS)
    for line in sorted(lines, key=lambda one: (one.term is Term.LONG, one.sold)):
        writer.writerow(
            (
                "" if line.term is None else line.term.value,
                line.description,
                line.acquired,
                line.sold,
                line.d,
                line.e,
                line.f,
                line.g,
                line.h,
            )
        )
    return out.getvalue()


def write_form(file: Path, lines: Iterable[Form8949]) -> None:
    """Write the CSV; an existing file is replaced."""
    file.write_text(form_csv(lines), encoding="utf-8")


def reconciled(
    settings: Settings,
    journal: JournalReader,
    broker: Mapping[str, tuple[FormLine, ...]],
    year: int,
    as_of: date,
) -> dict[str, tuple[Compared, ...]]:
    """Account to its broker's lines of a year beside what we expect the broker to report."""
    household = settings.policy.lots.household
    facts = JournalLedger(journal).facts()
    found = {}
    for account, lines in broker.items():
        book = expected_1099b(facts, household, account)
        ours = lines_of(in_year(rows_of(book, as_of), year))
        found[account] = compare([line for line in lines if line.sold.year == year], ours)
    return found


def taxable_accounts(settings: Settings) -> tuple[str, ...]:
    """Ids of the accounts whose broker writes a 1099-B."""
    return tuple(a.id for a in settings.accounts if a.kind is AccountKind.TAXABLE)
