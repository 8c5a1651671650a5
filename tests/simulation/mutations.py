"""What each mutant of the daemon has in the place of a rule; `mutants.py` says which rule."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from daemon import approvals, cycle, executor, settle
from daemon.protocol import Judgement, judge_submit
from policies import prices, sellable
from policies.planning import remaining as run_rest
from portfolio.decisions import Proposal, Verdict
from portfolio.events import FillBooked
from portfolio.money import ZERO, Quantity
from portfolio.orders import Leg, LegState, OrderStatus
from portfolio.ports import Ambiguous, Exists
from portfolio.snapshot import PriceFault

# judging answers


def timeout_is_failed(leg: Leg, outcome: Any) -> Judgement:
    if isinstance(outcome, Ambiguous):
        return Judgement(state=LegState.REJECTED, note="timeout")
    return judge_submit(leg, outcome)


def another_id(house: Any, leg: Leg, purse: Any) -> Leg:
    sent = send_one(house, leg, purse)
    if sent.state is LegState.AMBIGUOUS:
        again = leg.client_order_id.replace("tt1-", "tt1-r", 1)
        house.senders[leg.intent.account].submit(again, leg.intent)
    return sent


def same_id_again(house: Any, leg: Leg, purse: Any) -> Leg:
    """What a retry inside a library does: the refusal of the second send is believed."""
    sent = send_one(house, leg, purse)
    if sent.state is not LegState.AMBIGUOUS:
        return sent
    outcome = house.senders[leg.intent.account].submit(leg.client_order_id, leg.intent)
    after = LegState.REJECTED if isinstance(outcome, Exists) else judge_submit(sent, outcome).state
    return sent if after is sent.state else executor.move(house, sent, after)


def intent_after_submit(house: Any, leg: Leg, purse: Any) -> Leg:
    purse.spend(leg)
    outcome = house.senders[leg.intent.account].submit(leg.client_order_id, leg.intent)
    now = house.clock.now()
    leg = executor.move(house, leg, LegState.SUBMITTING, sends=1, sent_at=now)
    return executor._apply(house, leg, judge_submit(replace(leg, sends=1), outcome))


send_one = executor._send_one
_place = executor.place


class _FrozenLatch:
    def __init__(self, latch: Any) -> None:
        self._latch, self._reason = latch, latch.reason()

    def reason(self) -> str | None:
        told: str | None = self._reason
        return told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._latch, name)


def latch_read_once(house: Any, *rest: Any) -> Any:
    before = house.latch
    house.latch = _FrozenLatch(before)
    try:
        return _place(house, *rest)
    finally:
        house.latch = before


# looking up


def gone_at_once(house: Any, leg: Leg, _progress: Any) -> None:
    order = house.readers[leg.intent.account].find_order(leg.client_order_id)
    if order is not None:
        settle._take_over(house, leg, order)
        return
    lost = executor.move(house, leg, LegState.LOST)
    executor.move(house, lost, LegState.NEVER_ARRIVED, note="not found")


def crash_is_unsent(house: Any) -> None:
    for leg in house.journal.legs(live=True):
        if leg.state in (LegState.SUBMITTING, LegState.PLANNED):
            executor.move(house, leg, LegState.ABANDONED, note="the process ended")


_barred_rightly = sellable.barred_symbols


def lost_is_not_barred(account: Any, snapshot: Any, known: Any) -> dict[str, str]:
    live = tuple(leg for leg in known.live_legs if leg.state is not LegState.LOST)
    fences = tuple(f for f in known.fences if not f.reason.endswith("cannot be found"))
    return _barred_rightly(account, snapshot, replace(known, live_legs=live, fences=fences))


_kept_rightly = Leg.reserved_cash
LOST_KEEPS_NOTHING = property(
    lambda leg: ZERO if leg.state is LegState.LOST else _kept_rightly.fget(leg)  # type: ignore[attr-defined]
)


def taken_over_without_parts(house: Any, leg: Leg, order: Any, also: Any = (), **words: Any) -> Leg:
    if order.status is not OrderStatus.FILLED:
        order = replace(order, filled_quantity=leg.filled_quantity)
    return take_over(house, leg, order, also, **words)


take_over = settle._take_over


def asked_is_canceled(house: Any, leg: Leg, _progress: Any, *, note: str) -> None:
    house.senders[leg.intent.account].cancel(leg.broker_order_id)
    executor.move(house, leg, LegState.CANCELED, note=note)


def not_while_halted(house: Any, leg: Leg, progress: Any, *, note: str) -> None:
    if house.latch.reason() is None:
        _request_cancel(house, leg, progress, note=note)


_request_cancel = settle.request_cancel


def every_fill_again(house: Any, account: str, since: Any, _unbooked: Any) -> None:
    answers = house.readers[account].fills_since(since)
    booked = len(house.journal.fills())
    news = [replace(f, execution_id=f"{f.execution_id}-{booked}") for f in answers]
    if news:
        house.journal.append(*(FillBooked(fill=f, client_order_id=None) for f in news))


def only_our_fills(house: Any, account: str, since: Any, _unbooked: Any) -> None:
    answers = house.readers[account].fills_since(since)
    legs = {leg.broker_order_id: leg.client_order_id for leg in house.journal.legs()}
    booked = {b.fill.execution_id for b in house.journal.fills()}
    news = [f for f in answers if f.broker_order_id in legs and f.execution_id not in booked]
    if news:
        house.journal.append(
            *(FillBooked(fill=f, client_order_id=legs[f.broker_order_id]) for f in news)
        )


def stuck_untold(house: Any, leg: Leg, name: str, text: str) -> tuple[Any, ...]:
    return () if name == "stuck order" else pages(house, leg, name, text)


pages = settle._pages


def told_afterwards(house: Any, leg: Leg, after: LegState, *, also: Any = (), **rest: Any) -> Leg:
    moved = _move(house, leg, after, **rest)
    if also:
        house.journal.append(*also)
    return moved


_move = executor.move

# planning


def orders_bar_nothing(account: Any, snapshot: Any, known: Any) -> dict[str, str]:
    alone = replace(account, open_orders=())
    return _barred_rightly(alone, snapshot, replace(known, live_legs=()))


def raw_positions(reader: Any, _state: Any, _max_doubt: Any) -> Any:
    return reader.positions()


def stale_passes(quote: Any, rule: Any, at: Any) -> Any:
    fault = _fault_of(quote, rule, at)
    return None if fault is not None and fault.fault is PriceFault.STALE else fault


_fault_of = prices.fault_of


def all_approved(*_: Any, **__: Any) -> Verdict:
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
not_bound = (
    (cycle, "still_fits", _any_plan_fits),
    (cycle, "approve", _grants_what_is_new),
)
BUYS_FIRST = property(lambda plan: (*plan.buys, *plan.sells))


_remaining_rightly = run_rest.remaining


def tenfold_allowances(run: Any, legs: Any) -> Any:
    return tuple(
        replace(item, quantity=Quantity(item.allowance.quantity), done=False)
        for item in _remaining_rightly(run, legs)
    )


def uncut(legs: Any, *_: Any) -> Any:
    return tuple(legs)


LATE = timedelta(days=9)
