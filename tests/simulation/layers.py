"""Layers behind the rules of the protocol. A mutant takes out those that would hide what it lacks."""

from dataclasses import replace
from typing import Any

from daemon import cycle, executor, observe, recovery, service, settle
from daemon.service import Service
from daemon.upkeep import chores
from policies import checks, decide, limits
from policies.planning import remaining as run_rest
from policies.planning.continue_run import continue_run
from portfolio.money import ZERO, Quantity
from portfolio.wakes import Wake
from tests.simulation.mutant import Layer


def nothing(*_: Any, **__: Any) -> None:
    """In the place of what asks, tells or refuses."""


CATCHING_UP = Layer(
    name="ended legs catch up",
    swaps=(
        (settle, "count_booked", nothing),
        (recovery, "look_for_late_fills", nothing),
        (chores, "look_for_late_fills", nothing),
    ),
)
"""Legs that are believed to be over are brought up to what they fill."""

LAST_MEANS = Layer(name="last look at the means", swaps=((limits, "beyond_means", nothing),))

ONE_PICTURE = Layer(
    name="cash and holdings are the equity", swaps=((observe, "check_equity", nothing),)
)

CASH_FOLLOWS = Layer(
    name="cash follows from fills",
    swaps=((cycle, "check_cash", nothing), (service, "check_cash", nothing)),
)


def no_fences(*_: Any) -> tuple[()]:
    return ()


HOLDINGS_FOLLOW = Layer(
    name="holdings follow from fills",
    swaps=((cycle, "reconcile", no_fences), (service, "reconcile", no_fences)),
)


OTHERS_REST = Layer(
    name="a symbol rests beside others",
    swaps=((cycle, "rest_beside_others", no_fences), (service, "rest_beside_others", no_fences)),
)
"""While somebody else's order is open in a symbol, and for some minutes after."""


def _looks_at_any_news(self: Service, wake: Wake) -> None:
    settle.settle(self.house, self.watch.progress)
    if self.house.journal.open_run() is not None:
        self._cycle(wake)


LOOKS_WAIT = Layer(
    name="no look beside a live order", swaps=((Service, "_order_news", _looks_at_any_news),)
)

ONE_ORDER = Layer(name="no second order in a symbol", swaps=((checks, "_duplicates", no_fences),))


def _as_if_all_had_ended(book: Any, run: Any, *rest: Any) -> Any:
    ended = tuple(leg for leg in book.memory.run_legs if leg.state.is_terminal)
    return continue_run(replace(book, memory=replace(book.memory, run_legs=ended)), run, *rest)


RUN_WAITS = Layer(
    name="a run waits for its sales",
    swaps=((decide, "continue_run", _as_if_all_had_ended),),
)

OPEN_COUNTS = Layer(
    name="a run counts what may fill", swaps=((run_rest, "_may_fill", lambda _leg: ZERO),)
)

BESIDE_LIVE_ORDERS = (LOOKS_WAIT, ONE_ORDER, RUN_WAITS, OPEN_COUNTS)
"""All that keeps a second order from going out beside a live one, but for the bar on its symbol."""


def ample_purse(run: Any, snapshot: Any, known: Any) -> Any:
    purse = _open_purse(run, snapshot, known)
    purse.allowance = {key: Quantity(value * 10) for key, value in purse.allowance.items()}
    return purse


_open_purse = executor.open_purse

LAST_ALLOWANCE = Layer(
    name="last look at the allowance", swaps=((cycle, "open_purse", ample_purse),)
)

LAST_WASH = Layer(name="last look at wash sales", swaps=((executor, "why_wash", lambda *_: ""),))
