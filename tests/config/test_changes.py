"""What a reload changed, in the words of the configuration."""

import pytest

from config.changes import changes, needs_restart
from tests.support.configurations import SMALLEST, changed, settings


def test_nothing_changed_says_nothing() -> None:
    commented = settings("# a word\n" + SMALLEST + "[rebalance]\nrest_sessions = 10\n")
    assert changes(settings(), commented) == ()
    assert needs_restart(settings(), commented) == ()


def test_each_change_is_one_line_in_the_words_of_the_file() -> None:
    text = changed("= 60", "= 50.5", changed("= 40", "= 49.5"))
    after = settings(
        text + '[rebalance]\ncalendar = ["monthly", "yearly"]\n[limits]\nmax_order_usd = 25_000\n'
    )
    assert changes(settings(), after) == (
        'slices "stocks": weight_percent was 60, is 50.5',
        'slices "bonds": weight_percent was 40, is 49.5',
        'rebalance.calendar was none, is "monthly", "yearly"',
        "limits.max_order_usd is new: 25000",
    )
    assert changes(after, settings())[-1] == "limits.max_order_usd is gone, it was 25000"
    assert needs_restart(settings(), after) == ()


def test_a_change_of_accounts_needs_a_restart() -> None:
    after = settings(changed('"simulated"', '"simulated"\nautonomy = "auto"'))
    assert changes(settings(), after) == ('accounts "play": autonomy was "propose", is "auto"',)
    assert needs_restart(settings(), after) == ("accounts",)


@pytest.mark.parametrize(
    ("table", "line", "fixed"),
    [
        ("notices", "amounts = true", ("notices",)),
        ("notices", "second_after_minutes = 5", ("notices",)),
        ("notices", "repeat_minutes = 5", ()),
        ("notices", "monthly_review = false", ()),
        ("backup", "keep = 3", ("backup",)),
        ("schedule", "tick_seconds = 30", ("schedule.tick_seconds",)),
        ("schedule", 'watched_folder = "inbox"', ("schedule.watched_folder",)),
        ("schedule", "price_poll_seconds = 120", ()),
        ("schedule", "cancel_orders_on_stop = true", ()),
        ("limits", "max_requests_per_minute = 50", ("limits.max_requests_per_minute",)),
        ("limits", "max_orders_per_day = 50", ()),
        ("halts", "refused_orders = 2", ()),
        ("orders", "cancel_minutes = 5", ()),
        ("reconcile", "confirm_reads = 5", ()),
    ],
)
def test_what_a_running_daemon_is_bound_to_needs_a_restart(
    table: str, line: str, fixed: tuple[str, ...]
) -> None:
    after = settings(f"{SMALLEST}\n[{table}]\n{line}\n")
    assert len(changes(settings(), after)) == 1
    assert needs_restart(settings(), after) == fixed


def test_a_holding_added_elsewhere_is_named() -> None:
    other = '[[accounts]]\nid = "plan"\nbroker = "held_elsewhere"\n'
    before, after = (
        settings(SMALLEST + other),
        settings(SMALLEST + other + "positions = { BND = 5 }\n"),
    )
    assert changes(before, after) == ('accounts "plan": positions.BND is new: 5',)
