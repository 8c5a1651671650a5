"""Weights that follow a source, day by day over a history: each knows only what was known that day."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from backtest.history import History
from backtest.setup import Change
from config.settings import Settings
from config.target_settings import SourceKind
from daemon.targets.feed import NoWeights
from daemon.targets.series import read_series
from policies.targets.overlay import readings_on
from policies.targets.sources import (
    Fixed,
    GlidePath,
    Goals,
    Overlay,
    Source,
    Weighing,
    signals_of,
)
from policies.targets.weighing import growth_share, weights_on
from portfolio.money import ZERO, Weight
from portfolio.reweigh import exact_weights, out_of_bounds, reweighed
from portfolio.target import TargetError

_REPLAYED = (SourceKind.FIXED, SourceKind.GLIDE_PATH, SourceKind.GOALS, SourceKind.OPTIMISER)


def what_is_left_out(settings: Settings) -> str:
    """Sentences about what a backtest of these settings does not know of; "" when it knows all."""
    kind, said = settings.target.kind, []
    if kind not in _REPLAYED:
        said.append(
            f"What the source {kind.value} would have said in the past is not known: "
            "the weights as typed in are used."
        )
    if settings.policy.cash_floor.amount > ZERO:
        said.append("The floor of the cash slice is left out: its weight is used.")
    if settings.policy.counts:
        said.append("What is counted without being traded is left out.")
    return " ".join(said)


def where_weights_are_from(settings: Settings) -> str:
    """A sentence about weights that are not those typed in, or that cannot be; "" for typed ones."""
    if settings.target.kind is SourceKind.OPTIMISER:
        return (
            "Weights are optimised out of sample: each month's from the prices through its first "
            f"session, {settings.target.lookback_sessions} of them at most; until there are enough, "
            "those typed in are used."
        )
    return what_is_left_out(settings)


def changes_of(settings: Settings, history: History) -> tuple[Change, ...]:
    """The policies in force over a history, one for each change of the weights or of a signal.

    A glide path and goals are asked for every session, signals and the optimiser in the first of each
    month: the optimiser sees the history's prices through that session and no later one. Weights that
    are outside the bounds of the slices change nothing, as live.
    """
    if settings.target.is_as_typed or settings.target.kind not in _REPLAYED:
        return ()
    base, found = settings.policy, []
    last, said = base.target.leaf_weights, signals_of(None)
    for day, weights, weighing in _weights(settings, history):
        try:
            target = reweighed(base.target, weights)
        except TargetError:
            continue
        says = signals_of(weighing)
        if (target.leaf_weights, says) != (last, said) and not out_of_bounds(target):
            found.append(Change(day=day, policy=replace(base, target=target, weighing=weighing)))
            last, said = target.leaf_weights, says
    return tuple(found)


_Weighed = tuple[date, Mapping[str, Weight], Weighing | None]


def _weights(settings: Settings, history: History) -> Iterator[_Weighed]:
    if settings.target.kind is SourceKind.OPTIMISER:
        for day, weights in _optimised(settings, history):
            yield day, weights, None
        return
    source, before = _source(settings), None
    for row in range(len(history)):
        day = history.sessions[row]
        month = (day.year, day.month) if settings.target.signals else None
        share = None if isinstance(source, Fixed) else growth_share(source, day)
        if (month, share) == before:
            continue
        before = month, share
        try:
            weighing = _weighing(settings, source, day)
            yield day, weights_on(day, weighing), weighing
        except TargetError:
            continue


def _source(settings: Settings) -> Fixed | GlidePath | Goals:
    said = settings.target
    if said.kind is SourceKind.GLIDE_PATH and said.until is not None:
        return GlidePath(until=said.until, nodes=said.nodes, step=said.step)
    if said.kind is SourceKind.GOALS:
        return Goals(goals=said.goals, step=said.step)
    return Fixed()


def _weighing(settings: Settings, source: Source, day: date) -> Weighing:
    said, overlay = settings.target, None
    if said.signals and (said.tilt_until is None or day < said.tilt_until):
        series = {name: read_series(path, name) for name, path in said.series.items()}
        overlay = Overlay(
            alphas={rule.name: rule.alpha for rule in said.signals},
            readings=readings_on(day, said.signals, series),
            bounds=said.bounds,
            covariance=said.covariance,
        )
    return Weighing(
        source=source,
        day=day,
        base=settings.policy.target.leaf_weights,
        growth=said.growth,
        classes=said.classes,
        kept=said.kept,
        overlay=overlay,
    )


def _optimised(settings: Settings, history: History) -> Iterator[tuple[date, Mapping[str, Weight]]]:
    """Out of sample: each month's weights from the sessions through its first one.

    Raises `NoWeights` when there are none even for the first month that could have some.
    """
    answered = False
    from daemon.targets.optimiser import LEAST_SESSIONS, weights_from

    base, said = settings.policy.target, settings.target
    columns = [history.symbols.index(s) for s in base.symbols if s in history.symbols]
    if len(columns) < len(base.symbols):
        return
    own, days = history.prices[:, columns], history.sessions
    for row in range(LEAST_SESSIONS, len(days)):
        if (days[row].year, days[row].month) == (days[row - 1].year, days[row - 1].month):
            continue
        prices = own[max(0, row - said.lookback_sessions) : row + 1]
        try:
            found = weights_from(said.method, np.asarray(prices[1:] / prices[:-1] - 1), base)
        except NoWeights:
            if answered:
                continue
            raise
        answered = True
        cash = {n: base.leaf_weights[n] for n in base.leaves if n not in found}
        invested = 1 - sum(cash.values())
        yield (
            days[row],
            exact_weights({n: cash[n] if n in cash else found[n] * invested for n in base.leaves}),
        )
