"""The review's sentences, the same on the screen, in the letter and on the page."""

from daemon.review.looks import Quiet
from daemon.screens.words import points
from portfolio.decisions import Gate


def fraction(value: float | None, places: int = 1) -> str:
    """A fraction as percent.

    >>> fraction(0.0312), fraction(None), fraction(-0.0001)
    ('3.1 %', 'not known', '0.0 %')
    """
    if value is None:
        return "not known"
    text = f"{value * 100:.{places}f}"
    return f"{text.removeprefix('-') if not float(text) else text} %"


def times(count: int) -> str:
    """How often.

    >>> times(1), times(3)
    ('once', '3 times')
    """
    return "once" if count == 1 else f"{count} times"


def quiet_words(quiet: Quiet) -> tuple[str, ...]:
    """How near each slice came to its edge, the nearest first."""
    return tuple(
        f"{near.name} was at most {points(near.drift)} of {points(near.half_width).lstrip('+')} "
        f"points off, on {near.at:%Y-%m-%d}"
        for near in quiet.nearest
    )


def gate_words(gate: Gate) -> str:
    """A trigger that has not fired: how far it is, or when it can."""
    if gate.next_possible is not None:
        return f"{gate.next_possible}: {gate.name} {gate.scope}".rstrip() + (
            f", if a slice is {gate.level:.1f} points off by then" if gate.level is not None else ""
        )
    return gate.text
