"""New answers to the risk profile: scored, held against the older ones and a drawdown, and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from daemon.journal.errors import JournalMissing
from daemon.targets.feed import NoWeights
from daemon.targets.profiles import (
    ASK_AGAIN_DAYS,
    Answered,
    category_in_force,
    in_words,
    profile_on,
    read_answers,
    save_answers,
)
from daemon.wiring import open_reader
from policies.targets.risk_profile import (
    VERSION,
    Category,
    Circumstances,
    Profile,
    category_of,
    profile_of,
    rank_differs,
    score,
)
from portfolio.events import SessionClosed
from portfolio.money import ZERO

DRAWDOWN = Decimal("0.10")
"""From this fall under the year's highest close on, a lower score waits."""
WAITS = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the answers come to. `profile` is theirs alone, `in_force` what counts; None: not kept."""

    points: int
    profile: Profile
    in_force: Profile | None
    file: Path | None
    counts_from: date
    self_rating: int | None = None

    @property
    def is_at_odds(self) -> bool:
        """Whether the own rating is two categories or more away from the score's (RT-2)."""
        rating = self.self_rating
        return rating is not None and rank_differs(self.profile.category, rating)

    @property
    def sentences(self) -> tuple[str, ...]:
        """For a terminal."""
        said = [
            f"Score {self.points} of 13 to 47: {self.profile.category.words} tolerance.",
            f"These answers alone: {in_words(self.profile)}.",
            _terms(self.profile),
        ]
        if self.is_at_odds:
            said.append(
                f"You rate yourself {self.self_rating} of 10, which is two categories or more from the "
                "score. Read the questions again before you rely on either; the score counts."
            )
        if self.file is not None:
            said.append(f"Kept in {self.file}; to be asked again in {ASK_AGAIN_DAYS} days.")
        if self.in_force is not None:
            said.append(f"In force: {in_words(self.in_force)}.")
            if self.in_force.growth != self.profile.growth:
                said.append(
                    f"The category moves by one step a year at most; these answers count from "
                    f"{self.counts_from} on."
                )
        return tuple(said)

    def as_json(self) -> dict[str, object]:
        """For a program; shares are fractions."""
        return {
            "score": self.points,
            "category": self.profile.category.words,
            "profile": _plain(self.profile),
            "in_force": None if self.in_force is None else _plain(self.in_force),
            "counts_from": self.counts_from,
            "self_rating": self.self_rating,
            "self_rating_is_at_odds": self.is_at_odds,
            "file": None if self.file is None else str(self.file),
            "version": VERSION,
        }


def judged(
    given: str, facts: Circumstances, state_dir: Path | None, self_rating: int | None = None
) -> Result:
    """Score answers and keep them in a state directory, if one is given.

    A lower category than the one in force waits 90 days while the household's value is 10 % or more
    under its highest close of a year: answers follow recent returns. Raises `NoWeights` when older
    answers cannot be read or there are some of today already.
    """
    today = datetime.now(UTC).date()
    points = score(given)
    profile = profile_of(category_of(points), facts)
    if state_dir is None:
        return Result(
            points=points,
            profile=profile,
            in_force=None,
            file=None,
            counts_from=today,
            self_rating=self_rating,
        )
    older = read_answers(state_dir)
    waits = _waits(older, profile.category, today, state_dir)
    counts_from = today + WAITS if waits else today
    answered = Answered(
        on=today,
        counts_from=counts_from,
        answers=given.lower(),
        facts=facts,
        self_rating=self_rating,
    )
    try:
        file = save_answers(state_dir, answered)
    except FileExistsError:
        raise NoWeights(
            f"There are answers of {today} already, and none is ever overwritten. "
            "Answer again tomorrow, or remove that file if it was a slip."
        ) from None
    return Result(
        points=points,
        profile=profile,
        in_force=profile_on((*older, answered), today),
        file=file,
        counts_from=counts_from,
        self_rating=self_rating,
    )


def _waits(older: Sequence[Answered], answered: Category, today: date, state_dir: Path) -> bool:
    in_force = category_in_force(older, today)
    return in_force is not None and answered < in_force and drawdown(state_dir) >= DRAWDOWN


def drawdown(state_dir: Path) -> Decimal:
    """How far the last close is under the highest of the last 252 closes, a fraction."""
    try:
        records = open_reader(state_dir).events("session_closed")
    except JournalMissing:
        return ZERO
    values = [r.event.equity for r in records if isinstance(r.event, SessionClosed)][-252:]
    return 1 - values[-1] / max(values) if values and max(values) > ZERO else ZERO


def _terms(profile: Profile) -> str:
    age = "" if profile.age is None else f", 110 minus age {profile.age * 100:.0f} %"
    return (
        f"The smallest counts: tolerance {profile.tolerance * 100:.0f} %, capacity "
        f"{profile.capacity * 100:.0f} %{age}."
    )


def _plain(profile: Profile) -> dict[str, object]:
    return {
        "growth": profile.growth,
        "binding": profile.binding.value,
        "tolerance": profile.tolerance,
        "capacity": profile.capacity,
        "age": profile.age,
        "one_in_twenty_loss": profile.loss,
        "category": profile.category.words,
    }
