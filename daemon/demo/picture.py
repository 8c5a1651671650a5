"""What the demo shows, built from the journal's events alone, one after the other."""

from collections import deque
from dataclasses import dataclass, field
from datetime import date

from daemon.screens.sentences import Told, tell
from portfolio.decisions import Decision, Gate, Proposal, SliceView
from portfolio.events import (
    CycleDecided,
    DaemonStarted,
    DaemonStopped,
    FillBooked,
    Halted,
    LegMoved,
    LegPlanned,
    Resumed,
    SessionClosed,
)
from portfolio.money import Money, Price, Quantity, Weight
from portfolio.orders import LegState, Side
from portfolio.records import Recorded

STORY_LINES = 60
ORDER_LINES = 6
_STANDING = {"halt", "session", "prices", "sales", "rest", "left alone", "size", "improvement"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One order as the screen shows it; the price is the average of what filled."""

    client_order_id: str
    day: date
    side: Side
    symbol: str
    quantity: Quantity
    filled: Quantity
    price: Price | None
    state: LegState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One thing that happened, on its day."""

    day: date
    told: Told


@dataclass(slots=True, kw_only=True)
class Caption:
    """What the scene is about, in the words of a narrator."""

    title: str
    lines: list[str] = field(default_factory=list)
    tone: str = "plain"


@dataclass(slots=True, kw_only=True)
class Picture:
    """Everything on the screen. `see` takes the next event; nothing else changes it but the caption.

    `is_up` tells whether the daemon says that it runs, `halted` why nothing is sent.
    """

    first: date
    last: date
    day: date
    value: Money | None = None
    first_value: Money | None = None
    cash: Money | None = None
    slices: tuple[SliceView, ...] = ()
    cycle: int = 0
    decision: Decision | None = None
    is_up: bool = False
    halted: str | None = None
    caption: Caption = field(default_factory=lambda: Caption(title="starting the daemon"))
    orders: dict[str, OrderLine] = field(default_factory=dict)
    story: deque[StoryLine] = field(default_factory=lambda: deque(maxlen=STORY_LINES))
    notices: deque[str] = field(default_factory=lambda: deque(maxlen=ORDER_LINES))

    @property
    def progress(self) -> float:
        """How much of the time has passed, 0 to 1."""
        whole = (self.last - self.first).days
        return min(1.0, max(0.0, (self.day - self.first).days / whole)) if whole else 1.0

    @property
    def last_orders(self) -> list[OrderLine]:
        """The latest orders, oldest first."""
        return list(self.orders.values())[-ORDER_LINES:]

    @property
    def weightiest_gates(self) -> tuple[Gate, ...]:
        """The gates that say most: without those that only say that nothing stands in the way."""
        if self.decision is None:
            return ()
        return tuple(g for g in self.decision.gates if not (g.passed and g.name in _STANDING))

    def see(self, recorded: Recorded) -> StoryLine | None:
        """Take in one event; returns its line when it is worth one."""
        self._update(recorded)
        told = tell(recorded.event)
        if told.tone == "quiet":
            return None
        line = StoryLine(day=max(self.day, recorded.at.date()), told=told)
        self.story.append(line)
        return line

    def _update(self, recorded: Recorded) -> None:
        match recorded.event:
            case CycleDecided() as look:
                self._look(look)
            case SessionClosed() as closed:
                self.day, self.value, self.cash = closed.session, closed.equity, closed.cash
                self.first_value = self.first_value or closed.equity
                self.slices = _reweighed(self.slices, closed)
            case LegPlanned(leg=leg):
                self.orders[leg.client_order_id] = OrderLine(
                    client_order_id=leg.client_order_id,
                    day=recorded.at.date(),
                    side=leg.intent.side,
                    symbol=leg.intent.symbol,
                    quantity=leg.intent.quantity,
                    filled=leg.filled_quantity,
                    price=None,
                    state=leg.state,
                )
            case LegMoved() as moved:
                self._move(moved)
            case Halted(reason=reason):
                self.halted = reason
            case Resumed():
                self.halted = None
            case DaemonStarted(session=session):
                self.is_up, self.day = True, session
            case DaemonStopped():
                self.is_up = False
            case FillBooked() | _:
                pass

    def _look(self, look: CycleDecided) -> None:
        self.cycle, self.decision, self.day = look.cycle, look.decision, look.session
        self.slices = look.decision.slices or self.slices
        if isinstance(look.decision, Proposal):
            self.value = look.decision.managed_value
            self.first_value = self.first_value or self.value

    def _move(self, moved: LegMoved) -> None:
        known = self.orders.get(moved.client_order_id)
        if known is None:
            return
        self.orders[moved.client_order_id] = OrderLine(
            client_order_id=known.client_order_id,
            day=known.day,
            side=known.side,
            symbol=known.symbol,
            quantity=known.quantity,
            filled=moved.filled_quantity,
            price=moved.filled_average_price,
            state=moved.after,
        )


def _reweighed(slices: tuple[SliceView, ...], closed: SessionClosed) -> tuple[SliceView, ...]:
    """The slices at a close: leaves from the row, a group keeps the weight of its last look."""
    return tuple(
        SliceView(
            name=view.name,
            target=view.target,
            before=Weight(closed.weights.get(view.name, view.before)),
            after=view.after,
            half_width=view.half_width,
        )
        for view in slices
    )
