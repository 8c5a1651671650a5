"""Recovery: the only way to start. Each step holds before the next begins, and doing it twice is free.

1 lease (service) · 2 journal opened and verified (wiring) · 3 latch, mode, pinned accounts ·
4 clock and calendar · 5 legs that were on their way · 6 orders of ours nobody wrote down ·
7 every live leg · 8 holdings · 9 ready.
"""

from datetime import timedelta

from daemon.cycle import Watch
from daemon.house import House
from daemon.late_fills import look_for_late_fills
from daemon.observe import positions_beside
from daemon.settle import settle, take_up
from daemon.upkeep.clock_check import check_clock
from daemon.upkeep.strangers import look_for_strangers
from portfolio.events import FlowSeen, PositionsAccepted


def recover(house: House, watch: Watch) -> None:
    """Bring journal and brokers together after a start of any kind.

    Raises `Unavailable` when a broker cannot be asked; the caller waits and starts over.
    """
    check_clock(house)
    _resume_interrupted_legs(house)
    _adopt_holdings_once(house)
    look_for_strangers(house, watch)
    settle(house, watch.progress)
    look_for_late_fills(house)


def _resume_interrupted_legs(house: House) -> None:
    """Before anybody is asked: a leg that was being sent is in doubt from now on."""
    for leg in house.journal.legs(live=True):
        take_up(house, leg, "the process ended")


def _adopt_holdings_once(house: House) -> None:
    """On the first start, what each account holds and what flowed before is taken as given."""
    adopted = {
        record.event.account
        for record in house.journal.events("positions_accepted")
        if isinstance(record.event, PositionsAccepted)
    }
    for account, reader in house.readers.items():
        if account in adopted:
            continue
        positions = positions_beside(reader, reader.account(), house.reconciling.max_doubt)
        held = {p.symbol: p.quantity for p in positions}
        costs = {p.symbol: p.average_cost for p in positions if p.average_cost is not None}
        flows = reader.flows_since(house.clock.now().date() - timedelta(days=1))
        # The flows first: a split among them is in the holdings already.
        house.journal.append(
            *(FlowSeen(flow=flow) for flow in flows),
            PositionsAccepted(
                account=account,
                quantities=held,
                reason="what the account held at the start",
                average_costs=costs,
            ),
        )
