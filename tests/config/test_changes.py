"""What a reload changed, in the words of the configuration."""

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


def test_a_holding_added_elsewhere_is_named() -> None:
    other = '[[accounts]]\nid = "plan"\nbroker = "held_elsewhere"\n'
    before, after = (
        settings(SMALLEST + other),
        settings(SMALLEST + other + "positions = { BND = 5 }\n"),
    )
    assert changes(before, after) == ('accounts "plan": positions.BND is new: 5',)
