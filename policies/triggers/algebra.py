"""Joining conditions: for one look with its reasons, and for a block of rows with bounds.

`Rested` and `Blackout` are waits: a date that comes during one is not answered, it stays due until the
wait is over. An improvement is assumed until a plan is there to judge it by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from policies.conditions import (
    AllOf,
    AnyOf,
    Banded,
    Blackout,
    Condition,
    DateDue,
    Improvement,
    Leaf,
    Rested,
    Unless,
    leaves_of,
)
from policies.policy import Policy
from policies.triggers.kernels import holds
from policies.triggers.moments import Moments
from portfolio.decisions import Gate
from portfolio.drift import Rows
from portfolio.keeping import keeps_answers
from portfolio.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one condition, or a tree of them, says of a look.

    `breached` are the slices whose bands fired, `cause` why in words; empty for a condition that only
    lets others through, as a rest does.
    """

    passed: bool
    gates: tuple[Gate, ...] = ()
    breached: tuple[str, ...] = ()
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a tree takes for granted: that waits are over, and what part of the drift a plan removes.

    `improvement` None: enough.
    """

    waits_over: bool = False
    improvement: Decimal | None = None


@keeps_answers
def firing_rule(policy: Policy) -> Condition:
    """The tree that a policy fires by. Without `fire` the plain settings are a shorthand for one:

    (a band, a calendar date or the backstop) and rested and improved enough. A tree that does not
    speak of a rest or of an improvement gets those of the plain settings around it.
    """
    tree = policy.fire
    if tree is None:
        dates = tuple(DateDue(rule=rule) for rule in policy.calendar)
        if policy.backstop is not None:
            dates = (*dates, DateDue(rule=policy.backstop, name="backstop"))
        tree = AnyOf(parts=(Banded(), *dates))
    spoken = leaves_of(tree)
    around: list[Condition] = [tree]
    if not any(isinstance(leaf, Rested) for leaf in spoken):
        around.append(Rested(sessions=policy.rest_sessions, override=policy.rest_override))
    if not any(isinstance(leaf, Improvement) for leaf in spoken):
        around.append(Improvement(level=policy.min_improvement))
    return AllOf(parts=tuple(around))


def join(tree: Condition, known: Mapping[Leaf, Answer], assumed: Assumed) -> Answer:
    """The answer of a tree from those of its single conditions.

    `any_of` gives the cause of its first part that holds, `all_of` those of all.
    """
    match tree:
        case AllOf(parts=parts):
            answers = [join(part, known, assumed) for part in parts]
            causes = [a.cause for a in answers if a.cause]
            return _joined(all(a.passed for a in answers), answers, " and ".join(causes))
        case AnyOf(parts=parts):
            answers = [a for part in parts if (a := join(part, known, assumed)).passed]
            return _joined(bool(answers), answers, next((a.cause for a in answers), ""))
        case Unless(part=part, bar=bar):
            answer = join(part, known, assumed)
            barred = join(bar, known, assumed).passed
            return _joined(answer.passed and not barred, [answer], answer.cause)
        case Rested() if assumed.waits_over:
            return Answer(passed=True)
        case Blackout() if assumed.waits_over:
            return Answer(passed=False)
        case Improvement(level=level):
            found = assumed.improvement
            return Answer(passed=found is None or found >= level)
        case leaf:
            return known[leaf]


def _joined(passed: bool, answers: list[Answer], cause: str) -> Answer:
    if not passed:
        return Answer(passed=False)
    breached = dict.fromkeys(name for answer in answers for name in answer.breached)
    return Answer(passed=True, breached=tuple(breached), cause=cause)


def needed_improvement(tree: Condition, known: Mapping[Leaf, Answer]) -> Decimal:
    """The smallest improvement with which a tree that holds for any still holds.

    More never hurts: configurations with an improvement under `unless` are refused.
    """
    levels = sorted({leaf.level for leaf in leaves_of(tree) if isinstance(leaf, Improvement)})
    for level in (ZERO, *levels):
        if join(tree, known, Assumed(improvement=level)).passed:
            return level
    return levels[-1] if levels else ZERO


def lacking(tree: Condition, known: Mapping[Leaf, Answer]) -> str:
    """Which conditions of a tree stand in the way, in words; empty when it holds.

    >>> lacking(AnyOf(parts=()), {})
    'nothing is asked'
    """
    match tree:
        case AllOf(parts=parts):
            return _all_words([lacking(part, known) for part in parts])
        case AnyOf(parts=parts):
            words = [lacking(part, known) for part in parts]
            if "" in words:
                return ""
            return " or ".join(f"({w})" if " and " in w else w for w in words) or "nothing is asked"
        case Unless(part=part, bar=bar):
            barred = join(bar, known, Assumed()).passed
            words = [lacking(part, known), f"an end of {_name(bar)}" if barred else ""]
            return _all_words(words)
        case Improvement():
            return ""
        case leaf:
            return "" if known[leaf].passed else _name(leaf)


def _all_words(words: list[str]) -> str:
    """Those that are there, joined so that they can be read in one way only."""
    said = [word for word in words if word]
    if len(said) < 2:
        return "".join(said)
    return " and ".join(f"({word})" if _has_choice(word) else word for word in said)


def _has_choice(word: str) -> bool:
    """Whether an "or" stands outside all brackets."""
    depth, outside = 0, ""
    for letter in word:
        depth += (letter == "(") - (letter == ")")
        outside += letter if depth == 0 else ""
    return " or " in outside


def _name(condition: Condition) -> str:
    match condition:
        case AllOf(parts=parts):
            return " with ".join(_name(part) for part in parts)
        case AnyOf(parts=parts):
            return " or ".join(dict.fromkeys(_name(part) for part in parts))
        case Unless(part=part):
            return _name(part)
        case DateDue(name=name):
            return name
        case leaf:
            return leaf.kind.replace("_", " ")


# For blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Rows (T,) in which a tree may hold, and those in which it does for certain: between the two lies
    the noise of floats."""

    may: Rows
    must: Rows


def bounds(tree: Condition, block: Moments, slack: float, *, waits_over: bool = False) -> Bounds:
    """When a tree holds in the rows of a block, give or take `slack` of a weight at each level."""
    match tree:
        case AllOf(parts=parts):
            return _folded(parts, block, slack, waits_over, every=True)
        case AnyOf(parts=parts):
            return _folded(parts, block, slack, waits_over, every=False)
        case Unless(part=part, bar=bar):
            inner = bounds(part, block, slack, waits_over=waits_over)
            barred = bounds(bar, block, slack, waits_over=waits_over)
            return Bounds(may=inner.may & ~barred.must, must=inner.must & ~barred.may)
        case Rested() | Blackout() if waits_over:
            rows = holds(Improvement(level=ZERO), block)
            rows = rows if isinstance(tree, Rested) else ~rows
            return Bounds(may=rows, must=rows)
        case leaf:
            return Bounds(may=holds(leaf, block, slack), must=holds(leaf, block, -slack))


def _folded(
    parts: tuple[Condition, ...], block: Moments, slack: float, waits_over: bool, *, every: bool
) -> Bounds:
    may = holds(Improvement(level=ZERO), block)
    may = may if every else ~may
    must = may
    for part in parts:
        inner = bounds(part, block, slack, waits_over=waits_over)
        may = may & inner.may if every else may | inner.may
        must = must & inner.must if every else must | inner.must
    return Bounds(may=may, must=must)
