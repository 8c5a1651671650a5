"""`[halts]` and `[orders]`: their defaults, their units, and how far they may be loosened."""

from dataclasses import fields
from datetime import timedelta

import pytest

from config.safeguards import Halting, OrderLife
from tests.support.configurations import SMALLEST, refused, settings

MIB = 1024 * 1024

WRITTEN = """
[halts]
refused_orders = 4
clock_skew_seconds = 3
clock_skew_alarm_seconds = 0.5
free_disk_mib = 300
free_disk_alarm_mib = 2048
unreachable_minutes = 20
no_price_looks = 4
stale_price_minutes = 25
check_minutes = 30

[orders]
cancel_minutes = 5
stuck_minutes = 6
lost_lookups = 7
lost_seconds = 480
arrival_minutes = 30
others_rest_minutes = 0
"""


def test_what_is_not_written_is_as_the_table_of_defaults_says() -> None:
    read = settings()
    assert read.halting == Halting(
        refused_orders=3,
        clock_skew=timedelta(seconds=5),
        clock_skew_alarm=timedelta(seconds=2),
        free_disk=200 * MIB,
        free_disk_alarm=1024 * MIB,
        unreachable_after=timedelta(minutes=15),
        check_every=timedelta(minutes=60),
    )
    assert read.order_life == OrderLife(
        cancel_after=timedelta(minutes=10),
        stuck_after=timedelta(minutes=10),
        lost_lookups=5,
        lost_after=timedelta(minutes=5),
        arrival_grace=timedelta(minutes=15),
    )
    assert read.reconciling.cash_fits == 1


def test_each_figure_can_be_written_in_its_own_unit() -> None:
    read = settings(SMALLEST + WRITTEN + "[reconcile]\ncash_fits_usd = 2.5\n")
    assert read.halting == Halting(
        refused_orders=4,
        clock_skew=timedelta(seconds=3),
        clock_skew_alarm=timedelta(milliseconds=500),
        free_disk=300 * MIB,
        free_disk_alarm=2048 * MIB,
        unreachable_after=timedelta(minutes=20),
        no_price_looks=4,
        stale_price_after=timedelta(minutes=25),
        check_every=timedelta(minutes=30),
    )
    assert read.order_life == OrderLife(
        cancel_after=timedelta(minutes=5),
        stuck_after=timedelta(minutes=6),
        lost_lookups=7,
        lost_after=timedelta(minutes=8),
        arrival_grace=timedelta(minutes=30),
        others_rest=timedelta(0),
    )
    assert str(read.reconciling.cash_fits) == "2.5"
    for written, default in ((read.halting, Halting()), (read.order_life, OrderLife())):
        for field in fields(written):
            assert getattr(written, field.name) != getattr(default, field.name)


@pytest.mark.parametrize(
    ("table", "line", "instead"),
    [
        ("halts", "refused_orders = 0", "Write 1 to 10"),
        ("halts", "refused_orders = 11", "Write 1 to 10"),
        ("halts", "clock_skew_seconds = 31", "Write 0.1 to 30 seconds"),
        ("halts", "free_disk_mib = 49", "Write 50 to 1000000"),
        ("halts", "check_minutes = 241", "Write 1 to 240"),
        ("halts", "unreachable_minutes = 0", "Write 1 to 1440"),
        ("orders", "lost_lookups = 4", "Write 5 to 100"),
        ("orders", "lost_seconds = 299", "Write 300 to 3600"),
        ("orders", "arrival_minutes = 14", "Write 15 to 600"),
        ("orders", "stuck_minutes = 61", "Write 1 to 60"),
        ("orders", "cancel_minutes = 391", "Write 1 to 390"),
        ("reconcile", "cash_fits_usd = 101", "Write 0 to 100 USD"),
    ],
)
def test_no_figure_can_be_loosened_until_it_holds_nothing(
    table: str, line: str, instead: str
) -> None:
    (problem,) = refused(f"{SMALLEST}\n[{table}]\n{line}\n")
    assert f"{table}.{line.split(maxsplit=1)[0]}: " in problem
    assert problem.endswith(f"is out of range. {instead}.")


def test_what_pages_comes_before_what_halts() -> None:
    text = SMALLEST + "\n[halts]\nclock_skew_seconds = 1\nfree_disk_mib = 2000\n"
    skew, disk = refused(text)
    assert "halts.clock_skew_alarm_seconds: 2 seconds page, and 1 halt already" in skew
    assert "halts.free_disk_alarm_mib: 1024 MiB page, and 2000 halt already" in disk
