"""Broken answers: one change to a recorded answer of a broker, drawn from a seed."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

NUMBERS: tuple[object, ...] = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-1", "0", "", "1,5", "0x10", "１２", "lots"),
    *(10**400, -1, 0, 1e308, 0.1, True, False),
)
WORDS: tuple[object, ...] = ("", "a_word_nobody_knows", "NULL", "\u0000", "é" * 3000, 7, None)
SHAPES: tuple[object, ...] = (None, [], {}, [[]], [None], {"a": {"b": []}}, "text", 0, True)
WHOLE: tuple[str, ...] = (
    *("", "null", "[]", "{}", "0", "true", '"text"', "<html><h1>502</h1></html>", "\ufeff{}"),
    *("[" * 3000, '{"a":' * 1500, "NaN", '{"code": 40410000, "message": "not found"}'),
)

_Place = tuple[Any, Any]


def mutated(text: str, dice: random.Random) -> str:
    """The answer with one thing wrong."""
    kind = dice.random()
    if kind < 0.08:
        return dice.choice(WHOLE)
    if kind < 0.20:
        return text[: dice.randrange(len(text))]
    body = json.loads(text)
    places = list(_places(body))
    if not places:
        return dice.choice(WHOLE)
    holder, key = dice.choice(places)
    dice.choice(_CHANGES)(holder, key, dice)
    return json.dumps(body, ensure_ascii=dice.random() < 0.5)


def _places(value: Any) -> "list[_Place]":
    found: list[_Place] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        found.append((value, key))
        if isinstance(inner, dict | list):
            found += _places(inner)
    return found


def _gone(holder: Any, key: Any, _dice: random.Random) -> None:
    del holder[key]


def _to(values: tuple[object, ...]) -> Callable[[Any, Any, random.Random], None]:
    def change(holder: Any, key: Any, dice: random.Random) -> None:
        holder[key] = copy.deepcopy(dice.choice(values))

    return change


def _wrapped(holder: Any, key: Any, _dice: random.Random) -> None:
    holder[key] = [holder[key]]


def _scaled(holder: Any, key: Any, dice: random.Random) -> None:
    value = holder[key]
    try:
        number = float(value) * dice.choice([1000, 0.001, -1])
    except (TypeError, ValueError):
        holder[key] = None
        return
    holder[key] = f"{number:f}" if isinstance(value, str) else number


def _twice(holder: Any, key: Any, _dice: random.Random) -> None:
    if isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[f"{key}_new"] = holder.pop(key)


_CHANGES = (_gone, _to(NUMBERS), _to(WORDS), _to(SHAPES), _wrapped, _scaled, _twice)
