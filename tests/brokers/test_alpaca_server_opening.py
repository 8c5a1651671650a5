"""How a rehearsal begins: its time, its prices, and its command."""

import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from brokers.alpaca_server.clocks import PacedTime
from brokers.alpaca_server.opening import INVENTED, Rehearsal, as_of_today, open_desk
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.settings import SimulatedSettings
from portfolio.money import Quantity
from tests.support.simulated import FLAT, WEEK, HandClock, new_york, week

SUNDAY = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def test_the_market_is_open_on_a_sunday() -> None:
    desk = open_desk(Rehearsal(), HandClock(SUNDAY))
    session = desk.session(desk.now())
    assert session is not None
    assert session.day == date(2026, 11, 22)
    assert desk.market.next_after(SUNDAY).opens_at - session.closes_at == timedelta(minutes=1)


def test_every_invented_symbol_has_a_year_of_prices() -> None:
    desk = open_desk(Rehearsal(), HandClock(SUNDAY))
    assert desk.market.table.symbols == tuple(INVENTED)
    sessions = desk.market.between(date(2025, 12, 1), date(2026, 11, 22))
    assert len(sessions) == 357
    assert desk.market.count_price("VTI", SUNDAY) == Decimal(300)


def test_today_shows_the_last_row_and_yesterday_the_one_before() -> None:
    table = as_of_today(week(VTI=["100.00", "101.00", "102.50"]), WEEK[5])
    shown = dict(zip(table.sessions, (row[0] for row in table.rows), strict=True))
    assert shown[WEEK[5]] == Decimal("102.50")
    assert shown[WEEK[5] - timedelta(days=1)] == Decimal("101.00")
    assert shown[WEEK[5] + timedelta(days=300)] == Decimal("102.50")


def test_a_price_file_and_holdings_make_the_account(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("date,VTI,BND\n2024-03-04,100,50\n2024-03-05,110,51\n")
    rehearsal = Rehearsal(prices=file, positions={"BND": Quantity(Decimal(3))})
    desk = open_desk(rehearsal, HandClock(SUNDAY))
    assert desk.look(lambda books, _: books.held("BND")) == 3
    assert desk.market.count_price("VTI", SUNDAY) == Decimal(110)


def test_paced_time_runs_through_a_session_and_skips_the_night() -> None:
    seconds = [0.0]
    market = SimulatedMarket(SimulatedSettings(prices=FLAT))
    time = PacedTime(market, 75.0, lambda: seconds[0])
    shown = []
    for seconds[0] in (0.0, 37.5, 75.0, 1e9):
        shown.append(time.now())
    assert shown == [
        new_york(WEEK[0], "09:00"),
        new_york(WEEK[0], "12:45"),
        new_york(WEEK[1], "09:00"),
        new_york(WEEK[5], "16:30"),
    ]


def start(*options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "daemon.cli.main", "alpaca-server", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_how_to_connect_and_ends_on_a_signal(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with start("--port", "0", "--hold", "VTI=12.5", "--cash", "1_000") as process:
        assert process.stdout is not None
        url = process.stdout.readline().partition("answers at ")[2].split()[0]
        headers = {"APCA-API-KEY-ID": "PKANY", "APCA-API-SECRET-KEY": "any"}
        found = requests.get(f"{url}/v2/account", headers=headers, timeout=20).json()
        assert (found["cash"], found["equity"]) == ("1000", "4750")
        assert requests.get(f"{url}/_faults", headers=headers, timeout=20).status_code == 404
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--cash", "much"), "--cash: 'much' is not an amount"),
        (("--hold", "VTI"), "--hold: '' is not an amount"),
        (("--hold", "NOPE=1"), "has no column for NOPE"),
        (("--prices", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_one_sentence(options: tuple[str, ...], sentence: str) -> None:
    with start("--port", "0", *options) as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode != 0
        assert sentence in errors
        assert "Traceback" not in errors
