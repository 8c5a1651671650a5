"""The target in force: where its weights come from today, and what happens when a source fails.

Each look asks the source before it decides, and the answer is recorded with the policy, so that the
decision and its target can be reached again from the journal alone. A source that fails, or whose
weights do not pass, changes nothing: the last weights that passed stay in force, and it is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import assert_never

from config.target_settings import SourceKind, TargetSettings
from daemon.journal.codec import Undecodable, read_policy
from daemon.targets.feed import NoWeights, from_feed, from_file
from daemon.targets.plugin import from_plugin
from daemon.targets.profiles import profile_source
from daemon.targets.series import read_series
from policies.policy import Policy
from policies.targets.overlay import readings_on
from policies.targets.sources import (
    Fixed,
    Given,
    GlidePath,
    Goals,
    Overlay,
    Source,
    Weighing,
    signals_of,
)
from policies.targets.weighing import reason_for, weights_on
from portfolio.canonical import canonical
from portfolio.money import ZERO, Weight
from portfolio.ports import JournalReader
from portfolio.reweigh import out_of_bounds, reweighed
from portfolio.snapshot import Snapshot
from portfolio.target import TargetError

FETCH_EVERY = timedelta(minutes=15)
"""A feed, a file or a plug-in is asked at most this often."""


@dataclass(slots=True, kw_only=True)
class Targets:
    """Where one household's weights come from. `trouble` is why the source gave none last time, and
    `is_urgent` whether a person must hear of it at once; `hung` is when a plug-in was ended, and why.

    `in_force` is the policy with the weights that passed last, None before the first look of this
    process; `at_open` the leaf weights in force when the session of `at_open_day` began.
    """

    settings: TargetSettings
    base: Policy
    state_dir: Path
    in_force: Policy | None = None
    trouble: str = ""
    at_open: Mapping[str, Weight] = field(default_factory=dict)
    at_open_day: date = date.min
    asked: tuple[datetime, Given] | None = None
    hung: tuple[datetime, NoWeights] | None = None
    is_urgent: bool = False


def policy_now(targets: Targets, snapshot: Snapshot, journal: JournalReader) -> Policy:
    """The policy with today's weights. The same object as before as long as they are the same."""
    settings, base = targets.settings, targets.base
    if settings.is_as_typed:
        return base
    if targets.in_force is None:
        targets.in_force = _last_recorded(base, journal)
    last = targets.in_force or base
    if targets.at_open_day != snapshot.day:
        targets.at_open, targets.at_open_day = last.target.leaf_weights, snapshot.day
    try:
        found = _weighed(targets, snapshot, last)
    except (NoWeights, TargetError) as problem:
        targets.trouble = str(problem)
        targets.is_urgent = isinstance(problem, NoWeights) and problem.urgent
        return last
    targets.trouble, targets.is_urgent = "", False
    if last.weighing is not None and _same(last, found):
        targets.in_force = last
    else:
        targets.in_force = found
    return targets.in_force


def _weighed(targets: Targets, snapshot: Snapshot, last: Policy) -> Policy:
    settings, base, day = targets.settings, targets.base, snapshot.day
    weighing = Weighing(
        source=_source(targets, snapshot, last),
        day=day,
        base=base.target.leaf_weights,
        growth=settings.growth,
        classes=settings.classes,
        kept=settings.kept,
        overlay=_overlay(settings, day),
    )
    target = reweighed(base.target, weights_on(day, weighing))
    if said := out_of_bounds(target):
        raise NoWeights(said[0])
    policy = replace(base, target=target, weighing=weighing)
    if isinstance(weighing.source, Given) and last.weighing is not None:
        _check_change(targets, policy.target.leaf_weights)
    return policy


def _check_change(targets: Targets, weights: Mapping[str, Weight]) -> None:
    """Half the sum of moves since the session began must stay within the setting."""
    moved = sum((abs(w - targets.at_open.get(n, ZERO)) for n, w in weights.items()), ZERO) / 2
    most = targets.settings.max_change
    if moved > most:
        raise NoWeights(
            f"the weights moved {moved * 100:.1f} points in a day, at most {most * 100:.1f} are taken"
        )


def _source(targets: Targets, snapshot: Snapshot, last: Policy) -> Source:
    settings, day = targets.settings, snapshot.day
    match settings.kind:
        case SourceKind.FIXED:
            return Fixed()
        case SourceKind.GLIDE_PATH:
            if settings.until is None:
                raise NoWeights("the glide path has no date")
            return GlidePath(until=settings.until, nodes=settings.nodes, step=settings.step)
        case SourceKind.GOALS:
            return Goals(goals=settings.goals, step=settings.step)
        case SourceKind.RISK_PROFILE:
            return profile_source(targets.state_dir, day)
        case SourceKind.FILE | SourceKind.FEED | SourceKind.PLUGIN | SourceKind.OPTIMISER:
            return _asked(targets, snapshot, last)
        case _:
            assert_never(settings.kind)


def _asked(targets: Targets, snapshot: Snapshot, last: Policy) -> Given:
    """The answer of a source outside, asked anew when the last answer is old enough."""
    if targets.asked is not None and snapshot.as_of < targets.asked[0] + FETCH_EVERY:
        return targets.asked[1]
    if targets.hung is not None and snapshot.as_of < targets.hung[0] + FETCH_EVERY:
        raise targets.hung[1]
    try:
        given = _ask(targets, snapshot, last)
    except NoWeights as problem:
        targets.hung = (snapshot.as_of, problem) if problem.urgent else None
        raise
    targets.hung = None
    age = snapshot.day - given.as_of
    if age > targets.settings.max_age:
        raise NoWeights(
            f"the weights of {given.origin} are of {given.as_of}, {age.days} days old; "
            f"at most {targets.settings.max_age.days} are taken"
        )
    if age < timedelta(days=-1):
        raise NoWeights(f"the weights of {given.origin} are of {given.as_of}, in the future")
    targets.asked = snapshot.as_of, given
    return given


def _ask(targets: Targets, snapshot: Snapshot, last: Policy) -> Given:
    settings = targets.settings
    if settings.kind is SourceKind.PLUGIN:
        return from_plugin(
            settings.plugin, snapshot, last.target.leaf_weights, settings.plugin_deadline
        )
    if settings.kind is SourceKind.FEED:
        return from_feed(settings.url, settings.public_key, settings.ca_file)
    if settings.file is None:
        raise NoWeights(f"source {settings.kind.value} has no file")
    if settings.kind is SourceKind.FILE:
        return from_file(settings.file, settings.public_key)
    from daemon.targets.optimiser import from_optimiser

    return from_optimiser(settings, targets.base, snapshot.day, last)


def _overlay(settings: TargetSettings, day: date) -> Overlay | None:
    if not settings.signals or (settings.tilt_until is not None and day >= settings.tilt_until):
        return None
    series = {name: read_series(path, name) for name, path in settings.series.items()}
    return Overlay(
        alphas={rule.name: rule.alpha for rule in settings.signals},
        readings=readings_on(day, settings.signals, series),
        bounds=settings.bounds,
        covariance=settings.covariance,
    )


def _same(before: Policy, after: Policy) -> bool:
    """Whether only the days differ: then the older record stands, with the day since which it does.

    A signal that reads otherwise is news even where bounds leave the weights as they were.
    """
    if before.weighing is None or after.weighing is None:
        return False
    if replace(before, weighing=None) != replace(after, weighing=None):
        return False
    if signals_of(before.weighing) != signals_of(after.weighing):
        return False
    return canonical(before.weighing.source) == canonical(after.weighing.source)


def _last_recorded(base: Policy, journal: JournalReader) -> Policy | None:
    """The policy of the last look, when it still fits the slices as configured."""
    looks = journal.cycles(limit=1)
    if not looks:
        return None
    try:
        last = read_policy(journal, looks[0].policy)
        if last.weighing is None:
            return None
        target = reweighed(base.target, last.target.leaf_weights)
    except (KeyError, Undecodable, TargetError):
        return None
    return replace(base, target=target, weighing=last.weighing)


def target_words(policy: Policy, day: date) -> str:
    """Where a policy's weights come from and since when, in one sentence."""
    weighing = policy.weighing
    if weighing is None:
        return "the weights as typed in"
    days = (day - weighing.day).days
    return f"{reason_for(weighing, weighing.day)}; in force since {weighing.day} ({days} days)"
