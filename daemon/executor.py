"""The executor: legs written down, looked at once more, and sent, each at most once.

The intent is committed before the first byte of a request; the kill latch is read before every send;
an unknown outcome is a state that settling resolves, never a reason to send again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from daemon.house import House
from daemon.protocol import BrokenInvariant, Judgement, content_differs, judge_submit
from daemon.taxes.at_order_time import why_wash
from policies.book import reserved_cash
from policies.limits import last_look
from policies.planning.remaining import remaining
from portfolio.decisions import PlannedLeg, Run
from portfolio.events import Alarm, Event, Halted, LegMoved, LegPlanned
from portfolio.memory import Memory
from portfolio.money import ZERO, Money, Quantity
from portfolio.orders import Leg, LegState, Order, Side, client_order_id, is_legal_move
from portfolio.ports import Unavailable
from portfolio.snapshot import Snapshot


@dataclass(slots=True)
class Purse:
    """What a wave of orders may still use, counted down leg by leg as they go out.

    `cash` is an account's cash less what other open buys may take; `available` what it can sell;
    `allowance` what the run still lets a symbol trade. `sent` are the accounts' symbols that have
    had their order in this wave: a second one waits for the next look.
    """

    cash: dict[str, Money]
    available: dict[tuple[str, str], Quantity]
    allowance: dict[tuple[str, str, Side], Quantity]
    sent: set[tuple[str, str]] = field(default_factory=set)

    def spend(self, leg: Leg) -> None:
        """Take off what a leg that went out may use."""
        intent = leg.intent
        key = (intent.account, intent.symbol, intent.side)
        self.allowance[key] = Quantity(self.allowance[key] - intent.quantity)
        self.sent.add((intent.account, intent.symbol))
        if intent.side is Side.BUY:
            cost = intent.quantity * (intent.limit_price or ZERO)
            self.cash[intent.account] = Money(self.cash[intent.account] - cost)
        else:
            held = self.available[intent.account, intent.symbol]
            self.available[intent.account, intent.symbol] = Quantity(held - intent.quantity)


def open_purse(run: Run, snapshot: Snapshot, memory: Memory) -> Purse:
    """The purse of a wave, from the cycle's own snapshot and memory."""
    own = memory.run_legs if memory.run is not None else ()
    return Purse(
        cash={
            a.account.id: Money(a.cash - reserved_cash(a, snapshot, memory))
            for a in snapshot.accounts
        },
        available={
            (a.account.id, p.symbol): p.available for a in snapshot.accounts for p in a.positions
        },
        allowance={
            (r.allowance.account, r.allowance.symbol, r.allowance.side): r.quantity
            for r in remaining(run, own)
        },
    )


def place(
    house: House, run: Run, cycle: int, legs: Sequence[PlannedLeg], purse: Purse
) -> tuple[Leg, ...]:
    """Write down and send the legs of one wave; returns them as they stand after their answers.

    All intents are committed together first. A leg that the latch, the last look or a halting
    answer stops is ABANDONED: provably never sent.
    """
    planned = tuple(
        _planned(house, run.number, cycle, index, leg) for index, leg in enumerate(legs, start=1)
    )
    house.hook("before plan commit")
    house.journal.append(*(LegPlanned(leg=leg) for leg in planned))
    house.hook("after plan commit")
    return tuple(_send_one(house, leg, purse) for leg in planned)


def _planned(house: House, run: int, cycle: int, index: int, planned: PlannedLeg) -> Leg:
    return Leg(
        client_order_id=client_order_id(house.epoch, cycle, index, planned.intent),
        run=run,
        cycle=cycle,
        index=index,
        intent=planned.intent,
        reason=planned.reason,
        state=LegState.PLANNED,
        planned_at=house.clock.now(),
    )


def _send_one(house: House, leg: Leg, purse: Purse) -> Leg:
    stopped = _why_not_send(house, leg, purse)
    if stopped:
        return move(house, leg, LegState.ABANDONED, note=stopped)
    purse.spend(leg)
    now = house.clock.now()
    leg = move(house, leg, LegState.SUBMITTING, sends=leg.sends + 1, sent_at=now)
    house.hook("before submit")
    if stopped := _why_stop(house):
        # It fell between the commit and the first byte: nothing has left, and the row says so.
        return move(house, leg, LegState.ABANDONED, note=f"before the send: {stopped}")
    outcome = house.senders[leg.intent.account].submit(leg.client_order_id, leg.intent)
    house.hook("after submit")
    return _apply(house, leg, judge_submit(leg, outcome))


def _why_stop(house: House) -> str:
    """Why nothing at all may go out now: a halt, or the end of this process."""
    if reason := house.latch.reason():
        return f"halted: {reason}"
    if reason := house.stopping():
        return f"the daemon ends: {reason}"
    return ""


def _why_not_send(house: House, leg: Leg, purse: Purse) -> str:
    if stopped := _why_stop(house):
        return stopped
    intent = leg.intent
    if (intent.account, intent.symbol) in purse.sent:
        return f"{intent.symbol} has had its order in this look already"
    try:
        quote = house.prices.quotes([intent.symbol])[intent.symbol]
    except Unavailable as problem:
        return f"no fresh price right before the send: {problem}"
    if why := why_wash(house, intent):
        return why
    check = last_look(
        intent,
        quote,
        at=house.clock.now(),
        rule=house.policy.prices,
        limits=house.limits,
        cash=purse.cash.get(intent.account, Money(ZERO)),
        available=purse.available.get((intent.account, intent.symbol), Quantity(ZERO)),
        allowance=purse.allowance.get((intent.account, intent.symbol, intent.side), Quantity(ZERO)),
    )
    return "" if check is None else check.text


def _apply(house: House, leg: Leg, judgement: Judgement) -> Leg:
    order, state, note = judgement.order, judgement.state, judgement.note
    if order is not None and not is_as_meant(house, leg, order):
        # Whatever that is, it is not known to be ours: it stays open until its look-up fits.
        order, state, note = None, LegState.AMBIGUOUS, "the answer shows another order under its id"
    number = None if order is None else order.broker_order_id
    moved = move(house, leg, state, note=note, broker_order_id=number)
    if judgement.halts:
        halt(house, by="trimtab", reason=f"the broker blocks trading: {judgement.note}")
    return moved


def move(
    house: House, leg: Leg, after: LegState, *, also: Sequence[Event] = (), **changes: object
) -> Leg:
    """Commit a leg's next state and return the leg in it. Raises `BrokenInvariant` on an illegal move.

    `also` goes into the same commit: what must be told or fenced because the leg moved.
    `changes` are fields of the leg: sends, sent_at, broker_order_id, filled_quantity,
    filled_average_price, note. A None broker id keeps the known one.
    """
    if changes.get("broker_order_id") is None:
        changes.pop("broker_order_id", None)
    moved = replace(leg, state=after, **changes)  # type: ignore[arg-type]
    same_state_more_filled = after is leg.state and moved.filled_quantity > leg.filled_quantity
    if not (is_legal_move(leg.state, after) or same_state_more_filled):
        raise BrokenInvariant(f"{leg.client_order_id}: no move from {leg.state} to {after}")
    if moved.filled_quantity < leg.filled_quantity:
        raise BrokenInvariant(f"{leg.client_order_id}: the filled quantity fell")
    if after is LegState.REJECTED and moved.sends > 1 and leg.state is LegState.SUBMITTING:
        raise BrokenInvariant(f"{leg.client_order_id}: a second send proves no refusal")
    house.hook(f"before {after} commit")
    house.journal.append(
        LegMoved(
            client_order_id=leg.client_order_id,
            before=leg.state,
            after=after,
            sends=moved.sends,
            sent_at=moved.sent_at,
            broker_order_id=moved.broker_order_id,
            filled_quantity=moved.filled_quantity,
            filled_average_price=moved.filled_average_price,
            note=moved.note,
        ),
        *also,
    )
    house.hook(f"after {after} commit")
    return moved


def is_as_meant(house: House, leg: Leg, order: Order) -> bool:
    """Whether the broker's order under a leg's id is what the leg meant; everything halts if not."""
    difference = content_differs(order, leg.intent)
    if difference and house.latch.reason() is None:
        text = f"order {leg.client_order_id} at the broker has {difference}"
        halt(house, by="trimtab", reason=text)
    return not difference


def halt(house: House, *, by: str, reason: str) -> None:
    """Latch the halt first, outside the database, then record it."""
    house.latch.set(by, reason)
    house.journal.append(
        Halted(by=by, reason=reason),
        Alarm(name="halted", level="page", text=f"Halted by {by}: {reason}"),
        actor=by,
    )
