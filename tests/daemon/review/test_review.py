"""The periodic review: from a real journal, the textbook's rise and what was done about it."""

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.world_events import Deposit
from daemon.journal.store import JournalStore
from daemon.observe import observe
from daemon.review.due import letter_due
from daemon.review.letter import written
from daemon.review.page import review_page
from daemon.review.period import NotAPeriod, Period, month_of, parse_period
from daemon.review.review import NothingToReview, review
from daemon.review.risk import risk_of
from daemon.screens.review import review_screen
from daemon.screens.style import console
from daemon.service import session_closed
from policies.policy import Policy
from policies.targets.sources import RiskProfile, Weighing
from portfolio.accounts import Autonomy
from portfolio.canonical import plain
from portfolio.instruments import AssetClass
from portfolio.money import Money, Weight
from portfolio.target import Slice, build_target
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, finish, sixty_forty

MARCH = parse_period("2026-03")


def grown(tmp_path: Path, *, deposit: str = "") -> Rig:
    """60/40 of 100,000 that grows to 75/25 in eight sessions and is brought back, day by day."""
    events = (Deposit(session=DAYS[5], amount=Money(Decimal(deposit))),) if deposit else ()
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
        autonomy=Autonomy.PROPOSE,
        events=events,
    )
    for day in DAYS:
        rig.look(day)
        if day == DAYS[8]:
            approve(rig)
            finish(rig)
        close(rig, day)
    return rig


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> JournalStore:
    """Of the textbook's rise; only read."""
    return grown(tmp_path_factory.mktemp("grown")).journal


def close(rig: Rig, day: date) -> None:
    rig.go_to(day, timedelta(hours=6, minutes=31))
    row = session_closed(observe(rig.house), rig.house)
    assert row is not None
    rig.journal.append(row)


def test_the_review_says_what_was_done_and_why(journal: JournalStore) -> None:
    found = review(journal)
    assert found.period.name == "2026-03"
    assert [one.outcome for one in found.done] == ["complete"]
    (run,) = found.done
    assert "points, fires at" in run.reason
    assert run.orders == run.filled == 3  # a sale, a buy sized at its limit, the rest of it
    assert run.sold == pytest.approx(Decimal(22_500), rel=Decimal("0.01"))
    # the smaller of buys and sells over the average of the closes, by hand from the run itself
    average = sum(float(row.equity) for row in found.closes) / len(found.closes)
    assert found.turnover == pytest.approx(float(min(run.bought, run.sold)) / average)


def test_the_returns_link_the_closes(journal: JournalStore) -> None:
    found = review(journal)
    assert found.returns is not None
    first, last = found.closes[0].equity, found.closes[-1].equity
    assert found.returns.time_weighted == pytest.approx(float(last / first) - 1)
    assert found.returns.money_weighted == pytest.approx(found.returns.time_weighted)


def test_a_deposit_is_no_return(tmp_path: Path) -> None:
    with_money = review(grown(tmp_path, deposit="50000").journal)
    assert with_money.balance is not None
    assert with_money.balance.paid_in == Decimal(50_000)
    balance = with_money.balance
    assert balance.gain == balance.end - balance.start - 50_000
    assert with_money.returns is not None
    assert with_money.returns.time_weighted < float(balance.end / balance.start) - 1


def test_a_quiet_month_says_why_nothing_was_done(tmp_path: Path) -> None:
    flat = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "610", "BND": "390"},
        costs={"STK": "100", "BND": "100"},
    )
    for day in DAYS[:5]:
        flat.look(day)
        close(flat, day)
    found = review(flat.journal)
    assert found.done == ()
    assert found.quiet.held == found.quiet.looks == 5
    assert found.quiet.reasons == (("every slice was inside its band", 5),)
    nearest = found.quiet.nearest[0]
    assert (nearest.name, nearest.drift) == ("stocks", Decimal("0.01"))
    letter = written(flat.journal, MARCH)
    assert letter is not None
    assert "Nothing was traded: 5 looks, all held." in letter.lines


def test_a_class_named_above_a_slice_holds_for_what_is_under_it(tmp_path: Path) -> None:
    half = Weight(Decimal("0.5"))
    target = build_target(
        [
            Slice(name="growth", weight=half, asset_class=AssetClass.EQUITY),
            Slice(name="stocks", weight=Weight(Decimal(1)), parent="growth", symbol="STK"),
            Slice(name="bonds", weight=half, symbol="BND", asset_class=AssetClass.BOND),
        ]
    )
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=target),
        positions={"STK": "500", "BND": "500"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.look(DAYS[0])
    shares = review(rig.journal).spread.exposures["class"]
    assert shares == pytest.approx({"bond": 0.5, "equity": 0.5, "cash": 0.0})
    risk = review(rig.journal).risk
    assert (risk.growth, risk.unknown, risk.profile) == (Decimal("0.5"), 0, None)


def test_growth_beyond_the_profile_is_told_in_points() -> None:
    profile = RiskProfile(
        growth=Decimal("0.55"), answered_on=DAYS[0], version=1, answers="a" * 13, words=""
    )
    weighing = Weighing(source=profile, day=DAYS[0], base={})
    policy = Policy(target=sixty_forty(), weighing=weighing)
    assert "20 points above the profile" in risk_of({"equity": 0.75, "bond": 0.25}, policy).words
    assert (
        "in line with the profile's 55 %" in risk_of({"equity": 0.58, "bond": 0.42}, policy).words
    )


def test_the_next_dates_come_first(journal: JournalStore) -> None:
    found = review(journal)
    assert found.next[0].next_possible == date(2027, 1, 1)


def test_a_month_without_a_look_is_not_reviewed(journal: JournalStore) -> None:
    with pytest.raises(NothingToReview, match="April 2026"):
        review(journal, parse_period("2026-04"))
    assert written(journal, parse_period("2026-04")) is None


def test_a_month_is_written_about_once_and_after_its_last_session(tmp_path: Path) -> None:
    journal = grown(tmp_path).journal
    assert letter_due(journal, DAYS[-1], date(2026, 3, 16)) is None
    assert letter_due(journal, date(2026, 3, 31), date(2026, 4, 1)) == MARCH
    letter = written(journal, MARCH)
    assert letter is not None
    journal.append(letter)
    assert letter_due(journal, date(2026, 3, 31), date(2026, 4, 1)) is None


def test_a_month_whose_end_nobody_saw_is_written_about_later(journal: JournalStore) -> None:
    assert letter_due(journal, date(2026, 4, 2), date(2026, 4, 3)) == MARCH


def test_the_letter_speaks_of_every_slice_and_of_the_plan(journal: JournalStore) -> None:
    letter = written(journal, MARCH)
    assert letter is not None
    text = "\n".join(letter.lines)
    assert "stocks: " in text
    assert "bonds: " in text
    assert "3 of 3 orders filled" in text
    assert "Turnover: " in text


def test_screen_page_and_json_show_the_same_review(journal: JournalStore) -> None:
    found = review(journal)
    out = io.StringIO()
    console(file=out, width=120).print(review_screen(found, columns=120))
    screen, page = out.getvalue(), review_page(found)
    for text in ("time-weighted", "March 2026", found.done[0].reason):
        assert text in screen
        assert text in page
    assert "http" not in page
    assert "<script" not in page
    read = json.loads(json.dumps(plain(found.as_json())))
    assert read["period"]["name"] == "2026-03"
    assert read["done"][0]["orders"] == 3


def test_hostile_names_cannot_break_out_of_the_page(journal: JournalStore) -> None:
    found = replace(review(journal), household="<script>alert(1)</script>")
    assert "<script" not in review_page(found)


@pytest.mark.parametrize("text", ["2026-13", "2026-Q5", "26-01", "march", "0000", "2026-1"])
def test_what_is_no_period_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(NotAPeriod, match=r"write a month 2026-11|no year"):
        parse_period(text)


def test_a_quarter_holds_its_three_months() -> None:
    quarter = parse_period("2026-Q4")
    assert quarter == Period(name="2026-Q4", first=date(2026, 10, 1), last=date(2026, 12, 31))
    assert month_of(date(2026, 12, 31)).first in quarter
    assert date(2026, 9, 30) not in quarter
