"""What mutants have in the place of guards: on prices, hours, halts, starts, paces and people."""

import sys
from dataclasses import replace
from typing import Any

from daemon import executor, memory, recovery, settle
from daemon.protocol import judge_submit, state_of
from daemon.requests.acting import is_recorded_halted
from policies import checks, prices, sellable
from portfolio.decisions import LimitCheck
from portfolio.events import CycleFailed, PositionsAccepted
from portfolio.money import ZERO, Money
from portfolio.orders import LegState, OrderStatus
from portfolio.snapshot import PriceFault, Quote
from tests.simulation.mutant import Swap

# prices

_fault_of = prices.fault_of
_fresh_quote = checks.fresh_quote


def passed_as_good(*faults: PriceFault) -> tuple[Swap, ...]:
    """Quotes with these faults are traded on, at the look and at the last look."""

    def fault_of(quote: Any, rule: Any, at: Any) -> Any:
        found = _fault_of(quote, rule, at)
        return None if found is not None and found.fault in faults else found

    return (prices, "fault_of", fault_of), (checks, "fault_of", fault_of)


def within_the_collar(intent: Any, *_: Any) -> Any:
    return LimitCheck(name="collar", outcome="ok", text="not looked at", scope=intent.symbol)


def any_quote(intent: Any, quote: Any, *rest: Any) -> Any:
    return quote if isinstance(quote, Quote) else _fresh_quote(intent, quote, *rest)


# halts


def halted_as_recorded(house: Any) -> str:
    return "halted" if is_recorded_halted(house) else ""


def only_halted(house: Any) -> str:
    return house.latch.reason() or ""


def start_clears_the_halt(house: Any) -> None:
    house.latch.clear("trimtab", "started again")
    _take_up(house)


_take_up = recovery._resume_interrupted_legs

# starts


def sends_what_was_planned(house: Any) -> None:
    for leg in house.journal.legs(live=True):
        if leg.state is not LegState.PLANNED:
            continue
        now = house.clock.now()
        sent = executor.move(house, leg, LegState.SUBMITTING, sends=1, sent_at=now)
        outcome = house.senders[leg.intent.account].submit(leg.client_order_id, leg.intent)
        executor._apply(house, sent, judge_submit(sent, outcome))
    _take_up(house)


def adopted_each_time(house: Any) -> None:
    for account, reader in house.readers.items():
        held = {p.symbol: p.quantity for p in reader.positions()}
        house.journal.append(
            PositionsAccepted(account=account, quantities=held, reason="what is held at a start")
        )


# what is used up


_usage = memory._usage
_remember = memory.remember


def forgets_at_a_start(house: Any, *words: Any, **named: Any) -> Any:
    found = _remember(house, *words, **named)
    last = house.journal.events("daemon_started", limit=1, newest_first=True)
    legs = [leg for leg in house.journal.legs(since=last[0].at) if leg.planned_at >= last[0].at]
    return replace(found, usage=_usage(legs))


def nothing_was_traded(house: Any, *words: Any, **named: Any) -> Any:
    found = _remember(house, *words, **named)
    return replace(found, usage=replace(found.usage, traded_today=Money(ZERO)))


# people

_barred_rightly = sellable.barred_symbols


def people_bar_nothing(account: Any, snapshot: Any, known: Any) -> dict[str, str]:
    ours = tuple(order for order in account.open_orders if order.is_ours)
    return _barred_rightly(replace(account, open_orders=ours), snapshot, known)


def all_is_tradable(account: Any, snapshot: Any, known: Any) -> dict[str, str]:
    return _barred_rightly(account, replace(snapshot, instruments={}), known)


# what the broker says

_state_of = state_of


def unknown_is_over(order: Any, leg: Any) -> Any:
    return LegState.CANCELED if order.status is OrderStatus.UNKNOWN else _state_of(order, leg)


def never_arrives(house: Any, leg: Any) -> None:
    session = house.sessions.current_or_previous(leg.sent_at or leg.planned_at)
    if house.clock.now() >= session.closes_at + house.order_life.arrival_grace:
        executor.move(house, leg, LegState.NEVER_ARRIVED, note="nobody looked")


class _Unlisted:
    """A reader that lists no orders."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def orders_since(self, _since: Any) -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


def lost_without_the_list(house: Any, leg: Any, progress: Any) -> None:
    before = house.readers
    house.readers = {account: _Unlisted(reader) for account, reader in before.items()}
    try:
        _look_up(house, leg, progress)
    finally:
        house.readers = before


_look_up = settle._look_up

# what is told


def failed_with_its_cause(*, wake: Any, reason: str) -> CycleFailed:
    problem = sys.exc_info()[1]
    return CycleFailed(wake=wake, reason=f"{reason}: {problem and problem.__cause__!r}")


# cash

BOTH_AT_ONCE = property(lambda plan: (*plan.sells, *plan.buys))
KEEPS_NOTHING = property(lambda _leg: ZERO)
