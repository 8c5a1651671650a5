"""Putting the score card together at the end of the demo."""

from decimal import Decimal
from pathlib import Path

from brokers.simulated.price_file import PriceTable
from config.read import read_settings
from daemon.demo import scorecard
from daemon.demo.script import ACCOUNT, CONFIGURATION
from daemon.journal.audit import Broken, verify
from daemon.journal.opening import open_journal_reader
from daemon.review.course import SESSIONS_A_YEAR
from daemon.review.runs import rebalances
from daemon.wiring import journal_place, open_house
from portfolio.decisions import SliceView
from portfolio.money import ZERO, Money
from portfolio.ports import JournalReader


def tally(state_dir: Path, table: PriceTable) -> scorecard.ScoreCard:
    """Every figure of the last page; the daemon has ended. Reads the journal and the paper account."""
    journal = open_journal_reader(journal_place(state_dir))
    house = open_house(read_settings(state_dir / CONFIGURATION), state_dir)
    rows, looks = scorecard.closes(journal), journal.cycles(limit=1_000_000)
    runs, flows = rebalances(journal), scorecard.flows_of(journal)
    orders, filled, told, silent = scorecard.order_account(journal)
    audited = verify(journal)
    views = _views(journal)
    moved = sum((run.one_way for run in runs[1:]), ZERO)
    average = sum((row.equity for row in rows), ZERO) / max(len(rows), 1)
    years = Decimal(max(len(rows), 1)) / SESSIONS_A_YEAR
    return scorecard.ScoreCard(
        rebalances=runs,
        sessions=len(rows),
        looks=len(looks),
        turnover=moved / average / years if average else ZERO,
        cost=Money(sum((run.cost for run in runs), ZERO)),
        largest_drift=scorecard.largest_drift(rows, views, runs[0].day) if runs else None,
        orders=orders,
        filled=filled,
        not_filled=told,
        unexplained=silent,
        recomputed=len(looks),
        differing=scorecard.differing_cycles(journal, looks),
        audit_rows=0 if isinstance(audited, Broken) else audited.rows,
        audit_fault=f"row {audited.seq}: {audited.reason}" if isinstance(audited, Broken) else "",
        agrees=scorecard.books_agree(journal, ACCOUNT, house.readers[ACCOUNT]),
        deposits=Money(sum((flow.amount for flow in flows), ZERO)),
        kept=scorecard.kept_course(rows, flows),
        never=scorecard.never_course(journal, table, rows, runs),
    )


def _views(journal: JournalReader) -> tuple[SliceView, ...]:
    latest = journal.cycles(limit=1)
    return latest[0].decision.slices if latest else ()
