"""A backtest follows the sources of weights as the daemon would have, knowing only the past."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backtest.history import History, history_of
from config.read import settings_from
from config.settings import Settings
from daemon.targets import optimiser as target_optimiser
from daemon.targets.feed import NoWeights
from daemon.targets.over_history import changes_of, what_is_left_out
from portfolio.drift import Block
from tests.support.backtests import random_history, weekdays

BASE = """
[household]
name = "core"
[[accounts]]
id = "main"
broker = "simulated"
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "A"
asset_class = "equity"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "B"
asset_class = "bond"
[rebalance]
cash_buffer_percent = 0
"""
HISTORY = random_history(520, ("A", "B"), seed=2)


def settings(more: str = "") -> Settings:
    return settings_from(BASE + more, file=Path("core.toml"))


def test_weights_as_typed_in_never_change() -> None:
    assert changes_of(settings(), HISTORY) == ()
    assert what_is_left_out(settings()) == ""


def test_a_glide_path_moves_down_step_by_step() -> None:
    path = settings('[target]\nsource = "glide_path"\ndate = 2030-01-01\n')
    changes = changes_of(path, HISTORY)
    growth = [float(c.policy.target.leaf_weights["stocks"]) for c in changes]
    assert changes[0].day == HISTORY.sessions[0]
    assert len(growth) > 2
    assert growth == sorted(growth, reverse=True)
    days = [c.day for c in changes]
    assert days == sorted(set(days))


def test_a_source_without_a_past_is_said() -> None:
    profile = settings('[target]\nsource = "risk_profile"\n')
    assert "risk_profile" in what_is_left_out(profile)
    assert changes_of(profile, HISTORY) == ()


def optimiser(file: Path) -> Settings:
    own = settings()
    kind = type(own.target.kind)("optimiser")
    return replace(own, target=replace(own.target, kind=kind, file=file, lookback_sessions=100))


def by_last_return(method: object, returns: Block, bounds: object) -> list[float]:
    """Weights that tell of the newest return that was seen."""
    share = 0.5 + float(np.clip(returns[-1, 0], -0.4, 0.4))
    return [share, 1 - share]


def test_an_optimiser_sees_no_later_price(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(target_optimiser, "optimised", by_last_return)
    before = changes_of(optimiser(tmp_path / "p.csv"), HISTORY)
    row = 300
    prices = HISTORY.prices.copy()
    prices[row + 1 :] *= np.random.default_rng(1).uniform(0.7, 1.4, (len(prices) - row - 1, 2))
    noisy: History = history_of(HISTORY.sessions, HISTORY.symbols, prices)
    after = changes_of(optimiser(tmp_path / "p.csv"), noisy)
    last = HISTORY.sessions[row]
    assert [c for c in before if c.day <= last] == [c for c in after if c.day <= last]
    assert [c for c in before if c.day > last] != [c for c in after if c.day > last]
    assert len([c for c in before if c.day <= last]) > 8
    assert all(c.day >= HISTORY.sessions[60] for c in before)
    months = [(c.day.year, c.day.month) for c in before]
    assert len(set(months)) == len(months)


def test_an_optimiser_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(*_: object) -> list[float]:
        raise NoWeights("the optimiser needs skfolio")

    monkeypatch.setattr(target_optimiser, "optimised", missing)
    with pytest.raises(NoWeights, match="skfolio"):
        changes_of(optimiser(tmp_path / "p.csv"), HISTORY)


def test_a_history_that_ends_before_the_optimiser_can_begin_changes_nothing(tmp_path: Path) -> None:
    days = weekdays(50, date(2024, 1, 2))
    short = history_of(days, ("A", "B"), np.full((50, 2), 10.0))
    assert changes_of(optimiser(tmp_path / "p.csv"), short) == ()
