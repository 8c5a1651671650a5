"""Channels: where a notice goes. Each says "" or why not; none raises, none shows a secret."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from portfolio.ports import Clock
from portfolio.records import Notice

MAX_BODY: Final = 3500
MAX_TITLE: Final = 200
TIMEOUT_SECONDS: Final = 10

ALLOWED: Final = frozenset(
    {
        "discord", "gotify", "gotifys", "json", "jsons", "mailto", "mailtos", "matrix", "matrixs",
        "mmost", "mmosts", "msteams", "ntfy", "ntfys", "pbul", "pover", "rocket", "rockets",
        "ses", "signal", "signals", "slack", "tgram", "twilio", "xml", "xmls", "zulip",
    }
)  # fmt: skip
"""Kinds of addresses that send a message and do nothing else; Apprise also knows some that act."""


class Channel(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """A short name for logs and for the outbox, unique among the channels."""
        ...

    def send(self, notice: Notice) -> str:
        """Deliver, with timeouts: "" when it went out, else why not, in words without a secret."""
        ...


class ChannelRefused(ValueError):
    """An address that cannot be a channel; the message does not show it."""


def prepared(notice: Notice, redact: Callable[[str], str]) -> Notice:
    """What may leave: plain text of bounded length, no control characters, no secret.

    A title is one line, so that it cannot add a header to a mail.
    """
    title = "".join(c if c.isprintable() else " " for c in notice.title)
    body = "".join(c if c.isprintable() or c == "\n" else " " for c in notice.body)
    title = _cut(redact(title).strip(), MAX_TITLE) or "trimtab"
    return replace(notice, title=title, body=_cut(redact(body), MAX_BODY).strip() or title)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 2].rstrip() + " …"


class ConsoleChannel:
    """Prints to standard output: the terminal, or the journal of systemd."""

    name = "console"

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, notice: Notice) -> str:
        """Print title and body."""
        mark = "!" if notice.urgent else "*"
        body = notice.body.replace("\n", "\n    ")
        try:
            # A terminal that is gone is no reason to try again for a day.
            print(f"{mark} {notice.title}\n    {body}", file=self._stream, flush=True)
        except UnicodeEncodeError:
            plain = f"{mark} {notice.title} {body}".encode("ascii", "backslashreplace").decode()
            print(plain, file=self._stream, flush=True)
        except (OSError, ValueError):
            return ""
        return ""


class FileChannel:
    """Appends one line for each notice to a file, and syncs it."""

    name = "file"

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def send(self, notice: Notice) -> str:
        """Append `TIME URGENT|news TITLE | BODY`."""
        kind = "URGENT" if notice.urgent else "news"
        text = " | ".join([notice.title, *filter(None, notice.body.split("\n"))])
        line = f"{self._clock.now().isoformat(timespec='seconds')} {kind} {text}\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(self._path, flags, 0o640)
            try:
                os.write(descriptor, line.encode(errors="replace"))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            return f"{self._path} cannot be written ({error.strerror})"
        return ""


class AppriseChannel:
    """One address of Apprise, loaded at the first notice. The address is a secret.

    `number` counts the addresses from 1 and is all of one that is ever shown. Raises
    `ChannelRefused` when its kind is not on the list.
    """

    def __init__(self, number: int, address: str) -> None:
        self._number = number
        self._address = _with_limits(address.strip())
        self._service: Any = None
        scheme = address.strip().split("://", 1)[0].lower()
        if "://" not in address or scheme not in ALLOWED:
            raise ChannelRefused(
                f"notice address {number} is of no kind that is allowed; allowed are "
                f"{', '.join(sorted(ALLOWED))}"
            )

    @property
    def name(self) -> str:
        """Its place in the list of addresses."""
        return f"apprise {self._number}"

    def __repr__(self) -> str:
        return f"AppriseChannel({self._number})"

    def send(self, notice: Notice) -> str:
        """Deliver by the service behind the address."""
        try:
            service = self._service or self._load()
            import apprise

            kind = apprise.NotifyType.WARNING if notice.urgent else apprise.NotifyType.INFO
            result = service.notify(
                title=notice.title,
                body=notice.body,
                notify_type=kind,
                body_format=apprise.NotifyFormat.TEXT,
                interpret_escapes=False,
            )
        except ChannelRefused as error:
            return str(error)
        except Exception as error:  # noqa: BLE001  its text may hold the address
            return f"sending failed with {type(error).__name__}"
        # The answer is truthy or falsy; it is neither True nor False.
        return "" if result else "the service refused it or did not answer"

    def _load(self) -> Any:
        import apprise

        asset = apprise.AppriseAsset(storage_mode="memory")
        service = apprise.Apprise.instantiate(self._address, asset=asset)
        if service is None:
            raise ChannelRefused("the address is not complete; see the service's page of Apprise")
        self._service = apprise.Apprise(asset=asset)
        self._service.add(service)
        return self._service


def _with_limits(address: str) -> str:
    """The address with timeouts, and long texts split rather than refused, unless it says itself."""
    wanted = {"rto": str(TIMEOUT_SECONDS), "cto": str(TIMEOUT_SECONDS), "overflow": "split"}
    for key, value in wanted.items():
        if not re.search(rf"[?&]{key}=", address):
            address += f"{'&' if '?' in address else '?'}{key}={value}"
    return address
