"""`halt --direct`: cancel our open orders straight at the broker, whatever state the daemon is in.

It neither opens the journal nor asks the daemon, so it works with the database locked, the disk full
and the daemon hung. What it holds can look at open orders and cancel them, and nothing else. Orders of
other people's hands are left alone: only ids that carry our prefix are touched.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.settings import Mode, Settings
from portfolio.orders import Order
from portfolio.ports import CredentialsRefused, Unavailable

ALL_SECONDS: Final = 5.0
"""From the first question to the last answer that is waited for."""
ASK_SECONDS: Final = 2.0
"""How long one answer of a broker is waited for."""
AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceller:
    """One account, as far as a halt needs it."""

    account: str
    open_orders: Callable[[], Sequence[Order]]
    cancel: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What came of one order, or of an account whose orders could not be seen (`order` is "" then).

    `problem` is "" when the broker took the request to cancel.
    """

    account: str
    order: str
    problem: str = ""


def cancellers(settings: Settings, state_dir: Path) -> tuple[Canceller, ...]:
    """One for each account that trimtab may have sent orders to; none in a dry run.

    Raises `ConfigurationError` without usable keys. Asks nothing yet.
    """
    if settings.mode is Mode.DRY_RUN:
        return ()
    if settings.simulation is not None:
        from daemon.worlds.simulated import open_simulated_world

        world = open_simulated_world(settings, settings.simulation, state_dir)
        return tuple(
            Canceller(account=name, open_orders=broker.open_orders, cancel=broker.cancel)
            for name, broker in world.brokers.items()
        )
    from daemon.worlds.alpaca import open_alpaca_canceller

    return tuple(
        open_alpaca_canceller(settings, account, answer_seconds=ASK_SECONDS)
        for account in settings.alpaca
    )


def cancel_all(
    accounts: Sequence[Canceller],
    *,
    seconds: float = ALL_SECONDS,
    monotonic: Callable[[], float] = time.monotonic,
) -> tuple[Cancelled, ...]:
    """Ask for every open order of ours to be cancelled, accounts and orders side by side.

    Never raises and never takes much longer than `seconds`: what has no answer by then says so.
    """
    ends = monotonic() + seconds
    pool = ThreadPoolExecutor(max_workers=AT_ONCE)
    try:
        seen = {a.account: (a, pool.submit(_own_open, a)) for a in accounts}
        wait([future for _, future in seen.values()], max(ends - monotonic(), 0))
        done: list[Cancelled] = []
        asked = []
        for account, future in seen.values():
            found = future.result() if future.done() else "no answer in time"
            if isinstance(found, str):
                done.append(Cancelled(account=account.account, order="", problem=found))
                continue
            asked += [(account, order, pool.submit(_cancel, account, order)) for order in found]
        wait([reply for _, _, reply in asked], max(ends - monotonic(), 0))
        for account, order, reply in asked:
            problem = reply.result() if reply.done() else "no answer in time"
            done.append(Cancelled(account=account.account, order=_told(order), problem=problem))
        return tuple(done)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _own_open(account: Canceller) -> Sequence[Order] | str:
    try:
        return [order for order in account.open_orders() if order.is_ours]
    except (Unavailable, CredentialsRefused) as problem:
        return str(problem)
    except Exception as problem:  # noqa: BLE001  the other accounts go on
        return f"its orders could not be seen ({type(problem).__name__})"


def _cancel(account: Canceller, order: Order) -> str:
    try:
        return account.cancel(order.broker_order_id)
    except Unavailable as problem:
        return str(problem)
    except Exception as problem:  # noqa: BLE001  the other orders go on
        return f"it could not be asked ({type(problem).__name__})"


def _told(order: Order) -> str:
    return f"{order.side} {order.quantity} {order.symbol} ({order.client_order_id})"
