"""How long one whole cycle takes against the built-in broker: a hold, and a rebalance to its end.

The account's file and the journal lie on the disk that is measured, or in memory where the system has
a file system there; what is in between is the same real house.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mode

from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Peer, Row, Skipped, spread
from benchmarks.timing import cpu_milliseconds
from brokers.simulated.price_file import price_table
from brokers.simulated.settings import SimulatedSettings
from daemon.memory import remember
from daemon.observe import observe
from daemon.requests.acting import serve_request
from daemon.requests.spool import Request
from policies.decide import decide
from policies.limit_rule import Limits
from policies.policy import Policy, PriceRule
from portfolio.accounts import Autonomy
from portfolio.money import Money, Quantity, Weight
from portfolio.target import Slice, build_target
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig

MEMORY = Path("/dev/shm")  # noqa: S108  every file in it has a folder of its own
MOST_CYCLES_OF_A_RUN = 10
_SWING = (Decimal(100), Decimal(140))
_ALL = Decimal(10)


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """A hold and a rebalance of two slices, with the files on disk and in memory."""
    rows: list[Row] = []
    for where, folder in (("on disk", effort.disk), ("in memory", MEMORY)):
        if not folder.is_dir():
            rows.append(Skipped(name=f"cycle, {where}", reason=f"there is no {folder} here"))
            continue
        progress(f"whole cycles, {where}")
        with tempfile.TemporaryDirectory(prefix="trimtab-bench-", dir=folder) as place:
            rows += _figures(effort, where, Path(place))
    return rows


def _figures(effort: Effort, where: str, place: Path) -> list[Row]:
    times = max(1, effort.sessions // 6)
    rig = build(place, sessions=2 * times + 4)
    with closing(rig.journal), closing(rig.broker):
        _go_to(rig, 0)
        rig.look()
        _approve(rig)
        _finish(rig)
        alone = spread(cpu_milliseconds(_decision(rig), runs=effort.runs, seconds=effort.seconds))
        holds = [_milliseconds(rig.look) for _ in range(times)]
        rebalances: list[float] = []
        taken: list[int] = []
        for session in range(1, times + 1):
            _go_to(rig, session)
            before = rig.journal.next_cycle()
            rebalances.append(_milliseconds(lambda: _rebalance(rig)))
            taken.append(rig.journal.next_cycle() - before)
    floor = Peer(name="decide alone", measured=alone)
    return [
        Figure(
            name=f"cycle, hold, {where}",
            unit="ms",
            measured=spread(holds),
            peer=floor,
            notes=("settle, observe, decide, record; wall time",) if where == "on disk" else (),
        ),
        Figure(
            name=f"cycles of a rebalance, {where}",
            unit="ms",
            measured=spread(rebalances),
            peer=floor,
            notes=(
                f"{mode(taken)} cycles: sell, buy what is then affordable, find it done; wall time",
            )
            if where == "on disk"
            else (),
        ),
    ]


def _decision(rig: Rig) -> Callable[[], object]:
    snapshot = observe(rig.house)
    memory = remember(rig.house, Wake(kind=WakeKind.LOOK), snapshot.session)
    return lambda: decide(snapshot, rig.house.policy, memory)


def _milliseconds(call: Callable[[], object]) -> float:
    before = time.perf_counter()
    call()
    return (time.perf_counter() - before) * 1e3


def build(place: Path, *, sessions: int) -> Rig:
    """A house on automatic, with limits that let everything pass and no rest between rebalances."""
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(sessions)]
    prices = price_table(
        days,
        {"STOCK": [_SWING[n % 2] for n in range(sessions)], "BOND": [_SWING[0]] * sessions},
    )
    target = build_target(
        [
            Slice(name="stocks", weight=Weight(Decimal("0.6")), symbol="STOCK"),
            Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BOND"),
        ],
        cash_buffer=Weight(Decimal("0.005")),
    )
    policy = Policy(target=target, rest_sessions=0, backstop=None, prices=PriceRule(max_jump=_ALL))
    limits = Limits(
        max_order_fraction=_ALL,
        max_plan_fraction=_ALL,
        max_position_sold_fraction=_ALL,
        max_day_fraction=_ALL,
        max_price_from_close=_ALL,
    )
    settings = SimulatedSettings(
        prices=prices,
        cash=Money(Decimal(100_000)),
        average_daily_volume=Quantity(Decimal(10_000_000)),
        instant_settlement=True,
    )
    return build_rig(
        place, prices, policy, limits=limits, autonomy=Autonomy.AUTO, settings=settings
    )


def _go_to(rig: Rig, session: int) -> None:
    """Let time pass to half an hour after the open of the session with that number."""
    rig.go_to(rig.market.table.sessions[session])


def _rebalance(rig: Rig) -> None:
    rig.look()
    _finish(rig)


def _finish(rig: Rig) -> None:
    """Look again until the run is over."""
    for _ in range(MOST_CYCLES_OF_A_RUN):
        if rig.journal.open_run() is None:
            return
        rig.look(kind=WakeKind.ORDER_UPDATE)
    raise RuntimeError("the run does not end")


def _approve(rig: Rig) -> None:
    """A person's yes to the first plan."""
    pending = rig.journal.pending_approval()
    if pending is None:
        raise RuntimeError("no first plan waits for an approval")
    yes = Request(kind="approve", by="bench", subject=pending.proposal_hash, at=rig.clock.now())
    serve_request(rig.house, rig.watch, yes)
