"""The invariants, judged by code that shares nothing with the code under test.

It keeps its own books from what the exchange did, reads the journal's raw rows, and does its own sums.
"""

import json
import os
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.simulated.entries import (
    Entry,
    Filled,
    FlowBooked,
    OrderEnded,
    OrderTaken,
    Renamed,
    SplitBooked,
)
from portfolio.orders import OrderIntent, Side
from portfolio.snapshot import Quote
from tests.simulation.market import TICKS_A_SESSION
from tests.simulation.own_books import Ordered, OwnBooks, Sent, Violation
from tests.simulation.sends import judge_losses, judge_send

if TYPE_CHECKING:
    from tests.simulation.world import World

_ZERO = Decimal(0)
_LIVE = frozenset(
    (
        *("planned", "submitting", "deferred", "working"),
        *("ambiguous", "lost", "cancel_requested", "stuck"),
    )
)


class Checks:
    """Every invariant that can be judged while a seed runs."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self._halt_file = str(world.directory / "halt")
        self.violations: list[Violation] = []
        settings = world.settings
        self.books = OwnBooks(
            cash=settings.cash,
            held=dict(settings.positions),
            cheapest=dict(settings.average_costs),
            dearest=dict(settings.average_costs),
        )
        self.sent: dict[str, Sent] = {}
        self._halted_before: bool = False
        self._cancels_then: dict[str, int] = {}
        self._working_before: set[str] = set()
        self._disturbed_before = self._disturbed_before_faults = 0
        self._crashes_before = 0
        self._idle_ticks = self._fills_judged = 0
        self._look_then: datetime | None = None
        self._cycles: dict[tuple[int, str], set[str]] = {}
        self._tried: set[tuple[int, str, int]] = set()
        self.not_tradable: set[str] = set()
        """Symbols that the last look was told may not be traded."""
        self._equities: dict[int, Decimal] = {}
        self._lost_before: frozenset[str] = frozenset()

    def violated(self, invariant: str, text: str) -> None:
        """Write a violation down, each once."""
        if len(self.violations) < 50 and (invariant, text) not in {
            (v.invariant, v.text) for v in self.violations
        }:
            found = Violation(invariant=invariant, text=text, tick=self.world.tick)
            self.violations.append(found)

    # numbers of our own

    def price(self, symbol: str) -> Decimal:
        return self.world.market.now_at[symbol[:3]]  # what was renamed has a letter more

    def equity(self) -> Decimal:
        held = self.books.held.items()
        return self.books.cash + sum((q * self.price(s) for s, q in held), _ZERO)

    @property
    def most_equity(self) -> Decimal:
        """The most that the portfolio was worth at any tick or send of this session."""
        today, now = self.world.market.today, self.equity()
        self._equities[today] = most = max(now, self._equities.get(today, now))
        return most

    def _shown_equity(self) -> Decimal:
        """The same at the prices that were shown; a quote that stands still hides a jump."""
        shown = self.books.cash
        for symbol, quantity in self.books.held.items():
            quote = self.world.prices.served.get(symbol)
            price = quote.price if isinstance(quote, Quote) else quote and quote.count_at
            shown += quantity * (price or self.price(symbol))
        return shown

    def weight(self, symbol: str) -> Decimal:
        slices = self.world.policy.target.slices
        return next(n.weight for n in slices if n.symbol and n.symbol[:3] == symbol[:3])

    def rows(self, words: str, *values: object) -> list[tuple[Any, ...]]:
        """Raw rows of the journal."""
        return list(self.world.disk.raw.execute(words, values).fetchall())

    def is_latched(self) -> bool:
        """Whether the halt file is there."""
        return os.path.lexists(self._halt_file)

    # at a send

    def on_submit(self, name: str, intent: OrderIntent) -> None:
        """Before the first byte: I4, I5, I6, and what a person must have allowed (I9)."""
        if self.is_latched():
            self.violated("I6 nothing after a halt", f"{name} was sent")
        if name in self.sent:
            self.violated("I1 each order sent once", f"{name} was sent again")
        raw = self.world.disk.raw
        states = self.rows("SELECT state FROM leg WHERE client_order_id = ?", name)
        if states != [("submitting",)] or raw.in_transaction:
            self.violated("I4 intent before send", f"{name} is {states} in the journal")
        if abs(self.world.clock_is_off) > timedelta(seconds=5):
            self.violated("I5 a right clock", f"{name} was sent, {self.world.clock_is_off} off")
        if self.world.cuts.end_is_asked:
            self.violated("I6 nothing after a halt", f"{name} was sent, the daemon was told to end")
        if intent.symbol in self.not_tradable:
            self.violated("I9 tradable", f"{name} is in {intent.symbol}, which may not be traded")
        self._check_quote(name, intent)
        worth = intent.quantity * (intent.limit_price or _ZERO)
        self.sent[name] = Sent(
            tick=self.world.tick,
            equity=self.equity(),
            shown=self._shown_equity(),
            price=self.price(intent.symbol),
            weight=self.weight(intent.symbol),
        )
        self._check_allowed(name, intent, worth)
        self._check_wash(name, intent)

    def _check_quote(self, name: str, intent: OrderIntent) -> None:
        quote = self.world.prices.served.get(intent.symbol)
        now, limit = self.world.clock.now(), intent.limit_price
        if not isinstance(quote, Quote) or limit is None:
            self.violated("I5 fresh price", f"{name} rests on {quote}")
            return
        age = abs((now - quote.as_of).total_seconds())
        far = limit / quote.ask - 1 if intent.side is Side.BUY else 1 - limit / quote.bid
        wide = (quote.ask - quote.bid) / ((quote.ask + quote.bid) / 2)
        if age > 60 or quote.bid > quote.ask or wide > Decimal("0.0201") or far > Decimal("0.0101"):
            self.violated("I5 fresh price", f"{name}: {age:.0f} s old, {far:.4f} away, {wide:.4f}")

    def _check_wash(self, name: str, intent: OrderIntent) -> None:
        """I15: nothing is bought back that was sold at a loss, as far as the daemon can know of it."""
        symbol, guards = intent.symbol, self.world.traits.guards
        execution = self.books.losses.get(symbol)
        if not guards or intent.side is Side.SELL or execution is None:
            return
        if self.rows("SELECT 1 FROM fill WHERE execution_id = ?", execution):
            self.violated("I15 no wash sale", f"{name} buys {symbol}, {execution} lost on it")

    def _note_cost(self, order: Ordered, entry: Filled) -> None:
        """Only a symbol that nobody has bought in this world: else the loss may be washed already.

        The fills of an order are one sale: what it brings on the whole is a loss, or is none.
        """
        books, symbol, price = self.books, order.symbol, entry.price
        (books.bought if order.buys else books.sold).add(symbol)
        lost = books.losses.get(symbol, "")
        if order.buys:
            books.dearest[symbol[:3]] = max(price, books.dearest.get(symbol[:3], price))
            books.lost[symbol] = books.lost.get(symbol, _ZERO) - entry.quantity
            if books.lost[symbol] <= _ZERO:  # a person's purchase has washed all of it
                books.losses.pop(symbol, None)
        elif symbol in books.bought:
            return
        elif order.value < books.cheapest[symbol[:3]] * order.filled:
            books.losses.setdefault(symbol, entry.execution_id)
            books.lost[symbol] = books.lost.get(symbol, _ZERO) + entry.quantity
        elif lost and books.fills[lost][0] == order.name:
            del books.losses[symbol], books.lost[symbol]

    def _check_allowed(self, name: str, intent: OrderIntent, worth: Decimal) -> None:
        """I9: within what the limits let pass alone, or within what a person has approved."""
        found = self.rows(
            "SELECT r.number, r.proposal_hash, r.accepted_by, r.body FROM leg l "
            "JOIN run r ON r.number = l.run WHERE l.client_order_id = ?",
            name,
        )
        if not found:
            self.violated("I9 limits", f"{name} belongs to no run")
            return
        number, proposal, by, body = found[0]
        equity = self.equity()
        if by == "limits":
            if worth > equity * Decimal("0.102"):
                self.violated("I9 limits", f"{name} is {worth / equity:.3f} of equity, unasked")
        else:
            granted = self.rows(
                "SELECT count(*) FROM approval WHERE proposal_hash = ? AND outcome = 'granted'",
                proposal,
            )
            if granted[0][0] != 1 or proposal not in self.world.people.approved:
                self.violated("I9 approval", f"{name} rests on a proposal nobody has granted")
        judge_send(self, name, intent, found[0])
        self._check_repeats(name, number, intent.symbol)
        self._check_run(name, number, proposal, json.loads(body)["opened_cycle"], intent)

    def _check_repeats(self, name: str, run: int, symbol: str) -> None:
        """Cycles that traded a symbol today, by the ids of its orders; a yes lets one more go."""
        key = (self.world.market.today, symbol)
        cycles = self._cycles.setdefault(key, set())
        known = (self.world.market.today, symbol, run) in self._tried
        cycles.add(name.split("-")[2])
        self._tried.add((self.world.market.today, symbol, run))
        asked = len(self.world.people.approved)
        if len(cycles) > 3 + asked and known:
            self.violated("I9 repeats", f"{name}: {len(cycles)} cycles traded {symbol} today")

    def _check_run(
        self, name: str, number: int, proposal: str, opened: int, intent: OrderIntent
    ) -> None:
        """What a run has filled, has open and sends now, against the plan that was accepted."""
        asked = self.rows("SELECT cycle FROM approval WHERE proposal_hash = ?", proposal)
        cycle = asked[0][0] if asked else opened
        body = self.rows(
            "SELECT a.body FROM audit a JOIN cycle c ON c.seq = a.seq WHERE c.cycle = ?", cycle
        )
        legs = json.loads(body[0][0])["decision"].get("legs", [])
        planned = sum(
            (
                Decimal(leg["intent"]["quantity"])
                for leg in legs
                if (leg["intent"]["symbol"], leg["intent"]["side"]) == (intent.symbol, intent.side)
            ),
            _ZERO,
        )
        ids = self.rows("SELECT client_order_id FROM leg WHERE run = ?", number)
        used = Decimal(intent.quantity)
        for (other,) in ids:
            order = self.books.orders.get(other)
            if order is None or order.symbol != intent.symbol or other == name:
                continue
            if order.buys == (intent.side is Side.BUY):
                used += order.filled + order.rest
        if used > planned * Decimal("1.0101"):
            self.violated("I9 run", f"{name}: {used} of {planned} {intent.symbol} planned")

    # at the exchange

    def on_entry(self, entry: Entry) -> None:
        """What the exchange did: I1 when it takes an order, I2 when money moves."""
        books = self.books
        match entry:
            case OrderTaken():
                books.orders[entry.client_order_id] = order = Ordered(
                    name=entry.client_order_id,
                    symbol=entry.symbol,
                    buys=entry.side is Side.BUY,
                    quantity=entry.quantity,
                    limit=entry.limit_price or _ZERO,
                    taken_at=entry.at,
                )
                self._numbers[entry.broker_order_id] = entry.client_order_id
                if order.is_ours:
                    self.world.tally.orders += 1
                    self._check_taken(order)
            case Filled():
                order = books.orders[self._numbers[entry.broker_order_id]]
                worth, sign = entry.quantity * entry.price, 1 if order.buys else -1
                order.filled += entry.quantity
                order.value += worth
                books.cash -= sign * worth + entry.fee
                books.held[order.symbol] = books.held.get(order.symbol, _ZERO) + (
                    sign * entry.quantity
                )
                books.fills[entry.execution_id] = (order.name, entry.quantity)
                if self.world.is_calm and order.is_ours:
                    books.in_calm[order.symbol] += entry.quantity
                self._check_cash(order.name)
                self._note_cost(order, entry)
            case OrderEnded():
                books.orders[self._numbers[entry.broker_order_id]].over = True
            case FlowBooked():
                books.cash += entry.amount
                if entry.amount > 0:
                    books.deposits.append((self.world.tick, entry.amount))
            case SplitBooked():
                books.held[entry.symbol] = entry.quantity
                books.cheapest[entry.symbol] /= entry.ratio
                books.dearest[entry.symbol] /= entry.ratio
                books.lost[entry.symbol] = books.lost.get(entry.symbol, _ZERO) * entry.ratio
            case Renamed():
                books.held[entry.to] = books.held.pop(entry.symbol)
                if entry.symbol in books.bought:
                    books.bought.add(entry.to)
                if entry.symbol in books.losses:
                    books.losses[entry.to] = books.losses[entry.symbol]
                    books.lost[entry.to] = books.lost[entry.symbol]
            case _:
                pass

    @property
    def _numbers(self) -> dict[str, str]:
        """Broker order id to client order id."""
        if not hasattr(self, "_ids"):
            self._ids: dict[str, str] = {}
        return self._ids

    def _check_taken(self, order: Ordered) -> None:
        """I1a and I1b."""
        open_now = self.books.open_ours(order.symbol)
        if len(open_now) > 1:
            names = ", ".join(o.name for o in open_now)
            self.violated("I1a one open order a symbol", f"{order.symbol}: {names}")
        sent = self.sent.get(order.name)
        if sent is None:
            self.violated("I4 intent before send", f"{order.name} was never sent by us")
            return
        if order.symbol in self.world.people.touched:
            return
        moment = (self.equity(), self.price(order.symbol))
        crossed = [
            self._crosses(order, equity - waiting, price)
            for equity, price in ((sent.equity, sent.price), (sent.shown, sent.price), moment)
            for waiting in (_ZERO, self._deposits())  # new cash may have to wait before it counts
        ]
        if all(crossed):
            self.violated("I1b not across the target", crossed[-1])

    def _deposits(self) -> Decimal:
        """Cash that came in during the last two sessions."""
        since = self.world.tick - 2 * TICKS_A_SESSION
        return sum((amount for at, amount in self.books.deposits if at >= since), _ZERO)

    def _crosses(self, order: Ordered, equity: Decimal, price: Decimal) -> str:
        goal = self.sent[order.name].weight * equity
        rest = sum(
            (o.rest * (1 if o.buys else -1) for o in self.books.open_ours(order.symbol)), _ZERO
        )
        after = (self.books.held.get(order.symbol, _ZERO) + rest) * price
        room = goal * Decimal("0.06") + 2 * price
        beyond = after - goal if order.buys else goal - after
        if beyond <= room:
            return ""
        return f"{order.name} takes {order.symbol} to {after:.0f}, its goal is {goal:.0f}"

    def _check_cash(self, name: str) -> None:
        if self.world.people.moved_cash:
            return
        floor = -max(Decimal(1), self.equity() * Decimal("0.0002"))
        if self.books.cash < floor:
            self.violated("I2 no borrowed cash", f"{name} takes cash to {self.books.cash:.2f}")

    # around a tick

    def before_faults(self) -> None:
        """Faults that last for the tick are drawn after this."""
        self._disturbed_before_faults = self.world.tally.disturbances

    def before_tick(self) -> None:
        """What must be cancelled by the end of this tick, if we are halted."""
        self._halted_before = self.is_latched()
        self.world.people.resumed = False
        self._lost_before = self._lost()
        _ = self.most_equity
        self._disturbed_before = self.world.tally.disturbances
        self._crashes_before = self.world.tally.crashes
        if self._halted_before:
            self._cancels_then = dict(self.world.network.cancels_asked)
            working = self.rows("SELECT broker_order_id FROM leg WHERE state = 'working'")
            self._working_before = {number for (number,) in working}

    def _lost(self) -> frozenset[str]:
        rows = self.rows("SELECT client_order_id FROM leg WHERE state = 'lost'")
        return frozenset(name for (name,) in rows)

    def after_tick(self) -> None:
        """I3 as far as it holds at any time, and the second half of I6."""
        tally = self.world.tally
        undisturbed = (
            tally.disturbances == self._disturbed_before and tally.crashes == self._crashes_before
        )
        if self._halted_before and not self.is_latched() and not self.world.people.resumes():
            self.violated("I6 only people resume", "a halt ended by itself")
        if self._halted_before and self.is_latched() and undisturbed and self.world.is_alive:
            asked = self.world.network.cancels_asked
            for (number,) in self.rows("SELECT broker_order_id FROM leg WHERE state = 'working'"):
                order = self.books.orders.get(self._numbers.get(number, ""))
                then = self._cancels_then.get(number, 0)
                if number not in self._working_before or order is None or order.rest <= 0:
                    continue
                if asked.get(number, 0) == then:
                    self.violated("I6 a halt cancels", f"{order.name} was not asked to cancel")
        since = self._disturbed_before_faults
        self._check_run_goes_on(undisturbed=undisturbed and tally.disturbances == since)
        judge_losses(self, self._lost() - self._lost_before)
        # Rows of fills never change: those that were judged are looked at once more at the end.
        if self.rows("SELECT count(*) FROM fill") != [(self._fills_judged,)]:
            self.check_fills()

    def _check_run_goes_on(self, *, undisturbed: bool) -> None:
        """I7: a run with nothing on its way is looked at again within a few good ticks."""
        world = self.world
        run = self.rows("SELECT number FROM run WHERE outcome IS NULL")
        if not run:
            self._idle_ticks, self._look_then = 0, None
            return
        looks = self.rows(
            "SELECT at FROM audit WHERE kind = 'cycle_decided' ORDER BY seq DESC LIMIT 1"
        )
        last = datetime.fromisoformat(looks[0][0]) if looks else world.clock.now()
        states = self.rows("SELECT DISTINCT state FROM leg")
        moving = any(state in _LIVE for (state,) in states)
        may_go_on = not moving and not self.is_latched() and world.is_alive
        if not may_go_on or not world.market.is_open(world.clock.now()) or last != self._look_then:
            self._idle_ticks = 0
        elif undisturbed:
            self._idle_ticks += 1
        self._look_then = last
        if self._idle_ticks >= 4 and world.daemon_clock.now() - last > timedelta(minutes=20):
            self.violated("I7 a run goes on", f"run {run[0][0]} waits and nobody looks")

    def check_fills(self) -> None:
        """I3: every booked fill is one of the exchange's, each booked once."""
        rows = self.rows("SELECT execution_id, quantity, client_order_id FROM fill")
        self._fills_judged = len(rows)
        for execution, quantity, name in rows:
            real = self.books.fills.get(execution)
            if real is None or real[1] != Decimal(quantity):
                self.violated("I3 fills", f"{execution} of {quantity} is not the exchange's {real}")
            elif name is not None and real[0] != name:
                self.violated("I3 fills", f"{execution} is of {real[0]}, booked to {name}")
        if len({execution for execution, _, _ in rows}) != len(rows):
            self.violated("I3 fills", "an execution is booked twice")
