"""Keys and notice addresses: where they come from, and a wrapper that shows them to nobody.

For an Alpaca account, the first of these that is there: systemd's credentials (`ACCOUNT.key` and
`ACCOUNT.secret`, or `alpaca.key` and `alpaca.secret` when it is the only Alpaca account), the
configuration's `keys_file`, the environment. Nothing here is ever written, logged or put in an error.
"""

import hmac
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from config.files import Unreadable, read_small
from config.problems import ConfigurationError, Problem
from config.settings import Settings

LARGEST_SECRET_FILE = 64 * 1024
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})

ENVIRONMENT_PAIRS = (
    ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"),
    ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"),
)
"""The names that Alpaca's own tools read."""

_LINE = re.compile(
    r"""(?:export\s+)?([A-Za-z_]+)\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|([^\s"'#]*))\s*(?:\#.*)?"""
)
_NAMES = {
    "key": "key",
    "key_id": "key",
    "apca_api_key_id": "key",
    "alpaca_api_key": "key",
    "secret": "secret",
    "secret_key": "secret",
    "apca_api_secret_key": "secret",
    "alpaca_secret_key": "secret",
}
_TWO_LINES = 'Write two lines into it: key = "..." and secret = "..."'


class Secret:
    """A text that nothing shows: not repr, str, format, json, pickle, nor our canonical text.

    A plain class on purpose: a dataclass would be walked by whatever walks dataclasses.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap a text."""
        self._text = text

    def reveal(self) -> str:
        """The text itself; only for the door it opens."""
        return self._text

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Secret(not shown)"

    def __str__(self) -> str:
        """Nothing of it."""
        return "(not shown)"

    def __format__(self, spec: str) -> str:
        """Nothing of it, whatever the format."""
        return "(not shown)"

    def __eq__(self, other: object) -> bool:
        """In constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        """So that it can stand in frozen settings."""
        return hash((Secret, self._text))

    def __copy__(self) -> "Secret":
        """It never changes."""
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        """It never changes."""
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """It stays in this process."""
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlpacaKeys:
    """A key pair and where it came from. `warning` says what is risky about that; mostly empty."""

    key: Secret
    secret: Secret
    source: str
    warning: str = ""


def alpaca_keys(
    settings: Settings,
    account_id: str,
    *,
    environment: Mapping[str, str],
    interactive: bool = False,
) -> AlpacaKeys:
    """The keys of one Alpaca account.

    `environment` is the process's; `interactive` is a command that a person typed, for which keys in
    the environment are in order. Raises `ConfigurationError` with one problem: nothing there, not
    readable, readable by others, or not a pair of keys.
    """
    if found := _from_credentials(settings, account_id, environment):
        return found
    keys_file = settings.alpaca[account_id].keys_file
    if keys_file is not None:
        key, secret = _pair(keys_file, private=True)
        return AlpacaKeys(key=key, secret=secret, source=f"keys_file {keys_file}")
    if found := _from_environment(settings, environment, interactive=interactive):
        return found
    raise _refusal(
        settings.file,
        f'there are no keys for account "{account_id}"',
        "Put key and secret into a file that you alone can read, and write "
        f'keys_file = "FILE" under [[accounts]], or set {ENVIRONMENT_PAIRS[0][0]} and '
        f"{ENVIRONMENT_PAIRS[0][1]}",
    )


def apprise_addresses(settings: Settings, *, environment: Mapping[str, str]) -> tuple[Secret, ...]:
    """The addresses that notices go to, one a line of the credential `apprise.urls` or the file.

    Empty when the configuration has no such channel. Raises `ConfigurationError`.
    """
    if "apprise" not in settings.notices.channels:
        return ()
    folder = environment.get("CREDENTIALS_DIRECTORY")
    credential = None if not folder else Path(folder) / "apprise.urls"
    if credential is not None and credential.exists():
        path, private = credential, False
    elif settings.notices.apprise_file is not None:
        path, private = settings.notices.apprise_file, True
    else:
        return ()
    return _addresses(path, private=private)


def second_apprise_addresses(settings: Settings) -> tuple[Secret, ...]:
    """The addresses of the second way for pages. Raises `ConfigurationError`."""
    path = settings.notices.second_apprise_file
    if "apprise" not in settings.notices.second_channels or path is None:
        return ()
    return _addresses(path, private=True)


def heartbeat_address(settings: Settings, *, environment: Mapping[str, str]) -> Secret | None:
    """The address of the watcher outside: the credential `heartbeat.url`, else the file's one line.

    None when neither is there. Raises `ConfigurationError`; http only on this machine, so that nobody
    else on the way can read the address or answer for the watcher.
    """
    folder, path = environment.get("CREDENTIALS_DIRECTORY"), settings.notices.heartbeat_file
    private = True
    if folder and (Path(folder) / "heartbeat.url").exists():
        path, private = Path(folder) / "heartbeat.url", False
    if path is None:
        return None
    lines = [line.strip() for line in _read(path, private=private).splitlines() if line.strip()]
    parts = urlsplit(lines[0]) if len(lines) == 1 else None
    local = parts is not None and parts.scheme == "http" and parts.hostname in _THIS_MACHINE
    if parts is None or not parts.hostname or not (parts.scheme == "https" or local):
        raise _refusal(
            path, "it is not one https address", "Write the address that your watcher gave into it"
        )
    return Secret(lines[0])


def _addresses(path: Path, *, private: bool) -> tuple[Secret, ...]:
    lines = (line.strip() for line in _read(path, private=private).splitlines())
    addresses = tuple(Secret(line) for line in lines if line and not line.startswith("#"))
    if not addresses or any("://" not in address.reveal() for address in addresses):
        raise _refusal(
            path, "it has no list of addresses", "Write one Apprise address a line into it"
        )
    return addresses


def known_secrets(settings: Settings, *, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Every secret text that can be found for a configuration, for the log to blot out.

    What is missing or refused is left out: whoever needs it says so.
    """
    found: list[str] = []
    for account_id in settings.alpaca:
        with suppress(ConfigurationError):
            keys = alpaca_keys(settings, account_id, environment=environment, interactive=True)
            found += [keys.key.reveal(), keys.secret.reveal()]
    with suppress(ConfigurationError):
        found += [a.reveal() for a in apprise_addresses(settings, environment=environment)]
    with suppress(ConfigurationError):
        found += [a.reveal() for a in second_apprise_addresses(settings)]
    with suppress(ConfigurationError):
        if (watcher := heartbeat_address(settings, environment=environment)) is not None:
            found.append(watcher.reveal())
    return tuple(found)


def _from_credentials(
    settings: Settings, account_id: str, environment: Mapping[str, str]
) -> AlpacaKeys | None:
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return None
    names = [account_id, "alpaca"] if len(settings.alpaca) == 1 else [account_id]
    for name in names:
        key_path, secret_path = (Path(folder) / f"{name}.{end}" for end in ("key", "secret"))
        if not key_path.exists() and not secret_path.exists():
            continue
        source = f"credential {key_path.name}"
        if not secret_path.exists():
            key, secret = _pair(key_path, private=False)
            return AlpacaKeys(key=key, secret=secret, source=source)
        return AlpacaKeys(key=_one(key_path), secret=_one(secret_path), source=source)
    return None


def _from_environment(
    settings: Settings, environment: Mapping[str, str], *, interactive: bool
) -> AlpacaKeys | None:
    pairs: list[tuple[str, Secret, Secret]] = []
    for key_name, secret_name in ENVIRONMENT_PAIRS:
        key, secret = (environment.get(name, "").strip() for name in (key_name, secret_name))
        if not key and not secret:
            continue
        if not key or not secret:
            there, missing = (key_name, secret_name) if key else (secret_name, key_name)
            raise _refusal(
                settings.file, f"{there} is set without {missing}", "Set both, or neither"
            )
        pairs.append((key_name, _checked(Secret(key)), _checked(Secret(secret))))
    if not pairs:
        return None
    if len(pairs) == 2 and pairs[0][1:] != pairs[1][1:]:
        raise _refusal(
            settings.file,
            f"{pairs[0][0]} and {pairs[1][0]} hold different keys",
            "Unset one of the two pairs",
        )
    name, first_key, first_secret = pairs[0]
    return AlpacaKeys(
        key=first_key,
        secret=first_secret,
        source=f"environment {name}",
        warning=""
        if interactive
        else "The keys come from the environment, which every program it starts inherits; "
        "a keys_file or a systemd credential keeps them to trimtab",
    )


def _pair(path: Path, *, private: bool) -> tuple[Secret, Secret]:
    """Key and secret from lines `key = "..."` and `secret = "..."`, which is TOML too."""
    found: dict[str, Secret] = {}
    for number, line in enumerate(_read(path, private=private).splitlines(), start=1):
        words = line.strip()
        if not words or words.startswith(("#", "[")):
            continue
        match = _LINE.fullmatch(words)
        name = None if match is None else _NAMES.get(match[1].lower())
        if match is None or name is None:
            raise _refusal(path, "this line is neither a key nor a secret", _TWO_LINES, line=number)
        if name in found:
            raise _refusal(path, f"it has two lines for the {name}", "Keep one", line=number)
        found[name] = _checked(Secret(match[2] or match[3] or match[4] or ""), path, number)
    if missing := [name for name in ("key", "secret") if name not in found]:
        raise _refusal(path, f"it has no {' and no '.join(missing)}", _TWO_LINES)
    return found["key"], found["secret"]


def _one(path: Path) -> Secret:
    return _checked(Secret(_read(path, private=False).strip()), path)


def _checked(secret: Secret, path: Path | None = None, line: int | None = None) -> Secret:
    text = secret.reveal()
    plain = text.isascii() and text.isprintable() and " " not in text
    if not 8 <= len(text) <= 256 or not plain:
        raise _refusal(
            path or Path("environment"),
            "what is there is no key of Alpaca's (it is empty, very short, or has spaces in it)",
            "Copy key and secret again from Alpaca's page",
            line=line,
        )
    return secret


def _read(path: Path, *, private: bool) -> str:
    try:
        return read_small(path, at_most=LARGEST_SECRET_FILE, private=private).decode("utf-8-sig")
    except Unreadable as error:
        raise _refusal(path, error.found, error.instead) from None
    except UnicodeDecodeError:
        raise _refusal(path, "it is not text", _TWO_LINES) from None


def _refusal(
    path: Path, found: str, instead: str, *, line: int | None = None
) -> ConfigurationError:
    return ConfigurationError([Problem(file=path, key="", line=line, found=found, instead=instead)])
