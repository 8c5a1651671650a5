"""A decision reached again: where it is another one, and where it is only told in other words.

A later program may ask its gates in another order, ask one more, or word a reason otherwise, and still
give the same orders for the same numbers. That is said plainly, and is no difference. What a person
approved, what was sent and every number that both programs tell must be the same.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portfolio.canonical import plain
from portfolio.decisions import Decision, Verdict

_WORDS = frozenset({"reason", "reasons", "text", "skipped", "notes", "next_possible"})
"""Fields that say a thing for people; the numbers beside them say it for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`differences` are other orders or other numbers, `retold` other words for the same ones.

    Each is a sentence: "path: recorded X, computed Y", or what was asked anew or is asked no more.
    """

    differences: tuple[str, ...]
    retold: tuple[str, ...]


def compare(
    recorded: tuple[Decision, Verdict | None], computed: tuple[Decision, Verdict | None]
) -> Compared:
    """Hold a recorded decision and verdict against the ones that the same inputs give now."""
    was, now = _fields(recorded[0]), _fields(computed[0])
    differences = [*_walk("", _numbers(_but_gates(was)), _numbers(_but_gates(now)))]
    other = {text.partition(":")[0] for text in differences}
    worded = _walk("", _but_gates(was), _but_gates(now))
    retold = [text for text in worded if text.partition(":")[0] not in other]
    pairs = [("gates", was.get("gates", ()), now.get("gates", ()), ("passed", "value", "level"))]
    if recorded[1] is not None and computed[1] is not None:
        checks = (_fields(recorded[1])["checks"], _fields(computed[1])["checks"])
        pairs.append(("verdict checks", *checks, ("outcome", "value", "level")))
    judged = [None if one is None else one.outcome for one in (recorded[1], computed[1])]
    if judged[0] != judged[1]:
        differences.append(f"verdict: recorded {_short(judged[0])}, computed {_short(judged[1])}")
    for name, before, after, numbers in pairs:
        answers, ways = _asked(name, before, after, numbers)
        differences += answers
        retold += ways
    return Compared(differences=tuple(differences), retold=tuple(retold))


def differences_between(recorded: object, computed: object) -> tuple[str, ...]:
    """Where two values differ, each place as "path: recorded X, computed Y".

    >>> differences_between({"a": [1, 2]}, {"a": [1, 3]})
    ('a[1]: recorded 2, computed 3',)
    """
    return tuple(_walk("", plain(recorded), plain(computed)))


def _asked(
    name: str,
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    numbers: tuple[str, ...],
) -> tuple[list[str], list[str]]:
    """What is another answer to a question, and what is only another way to ask."""
    old, new = _by_question(before), _by_question(after)
    both = [key for key in old if key in new]
    differences = [
        f"{name} {_named(key)}.{field}: recorded {_short(was)}, computed {_short(now)}"
        for key in both
        for field in numbers
        if (was := old[key].get(field)) != (now := new[key].get(field))
    ]
    retold = [f"{name}: {_named(key)} is asked anew" for key in new if key not in old]
    retold += [f"{name}: {_named(key)} is asked no more" for key in old if key not in new]
    if [key for key in new if key in old] != both:
        retold.append(f"{name}: asked in another order")
    retold += [
        f"{name} {_named(key)}: in other words"
        for key in both
        if old[key] != new[key] and all(old[key].get(n) == new[key].get(n) for n in numbers)
    ]
    return differences, retold


def _by_question(
    asked: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    """Answers by name, scope, and which of those with the same name and scope."""
    found: dict[tuple[str, str, int], Mapping[str, Any]] = {}
    for one in asked:
        place = 0
        while (key := (str(one["name"]), str(one.get("scope", "")), place)) in found:
            place += 1
        found[key] = one
    return found


def _named(key: tuple[str, str, int]) -> str:
    name, scope, place = key
    return f"{name!r}" + (f" of {scope}" if scope else "") + (f" ({place + 1})" if place else "")


def _fields(value: object) -> dict[str, Any]:
    fields: Any = plain(value)
    return dict(fields)


def _numbers(value: Any) -> Any:
    """A value without what is only said for people."""
    if isinstance(value, dict):
        return {key: _numbers(inner) for key, inner in value.items() if key not in _WORDS}
    return [_numbers(inner) for inner in value] if isinstance(value, list) else value


def _but_gates(decision: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in decision.items() if key != "gates"}


def _walk(path: str, recorded: object, computed: object) -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(computed, dict):
        for key in sorted(recorded.keys() | computed.keys()):
            inner = f"{path}.{key}" if path else str(key)
            yield from _walk(inner, recorded.get(key), computed.get(key))
    elif (
        isinstance(recorded, list) and isinstance(computed, list) and len(recorded) == len(computed)
    ):
        for place, (was, now) in enumerate(zip(recorded, computed, strict=True)):
            yield from _walk(f"{path}[{place}]", was, now)
    elif recorded != computed:
        yield f"{path or 'the whole'}: recorded {_short(recorded)}, computed {_short(computed)}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= 80 else f"{text[:77]}..."
