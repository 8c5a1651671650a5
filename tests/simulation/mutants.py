"""The daemon with one rule of the order protocol taken out: each such mutant must be caught.

A mutant is a set of replacements in the modules of this process. Where another layer would hide the
missing rule, that layer is taken out with it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from daemon import cycle, executor, observe, recovery, service, settle
from daemon.requests import acting as requests
from daemon.upkeep import chores
from policies import book, checks, decide, limits
from policies.planning import continue_run
from policies.planning import remaining as run_rest
from portfolio.decisions import Proposal
from portfolio.money import ZERO
from tests.simulation import mutations
from tests.simulation.chance import RATES, Menu, draw_menu
from tests.simulation.life import run_seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`swaps` are (module or class, attribute, replacement)."""

    name: str
    says: str
    swaps: tuple[tuple[Any, str, Any], ...]
    faults: tuple[str, ...] = ()
    """Drawn in every seed, so that fewer seeds are needed; "crash" is one."""
    rate: float = RATES[-1]
    first: int | None = None
    """Where its hunt begins, when it takes a rare seed that is known."""

    def menu(self, seed: int) -> Menu:
        """What a seed draws, and the faults of this mutant."""
        drawn = draw_menu(seed)
        rates = {**drawn.rates, **dict.fromkeys(self.faults, self.rate)}
        rates.pop("crash", None)
        if "kill" in self.faults:
            rates["kill"] = 3.0
        return Menu(rates=rates, crash_rate=0.5 if "crash" in self.faults else drawn.crash_rate)

    @contextmanager
    def alive(self) -> Iterator[None]:
        """The daemon of this process lives with the mutation until the block ends."""
        with ExitStack() as stack:
            for owner, attribute, other in self.swaps:
                stack.enter_context(patch.object(owner, attribute, other))
            yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """What became of a mutant: after how many seeds which promise was broken; None when none was."""

    seeds: int
    seed: int | None = None
    invariant: str = ""


def catch(mutant: Mutant, first: int, most: int) -> Catch:
    """Run seeds until one breaks a promise that the daemon as it is keeps on the same seed."""
    for number, seed in enumerate(
        range(mutant.first or first, (mutant.first or first) + most), start=1
    ):
        menu = mutant.menu(seed)
        with mutant.alive():
            broken = run_seed(seed, menu=menu).violations
        # A mutation that merely does not fit the code any more is no catch.
        found = [one for one in broken if one.invariant != "no crash of its own"]
        if found and not run_seed(seed, menu=menu).violations:
            return Catch(seeds=number, seed=seed, invariant=found[0].invariant)
    return Catch(seeds=most)


_NO_CATCHING_UP = (
    (settle, "count_booked", mutations.heard_by_nobody),
    (recovery, "look_for_late_fills", mutations.heard_by_nobody),
    (chores, "look_for_late_fills", mutations.heard_by_nobody),
)
"""Legs that are believed to be over are brought up to what they fill: a layer behind the protocol."""

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="a timeout is a failure",
        says="an unknown outcome of a send is taken for a refusal",
        swaps=(
            *_NO_CATCHING_UP,
            (executor, "judge_submit", mutations.timeout_is_failed),
        ),
    ),
    Mutant(
        name="not found is gone at once",
        says="the first look-up that finds nothing ends an ambiguous leg",
        swaps=(
            *_NO_CATCHING_UP,
            (settle, "_look_up", mutations.gone_at_once),
        ),
        faults=("late arrival",),
    ),
    Mutant(
        name="a crash means unsent",
        says="a leg that was being sent when the process died is abandoned",
        swaps=(
            *_NO_CATCHING_UP,
            (recovery, "_resume_interrupted_legs", mutations.crash_is_unsent),
        ),
        faults=("crash",),
    ),
    Mutant(
        name="buys first",
        says="buys go out before the sales that pay for them; no last look at the cash",
        swaps=((Proposal, "first_wave", mutations.BUYS_FIRST), mutations.NO_LAST_LOOK),
    ),
    Mutant(
        name="a stale price will do",
        says="the age of a quote is not looked at",
        swaps=(
            (checks, "fault_of", mutations.stale_passes),
            (decide, "judge_prices", lambda s, *_: s),
        ),
    ),
    Mutant(
        name="the halt is read once a cycle",
        says="the latch is read before the first leg of a wave only",
        swaps=((cycle, "place", mutations.latch_read_once),),
        faults=("kill",),
    ),
    Mutant(
        name="no fence after a loss",
        says="a lost leg bars nothing and keeps nothing",
        swaps=(
            (book, "barred_symbols", mutations.lost_is_not_barred),
            (run_rest, "_may_fill", mutations.lost_is_over),
            (continue_run, "remaining", mutations.lost_can_go_again),
            (executor, "remaining", mutations.lost_can_go_again),
            (checks, "remaining", mutations.lost_can_go_again),
        ),
        faults=("late arrival", "invisible order"),
    ),
    Mutant(
        name="a new id on retry",
        says="an ambiguous leg is sent again under another id",
        swaps=((executor, "_send_one", mutations.another_id),),
    ),
    Mutant(
        name="the library retries",
        says="an ambiguous leg is sent again under its id, and the second answer believed",
        swaps=((executor, "_send_one", mutations.same_id_again),),
    ),
    Mutant(
        name="intent after the send",
        says="the leg is written down when the answer is there",
        swaps=((executor, "_send_one", mutations.intent_after_submit),),
    ),
    Mutant(
        name="fills count each time they are seen",
        says="executions are booked without asking whether they are",
        swaps=((settle, "_book_fills", mutations.every_fill_again),),
    ),
    Mutant(
        name="strangers' fills are not booked",
        says="only executions of our own orders reach the ledger",
        swaps=((settle, "_book_fills", mutations.only_our_fills),),
    ),
    Mutant(
        name="an empty list means flat",
        says="no holdings are believed, and not compared with our own record",
        swaps=(
            (observe, "positions_beside", mutations.raw_positions),
            (recovery, "positions_beside", mutations.raw_positions),
            (cycle, "reconcile", mutations.no_fences),
            (service, "reconcile", mutations.no_fences),
        ),
        faults=("empty positions",),
    ),
    Mutant(
        name="plans over live orders",
        says="an open order does not keep its symbol from being planned",
        swaps=(
            (book, "barred_symbols", mutations.orders_bar_nothing),
            (run_rest, "_may_fill", lambda _leg: ZERO),
        ),
        faults=("fills held",),
    ),
    Mutant(
        name="parts are forgotten",
        says="what an order filled before it was cancelled is not counted",
        swaps=(
            *_NO_CATCHING_UP,
            (settle, "_take_over", mutations.taken_over_without_parts),
        ),
        faults=("part fill", "fills held"),
    ),
    Mutant(
        name="asked to cancel is cancelled",
        says="a cancel that was heard ends the leg",
        swaps=(
            *_NO_CATCHING_UP,
            (settle, "request_cancel", mutations.asked_is_canceled),
        ),
        faults=("stuck cancel", "fills held", "part fill", "trading halt"),
    ),
    Mutant(
        name="reads are not compared with writes",
        says="holdings that disagree with our own fills are planned on",
        swaps=(
            (cycle, "reconcile", mutations.no_fences),
            (service, "reconcile", mutations.no_fences),
            (cycle, "check_cash", mutations.heard_by_nobody),
            (service, "check_cash", mutations.heard_by_nobody),
        ),
        faults=("stale positions", "late fills", "stale all"),
    ),
    Mutant(
        name="cash is believed",
        says="cash that does not follow from fills and flows is planned on",
        swaps=(
            (cycle, "check_cash", mutations.heard_by_nobody),
            (service, "check_cash", mutations.heard_by_nobody),
        ),
        faults=("stale cash",),
        first=5090,
    ),
    Mutant(
        name="a worth in doubt will do",
        says="other symbols are sized by holdings that disagree with our own fills",
        swaps=((cycle, "check_worth", mutations.heard_by_nobody),),
        first=69_312_729,
    ),
    Mutant(
        name="a yes to one plan is a yes to any",
        says="an approval opens whatever the next look proposes",
        swaps=mutations.not_bound,
    ),
    Mutant(
        name="nobody is asked",
        says="every plan passes the limits",
        swaps=((cycle, "check_plan", mutations.all_approved),),
    ),
    Mutant(
        name="runs have no allowance",
        says="a run may trade its symbols again and again",
        swaps=(
            (continue_run, "remaining", mutations.tenfold_allowances),
            (executor, "open_purse", mutations.ample_purse),
            (cycle, "open_purse", mutations.ample_purse),
            (limits, "within_run", lambda *_: ()),
        ),
    ),
    Mutant(
        name="told after the commit",
        says="the page about a lost order is written in a commit of its own",
        swaps=((settle, "move", mutations.told_afterwards),),
        faults=("request lost", "crash"),
    ),
    Mutant(
        name="stuck orders are not told",
        says="no page when a cancel has no effect",
        swaps=((settle, "_pages", mutations.stuck_untold),),
        faults=("stuck cancel", "fills held"),
    ),
    Mutant(
        name="a run whose wake was lost is forgotten",
        says="the tick does not ask whether a run waits",
        swaps=((service, "RUN_WAITS", mutations.LATE),),
        faults=("mute stream", "no prices"),
    ),
    Mutant(
        name="a halt cancels nothing",
        says="orders that work are left alone when everything is halted",
        swaps=(
            (requests, "request_cancel", mutations.heard_by_nobody),
            (settle, "request_cancel", mutations.not_while_halted),
        ),
        faults=("kill", "fills held"),
    ),
    Mutant(
        name="a halt asks once",
        says="a cancel that nobody heard in a halt is not asked for again",
        swaps=((settle, "request_cancel", mutations.not_while_halted),),
        faults=("kill", "fills held", "cancel unanswered"),
        rate=0.9,
    ),
    Mutant(
        name="counts are final when an order ends",
        says="executions that are counted after an order's end do not reach its leg",
        swaps=_NO_CATCHING_UP,
        faults=("counts late", "part fill", "fills held"),
    ),
    Mutant(
        name="the machine's clock is believed",
        says="nobody compares it with the broker's",
        swaps=(
            (cycle, "check_clock", mutations.heard_by_nobody),
            (recovery, "check_clock", mutations.heard_by_nobody),
            (chores, "check_clock", mutations.heard_by_nobody),
        ),
        faults=("clock step", "stale price"),
        rate=4.0,
    ),
    Mutant(
        name="a run may try for ever",
        says="a run that goes on is not asked how often it has traded a symbol today",
        swaps=((limits, "_repeats_of_run", lambda *_: ()),),
        faults=("fills held",),
        rate=0.9,
    ),
    Mutant(
        name="a yes is not cut to",
        says="what a person has granted may go out as large as the next look makes it",
        swaps=((cycle, "cut", mutations.uncut), (cycle, "open_purse", mutations.ample_purse)),
    ),
)
