"""The risk profile: what a household wants to bear, what it can bear, and the share that follows.

Tolerance is scored by the key of Grable and Lytton's 13-item scale (Financial Services Review 8,
1999; range 13 to 47). Capacity goes by the horizon, the reserve and the income. The final share is
the smallest of the terms; which one binds is said. The shares by category and horizon are a policy
of this project, not of the literature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from policies.targets.glide_path import age_rule

SCORING_KEY: tuple[tuple[int, ...], ...] = (
    (4, 3, 2, 1),
    (1, 2, 3, 4),
    (1, 2, 3, 4),
    (1, 2, 3),
    (1, 2, 3),
    (1, 2, 3, 4),
    (1, 2, 3, 4),
    (1, 2, 3, 4),
    (1, 3),
    (1, 3),
    (1, 2, 3, 4),
    (1, 2, 3),
    (1, 2, 3, 4),
)
"""Points of each answer, a first, for each of the 13 items."""

VERSION = 1
"""Of the wording and the key; stored beside the answers."""

RESERVE_MONTHS = Decimal(3)
"""A reserve under this many months of spending costs one step of capacity."""

EQUITY_PREMIUM, EQUITY_VOLATILITY = Decimal("0.05"), Decimal("0.16")
"""A year's expected return above cash and its standard deviation, for what a loss may be."""


class Category(IntEnum):
    """Tolerance, the most averse first."""

    LOW = 0
    BELOW_AVERAGE = 1
    AVERAGE = 2
    ABOVE_AVERAGE = 3
    HIGH = 4

    @property
    def words(self) -> str:
        """For people: "below average"."""
        return self.name.lower().replace("_", " ")


class Term(StrEnum):
    """What can bind the final share."""

    TOLERANCE = "tolerance"
    CAPACITY = "capacity"
    AGE = "age"


UPPER_SCORES = (18, 22, 28, 32)
"""The last score of each category but the highest; bounds are inclusive."""
TOLERATED = tuple(Decimal(p) / 100 for p in (20, 35, 55, 75, 90))
"""The growth share of each category."""
HORIZON_CAPS = tuple(
    (Decimal(years), Decimal(percent) / 100)
    for years, percent in ((1, 0), (3, 20), (5, 40), (10, 70))
)
"""Under so many years, at most this share; from ten years on there is no cap."""
LEAST_BY_AGE = Decimal("0.30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What limits the risk whatever the answers say. `reserve_months` of spending are held in cash."""

    horizon_years: Decimal
    age: int | None = None
    reserve_months: Decimal = Decimal(6)
    income_is_stable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The final growth share (a fraction) and the terms it is the smallest of; `age` None: not asked.

    `loss` is the loss that one year in twenty reaches or exceeds, a positive fraction.
    """

    category: Category
    tolerance: Decimal
    capacity: Decimal
    age: Decimal | None
    growth: Decimal
    binding: Term
    loss: Decimal


def score(answers: str) -> int:
    """Points of 13 answers such as "bbbbbbbbaabbb"; raises `ValueError` unless each is answered.

    >>> score("daaaaaaaaaaaa")
    13
    """
    given = answers.strip().lower()
    if len(given) != len(SCORING_KEY):
        raise ValueError(f"{len(SCORING_KEY)} answers are needed, there are {len(given)}")
    points = 0
    for number, (letter, key) in enumerate(zip(given, SCORING_KEY, strict=True), start=1):
        place = ord(letter) - ord("a")
        if not 0 <= place < len(key):
            last = chr(ord("a") + len(key) - 1)
            raise ValueError(f"the answer to question {number} is a to {last}, not {letter!r}")
        points += key[place]
    return points


def category_of(points: int) -> Category:
    """The category of a score; the bounds belong to the lower one: 18 is low, 19 is not.

    >>> category_of(18).words, category_of(33).words
    ('low', 'high')
    """
    return Category(sum(points > upper for upper in UPPER_SCORES))


def capacity_of(facts: Circumstances) -> Decimal:
    """The largest growth share that the horizon allows; one step less without a reserve or a stable
    income (never two)."""
    caps = (*(cap for _, cap in HORIZON_CAPS), Decimal(1))
    place = sum(facts.horizon_years >= years for years, _ in HORIZON_CAPS)
    if facts.reserve_months < RESERVE_MONTHS or not facts.income_is_stable:
        place = max(0, place - 1)
    return caps[place]


def profile_of(category: Category, facts: Circumstances) -> Profile:
    """The final share: the smallest of tolerance, capacity, and 110 minus age (never under 30 %).

    When terms are equal the first of tolerance, capacity, age is said to bind.
    """
    tolerance, capacity = TOLERATED[category], capacity_of(facts)
    by_age = None if facts.age is None else max(age_rule(facts.age), LEAST_BY_AGE)
    terms = [(tolerance, Term.TOLERANCE), (capacity, Term.CAPACITY)]
    if by_age is not None:
        terms.append((by_age, Term.AGE))
    growth, binding = min(terms, key=lambda term: term[0])
    return Profile(
        category=category,
        tolerance=tolerance,
        capacity=capacity,
        age=by_age,
        growth=growth,
        binding=binding,
        loss=one_in_twenty_loss(growth),
    )


def one_in_twenty_loss(growth: Decimal) -> Decimal:
    """1.645 sigma minus mu of a year with this growth share, the rest in cash; never under zero.

    >>> one_in_twenty_loss(Decimal("0.5"))
    Decimal('0.1066')
    """
    loss = growth * (Decimal("1.645") * EQUITY_VOLATILITY - EQUITY_PREMIUM)
    return max(Decimal(0), loss.quantize(Decimal("0.0001")))


def merton_share(premium: Decimal, volatility: Decimal, aversion: Decimal) -> Decimal:
    """Merton's share (mu - r) / (gamma sigma^2), a fraction, not capped (Merton 1969)."""
    return premium / (aversion * volatility * volatility)


def aversion_for(growth: Decimal) -> Decimal:
    """The aversion at which Merton's share is this one; raises `ValueError` for a share of zero."""
    if growth <= 0:
        raise ValueError("no finite aversion leads to a share of zero")
    return EQUITY_PREMIUM / (growth * EQUITY_VOLATILITY * EQUITY_VOLATILITY)


def one_step(in_force: Category, answered: Category, years_since: Decimal) -> Category:
    """The category that counts after new answers: at most one step away, and at most one a year.

    `years_since` the last step; under one year the category in force stays.
    """
    if years_since < 1 or in_force == answered:
        return in_force
    return Category(in_force + (1 if answered > in_force else -1))


def rank_differs(category: Category, self_rating: int) -> bool:
    """Whether a self rating of 0 to 10 is two categories or more away from the score's (RT-2)."""
    own = min(4, max(0, self_rating) * 5 // 11)
    return abs(own - category) >= 2


def category_path(answers: Sequence[tuple[Decimal, Category]]) -> Category:
    """The category in force after several questionnaires, each as (years since the first, category).

    The first counts whole; each later one moves by at most one step, and not within a year of the
    last move.
    """
    _, current = answers[0]
    moved_at = answers[0][0]
    for at, answered in answers[1:]:
        following = one_step(current, answered, at - moved_at)
        if following != current:
            current, moved_at = following, at
    return current
