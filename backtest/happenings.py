"""What moves cash without an order: contributions and withdrawals, dividends, interest."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal

import numpy as np

from backtest.books import AccountBook
from backtest.history import Dividend, History, HistoryError
from backtest.setup import Flow, Setup
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import CENT, ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came or went at the beginning of a session: dividends and interest, and flows."""

    income: Decimal
    flows: tuple[CashFlow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happenings:
    """All of it by row. `rows` are the rows in which cash moves by itself, rising."""

    rows: tuple[int, ...]
    history: History
    flows: Mapping[int, tuple[Flow, ...]]
    dividends: Mapping[int, tuple[Dividend, ...]]
    interest: tuple[tuple[date, Decimal], ...]
    month_starts: frozenset[int]

    def at(self, row: int, books: dict[str, AccountBook]) -> Moved:
        """Book what happens at the beginning of a row."""
        income, seen = self._income(row, books), []
        for number, flow in enumerate(self.flows.get(row, ())):
            account = flow.account or next(iter(books))
            books[account].cash += flow.amount
            seen.append(self._seen(flow, account, row, number))
        return Moved(income=income, flows=tuple(seen))

    def row_of(self, flow: CashFlow) -> int:
        """The row in which a flow was seen."""
        return bisect_right(self.history.sessions, flow.seen_session or date.min) - 1

    def _seen(self, flow: Flow, account: str, row: int, number: int) -> CashFlow:
        kind = FlowKind.DEPOSIT if flow.amount > ZERO else FlowKind.WITHDRAWAL
        return CashFlow(
            flow_id=f"flow-{row}-{number}",
            account=account,
            kind=kind,
            amount=flow.amount,
            day=flow.day,
            seen_session=self.history.sessions[row],
        )

    def accrue(self, row: int, books: Mapping[str, AccountBook]) -> None:
        """Earn interest up to a row, on the cash that stood since the last call."""
        if not self.interest:
            return
        day = self.history.sessions[row]
        for book in books.values():
            since = book.accrued_through or day
            if book.cash > ZERO and since < day:
                book.accrued += book.cash * _percent_days(self.interest, since, day) / 36500
            book.accrued_through = day

    def _income(self, row: int, books: Mapping[str, AccountBook]) -> Decimal:
        self.accrue(row, books)
        pays_interest = bool(self.interest) and row in self.month_starts
        moved = ZERO
        for book in books.values():
            for dividend in self.dividends.get(row, ()):
                moved += book.earn((book.units(dividend.symbol) * dividend.per_unit).quantize(CENT))
            if pays_interest:
                paid = book.accrued.quantize(CENT, rounding=ROUND_DOWN)
                book.accrued -= paid
                moved += book.earn(paid)
        return moved


def _percent_days(rates: tuple[tuple[date, Decimal], ...], since: date, day: date) -> Decimal:
    """The rate in percent times the days from `since` to `day`, over its changes."""
    place = bisect_right(rates, since, key=lambda rate: rate[0])
    percent = rates[place - 1][1] if place else ZERO
    total, at = ZERO, since
    while place < len(rates) and rates[place][0] < day:
        total += percent * (rates[place][0] - at).days
        at, percent = rates[place]
        place += 1
    return total + percent * (day - at).days


def happenings_of(history: History, setup: Setup) -> Happenings:
    """Place every flow in its session. One before the first session counts in the first; one after
    the last is left out. Raises `HistoryError` for a flow of an account that is not there.
    """
    accounts = {opening.account.id for opening in setup.openings}
    flows: dict[int, tuple[Flow, ...]] = {}
    for flow in setup.flows:
        if flow.account and flow.account not in accounts:
            raise HistoryError(f"a flow of {flow.day} names the account {flow.account!r}")
        row = int(np.searchsorted(history.days, flow.day.toordinal()))
        if row < len(history) and flow.amount:
            flows[row] = (*flows.get(row, ()), flow)
    months = [day.year * 12 + day.month for day in history.sessions] if setup.interest else []
    starts = frozenset(row for row in range(1, len(months)) if months[row] != months[row - 1])
    return Happenings(
        rows=tuple(sorted({*flows, *history.dividends, *starts})),
        history=history,
        flows=flows,
        dividends=history.dividends,
        interest=tuple(sorted(setup.interest)),
        month_starts=starts,
    )
