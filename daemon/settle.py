"""Settling: what the broker knows that the journal does not. Polling is the truth.

Each call resolves every leg that is not over, then books new fills and flows. All of it is idempotent:
running it again with the same answers adds no row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from daemon.executor import is_as_meant, move
from daemon.house import House
from daemon.late_fills import count_booked
from daemon.protocol import BrokenInvariant, contradicts, state_of
from portfolio.events import Alarm, Event, Fenced, FillBooked, FlowSeen
from portfolio.memory import Fence
from portfolio.money import Quantity
from portfolio.orders import Leg, LegState, Order, OrderStatus
from portfolio.ports import Unavailable

FOUND = "found at the broker, not sent again"
OVERLAP = timedelta(days=1)


@dataclass(slots=True)
class Progress:
    """How far settling got since this process started. Forgetting it costs time, never an order.

    `misses` counts how often the broker said "no such order" for a leg; `settled` is when an account
    was last settled whole, None meaning from the journal's first day on. `unbooked` are orders by
    account whose executions wait until a person has looked (`daemon.upkeep.strangers`).
    """

    misses: dict[str, int] = field(default_factory=dict)
    settled: dict[str, datetime] = field(default_factory=dict)
    cancels: dict[str, datetime] = field(default_factory=dict)
    unbooked: dict[str, frozenset[str]] = field(default_factory=dict)


def settle(house: House, progress: Progress) -> bool:
    """Bring the journal up to what the brokers say; True when a leg, a fill or a flow was news.

    Raises `Unavailable` when a broker cannot be asked; what was committed before stays true. Raises
    `BrokenInvariant` for a leg that would have to make an illegal move, after all the others, fills and
    flows have been settled: trading stops, looking goes on.
    """
    before = house.journal.head()
    now = house.clock.now()
    live = house.journal.legs(live=True)
    broken: list[BrokenInvariant] = []
    for leg in live:
        if leg.intent.account in house.readers:
            try:
                _resolve(house, leg, progress)
            except BrokenInvariant as problem:
                broken.append(problem)
    for account in house.readers:
        since = progress.settled.get(account)
        adopted = adopted_at(house)
        since = adopted if since is None else max(since - OVERLAP, adopted)
        _book_fills(house, account, since, progress.unbooked.get(account, frozenset()))
        _book_flows(house, account, since)
    count_booked(house, [leg.client_order_id for leg in live])
    for account in house.readers:
        progress.settled[account] = now
    if broken:
        raise broken[0]
    return house.journal.head() != before


def adopted_at(house: House) -> datetime:
    """When the holdings were taken as they are: fills and flows before it are part of them.

    The present where that has not happened yet.
    """
    first = house.journal.events("positions_accepted", limit=1)
    return first[0].at if first else house.clock.now()


def _book_fills(house: House, account: str, since: datetime, unbooked: frozenset[str]) -> None:
    answers = house.readers[account].fills_since(since)
    if not answers:
        return
    # From the beginning of its day on: the same question all day is asked of the database once.
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    booked = {b.fill.execution_id for b in house.journal.fills(since=day)}
    news = [
        fill
        for fill in answers
        if fill.execution_id not in booked and fill.broker_order_id not in unbooked
    ]
    if not news:
        return
    legs = {
        leg.broker_order_id: leg.client_order_id
        for leg in house.journal.legs(since=since - OVERLAP)
        if leg.broker_order_id is not None
    }
    house.hook("before fill commit")
    house.journal.append(
        *(FillBooked(fill=f, client_order_id=legs.get(f.broker_order_id)) for f in news)
    )
    house.hook("after fill commit")
    count_booked(house, {legs[f.broker_order_id]: None for f in news if f.broker_order_id in legs})


def _book_flows(house: House, account: str, since: datetime) -> None:
    first_day = since.date() - OVERLAP
    answers = house.readers[account].flows_since(first_day)
    known = {flow.flow_id for flow in house.journal.flows(since=first_day)}
    session = house.sessions.current_or_previous(house.clock.now()).day
    news = [flow for flow in answers if flow.flow_id not in known]
    if news:
        house.journal.append(*(FlowSeen(flow=replace(flow, seen_session=session)) for flow in news))


def _resolve(house: House, leg: Leg, progress: Progress) -> None:
    match leg.state:
        case LegState.WORKING | LegState.CANCEL_REQUESTED | LegState.STUCK:
            _follow(house, leg, progress)
        case LegState.AMBIGUOUS:
            _look_up(house, leg, progress)
        case LegState.LOST:
            _watch_for_late_arrival(house, leg)
        case LegState.DEFERRED:
            move(house, leg, LegState.ABANDONED, note="not sent again; the run plans afresh")
        case _:
            take_up(house, leg, "its wave was broken off")


def take_up(house: House, leg: Leg, what: str) -> None:
    """End what a crash, or a wave that was broken off, has left in the middle of being sent.

    An intent that was committed may have been sent; one that was only planned was not.
    """
    if leg.state is LegState.SUBMITTING:
        move(house, leg, LegState.AMBIGUOUS, note=f"{what} while it was being sent")
    elif leg.state is LegState.PLANNED:
        move(house, leg, LegState.ABANDONED, note=f"{what} before it was sent")


def _follow(house: House, leg: Leg, progress: Progress) -> None:
    order = house.readers[leg.intent.account].find_order(leg.client_order_id)
    if order is not None:
        leg = _take_over(house, leg, order)
    if leg.state.is_terminal or _is_unclear_for_good(house, leg, order, progress):
        return
    now = house.clock.now()
    if leg.state is LegState.WORKING and (halted := house.latch.reason()):
        # Also what was found, or whose cancel went unheard, only after the halt; and what is not shown.
        request_cancel(house, leg, progress, note=f"halted: {halted}")
    elif order is None:
        return  # a stale answer: an order that was accepted does not vanish
    elif leg.state is LegState.WORKING and _is_old(house, leg, now):
        minutes = house.order_life.cancel_after // timedelta(minutes=1)
        request_cancel(house, leg, progress, note=f"it did not fill in {minutes} minutes")
    elif leg.state is LegState.CANCEL_REQUESTED:
        asked = progress.cancels.setdefault(leg.client_order_id, now)
        if now - asked >= house.order_life.stuck_after:
            text = "does not cancel; its symbol is not traded until it ends"
            told = _pages(house, leg, "stuck order", text)
            move(house, leg, LegState.STUCK, also=told, note="the cancel has no effect")


def _is_old(house: House, leg: Leg, now: datetime) -> bool:
    return leg.sent_at is not None and now - leg.sent_at >= house.order_life.cancel_after


def _is_unclear_for_good(house: House, leg: Leg, order: Order | None, progress: Progress) -> bool:
    """Whether a live leg, about whose order the broker tells no clear word, has been ended here.

    It was accepted and is shown no more, or is called filled with fewer units than it is for. After as
    many look-ups and as long as make an unanswered one lost, a page tells of it. It ends with its
    session: an order for the day cannot fill after it, and `late_fills` still looks for two days.
    """
    name = leg.client_order_id
    if order is not None and not contradicts(order, leg):
        progress.misses.pop(name, None)
        return False
    misses = progress.misses[name] = progress.misses.get(name, 0) + 1
    sent_at, now, life = leg.sent_at or leg.planned_at, house.clock.now(), house.order_life
    if misses < life.lost_lookups or now - sent_at < life.lost_after:
        return False
    what = "was accepted and is not shown by the broker any more"
    if order is not None:
        what = f"is called filled with {order.filled_quantity} of {leg.intent.quantity}"
    told = _pages(house, leg, "unclear order", f"{what}; its symbol is not traded until it ends")
    closes_at = house.sessions.current_or_previous(sent_at).closes_at
    if (
        sent_at < closes_at
        and now >= closes_at + life.arrival_grace
        and (order or not _swept(house, leg))
    ):
        move(house, leg, LegState.EXPIRED, also=told, note=f"it {what}, and its session is over")
        return True
    if told:
        house.journal.append(*told)
    return False


def _swept(house: House, leg: Leg) -> bool:
    """Whether the list of all orders since shortly before its send shows a leg's order."""
    since = (leg.sent_at or leg.planned_at) - house.order_life.arrival_grace
    swept = house.readers[leg.intent.account].orders_since(since)
    return any(order.client_order_id == leg.client_order_id for order in swept)


def request_cancel(house: House, leg: Leg, progress: Progress, *, note: str) -> None:
    """Ask the broker to cancel a working leg. What came of it shows at the next settle."""
    sender = house.senders.get(leg.intent.account)
    if sender is None or leg.broker_order_id is None:
        return
    try:
        refused = sender.cancel(leg.broker_order_id)
    except Unavailable:
        return  # asking again at the next settle is harmless
    if refused:
        return  # it is over already, or was never there: the next look at the order tells
    progress.cancels[leg.client_order_id] = house.clock.now()
    move(house, leg, LegState.CANCEL_REQUESTED, note=note)


def _take_over(
    house: House, leg: Leg, order: Order, also: Sequence[Event] = (), *, found: str = ""
) -> Leg:
    """Bring a leg to what its order shows, when that is news; `also` is told in the same commit.

    `found` says how the order came to light; it goes before the broker's own reason. An order of
    other content halts everything and is not taken over; the other legs go on settling.
    """
    if not is_as_meant(house, leg, order):
        return leg
    if order.status is OrderStatus.UNKNOWN:
        text = f"has the status {order.raw_status!r}"
        if told := _pages(house, leg, "unknown order status", text):
            house.journal.append(*told)
    after = state_of(order, leg)
    filled = Quantity(max(order.filled_quantity, leg.filled_quantity))
    if after is leg.state and filled == leg.filled_quantity:
        return leg
    return move(
        house,
        leg,
        after,
        also=also,
        note=": ".join(part for part in (found, order.reason) if part) or order.raw_status,
        broker_order_id=order.broker_order_id,
        filled_quantity=filled,
        filled_average_price=order.filled_average_price,
    )


def _look_up(house: House, leg: Leg, progress: Progress) -> None:
    order = house.readers[leg.intent.account].find_order(leg.client_order_id)
    if order is not None:
        progress.misses.pop(leg.client_order_id, None)
        _take_over(house, leg, order, found=FOUND)
        return
    misses = progress.misses.get(leg.client_order_id, 0) + 1
    progress.misses[leg.client_order_id] = misses
    sent_at = leg.sent_at or leg.planned_at
    now = house.clock.now()
    life = house.order_life
    if misses < life.lost_lookups or now - sent_at < life.lost_after:
        return
    if _swept(house, leg):
        return
    session = house.sessions.current_or_previous(now)
    until = session.closes_at + life.arrival_grace
    fence = Fence(
        account=leg.intent.account,
        symbol=leg.intent.symbol,
        reason=f"order {leg.client_order_id} was sent and cannot be found",
        until=until,
    )
    text = "was sent and cannot be found; it is fenced until the close"
    # One commit: a process that ends here must not leave a lost order that nobody was told of.
    also: tuple[Event, ...] = (Fenced(fence=fence), *_pages(house, leg, "lost order", text))
    note = f"not at the broker after {misses} look-ups"
    move(house, leg, LegState.LOST, also=also, note=note)


def _watch_for_late_arrival(house: House, leg: Leg) -> None:
    reader = house.readers[leg.intent.account]
    order = reader.find_order(leg.client_order_id)
    if order is not None:
        text = f"arrived late and is {state_of(order, leg)}"
        _take_over(house, leg, order, _pages(house, leg, "late arrival", text))
        return
    sent_at = leg.sent_at or leg.planned_at
    session = house.sessions.current_or_previous(sent_at)
    grace = house.order_life.arrival_grace
    if house.clock.now() >= session.closes_at + grace and not _swept(house, leg):
        move(house, leg, LegState.NEVER_ARRIVED, note="its session ended without it")


def _pages(house: House, leg: Leg, name: str, text: str) -> tuple[Alarm, ...]:
    """The alarm to raise about a leg; none while it is up already."""
    scope = leg.client_order_id
    if any(a.name == name and a.scope == scope for a in house.journal.open_alarms()):
        return ()
    what = f"{leg.intent.side} {leg.intent.quantity} {leg.intent.symbol}"
    text = f"Order {scope} ({what}) {text}."
    return (Alarm(name=name, level="page", text=text, scope=scope),)
