"""A daemon that lacks one rule, and what counts as catching it."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tests.simulation.chance import RATES, Menu, draw_menu
from tests.simulation.life import run_seed

Swap = tuple[Any, str, Any]
"""A module or class, an attribute of it, and what stands there instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A part of the daemon that hides a missing rule: what it does, and how it is taken out."""

    name: str
    swaps: tuple[Swap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`swaps` take the rule out, `without` are the layers that are out beside it."""

    name: str
    says: str
    swaps: tuple[Swap, ...]
    without: tuple[Layer, ...] = ()
    faults: tuple[str, ...] = ()
    """Drawn in every seed, so that fewer seeds are needed; "crash" is one."""
    rate: float = RATES[-1]
    first: int | None = None
    """Where its hunt begins, when it takes faults that not every seed has, or seeds that are rare."""

    def menu(self, seed: int) -> Menu:
        """What a seed draws, and the faults of this mutant."""
        drawn = draw_menu(seed)
        rates = {**drawn.rates, **dict.fromkeys(self.faults, self.rate)}
        rates.pop("crash", None)
        if "kill" in self.faults:
            rates["kill"] = 3.0
        return Menu(rates=rates, crash_rate=0.5 if "crash" in self.faults else drawn.crash_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """What became of a mutant: after how many seeds which promise was broken; None when none was."""

    seeds: int
    seed: int | None = None
    invariant: str = ""


def catch(mutant: Mutant, first: int, most: int) -> Catch:
    """Run seeds until one breaks a promise because of the missing rule, and of nothing else.

    On the same seed the daemon as it is must keep every promise, and so must the one that has the
    rule and lacks the same layers. A mutation that merely does not fit the code any more, and dies of
    it, is no catch.
    """
    first = first if mutant.first is None else mutant.first
    layers = [swap for layer in mutant.without for swap in layer.swaps]
    for number, seed in enumerate(range(first, first + most), start=1):
        menu = mutant.menu(seed)
        with swapped((*layers, *mutant.swaps)):
            broken = run_seed(seed, menu=menu).violations
        if not broken or any(one.invariant == "no crash of its own" for one in broken):
            continue
        with swapped(layers):
            because = not layers or not run_seed(seed, menu=menu).violations
        if because and not run_seed(seed, menu=menu).violations:
            return Catch(seeds=number, seed=seed, invariant=broken[0].invariant)
    return Catch(seeds=most)


@contextmanager
def swapped(swaps: Iterable[Swap]) -> Iterator[None]:
    """The daemon of this process lives with the replacements until the block ends."""
    with ExitStack() as stack:
        for owner, attribute, other in swaps:
            stack.enter_context(patch.object(owner, attribute, other))
        yield
