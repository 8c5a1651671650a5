"""The optimiser: bounds, no look-ahead, once a month, and one sentence where skfolio is missing."""

import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from config.target_settings import Method, SourceKind, TargetSettings
from daemon.targets.feed import NoWeights
from daemon.targets.optimiser import from_optimiser, optimised
from policies.policy import Policy
from portfolio.money import Weight
from portfolio.target import Slice, build_target

BASE = Policy(
    target=build_target(
        [
            Slice(name="a", weight=Weight(Decimal("0.5")), symbol="AAA"),
            Slice(name="b", weight=Weight(Decimal("0.5")), symbol="BBB"),
        ]
    )
)


def prices(tmp_path: Path, sessions: int) -> TargetSettings:
    """Two columns that go up and down by 1 % and by 2 %, independently of one another."""
    lines, a, b = ["date,AAA,BBB"], 100.0, 100.0
    for n in range(sessions):
        a *= 1.01 if n % 2 else 0.99
        b *= 1.02 if n % 4 < 2 else 0.98
        lines.append(f"{date(2025, 1, 1) + timedelta(days=n)},{a:.6f},{b:.6f}")
    file = tmp_path / "prices.csv"
    file.write_text("\n".join(lines) + "\n")
    return TargetSettings(kind=SourceKind.OPTIMISER, file=file)


def test_without_skfolio_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skfolio", None)
    with pytest.raises(NoWeights, match="needs skfolio: pip install"):
        from_optimiser(prices(tmp_path, 100), BASE, date(2025, 4, 1), BASE)


def test_too_little_history_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoWeights, match="40 sessions until 2025-02-09; 61 are needed"):
        from_optimiser(prices(tmp_path, 100), BASE, date(2025, 2, 9), BASE)


def test_a_symbol_without_prices_is_said(tmp_path: Path) -> None:
    other = replace(
        BASE,
        target=build_target([Slice(name="c", weight=Weight(Decimal(1)), symbol="CCC")]),
    )
    with pytest.raises(NoWeights, match="no column for CCC"):
        from_optimiser(prices(tmp_path, 100), other, date(2025, 4, 1), other)


@pytest.mark.parametrize("method", list(Method))
def test_every_method_stays_within_the_bounds(method: Method) -> None:
    pytest.importorskip("skfolio", reason="the extra optimise is not installed")
    returns = np.random.default_rng(1).normal(0.0004, [0.01, 0.005, 0.02], (500, 3))
    least, most = np.array([0.0, 0.1, 0.05]), np.array([1.0, 0.6, 0.5])
    weights = np.array(optimised(method, returns, (least, most)))
    assert abs(weights.sum() - 1) < 1e-6
    assert (weights >= least - 1e-6).all()
    assert (weights <= most + 1e-6).all()


def test_the_least_variance_is_the_inverse_of_the_variances(tmp_path: Path) -> None:
    """Two uncorrelated columns of 1 % and 2 %: four fifths to one fifth."""
    pytest.importorskip("skfolio", reason="the extra optimise is not installed")
    given = from_optimiser(prices(tmp_path, 201), BASE, date(2025, 12, 1), BASE)
    assert abs(given.weights["a"] - Decimal("0.8")) < Decimal("0.01")
