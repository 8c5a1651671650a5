"""The log: structlog, one event one line, secrets taken out of the finished line.

JSON to stderr in service, words on a terminal. The standard library's loggers, those of our
dependencies among them, come through the same pipe. Writing a log line never raises into trading.

    set_up(redactor=Redactor(secrets))
    get_logger().info("order sent", symbol="VTI")      # an event's name never holds a value
"""

import importlib
import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from daemon.redaction import Redactor

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

Event = MutableMapping[str, Any]

_PINNED: Final = (
    "alpaca", "apprise", "apscheduler", "asyncio", "exchange_calendars", "httpcore", "httpx",
    "requests", "sqlalchemy", "urllib3", "websocket", "websockets",
)  # fmt: skip
"""At DEBUG these write requests, headers and parameters; nobody may turn that on by accident."""

FLOOD_SECONDS: Final = 60.0
_FLOOD_KEYS: Final = 256


def get_logger() -> "FilteringBoundLogger":
    """The log. Its methods take the event's name and its values by name."""
    structlog = _structlog()
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def set_up(
    *,
    redactor: Redactor | None = None,
    stream: TextIO | None = None,
    as_json: bool | None = None,
    level: int = logging.INFO,
) -> Redactor:
    """Send structlog, the standard library's log and uncaught exceptions to one stream.

    `as_json` None means JSON unless the stream is a terminal. Returns the redactor, which may learn
    more secrets later.
    """
    structlog = _structlog()
    redactor = redactor or Redactor()
    stream = stream or sys.stderr
    if as_json is None:
        as_json = not stream.isatty()
    pipe = _Pipe(stream, redactor, as_json=as_json)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _stamp,
            FloodLimit(),
            _render_exception,
            pipe.render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: pipe,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_FromStandardLibrary()]
    root.setLevel(level)
    for name in _PINNED:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )
    return redactor


def _structlog() -> ModuleType:
    """structlog without the rich that it takes along when it finds it: 3 MiB that no log line needs."""
    hides = not {"structlog", "rich"} & sys.modules.keys()
    if hides:
        sys.modules["rich"] = cast("ModuleType", None)  # Python's word for "cannot be imported"
    try:
        return importlib.import_module("structlog")
    finally:
        if hides:
            del sys.modules["rich"]


class _Pipe:
    """The end of the chain: renders, redacts and writes. It is the logger that structlog wraps."""

    def __init__(self, stream: TextIO, redactor: Redactor, *, as_json: bool) -> None:
        self._stream = stream
        self._redactor = redactor
        self._render = json_line if as_json else words
        self._as_json = as_json
        self._lock = threading.Lock()

    def render(self, _logger: object, _method: str, event: Event) -> str:
        """The finished line, secrets taken out last of all."""
        line = self._render(event)
        redacted = self._redactor(line)
        if self._as_json and redacted != line and not _is_json(redacted):
            return json_line({"event": "a log line was withheld: it held a secret"})
        return redacted

    def msg(self, line: str) -> None:
        """Write one line; a full disk or a closed pipe loses it and nothing else."""
        try:
            with self._lock:
                self._stream.write(line + "\n")
                self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = exception = log = fatal = failure = err = msg


class FloodLimit:
    """Lets a warning of one event through once a minute; the next one says how many were held back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: dict[str, tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        """Pass an event on, or raise `structlog.DropEvent`."""
        if event.get("level") != "warning":
            return event
        import structlog

        key, now = f"{event.get('logger', '')} {event.get('event')}", self._now()
        since, held_back = self._seen.get(key, (None, 0))
        if since is not None and now - since < FLOOD_SECONDS:
            self._seen[key] = (since, held_back + 1)
            raise structlog.DropEvent
        if len(self._seen) >= _FLOOD_KEYS:
            self._seen.clear()
        self._seen[key] = (now, 0)
        if held_back:
            event["held_back"] = held_back
        return event


class _FromStandardLibrary(logging.Handler):
    """Hands records of `logging` to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            values: dict[str, Any] = {"logger": record.name}
            if record.exc_info and record.exc_info[0] is not None:
                values["exc_info"] = record.exc_info
            level = max(logging.DEBUG, min(record.levelno // 10 * 10, logging.CRITICAL))
            get_logger().log(level, record.getMessage(), **values)
        except Exception:  # noqa: BLE001  a log line is never worth a crash
            self.handleError(record)


def json_line(event: Mapping[str, Any]) -> str:
    """One event as one line of ASCII JSON; every control character is escaped."""
    return json.dumps(dict(event), default=str, skipkeys=True)


def words(event: Mapping[str, Any]) -> str:
    """One event for a person: time, level, event, values; only a traceback takes further lines."""
    rest = dict(event)
    at = str(rest.pop("at", ""))[11:19]
    level = str(rest.pop("level", ""))
    name = str(rest.pop("event", ""))
    trace = rest.pop("traceback", None)
    values = "  ".join(f"{key}={value}" for key, value in rest.items())
    lines = [f"{at} {level:<8} {name}" + (f"  {values}" if values else "")]
    if trace:
        lines += [f"    {line}" for line in str(trace).splitlines()]
    return "\n".join(_visible(line) for line in lines)


def _visible(text: str) -> str:
    """The text with everything a terminal could act upon spelled out."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _stamp(_logger: object, _method: str, event: Event) -> Event:
    return {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **event}


def _render_exception(_logger: object, _method: str, event: Event) -> Event:
    """The plain traceback: file, line and message of each frame, never a local variable."""
    given = event.pop("exc_info", None)
    if isinstance(given, BaseException):
        given = (type(given), given, given.__traceback__)
    elif given and not isinstance(given, tuple):
        given = sys.exc_info()
    if given and given[0] is not None:
        event["traceback"] = "".join(traceback.format_exception(*given)).rstrip()
    return event


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    get_logger().critical("uncaught", exc_info=(kind, error, trace))


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
