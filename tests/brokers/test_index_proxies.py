"""The shipped price history: how it is made, and that it is what SOURCES.md says."""

import csv
import hashlib
import re
import zipfile
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from scripts import rebuild_prices
from scripts.rebuild_prices import Yields, read_source, rebuild, treasury_return

DATA = Path(__file__).parents[2] / "brokers" / "simulated" / "data"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def levels(symbol: str) -> dict[date, Decimal]:
    table = rows("us_stocks_treasuries.csv")
    return {date.fromisoformat(row["date"]): Decimal(row[symbol]) for row in table}


def both(ten_year: str, three_month: str = "0.01") -> Yields:
    return Yields(ten_year=Decimal(ten_year), three_month=Decimal(three_month))


# How it is made


def test_a_par_bond_at_an_unchanged_yield_earns_its_carry_alone() -> None:
    change = treasury_return(Decimal("0.0365"), Decimal("0.0365"), days=1)
    assert round(change, 12) == Decimal("0.0001")  # 3.65 % / 365


def test_a_four_percent_bond_is_worth_92_point_2054_at_five_percent() -> None:
    """By hand: 2 x (1 - 1.025^-20) / 0.025 + 100 x 1.025^-20 = 31.17832 + 61.02709 = 92.20542."""
    change = treasury_return(Decimal("0.04"), Decimal("0.05"), days=0)
    assert round(100 + 100 * change, 4) == Decimal("92.2054")


def test_a_falling_yield_is_a_gain() -> None:
    assert treasury_return(Decimal("0.05"), Decimal("0.04"), days=1) > 0


def test_carry_counts_calendar_days_so_a_weekend_earns_three() -> None:
    level = Decimal("0.0365")
    friday_to_monday = treasury_return(level, level, days=3)
    assert round(friday_to_monday, 12) == Decimal("0.0003")


def test_a_session_without_a_yield_takes_the_one_before_and_is_counted() -> None:
    days = [date(2007, 10, day) for day in (4, 5, 8, 9)]
    returns = dict.fromkeys(days[1:], Decimal("0.01"))
    yields = {days[0]: both("0.05"), days[1]: both("0.0365", "0.02"), days[3]: both("0.05")}
    history = rebuild(returns, yields)
    assert history.carried == [date(2007, 10, 8)]
    holiday = history.rows[2]
    carry_alone = history.rows[1].treasuries * Decimal("1.0003")
    assert abs(holiday.treasuries - carry_alone) < Decimal("0.0001")
    assert holiday.bill_rate_percent == Decimal("2.00")


def test_a_history_starts_at_100_before_the_first_return_and_ends_with_the_last_yield() -> None:
    returns = {date(2007, 10, day): Decimal("0.10") for day in (5, 8, 9)}
    yields = {date(2007, 10, day): both("0.05") for day in (3, 4, 5, 8)}
    history = rebuild(returns, yields)
    assert [row.session.day for row in history.rows] == [4, 5, 8]
    assert [str(row.stocks) for row in history.rows] == ["100.0000", "110.0000", "121.0000"]


def small_source(folder: Path) -> Path:
    market = folder / "zipline/resources/market_data"
    market.mkdir(parents=True)
    (market / "SPY_benchmark.csv").write_text(
        "date,return\n2007-10-05 00:00:00+00:00,0.01\n2007-10-08 00:00:00+00:00,-0.01\n"
    )
    (market / "treasury_curves.csv").write_text(
        "Time Period,3month,10year\n2007-10-04 00:00:00+00:00,0.0395,0.0454\n"
        "2007-10-05 00:00:00+00:00,0.0391,0.0465\n2007-10-08 00:00:00+00:00,,0.0465\n"
        "2007-10-09 00:00:00+00:00,0,0.0467\n"
    )
    info = folder / "zipline_reloaded-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: zipline-reloaded\nVersion: 9.9\n")
    return folder


def test_a_wheel_and_its_unpacked_folder_give_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small_source(tmp_path / "unpacked")
    wheel = tmp_path / "zipline_reloaded-9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, str(path.relative_to(folder)))
    made: list[dict[str, str]] = []
    for source in (folder, wheel):
        out = tmp_path / f"from-{source.suffix or 'folder'}"
        monkeypatch.setattr(rebuild_prices, "DATA", out)
        rebuild_prices.main([str(source)])
        made.append({path.name: path.read_text() for path in out.iterdir()})
    assert made[0] == made[1]
    assert made[0]["us_bills.csv"].splitlines() == [
        "date,bill_rate_percent",
        "2007-10-04,3.95",
        "2007-10-05,3.91",
        "2007-10-08,3.91",
    ]
    assert "1 of them lack a yield" in capsys.readouterr().out


def test_a_folder_that_is_no_wheel_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is no wheel of zipline-reloaded"):
        read_source(tmp_path)


# What is shipped


def test_sources_names_every_file_with_its_count_and_checksum() -> None:
    page = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    listed = re.findall(r"\| `(\S+\.csv)` \| ([\d,]+) \| `([0-9a-f]{64})` \|", page)
    assert {name for name, _, _ in listed} == {path.name for path in DATA.glob("*.csv")}
    for name, count, checksum in listed:
        assert len(rows(name)) == int(count.replace(",", ""))
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == checksum


def test_the_history_has_6086_sessions_from_january_1993_to_march_2017() -> None:
    sessions = list(levels("US_STOCKS"))
    assert len(sessions) == 6086
    assert (sessions[0], sessions[-1]) == (date(1993, 1, 29), date(2017, 3, 29))


def test_sessions_rise_strictly_and_both_files_have_the_same() -> None:
    sessions = list(levels("US_STOCKS"))
    assert all(earlier < later for earlier, later in pairwise(sessions))
    assert [row["date"] for row in rows("us_bills.csv")] == [str(day) for day in sessions]


def test_no_session_is_a_weekend_and_the_only_week_without_one_is_september_2001() -> None:
    sessions = list(levels("US_STOCKS"))
    assert all(day.weekday() < 5 for day in sessions)
    gaps = [earlier for earlier, later in pairwise(sessions) if (later - earlier).days > 5]
    assert gaps == [date(2001, 9, 10)]


@pytest.mark.parametrize("symbol", ["US_STOCKS", "US_TREASURIES_10Y"])
def test_levels_are_positive_with_four_decimals(symbol: str) -> None:
    assert all(level > 50 and level.as_tuple().exponent == -4 for level in levels(symbol).values())


def test_bill_rates_are_never_negative_and_at_times_zero() -> None:
    rates = [Decimal(row["bill_rate_percent"]) for row in rows("us_bills.csv")]
    assert min(rates) == 0
    assert max(rates) < 7  # the peak of 2000 was 6.42 %


def test_stocks_lost_55_percent_from_october_2007_to_march_2009() -> None:
    """The S&P 500 peaked on 2007-10-09 and bottomed on 2009-03-09."""
    stocks = levels("US_STOCKS")
    crash = {d: level for d, level in stocks.items() if date(2007, 7, 1) < d < date(2009, 12, 31)}
    top, bottom = max(crash, key=crash.__getitem__), min(crash, key=crash.__getitem__)
    assert (top, bottom) == (date(2007, 10, 9), date(2009, 3, 9))
    assert round(stocks[bottom] / stocks[top] - 1, 2) == Decimal("-0.55")


@pytest.mark.parametrize(
    ("year", "published"),
    [(1995, "23.5"), (2002, "15.1"), (2008, "20.1"), (2009, "-11.1"), (2013, "-9.1")],
)
def test_treasuries_earned_about_what_is_published_for_the_year(year: int, published: str) -> None:
    """A. Damodaran, Histretsp.xls, ten-year Treasury bond: an annual bond, so within 2.5 points."""
    treasuries = levels("US_TREASURIES_10Y")
    end = max(day for day in treasuries if day.year == year)
    start = max(day for day in treasuries if day.year == year - 1)
    earned = 100 * (treasuries[end] / treasuries[start] - 1)
    assert abs(earned - Decimal(published)) < Decimal("2.5")
