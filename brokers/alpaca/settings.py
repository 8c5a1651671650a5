"""What the Alpaca adapter is told: which account, which hosts, how patient; and the two keys.

Facts: Alpaca's hosts and key prefixes (PK paper, AK live), its 200 requests a minute per account.
"""

import re
from dataclasses import dataclass
from typing import Literal, NoReturn
from urllib.parse import urlsplit

PAPER_HOST = "paper-api.alpaca.markets"
LIVE_HOST = "api.alpaca.markets"
DATA_HOST = "data.alpaca.markets"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_MODE_OF_HOST = {PAPER_HOST: "paper", LIVE_HOST: "live"}
_KEY_SHAPE = re.compile(r"(PK|AK)[A-Z0-9]{12,}")
_MODE_OF_PREFIX = {"PK": "paper", "AK": "live"}


class AlpacaKeys:
    """A key id and its secret. No text, dump or comparison of this object shows either."""

    __slots__ = ("_key_id", "_secret_key")

    def __init__(self, key_id: str, secret_key: str) -> None:
        for name, value in (("key id", key_id), ("secret key", secret_key)):
            if not value or not value.isascii() or not value.isprintable() or " " in value:
                raise ValueError(f"the Alpaca {name} is empty or not one word of plain characters")
        self._key_id = key_id
        self._secret_key = secret_key

    def reveal(self) -> tuple[str, str]:
        """The key id and the secret, for whoever signs a request."""
        return self._key_id, self._secret_key

    def scrub(self, text: str) -> str:
        """`text` with both keys blotted out, should a stranger have echoed one."""
        return text.replace(self._secret_key, "***").replace(self._key_id, "***")

    @property
    def mode(self) -> str | None:
        """Which kind of account the key's prefix says it is for; None when it says nothing."""
        shape = _KEY_SHAPE.fullmatch(self._key_id)
        return None if shape is None else _MODE_OF_PREFIX[shape[1]]

    def __repr__(self) -> str:
        return "AlpacaKeys(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not copied, pickled or stored")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlpacaSettings:
    """One Alpaca account and how it is spoken to. Durations are in seconds.

    `account_number` pins the account: keys of another one are refused. `feed` is where quotes come
    from: "iex" is one venue and free, "sip" the whole market. The URLs replace Alpaca's own hosts,
    for a proxy or a simulator, and are given without `/v2`. `requests_per_minute` is half of what
    Alpaca allows, so that a person's own tools still find room.

    Raises `ValueError` for a URL with a password in it, one that would send keys in the clear, and
    a paper flag that contradicts the host.
    """

    paper: bool = True
    account_number: str | None = None
    feed: Literal["iex", "sip"] = "iex"
    trading_url: str | None = None
    data_url: str | None = None
    stream_url: str | None = None
    connect_timeout_seconds: float = 3.05
    read_timeout_seconds: float = 15.0
    read_patience_seconds: float = 20.0
    """How long one read may take with all its retries."""
    requests_per_minute: int = 100

    def __post_init__(self) -> None:
        for url in (self.trading_url, self.data_url, self.stream_url):
            if url is not None:
                _refuse_unsafe(url)
        if self.requests_per_minute < 1:
            raise ValueError("requests_per_minute must be 1 or more")
        wanted = self.mode
        host = urlsplit(self.trading_base).hostname
        found = _MODE_OF_HOST.get(host or "", wanted)
        if found != wanted:
            raise ValueError(f"the account is set to {wanted} but {host} is Alpaca's {found} host")

    @property
    def mode(self) -> str:
        """Paper or live."""
        return "paper" if self.paper else "live"

    @property
    def trading_base(self) -> str:
        """Origin of the trading API, without `/v2`."""
        host = PAPER_HOST if self.paper else LIVE_HOST
        return _origin(self.trading_url or f"https://{host}")

    @property
    def data_base(self) -> str:
        """Origin of the market data API, without `/v2`."""
        return _origin(self.data_url or f"https://{DATA_HOST}")

    @property
    def stream_address(self) -> str:
        """The whole websocket URL of the order stream; beside the trading API unless given."""
        if self.stream_url is not None:
            return self.stream_url
        return f"ws{self.trading_base.removeprefix('http')}/stream"


def mode_problem(settings: AlpacaSettings, keys: AlpacaKeys) -> str | None:
    """Why these keys do not belong to this kind of account, in a sentence; None when they may."""
    if keys.mode is None or keys.mode == settings.mode:
        return None
    return (
        f"the account is set to {settings.mode} but the key is one for {keys.mode} trading: "
        f"use the {settings.mode} account's keys or change the mode"
    )


def _origin(url: str) -> str:
    """The URL without the `/v2` that some configurations carry."""
    return url.rstrip("/").removesuffix("/v2").rstrip("/")


def _refuse_unsafe(url: str) -> None:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("an Alpaca URL must not carry a user name or a password")
    if parts.scheme not in ("https", "wss", "http", "ws") or not parts.hostname:
        raise ValueError(f"{url!r} is not a URL: write it like https://{PAPER_HOST}")
    if parts.scheme in ("http", "ws") and parts.hostname not in LOOPBACK:
        raise ValueError(f"{url} would send the keys unencrypted: use {parts.scheme}s://")
