"""What a seed draws: its world, and the subset of faults that it will live through with their rates."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

T = TypeVar("T")

RATES = (0.03, 0.1, 0.25, 0.45)
CRASH_RATES = (0.0, 0.005, 0.02, 0.06)

FAULTS = (
    # reading
    "read timeout",
    "stale all",
    "stale positions",
    "stale cash",
    "stale orders",
    "late fills",
    "empty positions",
    "empty orders",
    "invisible order",
    # sending
    "request lost",
    "answer lost",
    "late arrival",
    "not sent",
    "server error",
    "garbled answer",
    "deferred",
    "refused",
    # orders
    "rejected later",
    "stuck cancel",
    "cancel unanswered",
    "unknown word",
    "part fill",
    "fills held",
    # prices
    "no prices",
    "stale price",
    "no price",
    "crossed price",
    "wide price",
    "jump",
    "trading halt",
    # the disk
    "commit fails",
    "commit unanswered",
    # people
    "kill",
    "halt request",
    "own order",
    "own trade",
    "deposit",
    "withdrawal",
    "late approval",
    "rejection",
    "clears fence",
    "second daemon",
    # the account
    "blocked",
    "clock skew",
)

LATER_FAULTS = ("clock step", "reload", "split", "dividend", "counts late", "disk low")
LATER = 10_000
"""Seeds below it live with the menu that they found their faults with; from it on with all of it."""

LATEST_FAULTS = (
    # reading
    "no quote before a send",
    "quote turns",
    "unknown volume",
    "unknown close",
    "altered order",
    "mute stream",
    "rename",
    # sending
    "refused for good",
    "delivered twice",
)
LATEST = 100_000_000
"""From this seed on worlds have these too, and traits of `draw_traits`."""

NEWEST_FAULTS = (
    "asked to end",
    "cut at a send",
    "altered answer",
    "price runs",
    "news again",
    "not tradable",
)
NEWEST = 2_000_000_000
"""From this seed on worlds have these too."""

LAST_FAULTS = ("look-up misses", "filled in word", "filled beyond", "vanishes")
LAST = 3_000_000_000
"""From this seed on worlds have these too."""

OF_THE_WORLD = frozenset(
    (
        *("fills held", "part fill", "rejected later", "stuck cancel", "cancel unanswered"),
        *("trading halt", "jump", "unknown word", "invisible order", "late arrival"),
        "look-up misses",
        *("split", "dividend", "counts late", "reload"),
        *("rename", "mute stream", "unknown volume", "unknown close", "delivered twice"),
        *("news again", "price runs", "filled in word", "vanishes"),
        *("own order", "own trade", "deposit", "withdrawal", "late approval", "rejection"),
    )
)
"""Faults that keep the daemon from nothing that it must do in the same tick."""


class Dice:
    """Seeded chance. Streams of one seed are independent, so that a change in one moves no other."""

    def __init__(self, seed: int, stream: str) -> None:
        self._random = random.Random(f"{seed}/{stream}")

    def chance(self, rate: float) -> bool:
        """True with the probability `rate`; draws nothing for zero."""
        return rate > 0 and self._random.random() < rate

    def among(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)

    def whole(self, least: int, most: int) -> int:
        return self._random.randint(least, most)

    def between(self, least: float, most: float) -> float:
        return self._random.uniform(least, most)

    def normal(self, deviation: float) -> float:
        return self._random.gauss(0, deviation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """The faults of one seed. `rates` has only what is drawn above zero."""

    rates: dict[str, float]
    crash_rate: float

    def rate(self, fault: str) -> float:
        return self.rates.get(fault, 0.0)


QUIET = Menu(rates={}, crash_rate=0.0)


def draw_menu(seed: int) -> Menu:
    """One seed in five is without faults; the others draw about a third of the menu."""
    dice = Dice(seed, "menu")
    if dice.chance(0.2):
        return QUIET
    share = dice.among((0.1, 0.25, 0.5))
    rates = {fault: dice.among(RATES) for fault in FAULTS if dice.chance(share)}
    crash_rate = dice.among(CRASH_RATES)
    if seed >= LATER:
        rates |= {fault: dice.among(RATES) for fault in LATER_FAULTS if dice.chance(share)}
    if seed >= LATEST:
        rates |= {fault: dice.among(RATES) for fault in LATEST_FAULTS if dice.chance(share)}
    if seed >= NEWEST:
        rates |= {fault: dice.among(RATES) for fault in NEWEST_FAULTS if dice.chance(share)}
    if seed >= LAST:
        rates |= {fault: dice.among(RATES) for fault in LAST_FAULTS if dice.chance(share)}
    return Menu(rates=rates, crash_rate=crash_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a world is besides its faults. `guards` says that the household keeps out wash sales,
    `cancels_on_stop` that a daemon which is told to end asks for its open orders to be cancelled,
    `credit` that the account lends whatever its world draws.
    """

    guards: bool = False
    max_order: int | None = None
    cancels_on_stop: bool = False
    credit: bool = False


def draw_traits(seed: int) -> Traits:
    """Worlds before `LATEST` have none, so that they stay what they were."""
    if seed < LATEST:
        return Traits()
    dice = Dice(seed, "traits")
    traits = Traits(guards=dice.chance(0.25), max_order=dice.among((None, None, None, 6000)))
    return replace(traits, cancels_on_stop=dice.chance(0.5)) if seed >= NEWEST else traits


TRAITS = ("guards", "credit")
EVERY_FAULT = frozenset((*FAULTS, *LATER_FAULTS, *LATEST_FAULTS, *NEWEST_FAULTS))


def draw_every(seed: int, wanted: Collection[str]) -> tuple[Menu, Traits]:
    """What a seed draws, and what every seed is wanted to have besides: faults, often, and `TRAITS`.

    Raises `ValueError` for a name that is neither.
    """
    if unknown := sorted(set(wanted) - EVERY_FAULT - set(TRAITS)):
        raise ValueError(
            f"{', '.join(unknown)}: no fault of the menu, and none of guards and credit"
        )
    menu, traits, dice = draw_menu(seed), draw_traits(seed), Dice(seed, "every")
    often = {name: dice.among(RATES[2:]) for name in sorted(wanted) if name not in TRAITS}
    return (
        replace(menu, rates=menu.rates | often),
        replace(traits, guards=traits.guards or "guards" in wanted, credit="credit" in wanted),
    )
