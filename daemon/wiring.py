"""The composition root: settings and a state directory in, the running house's objects out.

This is the only place in the daemon that knows the mode. A dry run gets no sender at all.
"""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import Mode, Settings, Simulation
from daemon.errors import StateDirectoryError, WrongAccount
from daemon.house import House
from daemon.latch import FileLatch
from daemon.machine.clocks import WallClock
from daemon.targets.valuations import valuations_of
from daemon.taxes.ledger import JournalLedger
from daemon.version import VERSION
from portfolio.accounts import Position
from portfolio.events import JournalOpened
from portfolio.ports import (
    Broker,
    BrokerReader,
    Clock,
    Journal,
    JournalReader,
    OrderStream,
    Prices,
    Sessions,
)
from portfolio.snapshot import AccountSnapshot

if TYPE_CHECKING:
    from daemon.journal.store import JournalStore
    from daemon.targets.sources import Targets

JOURNAL_FILE = "journal.sqlite"
EPOCH_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The outside world of a household: clocks, brokers, prices. `advance` lets simulated time pass."""

    clock: Clock
    sessions: Sessions
    readers: Mapping[str, BrokerReader]
    senders: Mapping[str, Broker]
    prices: Prices
    streams: tuple[OrderStream, ...]
    simulated: bool
    advance: Callable[[], None]
    close: Callable[[], None]


def state_place(settings: Settings | None, override: Path | None) -> Path | None:
    """Where the journal lives: `--state`, else $STATE_DIRECTORY, else the configuration's, else
    `~/.local/state/trimtab/HOUSEHOLD`; None where nothing names it. It need not be there."""
    systemd = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if override is not None:
        return override
    if systemd:
        return Path(systemd)
    if settings is not None and settings.state_dir is not None:
        return settings.state_dir
    if settings is not None:
        return Path.home() / ".local" / "state" / "trimtab" / settings.household.name
    return None


def state_directory(settings: Settings | None, override: Path | None) -> Path:
    """`state_place`, made if it is not there; raises `StateDirectoryError`."""
    path = state_place(settings, override)
    if path is None:
        raise StateDirectoryError("no state directory is known; name it with --state DIR")
    try:
        path.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as problem:
        raise StateDirectoryError(
            f"the state directory {path} cannot be made: {problem.strerror}"
        ) from None
    return path.resolve()


def journal_place(state_dir: Path) -> str | Path:
    """The journal's database: $TRIMTAB_DATABASE when it names one, else a file."""
    return os.environ.get("TRIMTAB_DATABASE") or state_dir / JOURNAL_FILE


def anchor_place(state_dir: Path) -> Path:
    """The file that knows the chain's head, outside the database: beside it, or in the state
    directory when the database is on a server."""
    place = journal_place(state_dir)
    return (place if isinstance(place, Path) else state_dir / JOURNAL_FILE).with_name(
        f"{JOURNAL_FILE}.anchor"
    )


def open_reader(state_dir: Path) -> JournalReader:
    """The journal, to read, also while a daemon writes it. Raises `JournalMissing` and its like."""
    from daemon.journal.opening import open_journal_reader

    place = journal_place(state_dir)
    return open_journal_reader(place, anchored_in=anchor_place(state_dir))


def open_house(settings: Settings, state_dir: Path) -> House:
    """The house for a command that only looks: nothing in it can send.

    It reads the daemon's journal, or an empty one in memory when there is none yet. Raises what the
    rooms raise: `ConfigurationError`, `Unavailable`, `JournalCorrupt`, `WrongAccount`...
    """
    outside = open_outside(settings, state_dir, sending=False, on_trouble=lambda _: None)
    journal = _looking_journal(settings, state_dir, outside)
    return put_together(settings, state_dir, outside, journal)


def open_daemon_journal(settings: Settings, state_dir: Path, outside: Outside) -> "JournalStore":
    """The daemon's journal, to write; made at the first start.

    Raises `JournalMismatch` when it is for another mode or account, and what opening one raises.
    """
    from daemon.journal.opening import open_journal
    from daemon.notices.render import renderer

    return open_journal(
        journal_place(state_dir),
        clock=outside.clock,
        render=renderer(
            amounts=settings.notices.amounts,
            dry_run=settings.mode is Mode.DRY_RUN,
            household=settings.household.name,
        ),
        identity=_identity(settings, outside),
        anchored_in=anchor_place(state_dir),
    )


def _looking_journal(settings: Settings, state_dir: Path, outside: Outside) -> "JournalStore":
    """The daemon's journal, to read; an empty one in memory before its first start."""
    from daemon.journal.opening import open_journal, open_journal_reader

    place = journal_place(state_dir)
    if not isinstance(place, Path) or place.exists():
        return open_journal_reader(place, anchored_in=anchor_place(state_dir))
    return open_journal(
        ":memory:",
        clock=outside.clock,
        render=lambda _: (),
        identity=_identity(settings, outside),
    )


def put_together(settings: Settings, state_dir: Path, outside: Outside, journal: Journal) -> House:
    """Hand everything to the house."""
    return House(
        name=settings.household.name,
        clock=outside.clock,
        sessions=outside.sessions,
        accounts=settings.accounts,
        readers=outside.readers,
        senders=outside.senders,
        prices=outside.prices,
        journal=journal,
        latch=FileLatch(state_dir, outside.clock),
        policy=settings.policy,
        limits=settings.limits,
        reconciling=settings.reconciling,
        halting=settings.halting,
        order_life=settings.order_life,
        cancels_on_stop=settings.schedule.cancel_orders_on_stop,
        held_elsewhere=_held_elsewhere(settings),
        lots=JournalLedger(journal),
        targets=targets_of(settings, state_dir),
        by_hand=valuations_of(settings.holdings),
    )


def targets_of(settings: Settings, state_dir: Path) -> "Targets | None":
    """Where the weights come from; None when they are the ones typed in."""
    if settings.target.is_as_typed:
        return None
    from daemon.targets.sources import Targets

    return Targets(settings=settings.target, base=settings.policy, state_dir=state_dir)


def open_outside(
    settings: Settings,
    state_dir: Path,
    *,
    sending: bool,
    on_trouble: Callable[[str], None],
) -> Outside:
    """Connect to the household's brokers. Senders are made only for `sending` in paper mode."""
    may_send = sending and settings.mode is Mode.PAPER
    if settings.simulation is not None:
        return _simulated(
            settings, settings.simulation, state_dir, may_send=may_send, read_only=not sending
        )
    return _alpaca(settings, may_send=may_send, interactive=not sending, on_trouble=on_trouble)


def _simulated(
    settings: Settings, simulation: Simulation, state_dir: Path, *, may_send: bool, read_only: bool
) -> Outside:
    from daemon.worlds.simulated import open_simulated_world

    is_new = not any(state_dir.glob("paper-*.sqlite"))
    world = open_simulated_world(
        settings,
        simulation,
        None if read_only and is_new else state_dir,
        read_only=read_only,
    )
    return Outside(
        clock=world.clock,
        sessions=world.market,
        readers=world.brokers,
        senders=world.brokers if may_send else {},
        prices=world.prices,
        streams=tuple(world.brokers.values()),
        simulated=True,
        advance=world.advance,
        close=world.close,
    )


def _alpaca(
    settings: Settings, *, may_send: bool, interactive: bool, on_trouble: Callable[[str], None]
) -> Outside:
    from daemon.waking.sessions import CheckedSessions
    from daemon.worlds.alpaca import open_alpaca_world

    clock = WallClock()
    worlds = {
        account: open_alpaca_world(
            settings,
            account,
            clock,
            sending=may_send,
            interactive=interactive,
            on_trouble=on_trouble,
        )
        for account in settings.alpaca
    }
    first = next(iter(worlds.values()))
    # A stand-in on this machine may rehearse on a Sunday night: its calendar is its own.
    rehearses = all(account.server_url is not None for account in settings.alpaca.values())
    check = first.reader.sessions if rehearses else None
    return Outside(
        clock=clock,
        sessions=CheckedSessions(first.reader.sessions, clock, check=check),
        readers={account: world.reader for account, world in worlds.items()},
        senders={a: world.sender for a, world in worlds.items() if world.sender is not None},
        prices=first.prices,
        streams=tuple(world.stream for world in worlds.values()) if may_send else (),
        simulated=False,
        advance=lambda: None,
        close=lambda: None,
    )


def code_version() -> str:
    """The version of trimtab that runs."""
    return VERSION


def _identity(settings: Settings, outside: Outside) -> JournalOpened:
    """What a new journal is for. Checks the pinned account numbers; asks each broker once."""
    numbers: list[str] = []
    for account, reader in outside.readers.items():
        number = reader.account().number
        pinned = settings.alpaca[account].account_number if account in settings.alpaca else None
        if pinned is not None and pinned != number:
            raise WrongAccount(
                f"the keys of {account!r} open account {number}, the configuration says {pinned}"
            )
        numbers.append(number)
    return JournalOpened(
        mode=settings.mode.value,
        household=settings.household.name,
        account_numbers=tuple(sorted(numbers)),
        epoch="".join(secrets.choice(EPOCH_LETTERS) for _ in range(4)),
        code_version=code_version(),
    )


def _held_elsewhere(settings: Settings) -> tuple[AccountSnapshot, ...]:
    """Accounts that are only counted, as the configuration values them."""
    found = []
    for account_id, holdings in settings.elsewhere.items():
        found.append(
            AccountSnapshot(
                account=settings.account(account_id),
                cash=holdings.cash,
                settled_cash=holdings.cash,
                positions=tuple(
                    Position(symbol=symbol, quantity=quantity, available=quantity)
                    for symbol, quantity in sorted(holdings.positions.items())
                ),
            )
        )
    return tuple(found)
