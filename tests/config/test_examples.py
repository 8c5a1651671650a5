"""The example files are read by the same reader as anybody's."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import config
from config.read import read_settings
from config.settings import EventKind, Mode
from portfolio.accounts import Autonomy
from tests.support.command_line import trimtab

EXAMPLES = Path(config.__path__[0]) / "examples"


def test_the_simulated_example_is_a_60_40_of_play_money() -> None:
    settings = read_settings(EXAMPLES / "simulated.toml")
    assert settings.mode is Mode.PAPER
    assert settings.policy.target.symbols == ("US_STOCKS", "US_TREASURIES_10Y")
    assert settings.policy.target.weights["stocks"] == Decimal("0.597")
    assert settings.policy.target.cash_weight == Decimal("0.005")
    assert settings.account("play").autonomy is Autonomy.AUTO
    market = settings.simulation
    assert market is not None
    assert market.prices_file is None
    assert (market.start, market.end) == (date(2007, 10, 1), date(2009, 12, 31))
    assert market.session_length == timedelta(milliseconds=200)
    assert market.openings["play"].cash == Decimal(100_000)
    assert [event.kind for event in market.events] == [EventKind.DEPOSIT, EventKind.STALE_QUOTE]
    assert market.events[0].account == "play"


def test_the_whole_wealth_example_blends_its_models_and_counts_the_pension() -> None:
    settings = read_settings(EXAMPLES / "whole_wealth.toml")
    policy = settings.policy
    assert policy.target.leaf_weights == {
        "shares": Decimal("0.54"),  # 60 % x 80 % + 30 % x 20 %
        "lent": Decimal("0.36"),
        "reserve": Decimal("0.1"),
    }
    assert policy.cash_floor.amount == 18_000
    assert policy.counts == {"Pension": {"lent": 1}}
    assert [one.name for one in settings.holdings] == ["Pension", "House"]


def test_trimtab_check_and_plan_accept_the_whole_wealth_example(tmp_path: Path) -> None:
    example = EXAMPLES / "whole_wealth.toml"
    checked = trimtab("check", example, "--state", tmp_path)
    assert checked.code == 0, checked.err + checked.out
    planned = trimtab("plan", example, "--state", tmp_path)
    assert planned.code == 0, planned.err
    text = " ".join(planned.out.split())
    assert "Pension (40,000.00 USD, valued by hand on 2007-09-30) is never traded" in text
    assert "which is never invested" in text
