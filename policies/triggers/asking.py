"""Asking one condition of a look: the kernel's yes or no, and the gates that say it in numbers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from policies.book import Book
from policies.conditions import (
    AllOf,
    AnyOf,
    Banded,
    Blackout,
    ByPerson,
    CashOff,
    Condition,
    DateDue,
    Improvement,
    LargestDrift,
    Leaf,
    LookDay,
    PortfolioDrift,
    Rested,
    SignalChanged,
    TargetChanged,
    TrackingError,
    Unless,
    leaves_of,
)
from policies.explain import against_band, listed, money, points
from policies.triggers.algebra import Answer
from policies.triggers.calendar import ask_date, last_date, next_date
from policies.triggers.kernels import banded, blacked_out, holds, level_of, measure
from policies.triggers.moments import Moments
from policies.triggers.rest import ask_rest
from portfolio.decisions import Gate
from portfolio.drift import SliceDrift, from_float
from portfolio.money import ZERO, Weight


def ask_leaves(tree: Condition, book: Book, moment: Moments) -> Mapping[Leaf, Answer]:
    """Every single condition of a tree, asked once of a look (T = 1)."""
    return {leaf: _ask(leaf, book, moment) for leaf in leaves_of(tree)}


def gates_of(tree: Condition, known: Mapping[Leaf, Answer]) -> tuple[Gate, ...]:
    """The gates of a tree from left to right. Under `unless` a yes is shown as standing in the way,
    and the gate's name says so, but for a blackout, which stands nowhere else.
    """
    match tree:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            gates = [gate for part in parts for gate in gates_of(part, known)]
        case Unless(part=part, bar=bar):
            turned = [_turned(gate) for gate in gates_of(bar, known)]
            gates = [*gates_of(part, known), *turned]
        case leaf:
            gates = list(known[leaf].gates)
    return tuple(dict.fromkeys(gates))


def _turned(gate: Gate) -> Gate:
    name = gate.name if gate.name == "blackout" else f"unless {gate.name}"
    return replace(gate, name=name, passed=not gate.passed)


def _ask(leaf: Leaf, book: Book, moment: Moments) -> Answer:
    match leaf:
        case Banded():
            return _ask_bands(leaf, book, moment)
        case PortfolioDrift() | LargestDrift() | TrackingError():
            return _ask_drift(leaf, moment)
        case CashOff():
            return _ask_cash(leaf, book, moment)
        case DateDue():
            gate = ask_date(book, leaf)
            return _answer(gate, cause=gate.text)
        case LookDay():
            return _ask_look_day(leaf, book, moment)
        case TargetChanged():
            return _ask_target(leaf, book, moment)
        case SignalChanged() | ByPerson():
            return _ask_word(leaf, moment)
        case Blackout():
            return _ask_blackout(leaf, book, moment)
        case Rested():
            return _answer(ask_rest(book, leaf))
        case Improvement():
            return Answer(passed=True)  # its gate comes with the plan
        case _:
            assert_never(leaf)


def _answer(gate: Gate, *, cause: str = "") -> Answer:
    return Answer(passed=gate.passed, gates=(gate,), cause=cause if gate.passed else "")


def _ask_bands(leaf: Banded, book: Book, moment: Moments) -> Answer:
    """The slices whose bands fire now, groups too, and one gate for each slice that is asked."""
    asked = moment.frame.asked[leaf.per]
    fired = banded(leaf, moment)[0].tolist()
    gates: list[Gate] = []
    for node, drift, is_asked, is_out in zip(
        book.policy.target.slices, book.drifts, asked.tolist(), fired, strict=True
    ):
        if (node.name in leaf.slices) if leaf.slices else is_asked:
            latched = leaf.stop is not None and f"band {node.name}" in moment.latched
            gates.append(_band_gate(leaf, drift, fires_now=is_out, latched=latched))
    breached = tuple(gate.scope for gate in gates if gate.passed)
    return Answer(
        passed=bool(breached), gates=tuple(gates), breached=breached, cause=_worst_of(gates)
    )


def _band_gate(leaf: Banded, slice_: SliceDrift, *, fires_now: bool, latched: bool) -> Gate:
    drift, width = slice_.drift, slice_.half_width * leaf.times
    text = against_band(slice_.name, drift, width)
    stop = None if leaf.stop is None else leaf.stop * width
    if latched and stop is not None:
        text = f"{text}, once fired until within {points(stop):.1f}"
        width = stop
    margin = points(width) - abs(points(drift))
    return Gate(
        name="band",
        passed=fires_now,
        scope=slice_.name,
        value=points(drift),
        level=points(width),
        margin=min(margin, ZERO) if fires_now else margin,
        unit="points",
        text=text,
        stop=None if stop is None else points(stop),
    )


def _worst_of(gates: list[Gate]) -> str:
    fired = [gate for gate in gates if gate.passed]
    worst = max(fired, key=lambda gate: abs(gate.margin or ZERO), default=None)
    if worst is None:
        return ""
    more = f" (and {len(fired) - 1} more)" if len(fired) > 1 else ""
    return f"{worst.text}{more}"


def _ask_drift(leaf: PortfolioDrift | LargestDrift | TrackingError, moment: Moments) -> Answer:
    name = leaf.kind.replace("_", " ")
    passed = bool(holds(leaf, moment)[0])
    value = points(from_float(float(measure(leaf, moment)[0])))
    latched = leaf.kind in moment.latched
    level = points(from_float(level_of(leaf, latched)))
    unit = "percent a year" if isinstance(leaf, TrackingError) else "points"
    shown = "% a year" if isinstance(leaf, TrackingError) else "points"
    text = f"{name} {value:.2f} {shown}, fires at {points(leaf.level):.2f}"
    if latched and leaf.stop is not None:
        text += f", once fired until under {points(leaf.stop):.2f}"
    gate = Gate(
        name=name,
        passed=passed,
        value=value,
        level=level,
        margin=min(level - value, ZERO) if passed else max(level - value, ZERO),
        unit=unit,
        text=text,
        stop=None if leaf.stop is None else points(leaf.stop),
    )
    return _answer(gate, cause=text)


def _ask_cash(leaf: CashOff, book: Book, moment: Moments) -> Answer:
    sign = 1 if leaf.side == "above" else -1
    off = sign * (book.cash - book.cash_goal)
    levels = [] if leaf.part is None else [leaf.part * book.managed]
    levels += [] if leaf.amount is None else [Weight(leaf.amount)]
    level = max(levels, default=ZERO)
    side = leaf.side if off >= ZERO else ("below" if leaf.side == "above" else "above")
    text = f"cash {money(abs(off))} {side} its slice, fires at {money(level)} {leaf.side} it"
    gate = Gate(
        name=f"cash {leaf.side}",
        passed=bool(holds(leaf, moment)[0]),
        value=off,
        level=level,
        margin=level - off,
        unit="USD",
        text=text,
    )
    return _answer(gate, cause=text)


def _ask_look_day(leaf: LookDay, book: Book, moment: Moments) -> Answer:
    passed, day = bool(holds(leaf, moment)[0]), book.snapshot.day
    following = next_date(leaf.rule, day)
    text = f"a day to look, for {last_date(leaf.rule, day)}" if passed else "no day to look"
    return _answer(Gate(name="look", passed=passed, text=text, next_possible=following))


def _ask_target(leaf: TargetChanged, book: Book, moment: Moments) -> Answer:
    done, target = book.memory.target_done, book.sought
    steps = {n: points(w - done.get(n, ZERO)) for n, w in target.weights.items()} if done else {}
    name = max(steps, key=lambda n: (abs(steps[n]), n), default="")
    value, level = abs(steps.get(name, ZERO)), points(leaf.level)
    text = f"no target moved since the last rebalance, fires at {level:.1f} points"
    if value:
        text = f"target of {name} moved {steps[name]:+.1f} points, fires at {level:.1f}"
    gate = Gate(
        name="target",
        passed=bool(holds(leaf, moment)[0]),
        scope=name if value else "",
        value=value,
        level=level,
        margin=level - value,
        unit="points",
        text=text,
    )
    return _answer(gate, cause=text)


def _ask_word(leaf: SignalChanged | ByPerson, moment: Moments) -> Answer:
    passed = bool(holds(leaf, moment)[0])
    if isinstance(leaf, ByPerson):
        text = "a person asked" if passed else "nobody asked by hand"
        return _answer(Gate(name="person", passed=passed, text=text), cause=text)
    names = sorted(moment.signals)
    text = f"signal changed: {listed(names)}" if passed else "no signal has changed"
    return _answer(Gate(name="signal", passed=passed, scope=leaf.name, text=text), cause=text)


def _ask_blackout(leaf: Blackout, book: Book, moment: Moments) -> Answer:
    passed = bool(blacked_out(leaf, moment.days)[0])
    span = f"{leaf.first} to {leaf.last}"
    ends = leaf.last
    if leaf.yearly:
        span = f"{leaf.first:%d %B} to {leaf.last:%d %B}".lower()
        day = book.snapshot.day
        year = day.year + ((day.month, day.day) > (leaf.last.month, leaf.last.day))
        ends = leaf.last.replace(year=year) if (leaf.last.month, leaf.last.day) != (2, 29) else ends
    text = f"blackout {span}" if passed else f"outside the blackout {span}"
    gate = Gate(name="blackout", passed=passed, text=text, next_possible=ends if passed else None)
    return _answer(gate)


def latched_after(gates: tuple[Gate, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """The conditions with a stop level that hold after a look, from its gates; else as before it.

    A look that asked none of them, as one under way with a run, leaves them as they were.
    """
    asked = [gate for gate in gates if gate.stop is not None]
    if not asked:
        return before
    return tuple(sorted({latch_name(gate) for gate in asked if gate.passed}))


def latch_name(gate: Gate) -> str:
    """How the memory names a condition that holds on."""
    if gate.scope:
        return f"{gate.name} {gate.scope}"
    return gate.name.replace(" ", "_")
