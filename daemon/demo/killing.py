"""The scene in which the process is killed while an order is on its way.

The built-in broker takes the order and its answer never comes back (`lost_answer` in the demo's
configuration), so that the moment between sending and knowing is long enough to be seen.
"""

from dataclasses import dataclass
from datetime import date

from daemon.screens.sentences import tell
from daemon.screens.words import quantity
from portfolio.events import LegMoved
from portfolio.orders import Leg, LegState
from portfolio.ports import JournalReader

PATIENCE = 1.0
"""Seconds without an answer after which an order counts as one that gets none; answers take a few
thousandths."""


@dataclass(slots=True, kw_only=True)
class Killing:
    """`since` is the day from which an order without an answer is waited for; None: never."""

    since: date | None
    order_id: str = ""
    """The order that was on its way when the process was killed; empty before."""

    def may_begin(self, moved: LegMoved, day: date) -> bool:
        """Whether an order has just been sent that may be the one without an answer."""
        is_awaited = self.since is not None and not self.order_id and day >= self.since
        return is_awaited and moved.after is LegState.SUBMITTING

    def unanswered(self, journal: JournalReader, order_id: str) -> Leg | None:
        """The leg, if it is still on its way."""
        return next(
            (
                leg
                for leg in journal.legs(live=True)
                if leg.client_order_id == order_id and leg.state is LegState.SUBMITTING
            ),
            None,
        )

    def says(self, moved: LegMoved) -> str:
        """The journal's own words about the order of the scene; empty for any other."""
        return tell(moved).text if moved.client_order_id == self.order_id else ""


def on_its_way(leg: Leg) -> str:
    """What is known of an order that has no answer."""
    intent = leg.intent
    what = f"{intent.side} {quantity(intent.quantity)} {intent.symbol}"
    return f"{what}: written down, committed, sent, no answer yet."
