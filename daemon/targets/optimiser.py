"""Weights from an optimiser: skfolio over the history of the slices' symbols, once a month.

The only module that imports skfolio, an extra with a lock of its own (requirements-optimise.lock).
Optimised weights fit the past: the bounds of the slices and the largest change a day hold them too.
"""

from datetime import date
from pathlib import Path
from typing import Any, assert_never

import numpy as np

from brokers.simulated.price_file import PriceFileError, read_prices
from config.target_settings import Method, TargetSettings
from daemon.targets.feed import NoWeights
from policies.policy import Policy
from policies.targets.sources import Given
from portfolio.canonical import digest
from portfolio.drift import Block, from_float
from portfolio.money import ONE, ZERO, Weight
from portfolio.reweigh import exact_weights
from portfolio.target import Slice, Target

ORIGIN = "optimiser"
LEAST_SESSIONS = 60
"""Returns that an optimiser needs at least."""


def from_optimiser(settings: TargetSettings, base: Policy, day: date, last: Policy) -> Given:
    """Weights from the sessions until `day`; the last ones again within the same month.

    Raises `NoWeights` without skfolio, for prices that do not cover every symbol, and when the
    optimiser finds no weights within the bounds of the slices.
    """
    if settings.file is None:
        raise NoWeights("the optimiser has no file of prices")
    sessions, returns = _returns(settings.file, base.target, day, settings.lookback_sessions)
    origin = f"{ORIGIN} {settings.method.value}"
    before = None if last.weighing is None else last.weighing.source
    if isinstance(before, Given) and before.origin == origin:
        known = before.as_of
        if (known.year, known.month) == (sessions.year, sessions.month):
            return before
    weights = weights_from(settings.method, returns, base.target)
    return Given(
        origin=origin,
        weights=weights,
        as_of=sessions,
        digest=digest(weights),
        note=f"{len(returns)} sessions of {settings.file.name}",
    )


def weights_from(method: Method, returns: Block, target: Target) -> dict[str, Weight]:
    """Weights of the leaves that are not cash, summing to one, from returns (T, N) in their order.

    Raises `NoWeights`.
    """
    held = [node for node in _leaves(target) if not node.is_cash]
    found = optimised(method, returns, _bounds(held, target))
    names = [node.name for node in held]
    return exact_weights({n: from_float(max(0.0, w)) for n, w in zip(names, found, strict=True)})


def _leaves(target: Target) -> list[Slice]:
    by_name = {node.name: node for node in target.slices}
    return [by_name[leaf] for leaf in target.leaves]


def _bounds(held: list[Slice], target: Target) -> tuple[Block, Block]:
    """Least and most of each slice as shares of what is not cash."""
    invested = ONE - target.cash_weight
    least = [float((node.least or ZERO) / invested) for node in held]
    most = [1.0 if node.most is None else float(min(ONE, node.most / invested)) for node in held]
    return np.array(least), np.array(most)


def _returns(file: Path, target: Target, day: date, sessions: int) -> tuple[date, Block]:
    """The newest session until `day`, and the returns (T, N) of the symbols until it."""
    try:
        table = read_prices(file)
    except (PriceFileError, OSError) as error:
        raise NoWeights(f"the prices of the optimiser: {error}") from None
    missing = [s for s in target.symbols if s not in table.symbols]
    if missing:
        raise NoWeights(f"{file} has no column for {', '.join(missing)}")
    until = sum(session <= day for session in table.sessions)
    columns = [table.symbols.index(s) for s in target.symbols]
    prices = np.array(table.rows[max(0, until - sessions - 1) : until], dtype=np.float64)
    if len(prices) <= LEAST_SESSIONS:
        raise NoWeights(f"{file} has {len(prices)} sessions until {day}; 61 are needed")
    own = prices[:, columns]
    return table.sessions[until - 1], own[1:] / own[:-1] - 1


def optimised(method: Method, returns: Block, bounds: tuple[Block, Block]) -> list[float]:
    """Weights (N,) from returns (T, N) within bounds, summing to one. Raises `NoWeights`."""
    try:
        import skfolio  # noqa: F401  asked for here, so that its absence gets one sentence
    except ImportError:
        raise NoWeights(
            "the optimiser needs skfolio: pip install --require-hashes -r requirements-optimise.lock"
        ) from None
    try:
        model = _model(method, *bounds)
        model.fit(returns)
        weights: list[float] = np.asarray(model.weights_, dtype=np.float64).tolist()
    except Exception as error:  # noqa: BLE001  a solver may raise anything
        raise NoWeights(f"the optimiser finds no weights: {error}") from None
    return weights


def _model(method: Method, least: Block, most: Block) -> Any:
    """The estimator; every method is long only and fully invested."""
    from skfolio import RiskMeasure
    from skfolio.optimization import (
        HierarchicalRiskParity,
        MeanRisk,
        ObjectiveFunction,
        RiskBudgeting,
    )

    within: dict[str, Any] = {"min_weights": least, "max_weights": most}
    match method:
        case Method.MIN_VARIANCE:
            return MeanRisk(risk_measure=RiskMeasure.VARIANCE, **within)
        case Method.MAX_SHARPE:
            aim = ObjectiveFunction.MAXIMIZE_RATIO
            return MeanRisk(objective_function=aim, risk_measure=RiskMeasure.VARIANCE, **within)
        case Method.RISK_PARITY:
            return RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, **within)
        case Method.HIERARCHICAL:
            return HierarchicalRiskParity(risk_measure=RiskMeasure.VARIANCE, **within)
        case _:
            assert_never(method)
