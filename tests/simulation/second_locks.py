"""Second locks: an earlier layer of the daemon has a defect, and the executor must hold all the same.

The mirror of the mutants. There a rule is missing and a promise must break; here a planner, a limit or
a settling goes wrong, and the lock behind it must be seen to close while every promise of safety holds.
Whether such a daemon comes to rest is not asked: it may have halted, as it should.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from daemon import executor, settle
from daemon.protocol import Judgement, judge_submit, state_of
from policies import book, limits
from policies.planning import continue_run, plan, wash_guard
from portfolio.decisions import PlannedLeg, Proposal
from portfolio.orders import Leg, LegState, Order
from portfolio.ports import Refused
from tests.simulation import life
from tests.simulation.chance import RATES, Menu, draw_menu, draw_traits
from tests.simulation.endings import judge_end
from tests.simulation.own_books import Violation
from tests.simulation.world import World

LIVENESS = ("I7", "I11", "I3 legs", "I3 positions")
"""Promises that a daemon which has rightly stopped need not keep: it may leave legs where they were
and takes over nothing that changes from outside, such as a new name of a holding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """`swaps` are (module or class, attribute, replacement); `closes` is what the lock then says."""

    name: str
    says: str
    closes: str
    swaps: tuple[tuple[Any, str, Any], ...]
    faults: tuple[str, ...] = ()
    guards: bool = False
    """Only in households that keep out wash sales."""

    def menu(self, seed: int) -> Menu:
        """What a seed draws, and the faults that this defect needs."""
        drawn = draw_menu(seed)
        return replace(drawn, rates={**drawn.rates, **dict.fromkeys(self.faults, RATES[-1])})

    @contextmanager
    def alive(self) -> Iterator[None]:
        """The daemon of this process has the defect until the block ends."""
        with ExitStack() as stack:
            for owner, attribute, other in self.swaps:
                stack.enter_context(patch.object(owner, attribute, other))
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How the lock held: how often it was seen to close in so many seeds, and what broke."""

    seeds: int
    closed: int
    broken: tuple[tuple[int, Violation], ...]


def try_lock(defect: Defect, first: int, most: int) -> Held:
    """Live seeds with the defect until its lock has closed in one, or so many have been lived."""
    lived = closed = 0
    broken: list[tuple[int, Violation]] = []
    for seed in range(first, first + 100 * most):
        if lived == most or closed:
            break
        if defect.guards and not draw_traits(seed).guards:
            continue
        lived += 1
        said: list[str] = []
        with defect.alive(), patch.object(life, "judge_end", _listening(said)):
            found = life.run_seed(seed, menu=defect.menu(seed)).violations
        closed += sum(defect.closes in text for text in said)
        broken += [(seed, one) for one in found if not one.invariant.startswith(LIVENESS)]
    return Held(seeds=lived, closed=closed, broken=tuple(broken))


def _listening(said: list[str]) -> Any:
    """The judgement of a seed, which also keeps what the daemon said of its legs and its halts."""

    def judge(world: World) -> None:
        words = "SELECT body FROM audit WHERE kind IN ('leg_moved', 'halted')"
        said.extend(body for (body,) in world.checks.rows(words))
        judge_end(world)

    return judge


def _twice(proposal: Proposal) -> tuple[PlannedLeg, ...]:
    wave = _first_wave(proposal)
    return (*wave, *wave[:1])


_first_wave: Any = Proposal.first_wave.fget  # type: ignore[attr-defined]


def _cancel_forgotten(order: Order, leg: Leg) -> LegState:
    """What the order shows, whatever was asked of it before."""
    state = state_of(order, leg)
    return LegState.WORKING if state is LegState.CANCEL_REQUESTED else state


def _counted_from_there(
    house: Any, leg: Leg, order: Order, also: Any = (), *, found: str = ""
) -> Leg:
    """What an ended order has filled in all, taken for what it has filled since the last look."""
    if order.status.is_terminal and leg.filled_quantity > 0:
        count = order.filled_quantity - leg.filled_quantity
        return executor.move(house, leg, state_of(order, leg), filled_quantity=count)
    return _take_over(house, leg, order, also, found=found)


_take_over = settle._take_over


def _sent_before(house: Any, leg: Leg, purse: Any) -> Leg:
    """A leg as if its id had gone out once already."""
    return _send_one(house, replace(leg, sends=1), purse)


_send_one = executor._send_one


def _refusal_believed(leg: Leg, outcome: Any) -> Judgement:
    if isinstance(outcome, Refused):
        return Judgement(state=LegState.REJECTED, note="refused")
    return judge_submit(leg, outcome)


def _all_sales(_book: Any, sells: Any) -> tuple[list[Any], list[str]]:
    return list(sells), []


def _the_same(first: Any, _other: Any) -> Any:
    return first


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="a plan names a symbol twice",
        says="the planner gives the first order of a wave a twin",
        closes="has had its order in this look already",
        swaps=((Proposal, "first_wave", property(_twice)),),
    ),
    Defect(
        name="wash sales are planned",
        says="neither planner nor limits know of the guards",
        closes="wash sale",
        swaps=(
            (book, "with_guards", _the_same),
            (wash_guard, "with_guards", _the_same),
            (plan, "unwashed_sales", _all_sales),
            (continue_run, "unwashed_sales", _all_sales),
            (limits, "wash_denials", lambda *_: ()),
        ),
        guards=True,
    ),
    Defect(
        name="a cancel is forgotten",
        says="settling takes an order that is to be cancelled for one that works",
        closes="no move from cancel_requested to working",
        swaps=((settle, "state_of", _cancel_forgotten),),
        faults=("stuck cancel", "fills held"),
    ),
    Defect(
        name="a count falls",
        says="settling counts an ended order from where it last looked",
        closes="the filled quantity fell",
        swaps=((settle, "_take_over", _counted_from_there),),
        faults=("fills held", "part fill"),
    ),
    Defect(
        name="an id goes out again",
        says="every leg is taken for one that has been sent before",
        closes="too many requests on a second send",
        swaps=((executor, "_send_one", _sent_before),),
        faults=("deferred", "not sent", "refused"),
    ),
    Defect(
        name="a second refusal is believed",
        says="the same, and what the broker says to a second send is taken for the truth",
        closes="a second send proves no refusal",
        swaps=(
            (executor, "_send_one", _sent_before),
            (executor, "judge_submit", _refusal_believed),
        ),
        faults=("refused",),
    ),
)
