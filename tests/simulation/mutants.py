"""The daemon with one rule of the order protocol taken out: each such mutant must be caught.

A mutant is a set of replacements in the modules of this process. Where another layer would hide the
missing rule, that layer is taken out with it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from daemon import approvals, cycle, executor, observe, recovery, requests, service, settle
from daemon.protocol import Judgement, judge_submit
from daemon.reconcile import Differences
from policies import book, checks, decide, limits, prices
from policies.planning import continue_run
from portfolio.decisions import Proposal, Verdict
from portfolio.events import FillBooked
from portfolio.memory import Fence
from portfolio.money import ZERO, Quantity
from portfolio.orders import Leg, LegState, OrderStatus
from portfolio.ports import Ambiguous, Exists
from portfolio.snapshot import PriceFault
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
            found = run_seed(seed, menu=menu).violations
        if found and not run_seed(seed, menu=menu).violations:
            return Catch(seeds=number, seed=seed, invariant=found[0].invariant)
    return Catch(seeds=most)


# judging answers


def _timeout_is_failed(leg: Leg, outcome: Any) -> Judgement:
    if isinstance(outcome, Ambiguous):
        return Judgement(state=LegState.REJECTED, note="timeout")
    return judge_submit(leg, outcome)


def _another_id(house: Any, leg: Leg, purse: Any) -> Leg:
    sent = _send_one(house, leg, purse)
    if sent.state is LegState.AMBIGUOUS:
        again = leg.client_order_id.replace("tt1-", "tt1-r", 1)
        house.senders[leg.intent.account].submit(again, leg.intent)
    return sent


def _same_id_again(house: Any, leg: Leg, purse: Any) -> Leg:
    """What a retry inside a library does: the refusal of the second send is believed."""
    sent = _send_one(house, leg, purse)
    if sent.state is not LegState.AMBIGUOUS:
        return sent
    outcome = house.senders[leg.intent.account].submit(leg.client_order_id, leg.intent)
    after = LegState.REJECTED if isinstance(outcome, Exists) else judge_submit(sent, outcome).state
    return sent if after is sent.state else executor.move(house, sent, after)


def _intent_after_submit(house: Any, leg: Leg, purse: Any) -> Leg:
    purse.spend(leg)
    outcome = house.senders[leg.intent.account].submit(leg.client_order_id, leg.intent)
    now = house.clock.now()
    leg = executor.move(house, leg, LegState.SUBMITTING, sends=1, sent_at=now)
    return executor._apply(house, leg, judge_submit(replace(leg, sends=1), outcome))


_send_one = executor._send_one
_place = executor.place


class _FrozenLatch:
    def __init__(self, latch: Any) -> None:
        self._latch, self._reason = latch, latch.reason()

    def reason(self) -> str | None:
        told: str | None = self._reason
        return told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._latch, name)


def _latch_read_once(house: Any, *rest: Any) -> Any:
    before = house.latch
    house.latch = _FrozenLatch(before)
    try:
        return _place(house, *rest)
    finally:
        house.latch = before


# looking up


def _gone_at_once(house: Any, leg: Leg, _progress: Any) -> None:
    order = house.readers[leg.intent.account].find_order(leg.client_order_id)
    if order is not None:
        settle._take_over(house, leg, order)
        return
    lost = executor.move(house, leg, LegState.LOST)
    executor.move(house, lost, LegState.NEVER_ARRIVED, note="not found")


def _crash_is_unsent(house: Any) -> None:
    for leg in house.journal.legs(live=True):
        if leg.state in (LegState.SUBMITTING, LegState.PLANNED):
            executor.move(house, leg, LegState.ABANDONED, note="the process ended")


def _lost_is_over(leg: Leg) -> Any:
    if leg.state.is_terminal or leg.state is LegState.LOST:
        return ZERO
    return leg.intent.quantity - leg.filled_quantity


_barred_rightly = book._barred


def _lost_is_not_barred(account: Any, snapshot: Any, known: Any) -> dict[str, str]:
    live = tuple(leg for leg in known.live_legs if leg.state is not LegState.LOST)
    return _barred_rightly(account, snapshot, replace(known, live_legs=live, fences=()))


_remaining_rightly = continue_run.remaining


def _lost_can_go_again(run: Any, legs: Any) -> Any:
    return _remaining_rightly(run, tuple(leg for leg in legs if leg.state is not LegState.LOST))


def _taken_over_without_parts(house: Any, leg: Leg, order: Any, also: Any = ()) -> Leg:
    if order.status is not OrderStatus.FILLED:
        order = replace(order, filled_quantity=leg.filled_quantity)
    return _take_over(house, leg, order, also)


_take_over = settle._take_over


def _asked_is_canceled(house: Any, leg: Leg, _progress: Any, *, note: str) -> None:
    house.senders[leg.intent.account].cancel(leg.broker_order_id)
    executor.move(house, leg, LegState.CANCELED, note=note)


def _heard_by_nobody(*_: Any, **__: Any) -> None:
    return None


def _not_while_halted(house: Any, leg: Leg, progress: Any, *, note: str) -> None:
    if house.latch.reason() is None:
        _request_cancel(house, leg, progress, note=note)


_request_cancel = settle.request_cancel


def _every_fill_again(house: Any, account: str, since: Any) -> None:
    answers = house.readers[account].fills_since(since)
    booked = len(house.journal.fills())
    news = [replace(f, execution_id=f"{f.execution_id}-{booked}") for f in answers]
    if news:
        house.journal.append(*(FillBooked(fill=f, client_order_id=None) for f in news))


def _only_our_fills(house: Any, account: str, since: Any) -> None:
    answers = house.readers[account].fills_since(since)
    legs = {leg.broker_order_id: leg.client_order_id for leg in house.journal.legs()}
    booked = {b.fill.execution_id for b in house.journal.fills()}
    news = [f for f in answers if f.broker_order_id in legs and f.execution_id not in booked]
    if news:
        house.journal.append(
            *(FillBooked(fill=f, client_order_id=legs[f.broker_order_id]) for f in news)
        )


def _stuck_untold(house: Any, leg: Leg, name: str, text: str) -> tuple[Any, ...]:
    return () if name == "stuck order" else _pages(house, leg, name, text)


_pages = settle._pages


def _told_afterwards(house: Any, leg: Leg, after: LegState, *, also: Any = (), **rest: Any) -> Leg:
    moved = _move(house, leg, after, **rest)
    if also:
        house.journal.append(*also)
    return moved


_move = executor.move

# planning


def _orders_bar_nothing(account: Any, snapshot: Any, known: Any) -> dict[str, str]:
    alone = replace(account, open_orders=())
    return _barred_rightly(alone, snapshot, replace(known, live_legs=()))


def _no_fences(_house: Any, _held: Any, _seen: Differences) -> tuple[Fence, ...]:
    return ()


def _raw_positions(reader: Any, _state: Any) -> Any:
    return reader.positions()


def _stale_passes(quote: Any, rule: Any, at: Any) -> Any:
    fault = _fault_of(quote, rule, at)
    return None if fault is not None and fault.fault is PriceFault.STALE else fault


_fault_of = prices.fault_of


def _all_is_well(*_: Any, **__: Any) -> None:
    return None


def _all_approved(*_: Any, **__: Any) -> Verdict:
    return Verdict(checks=())


def _any_plan_fits(*_: Any) -> bool:
    return True


def _grants_what_is_new(house: Any, number: int, decision: Any, *rest: Any) -> Any:
    """A yes to one plan opens whatever plan there is now."""
    verdict, known, step, consent = rest
    if consent is not None and isinstance(decision, Proposal) and decision.run is None:
        pending = replace(consent.pending, proposal=decision)
        consent = replace(consent, pending=pending)
    return _approve(house, number, decision, verdict, known, step, consent)


_approve = approvals.approve
_not_bound = (
    (cycle, "still_fits", _any_plan_fits),
    (cycle, "approve", _grants_what_is_new),
)
_BUYS_FIRST = property(lambda plan: (*plan.buys, *plan.sells))


def _ample_purse(run: Any, snapshot: Any, known: Any) -> Any:
    purse = _open_purse(run, snapshot, known)
    purse.allowance = {key: Quantity(value * 10) for key, value in purse.allowance.items()}
    return purse


_open_purse = executor.open_purse


def _tenfold_allowances(run: Any, legs: Any) -> Any:
    return tuple(
        replace(item, quantity=Quantity(item.allowance.quantity), done=False)
        for item in _remaining_rightly(run, legs)
    )


_NO_LAST_LOOK = (executor, "last_look", _all_is_well)
_LATE = timedelta(days=9)

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="a timeout is a failure",
        says="an unknown outcome of a send is taken for a refusal",
        swaps=((executor, "judge_submit", _timeout_is_failed),),
    ),
    Mutant(
        name="not found is gone at once",
        says="the first look-up that finds nothing ends an ambiguous leg",
        swaps=((settle, "_look_up", _gone_at_once),),
        faults=("late arrival",),
    ),
    Mutant(
        name="a crash means unsent",
        says="a leg that was being sent when the process died is abandoned",
        swaps=((recovery, "_resume_interrupted_legs", _crash_is_unsent),),
        faults=("crash",),
    ),
    Mutant(
        name="buys first",
        says="buys go out before the sales that pay for them; no last look at the cash",
        swaps=((Proposal, "first_wave", _BUYS_FIRST), _NO_LAST_LOOK),
    ),
    Mutant(
        name="a stale price will do",
        says="the age of a quote is not looked at",
        swaps=((checks, "fault_of", _stale_passes), (decide, "judge_prices", lambda s, *_: s)),
    ),
    Mutant(
        name="the halt is read once a cycle",
        says="the latch is read before the first leg of a wave only",
        swaps=((cycle, "place", _latch_read_once),),
        faults=("kill",),
    ),
    Mutant(
        name="no fence after a loss",
        says="a lost leg bars nothing and keeps nothing",
        swaps=(
            (book, "_barred", _lost_is_not_barred),
            (continue_run, "_may_fill", _lost_is_over),
            (continue_run, "remaining", _lost_can_go_again),
            (executor, "remaining", _lost_can_go_again),
            (checks, "remaining", _lost_can_go_again),
        ),
        faults=("late arrival", "invisible order"),
    ),
    Mutant(
        name="a new id on retry",
        says="an ambiguous leg is sent again under another id",
        swaps=((executor, "_send_one", _another_id),),
    ),
    Mutant(
        name="the library retries",
        says="an ambiguous leg is sent again under its id, and the second answer believed",
        swaps=((executor, "_send_one", _same_id_again),),
    ),
    Mutant(
        name="intent after the send",
        says="the leg is written down when the answer is there",
        swaps=((executor, "_send_one", _intent_after_submit),),
    ),
    Mutant(
        name="fills count each time they are seen",
        says="executions are booked without asking whether they are",
        swaps=((settle, "_book_fills", _every_fill_again),),
    ),
    Mutant(
        name="strangers' fills are not booked",
        says="only executions of our own orders reach the ledger",
        swaps=((settle, "_book_fills", _only_our_fills),),
    ),
    Mutant(
        name="an empty list means flat",
        says="no holdings are believed, and not compared with our own record",
        swaps=(
            (observe, "positions_beside", _raw_positions),
            (recovery, "positions_beside", _raw_positions),
            (cycle, "reconcile", _no_fences),
            (service, "reconcile", _no_fences),
        ),
        faults=("empty positions",),
    ),
    Mutant(
        name="plans over live orders",
        says="an open order does not keep its symbol from being planned",
        swaps=(
            (book, "_barred", _orders_bar_nothing),
            (continue_run, "_may_fill", lambda _leg: ZERO),
        ),
        faults=("fills held",),
    ),
    Mutant(
        name="parts are forgotten",
        says="what an order filled before it was cancelled is not counted",
        swaps=((settle, "_take_over", _taken_over_without_parts),),
        faults=("part fill", "fills held"),
    ),
    Mutant(
        name="asked to cancel is cancelled",
        says="a cancel that was heard ends the leg",
        swaps=((settle, "request_cancel", _asked_is_canceled),),
        faults=("stuck cancel", "fills held", "part fill", "trading halt"),
    ),
    Mutant(
        name="reads are not compared with writes",
        says="holdings that disagree with our own fills are planned on",
        swaps=(
            (cycle, "reconcile", _no_fences),
            (service, "reconcile", _no_fences),
            (cycle, "check_cash", _heard_by_nobody),
            (service, "check_cash", _heard_by_nobody),
        ),
        faults=("stale positions", "late fills", "stale all"),
    ),
    Mutant(
        name="cash is believed",
        says="cash that does not follow from fills and flows is planned on",
        swaps=((cycle, "check_cash", _heard_by_nobody), (service, "check_cash", _heard_by_nobody)),
        faults=("stale cash",),
    ),
    Mutant(
        name="a yes to one plan is a yes to any",
        says="an approval opens whatever the next look proposes",
        swaps=_not_bound,
    ),
    Mutant(
        name="nobody is asked",
        says="every plan passes the limits",
        swaps=((cycle, "check_plan", _all_approved),),
    ),
    Mutant(
        name="runs have no allowance",
        says="a run may trade its symbols again and again",
        swaps=(
            (continue_run, "remaining", _tenfold_allowances),
            (executor, "open_purse", _ample_purse),
            (cycle, "open_purse", _ample_purse),
            (limits, "within_run", lambda *_: ()),
        ),
    ),
    Mutant(
        name="told after the commit",
        says="the page about a lost order is written in a commit of its own",
        swaps=((settle, "move", _told_afterwards),),
        faults=("request lost", "crash"),
    ),
    Mutant(
        name="stuck orders are not told",
        says="no page when a cancel has no effect",
        swaps=((settle, "_pages", _stuck_untold),),
        faults=("stuck cancel", "fills held"),
    ),
    Mutant(
        name="a run whose wake was lost is forgotten",
        says="the tick does not ask whether a run waits",
        swaps=((service, "RUN_WAITS", _LATE),),
        first=340,
    ),
    Mutant(
        name="a halt cancels nothing",
        says="orders that work are left alone when everything is halted",
        swaps=(
            (requests, "request_cancel", _heard_by_nobody),
            (settle, "request_cancel", _not_while_halted),
        ),
        faults=("kill", "fills held"),
    ),
    Mutant(
        name="a halt asks once",
        says="a cancel that nobody heard in a halt is not asked for again",
        swaps=((settle, "request_cancel", _not_while_halted),),
        faults=("kill", "fills held", "cancel unanswered"),
        rate=0.9,
    ),
)
