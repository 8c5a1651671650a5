"""alpaca-py's REST client with its surprises taken out; the only module that imports it.

alpaca-py 0.44 sends without a timeout and repeats any request, orders too, on 429 and 504. Here
nothing is repeated unasked, every exchange has a timeout and numbers are parsed exactly. Its plain
`RESTClient` is used because its trading and data clients only add models (floats, and an error on
every new word) and load pandas: 37 MiB and 0.6 s that buy nothing.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, cast

from brokers.alpaca.settings import AlpacaKeys
from brokers.alpaca.wire import exact_json
from portfolio.canonical import decimal_text

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient
    from requests import PreparedRequest, Response
    from requests.adapters import BaseAdapter

_LONGEST_SENTENCE = 300


class NoValueError(Exception):
    """A 2xx or 3xx that carries nothing to read."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class TimedAdapter:
    """Transport that gives every request a timeout: (connecting, each read) in seconds."""

    timeouts: tuple[float, float] = (3.05, 15.0)

    def __init__(self) -> None:
        from requests.adapters import HTTPAdapter

        self._inner = HTTPAdapter(max_retries=0)

    def send(self, request: "PreparedRequest", **options: object) -> "Response":
        """Send once."""
        options["timeout"] = self.timeouts
        return self._inner.send(request, **options)  # type: ignore[arg-type]

    def close(self) -> None:
        """Drop the pooled connections."""
        self._inner.close()


def tamed_client(
    base_url: str, keys: AlpacaKeys, adapter: TimedAdapter, hear: Callable[..., None]
) -> "RESTClient":
    """alpaca-py's client without its retries, with our transport. Checks that both took effect."""
    from alpaca.common.rest import RESTClient

    key_id, secret_key = keys.reveal()
    client = RESTClient(
        base_url=base_url, api_key=key_id, secret_key=secret_key, api_version="v2", raw_data=True
    )
    missing = [n for n in ("_session", "_retry", "_retry_codes") if not hasattr(client, n)]
    if missing:
        raise RuntimeError(f"this alpaca-py lacks {missing}: its retries cannot be switched off")
    client._retry = 0
    client._retry_codes = []
    session = client._session
    transport = cast("BaseAdapter", adapter)
    session.mount("https://", transport)
    session.mount("http://", transport)
    session.hooks["response"].append(hear)
    session.auth = _leave_as_is  # otherwise a ~/.netrc would add a password of its own
    if session.get_adapter(base_url) is not transport or client._retry or client._retry_codes:
        raise RuntimeError("this alpaca-py kept its retries or its transport: refusing to use it")
    return client


def _leave_as_is(request: "PreparedRequest") -> "PreparedRequest":
    return request


def _exact_body(response: "Response", **_: object) -> object:
    """What takes the place of `Response.json`: decimals instead of floats."""
    try:
        return exact_json(response.text)
    except ValueError:
        raise NoValueError(response.status_code, "the answer is not JSON") from None


def read_exactly(response: "Response") -> None:
    """Make alpaca-py read this answer with decimals, and refuse to take a redirect for one."""
    response.encoding = "utf-8"
    if response.status_code // 100 == 3:
        raise NoValueError(response.status_code, "a redirect, which is never followed")
    response.json = partial(_exact_body, response)  # type: ignore[method-assign]


def refusal_in(problem: Exception) -> "Response | None":
    """The answer of 4xx or 5xx behind an exception of alpaca-py's, if it is one."""
    from alpaca.common.exceptions import APIError

    return problem.response if isinstance(problem, APIError) else None


def json_object(response: "Response") -> Mapping[str, object] | None:
    """The body as an object; None for HTML, half a page or anything else."""
    try:
        body = exact_json(response.text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def sentence(error: Mapping[str, object]) -> str:
    """Alpaca's message and the figures beside it, on one line."""
    figures = ", ".join(
        f"{name} {_plain(value)}"
        for name, value in error.items()
        if name not in ("code", "message") and _plain(value)
    )
    text = f"{error.get('message') or 'no message'}{f' ({figures})' if figures else ''}"
    words = "".join(c if c.isprintable() else " " for c in text).split()
    return " ".join(words)[:_LONGEST_SENTENCE]


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value)
    return str(value) if isinstance(value, str | int) else ""


def broken_line(problem: Exception, timeouts: tuple[float, float]) -> tuple[str, bool]:
    """What broke, in words, and whether a byte of the request may have left.

    Only a name that was not found, a refused connection and a timeout while connecting prove that
    nothing was sent. The exception's own text is not used: it may quote addresses with passwords.
    """
    from requests import exceptions as http
    from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

    reason = problem.args[0] if problem.args else None
    reason = reason.reason if isinstance(reason, MaxRetryError) else reason
    if isinstance(problem, http.ConnectTimeout):
        return f"no connection within {timeouts[0]:g} s", False
    if isinstance(reason, NameResolutionError):
        return "the host's name was not found: is the network up?", False
    if isinstance(reason, NewConnectionError):
        return "no connection could be made: refused or unreachable", False
    if isinstance(problem, http.ReadTimeout):
        return f"no answer within {timeouts[1]:g} s", True
    if isinstance(problem, http.SSLError):
        return "the secure connection failed: check the host's clock and certificates", True
    return f"the connection broke ({type(problem).__name__})", True
