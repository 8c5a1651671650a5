"""What must hold when an order leaves, besides the protocol: the hour, jumps, people, what is used.

And when one is called lost.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portfolio.orders import OrderIntent
from portfolio.snapshot import Quote
from tests.simulation.market import DAYS

if TYPE_CHECKING:
    from tests.simulation.checks import Checks

QUIET_OPEN, QUIET_CLOSE = timedelta(minutes=5), timedelta(minutes=10)
A_LOOK_TAKES = timedelta(minutes=2)
"""From the reading of the clock that a plan rests on to its last send."""
CLOCKS_DIFFER = timedelta(seconds=5)
_HIDE_ORDERS = frozenset(("stale all", "stale orders", "empty orders"))


def judge_send(checks: "Checks", name: str, intent: OrderIntent, run: tuple[Any, ...]) -> None:
    """Judge what is about to be sent; `run` is (number, proposal, who accepted it, its body)."""
    _in_the_session(checks, name)
    _not_through_a_jump(checks, name, intent)
    _not_beside_people(checks, name, intent)
    _in_time(checks, name, run)
    if run[2] == "limits":
        _within_the_day(checks, name, intent)


def _in_the_session(checks: "Checks", name: str) -> None:
    """I5: not in the first five minutes of a session, nor in the last ten."""
    market, now = checks.world.market, checks.world.clock.now()
    session = market.session_of(DAYS[market.today])
    begins = session.opens_at + QUIET_OPEN - CLOCKS_DIFFER
    ends = session.closes_at - QUIET_CLOSE + A_LOOK_TAKES
    if not begins <= now <= ends:
        checks.violated("I5 in the session", f"{name} was sent at {now:%H:%M:%S}")


def _not_through_a_jump(checks: "Checks", name: str, intent: OrderIntent) -> None:
    """I5: not on a price that is more than a quarter from the close before."""
    quote = checks.world.prices.served.get(intent.symbol)
    if not isinstance(quote, Quote) or not quote.previous_close:
        return
    away = abs((quote.bid + quote.ask) / 2 / quote.previous_close - 1)
    if away > Decimal("0.2501"):
        checks.violated("I5 no jump", f"{name} rests on a price {away:.3f} from its close")


def _not_beside_people(checks: "Checks", name: str, intent: OrderIntent) -> None:
    """I1: not in a symbol in which a person has an order that the broker shows."""
    if checks.world.menu.rates.keys() & _HIDE_ORDERS:
        return
    orders = checks.books.orders.values()
    theirs = [o.name for o in orders if not o.is_ours and o.symbol == intent.symbol and o.rest > 0]
    if theirs:
        checks.violated("I1 not beside people", f"{name} is sent beside {', '.join(theirs)}")


def _in_time(checks: "Checks", name: str, run: tuple[Any, ...]) -> None:
    """I9: before the end of its run, and on a yes that came before its question had expired."""
    number, proposal, by, body = run
    ends = datetime.fromisoformat(json.loads(body)["expires_at"])
    if checks.world.daemon_clock.now() > ends + A_LOOK_TAKES:
        checks.violated("I9 in time", f"{name} is sent, its run {number} was over at {ends}")
    if by == "limits":
        return
    expires = checks.rows("SELECT expires_at FROM approval WHERE proposal_hash = ?", proposal)
    answered = checks.rows(
        "SELECT at FROM audit WHERE kind = 'approval_ended' AND instr(body, ?) > 0", proposal
    )
    last = max((datetime.fromisoformat(at) for (at,) in answered), default=None)
    until = max((datetime.fromisoformat(at).replace(tzinfo=UTC) for (at,) in expires), default=None)
    if until is not None and last is not None and last > until:
        checks.violated("I9 in time", f"{name} rests on a yes of {last}, asked until {until}")


def _within_the_day(checks: "Checks", name: str, intent: OrderIntent) -> None:
    """I9: half of equity a day, both ways, and sixty orders; a person's orders are counted too."""
    today, most = checks.world.clock.now().date(), checks.most_equity
    ours = [o for o in checks.books.orders.values() if o.is_ours and o.taken_at.date() == today]
    worth = intent.quantity * (intent.limit_price or Decimal(0))
    used = sum((o.value + o.rest * o.limit for o in ours), worth)
    if used > most * Decimal("0.515"):
        checks.violated("I9 day", f"{name}: {used / most:.3f} of equity today, unasked")
    if len(ours) > 60:
        checks.violated("I9 orders a day", f"{len(ours)} orders today")


def judge_losses(checks: "Checks", names: frozenset[str]) -> None:
    """I14: what was called lost in this tick is not in the list of orders that the broker shows."""
    hidden = checks.world.menu.rates.keys() & (_HIDE_ORDERS | {"invisible order", "vanishes"})
    for name in sorted(() if hidden else names):
        order = checks.books.orders.get(name)
        if order is not None and name not in checks.world.network.arrived_late:
            checks.violated("I14 lost is lost", f"{name} is called lost, and listed")
