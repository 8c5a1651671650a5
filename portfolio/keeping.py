"""Keeping what follows from a value that stays the same from look to look: a policy, its target."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
V = TypeVar("V")

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
