"""Keeping what follows from values that stay the same from look to look: a policy, a lot ledger."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
V = TypeVar("V")
S = TypeVar("S")
T = TypeVar("T")

MOST: Final = 16
"""Answers that are kept of one function; beyond that all are let go, and it starts afresh."""


def keeps_answers(make: Callable[P, V]) -> Callable[P, V]:
    """A function of frozen values whose answers are kept, the values told apart by identity.

    Equal values that are not the same object are asked for anew, because comparing them takes as long.
    Answers are shared: nobody may change one.
    """
    answers: dict[tuple[int, ...], tuple[Any, V]] = {}

    @wraps(make)
    def ask(*values: P.args, **named: P.kwargs) -> V:
        key = tuple(map(id, values))
        found = answers.get(key)
        if found is not None and not named:
            return found[1]
        made = make(*values, **named)
        if not named:
            if len(answers) >= MOST:
                answers.clear()
            answers[key] = (values, made)  # the values too: nothing else gets their identity
        return made

    return ask


def keeps_latest_answer(make: Callable[[S, T], V]) -> Callable[[S, T], V]:
    """A function of something that stays the same object and something that is told anew each time.

    Of each object the latest answer is kept, as long as what is told equals what was told then.
    Answers are shared: nobody may change one.
    """
    answers: dict[int, tuple[S, T, V]] = {}

    @wraps(make)
    def ask(same: S, told: T) -> V:
        found = answers.get(id(same))
        if found is not None and found[1] == told:
            return found[2]
        made = make(same, told)
        if len(answers) >= MOST:
            answers.clear()
        answers[id(same)] = (same, told, made)
        return made

    return ask
