"""Wishes of the command line, handed to the daemon as files; only the daemon acts on them.

A wish is one JSON file in `spool/` of the state directory. It appears whole or not at all, survives a
crash of either side, and goes away only when the daemon says that it is done. What is written there is
checked like any stranger's word: garbage is moved to `spool/refused/` with the reason beside it.
"""

import errno
import json
import os
import secrets
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, cast, get_args

from daemon.machine.lease import running_pid

FOLDER: Final = "spool"
_REFUSED: Final = "refused"
_MAX_BYTES: Final = 16 * 1024
_MAX_TEXT: Final = 1000
_MAX_AT_ONCE: Final = 100

RequestKind = Literal[
    "approve", "reject", "halt", "resume", "run_now", "reload", "clear_fence",
    "adopt_orders", "acknowledge", "gift", "import_lots", "ticket",
    "raise_cash", "raise_cancel", "allow_wash",
]  # fmt: skip
_FIELDS: Final = frozenset({"kind", "by", "reason", "subject", "at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person wants. `subject` is a proposal's hash or its beginning, `account/symbol`, or the
    name of an alarm.

    `file` is where it came from, None before it is written; it is no part of what is asked.
    """

    kind: RequestKind
    by: str
    reason: str = ""
    subject: str = ""
    at: datetime
    file: Path | None = field(default=None, compare=False, repr=False)


def prepare_spool(state_dir: Path) -> None:
    """Make the folders; the daemon's group may write to them, so that an operator needs no root."""
    for folder in (state_dir / FOLDER, state_dir / FOLDER / _REFUSED):
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            # mkdir's mode bows to the umask. Files take the folder's group: the daemon can read them.
            folder.chmod(0o2770)


def write_request(state_dir: Path, request: Request) -> Path:
    """Write a request so that it is whole and on the disk when this returns; gives its path.

    Raises `ValueError` for a request the daemon would refuse, `OSError` when it cannot be written.
    """
    text = _text_of(request)
    _parse(text)
    prepare_spool(state_dir)
    folder = state_dir / FOLDER
    name = f"{request.at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}.json"
    part = folder / f".{name}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.rename(folder / name)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _sync(folder)
    return folder / name


def take_requests(
    state_dir: Path, *, on_refused: Callable[[str], None] | None = None
) -> list[Request]:
    """Every request that waits, oldest first, at most a hundred. Each stays until it is `done`.

    `on_refused` is told in one sentence of each file that is no request and was moved aside. Raises
    `OSError` when the folder or a file cannot be read for now; nothing is lost then.
    """
    folder = state_dir / FOLDER
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    requests: list[Request] = []
    waiting = [name for name in names if name != _REFUSED and not name.startswith(".")]
    for name in waiting[:_MAX_AT_ONCE]:
        try:
            requests.append(_read(folder / name))
        except FileNotFoundError:
            continue
        except ValueError as error:
            _move_aside(folder, name, str(error))
            if on_refused is not None:
                on_refused(f"request {name!r} was refused: {error}")
    return requests


def done(request: Request) -> None:
    """The daemon has acted on it, or decided not to; it will not be taken again."""
    if request.file is not None:
        request.file.unlink(missing_ok=True)
        # After a power cut an old wish, say a resume, must not come back.
        _sync(request.file.parent)


def signal_daemon(state_dir: Path) -> bool:
    """Tell the daemon to look into the spool now; False when none runs or it is not ours to signal.

    Without the signal it looks at its next tick.
    """
    pid = running_pid(state_dir)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGUSR1)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _text_of(request: Request) -> str:
    return json.dumps(
        {
            "kind": request.kind,
            "by": request.by,
            "reason": request.reason,
            "subject": request.subject,
            "at": request.at.isoformat(),
        }
    )


def _read(path: Path) -> Request:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        raise ValueError("the daemon may not read it") from None
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        raise ValueError("it is a link") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no plain file")
        content = os.read(descriptor, _MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES} bytes")
    return _parse(content.decode(), path)


def _parse(text: str, file: Path | None = None) -> Request:
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict) or set(found) != _FIELDS:
        raise ValueError(f"it needs exactly the fields {', '.join(sorted(_FIELDS))}")
    for name, value in found.items():
        if not isinstance(value, str) or len(value) > _MAX_TEXT or not value.isprintable():
            raise ValueError(f"{name} must be one line of at most {_MAX_TEXT} characters")
    if found["kind"] not in get_args(RequestKind):
        raise ValueError(f"{found['kind']!r} is no kind of request")
    if not found["by"].strip():
        raise ValueError("it does not say who asks")
    at = datetime.fromisoformat(found["at"])
    if at.tzinfo is None:
        raise ValueError("its time has no zone")
    return Request(
        kind=cast("RequestKind", found["kind"]),
        by=found["by"],
        reason=found["reason"],
        subject=found["subject"],
        at=at,
        file=file,
    )


def _move_aside(folder: Path, name: str, why: str) -> None:
    with suppress(OSError):
        (folder / _REFUSED).mkdir(exist_ok=True)
        (folder / name).replace(folder / _REFUSED / name)
        (folder / _REFUSED / f"{name}.why").write_text(why + "\n")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
