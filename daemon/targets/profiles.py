"""The household's risk questionnaires, kept in the state directory: answers with date and version.

Nothing is ever overwritten: each questionnaire is a file of its own in `profiles/`. What counts is
worked out from all of them, so that one new answer moves the target by one category at most.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from daemon.targets.feed import NoWeights
from policies.targets.glide_path import DAYS_PER_YEAR
from policies.targets.risk_profile import (
    VERSION,
    Category,
    Circumstances,
    Profile,
    category_of,
    category_path,
    profile_of,
    score,
)
from policies.targets.sources import RiskProfile

FOLDER = "profiles"
ASK_AGAIN_DAYS = 365
"""Answers older than this are asked for again; they stay in force meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One questionnaire. `counts_from` is later than `on` when a lower score waits out a drawdown.

    `self_rating` is how willing one calls oneself, 0 to 10; None where it was not asked.
    """

    on: date
    counts_from: date
    answers: str
    facts: Circumstances
    version: int = VERSION
    self_rating: int | None = None


def save_answers(state_dir: Path, answered: Answered) -> Path:
    """Add a questionnaire; raises `FileExistsError` when there is one of that day already."""
    folder = state_dir / FOLDER
    folder.mkdir(mode=0o750, exist_ok=True)
    path = folder / f"{answered.on.isoformat()}.json"
    text = json.dumps(
        {
            "version": answered.version,
            "on": answered.on.isoformat(),
            "counts_from": answered.counts_from.isoformat(),
            "answers": answered.answers,
            "horizon_years": str(answered.facts.horizon_years),
            "age": answered.facts.age,
            "reserve_months": str(answered.facts.reserve_months),
            "income_is_stable": answered.facts.income_is_stable,
            "self_rating": answered.self_rating,
        },
        indent=2,
    )
    with path.open("x", encoding="utf-8") as file:
        file.write(text + "\n")
    return path


def read_answers(state_dir: Path) -> tuple[Answered, ...]:
    """All questionnaires, oldest first; raises `NoWeights` for a file that is none."""
    return tuple(_read(path) for path in sorted((state_dir / FOLDER).glob("*.json")))


def _read(path: Path) -> Answered:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        answered = Answered(
            on=date.fromisoformat(found["on"]),
            counts_from=date.fromisoformat(found["counts_from"]),
            answers=str(found["answers"]),
            facts=Circumstances(
                horizon_years=Decimal(found["horizon_years"]),
                age=None if found["age"] is None else int(found["age"]),
                reserve_months=Decimal(found["reserve_months"]),
                income_is_stable=found["income_is_stable"] is True,
            ),
            version=int(found["version"]),
            self_rating=None if (own := found.get("self_rating")) is None else int(own),
        )
        score(answered.answers)
    except (OSError, ValueError, KeyError, TypeError, InvalidOperation) as error:
        raise NoWeights(f"{path} is no questionnaire of ours: {error}") from None
    return answered


def category_in_force(answered: Sequence[Answered], day: date) -> Category | None:
    """The category that counts on a day; None without a questionnaire that counts yet."""
    counting = [a for a in answered if a.counts_from <= day]
    if not counting:
        return None
    first = counting[0].counts_from
    return category_path(
        [
            (
                Decimal((a.counts_from - first).days) / Decimal(str(DAYS_PER_YEAR)),
                category_of(score(a.answers)),
            )
            for a in counting
        ]
    )


def profile_on(answered: Sequence[Answered], day: date) -> Profile | None:
    """The profile in force on a day: the category as it counts, the newest circumstances.

    The horizon shortens with time from the day on which it was said.
    """
    category = category_in_force(answered, day)
    if category is None:
        return None
    newest = next(a for a in reversed(answered) if a.counts_from <= day)
    passed = Decimal((day - newest.on).days) / Decimal(str(DAYS_PER_YEAR))
    years = int(passed)
    return profile_of(
        category,
        Circumstances(
            horizon_years=max(Decimal(0), newest.facts.horizon_years - passed),
            age=None if newest.facts.age is None else newest.facts.age + years,
            reserve_months=newest.facts.reserve_months,
            income_is_stable=newest.facts.income_is_stable,
        ),
    )


def profile_source(state_dir: Path, day: date) -> RiskProfile:
    """The source of weights that the answers make; raises `NoWeights` without answers."""
    answered = read_answers(state_dir)
    profile = profile_on(answered, day)
    if profile is None:
        raise NoWeights("no questionnaire has been answered; answer one with: trimtab profile")
    newest = next(a for a in reversed(answered) if a.counts_from <= day)
    return RiskProfile(
        growth=profile.growth,
        answered_on=newest.on,
        version=newest.version,
        answers=newest.answers,
        words=in_words(profile),
    )


def in_words(profile: Profile) -> str:
    """The share, what binds it, and what a bad year may take, in one sentence."""
    return (
        f"{profile.growth * 100:.0f} % growth, bound by {profile.binding.value} "
        f"({profile.category.words} tolerance); one year in twenty may lose "
        f"{profile.loss * 100:.1f} % or more"
    )


def is_old(answered: Sequence[Answered], day: date) -> bool:
    """Whether the newest answers are more than a year old."""
    return bool(answered) and (day - answered[-1].on).days > ASK_AGAIN_DAYS
