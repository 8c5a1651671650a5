"""Every question that `trimtab check` asks, in the order in which a run would meet them."""

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.cli.door import sentence_for
from daemon.exit_codes import ExitCode
from daemon.screens.checks import Check, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from config.settings import Settings
    from daemon.wiring import Outside
    from portfolio.money import Weight


def run_checks(read: "Callable[[], Settings]", state: Path | None) -> Iterator[Check]:
    """One check after the other; what cannot be asked because of an earlier answer says so."""
    try:
        settings = read()
    except Exception as error:  # noqa: BLE001  whatever it is, the table says it
        yield _stopped("configuration", error)
        for name in ("keys", "account", "clock", "calendar", "state", "disk", "database"):
            yield Check(name=name, standing="not asked", text="the configuration comes first")
        return
    yield Check(
        name="configuration",
        standing="ok",
        text=f"{settings.file}: {settings.mode.value}, {len(settings.policy.target.leaves)} slices",
    )
    yield _asked("keys", lambda: _keys(settings))
    if settings.policy.taxes is not None:
        yield _asked("taxes", lambda: _taxes(settings))
    directory = yield from _state(settings, state)
    yield from _outside(settings, directory)
    if directory is not None:
        yield _asked("database", lambda: _database(settings, directory))
        yield _lease(directory)
        yield _halt(directory)


def _taxes(settings: "Settings") -> "tuple[Standing, str]":
    """Whether harvesting is on, until when, and how lots are really sold."""
    from daemon.machine.clocks import WallClock
    from daemon.taxes.ledger import exchange_day
    from daemon.upkeep.tax_alarms import declaration_told
    from policies.taxes.relief import relief_in_force

    rule, day = settings.policy.harvest, exchange_day(WallClock().now())
    trading = [a for a in settings.accounts if a.can_trade]
    _, relief = relief_in_force(settings.policy.lots.method, may_name_lots=not trading)
    if told := declaration_told(rule, day):
        return "warn", told
    declared = "not declared, off" if rule.declared_on is None else f"declared {rule.declared_on}"
    return "ok", f"harvesting: {declared}" + (f"; {relief}" if relief else "")


def _asked(name: str, ask: "Callable[[], tuple[Standing, str]]") -> Check:
    try:
        standing, text = ask()
    except Exception as error:  # noqa: BLE001  whatever it is, the table says it
        return _stopped(name, error)
    return Check(name=name, standing=standing, text=text)


def _stopped(name: str, error: Exception) -> Check:
    sentence, code = sentence_for(error)
    return Check(name=name, standing="stops", text=sentence, exit_code=code)


def _keys(settings: "Settings") -> "tuple[Standing, str]":
    import os

    from config.secrets import alpaca_keys

    if not settings.alpaca:
        return "ok", "none needed"
    found = [
        alpaca_keys(settings, account, environment=os.environ, interactive=True)
        for account in settings.alpaca
    ]
    warnings = [keys.warning for keys in found if keys.warning]
    return ("warn" if warnings else "ok"), "; ".join(warnings or [k.source for k in found])


def _state(settings: "Settings", state: Path | None) -> Generator[Check, None, Path | None]:
    """The state directory and its disk; gives the directory to the checks that follow."""
    from daemon.wiring import state_directory

    try:
        directory = state_directory(settings, state)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"\n")
    except Exception as error:  # noqa: BLE001  whatever it is, the table says it
        yield _stopped("state", error)
        yield Check(name="disk", standing="not asked", text="the state directory comes first")
        return None
    yield Check(name="state", standing="ok", text=f"{directory} is writable")
    yield _disk(settings, directory)
    return directory


def _disk(settings: "Settings", directory: Path) -> Check:
    rule, free = settings.halting, shutil.disk_usage(directory).free
    text = f"{free / 2**20:,.0f} MiB free"
    if free < rule.free_disk:
        advice = f"{text}; a run halts below {rule.free_disk // 2**20:,}. Free some space."
        return Check(name="disk", standing="stops", text=advice, exit_code=ExitCode.DISK)
    return Check(name="disk", standing="ok" if free >= rule.free_disk_alarm else "warn", text=text)


def _outside(settings: "Settings", directory: Path | None) -> Iterator[Check]:
    from daemon.wiring import open_outside

    if directory is None:
        for name in ("account", "clock", "calendar"):
            yield Check(name=name, standing="not asked", text="the state directory comes first")
        return
    try:
        outside = open_outside(settings, directory, sending=False, on_trouble=lambda _: None)
    except Exception as error:  # noqa: BLE001  whatever it is, the table says it
        yield _stopped("account", error)
        return
    try:
        yield _asked("account", lambda: _account(settings, outside))
        yield _asked("clock", lambda: _clock(settings, outside))
        yield _asked("calendar", lambda: _calendar(outside))
        yield _asked("prices", lambda: _prices(settings, outside))
        yield _asked("target", lambda: _target(settings, directory))
    finally:
        outside.close()


def _account(settings: "Settings", outside: "Outside") -> "tuple[Standing, str]":
    told, blocked = [], []
    for name, reader in outside.readers.items():
        account = reader.account()
        pinned = settings.alpaca[name].account_number if name in settings.alpaca else None
        if pinned is not None and pinned != account.number:
            blocked.append(f"{name} is account {account.number}, the configuration says {pinned}")
        elif account.blocked:
            blocked.append(f"{name} may not trade: {account.blocked}")
        told.append(f"{name} answers as {account.number}")
    return ("stops", "; ".join(blocked)) if blocked else ("ok", "; ".join(told))


def _clock(settings: "Settings", outside: "Outside") -> "tuple[Standing, str]":
    rule = settings.halting
    worst = max(
        (abs(reader.clock().now - outside.clock.now()) for reader in outside.readers.values()),
        default=timedelta(0),
    )
    text = f"{worst.total_seconds():.1f} seconds from the broker's"
    if worst > rule.clock_skew:
        most = f"{rule.clock_skew.total_seconds():g}"
        return "stops", f"{text}; trading halts beyond {most}. Set this machine's clock (NTP)."
    return ("warn" if worst > rule.clock_skew_alarm else "ok"), text


def _calendar(outside: "Outside") -> "tuple[Standing, str]":
    session = outside.sessions.next_after(outside.clock.now())
    return "ok", f"next session {session.day}, opens {session.opens_at:%H:%M} UTC"


def _prices(settings: "Settings", outside: "Outside") -> "tuple[Standing, str]":
    from portfolio.snapshot import RefusedPrice

    answers = outside.prices.quotes(settings.policy.target.symbols)
    refused = [a for a in answers.values() if isinstance(a, RefusedPrice)]
    if refused:
        return "warn", "; ".join(a.detail for a in refused)
    return "ok", f"{len(answers)} of {len(settings.policy.target.symbols)} symbols have a quote"


def _target(settings: "Settings", directory: Path) -> "tuple[Standing, str]":
    """Where the weights come from, how old they are, and what they are now."""
    from daemon.answers.plan import target_at
    from daemon.observe import observe
    from daemon.wiring import open_house

    if settings.target.is_as_typed:
        return "ok", f"fixed: {_weights(settings.policy.target.leaf_weights)}"
    house = open_house(settings, directory)
    policy, words = target_at(house, observe(house))
    trouble = "" if house.targets is None else house.targets.trouble
    if not trouble and _answers_are_old(settings, directory, house.clock.now().date()):
        trouble = "the answers are more than a year old; answer again with: trimtab profile"
        words = f"{words}; {trouble}"
    return ("warn" if trouble else "ok"), f"{words}: {_weights(policy.target.leaf_weights)}"


def _answers_are_old(settings: "Settings", directory: Path, day: "date") -> bool:
    from config.target_settings import SourceKind
    from daemon.targets.profiles import is_old, read_answers

    is_asked = settings.target.kind is SourceKind.RISK_PROFILE
    return is_asked and is_old(read_answers(directory), day)


def _weights(weights: "Mapping[str, Weight]", most: int = 8) -> str:
    """The largest weights in words."""
    largest = sorted(weights, key=lambda name: (-weights[name], name))
    told = ", ".join(f"{name} {weights[name] * 100:.1f} %" for name in largest[:most])
    return told + (f" and {len(weights) - most} more" if len(weights) > most else "")


def _database(settings: "Settings", directory: Path) -> "tuple[Standing, str]":
    from daemon.journal.errors import JournalMismatch, JournalMissing
    from daemon.wiring import open_reader

    try:
        journal = open_reader(directory)
    except JournalMissing:
        return "ok", "no journal yet; the first run makes it"
    identity = journal.identity()
    if (identity.mode, identity.household) != (settings.mode.value, settings.household.name):
        raise JournalMismatch(
            f"The journal is for {identity.household} in {identity.mode}, the configuration says "
            f"{settings.household.name} in {settings.mode.value}."
        )
    rows, head = journal.head()
    return "ok", f"{rows:,} rows, head {head[:10]}"


def _lease(directory: Path) -> Check:
    from daemon.machine.lease import running_pid

    pid = running_pid(directory)
    if pid is None:
        return Check(name="lease", standing="ok", text="free: no daemon runs here")
    text = f"a daemon runs (pid {pid}); a second one would be refused"
    return Check(name="lease", standing="warn", text=text)


def _halt(directory: Path) -> Check:
    from daemon.latch import FileLatch

    reason = FileLatch(directory).reason()
    if reason is None:
        return Check(name="halt", standing="ok", text="not halted")
    text = f"halted: {reason}. A run would look and tell, and send nothing."
    return Check(name="halt", standing="warn", text=text)
