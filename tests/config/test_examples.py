"""The example files are read by the same reader as anybody's."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import config
from config.read import read_settings
from config.settings import EventKind, Mode
from portfolio.accounts import Autonomy

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
