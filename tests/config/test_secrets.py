"""Keys: where they are found, what is refused, and that nothing shows them."""

import copy
import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from config.problems import ConfigurationError
from config.read import settings_from
from config.secrets import (
    AlpacaKeys,
    Secret,
    alpaca_keys,
    apprise_addresses,
    heartbeat_address,
    known_secrets,
)
from config.settings import Settings
from portfolio.canonical import canonical
from tests.support.configurations import SMALLEST, changed

KEY, SECRET = "PKTESTKEY0123456789A", "s3cretS3cretS3cretS3cretS3cretS3cretS3cr"
OTHER = "PKOTHERKEY0123456789"


def settings_at(folder: Path, *more: str, keys_file: str | None = None) -> Settings:
    line = "" if keys_file is None else f'\nkeys_file = "{keys_file}"'
    text = changed('"simulated"', f'"alpaca"{line}') + "".join(more)
    return settings_from(text, file=folder / "core.toml")


def keys_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "alpaca.keys"
    path.write_text(text)
    path.chmod(mode)
    return path


def keys(
    settings: Settings, environment: Mapping[str, str] | None = None, *, interactive: bool = False
) -> AlpacaKeys:
    return alpaca_keys(settings, "play", environment=environment or {}, interactive=interactive)


def told(settings: Settings, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        keys(settings, environment)
    text = str(caught.value)
    assert KEY[:8] not in text
    assert SECRET[:8] not in text
    return text


# Nothing shows a secret


def test_a_secret_is_shown_by_nothing() -> None:
    secret = Secret(SECRET)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>60}",
        f"{secret:>60}",
    ]
    assert not any(SECRET in text for text in shown)
    assert secret.reveal() == SECRET
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_not_written_by_json_pickle_or_the_journal() -> None:
    for write in (json.dumps, pickle.dumps, canonical):
        with pytest.raises(TypeError) as caught:
            write(Secret(SECRET))
        assert SECRET not in str(caught.value)


def test_a_secret_inside_our_values_stays_a_secret() -> None:
    @dataclass(frozen=True)
    class Holder:
        secret: Secret

    holder = Holder(Secret(SECRET))
    assert SECRET not in repr(asdict(holder)) + repr(copy.deepcopy(holder)) + repr(
        copy.copy(holder)
    )
    with pytest.raises(TypeError):
        canonical(holder)
    pair = AlpacaKeys(key=Secret(KEY), secret=Secret(SECRET), source="test")
    assert KEY not in repr(pair)


def test_equal_secrets_are_equal_and_no_secret_equals_a_text() -> None:
    assert Secret(KEY) == Secret(KEY)
    assert len({Secret(KEY), Secret(KEY), Secret(SECRET)}) == 2
    assert Secret(KEY) != KEY


# The keys file


@pytest.mark.parametrize(
    "text",
    [
        f'key = "{KEY}"\nsecret = "{SECRET}"\n',
        f"key={KEY}\r\nsecret={SECRET}",
        f"# paper\n\nsecret: '{SECRET}'   # second\nkey : {KEY}\n",
        f"export APCA_API_KEY_ID={KEY}\nexport APCA_API_SECRET_KEY={SECRET}\n",
        f"[alpaca]\nALPACA_API_KEY = {KEY}\nALPACA_SECRET_KEY = {SECRET}\n",
    ],
)
def test_a_keys_file_has_two_lines_in_any_usual_form(tmp_path: Path, text: str) -> None:
    path = keys_file(tmp_path, text)
    found = keys(settings_at(tmp_path, keys_file="alpaca.keys"))
    assert (found.key.reveal(), found.secret.reveal()) == (KEY, SECRET)
    assert found.source == f"keys_file {path}"
    assert found.warning == ""


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_keys_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = keys_file(tmp_path, f"key={KEY}\nsecret={SECRET}\n", mode)
    assert told(settings_at(tmp_path, keys_file="alpaca.keys")) == (
        f"{path}: other users can reach it (its mode is {mode:04o}). "
        f"Make it yours alone: chmod 600 {path}."
    )


def test_a_keys_file_that_is_not_there_is_told_and_the_environment_does_not_replace_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "alpaca.keys"
    settings = settings_at(tmp_path, keys_file="alpaca.keys")
    assert told(settings, APCA_API_KEY_ID=KEY, APCA_API_SECRET_KEY=SECRET) == (
        f"{path}: there is no such file. Write it, or name another: {path}."
    )


NO_KEY = (
    "what is there is no key of Alpaca's (it is empty, very short, or has spaces in it). "
    "Copy key and secret again from Alpaca's page."
)
TWO_LINES = 'Write two lines into it: key = "..." and secret = "..."'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", f": it has no key and no secret. {TWO_LINES}."),
        (f"key={KEY}\n", f": it has no secret. {TWO_LINES}."),
        (f"{KEY}\n{SECRET}\n", f", line 1: this line is neither a key nor a secret. {TWO_LINES}."),
        (
            f"key={KEY}\ntoken={SECRET}\n",
            f", line 2: this line is neither a key nor a secret. {TWO_LINES}.",
        ),
        (f"key={KEY}\nkey={OTHER}\n", ", line 2: it has two lines for the key. Keep one."),
        (
            "key=\nsecret=x",
            f", line 1: {NO_KEY}",
        ),
        (
            f'key = "{KEY} {KEY}"\n',
            f", line 1: {NO_KEY}",
        ),
    ],
)
def test_a_keys_file_without_a_pair_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = keys_file(tmp_path, text)
    assert told(settings_at(tmp_path, keys_file="alpaca.keys")) == f"{path}{sentence}"


def test_a_keys_file_that_is_no_text_or_far_too_large_is_refused(tmp_path: Path) -> None:
    path = keys_file(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00")
    assert "it is not text" in told(settings_at(tmp_path, keys_file="alpaca.keys"))
    path.write_bytes(b"#" * 70_000)
    assert "it is larger than 64 KiB" in told(settings_at(tmp_path, keys_file="alpaca.keys"))


# Credentials of the service


def test_credentials_of_the_service_come_first(tmp_path: Path) -> None:
    (tmp_path / "alpaca.key").write_text(KEY + "\n")
    (tmp_path / "alpaca.secret").write_text(SECRET + "\n")
    found = keys(
        settings_at(tmp_path, keys_file="not-there"),
        {
            "CREDENTIALS_DIRECTORY": str(tmp_path),
            "APCA_API_KEY_ID": OTHER,
            "APCA_API_SECRET_KEY": SECRET,
        },
    )
    assert (found.key.reveal(), found.secret.reveal()) == (KEY, SECRET)
    assert found.source == "credential alpaca.key"


def test_an_account_has_credentials_of_its_own_name_in_one_file_or_two(tmp_path: Path) -> None:
    (tmp_path / "alpaca.key").write_text(OTHER)
    (tmp_path / "play.key").write_text(f"key={KEY}\nsecret={SECRET}\n")
    found = keys(settings_at(tmp_path), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert (found.key.reveal(), found.source) == (KEY, "credential play.key")


def test_with_two_accounts_the_shared_credential_name_belongs_to_neither(tmp_path: Path) -> None:
    (tmp_path / "alpaca.key").write_text(KEY)
    (tmp_path / "alpaca.secret").write_text(SECRET)
    settings = settings_at(tmp_path, '[[accounts]]\nid = "second"\nbroker = "alpaca"\n')
    assert 'there are no keys for account "play"' in told(
        settings, CREDENTIALS_DIRECTORY=str(tmp_path)
    )


def test_half_a_credential_is_told(tmp_path: Path) -> None:
    (tmp_path / "alpaca.secret").write_text(SECRET)
    assert told(settings_at(tmp_path), CREDENTIALS_DIRECTORY=str(tmp_path)) == (
        f"{tmp_path / 'alpaca.key'}: there is no such file. "
        f"Write it, or name another: {tmp_path / 'alpaca.key'}."
    )


# The environment


@pytest.mark.parametrize(
    ("key_name", "secret_name"),
    [("APCA_API_KEY_ID", "APCA_API_SECRET_KEY"), ("ALPACA_API_KEY", "ALPACA_SECRET_KEY")],
)
def test_the_environment_is_the_last_resort_and_a_risk_for_a_service(
    tmp_path: Path, key_name: str, secret_name: str
) -> None:
    settings = settings_at(tmp_path)
    found_in = {key_name: KEY, secret_name: SECRET}
    found = keys(settings, found_in)
    assert (found.key.reveal(), found.source) == (KEY, f"environment {key_name}")
    assert found.warning == (
        "The keys come from the environment, which every program it starts inherits; "
        "a keys_file or a systemd credential keeps them to trimtab"
    )
    assert keys(settings, found_in, interactive=True).warning == ""


def test_two_pairs_in_the_environment_must_be_the_same(tmp_path: Path) -> None:
    both = {
        "APCA_API_KEY_ID": KEY,
        "APCA_API_SECRET_KEY": SECRET,
        "ALPACA_API_KEY": KEY,
        "ALPACA_SECRET_KEY": SECRET,
    }
    settings = settings_at(tmp_path)
    assert keys(settings, both).key.reveal() == KEY
    assert told(settings, **{**both, "ALPACA_API_KEY": OTHER}) == (
        f"{tmp_path / 'core.toml'}: APCA_API_KEY_ID and ALPACA_API_KEY hold different keys. "
        "Unset one of the two pairs."
    )


def test_half_a_pair_in_the_environment_is_told(tmp_path: Path) -> None:
    assert told(settings_at(tmp_path), APCA_API_SECRET_KEY=SECRET) == (
        f"{tmp_path / 'core.toml'}: APCA_API_SECRET_KEY is set without APCA_API_KEY_ID. "
        "Set both, or neither."
    )


def test_no_keys_anywhere_is_told_with_where_to_put_them(tmp_path: Path) -> None:
    assert told(settings_at(tmp_path)) == (
        f'{tmp_path / "core.toml"}: there are no keys for account "play". Put key and secret into a '
        'file that you alone can read, and write keys_file = "FILE" under [[accounts]], or set '
        "APCA_API_KEY_ID and APCA_API_SECRET_KEY."
    )


# Addresses of notices

APPRISE = '[notices]\nchannels = ["apprise"]\napprise_file = "apprise.urls"\n'
ADDRESS = "mailto://me:hunter2@example.com"


def test_addresses_are_read_one_a_line_and_are_secrets(tmp_path: Path) -> None:
    path = tmp_path / "apprise.urls"
    path.write_text(f"# the desk\n{ADDRESS}\n\njson://127.0.0.1:8080/\n")
    path.chmod(0o600)
    found = apprise_addresses(settings_at(tmp_path, APPRISE), environment={})
    assert [address.reveal() for address in found] == [ADDRESS, "json://127.0.0.1:8080/"]
    assert "hunter2" not in repr(found)


def test_a_credential_with_addresses_comes_first(tmp_path: Path) -> None:
    (tmp_path / "apprise.urls").write_text(ADDRESS)
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    settings = settings_at(tmp_path, APPRISE.replace("apprise.urls", "none"))
    assert apprise_addresses(settings, environment=environment) == (Secret(ADDRESS),)


def test_addresses_that_others_can_read_or_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "apprise.urls"
    settings = settings_at(tmp_path, APPRISE)
    path.write_text(ADDRESS)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        apprise_addresses(settings, environment={})
    path.chmod(0o600)
    path.write_text("hunter2")
    with pytest.raises(ConfigurationError) as caught:
        apprise_addresses(settings, environment={})
    assert str(caught.value) == (
        f"{path}: it has no list of addresses. Write one Apprise address a line into it."
    )


def test_without_the_channel_no_file_is_read(tmp_path: Path) -> None:
    assert apprise_addresses(settings_at(tmp_path), environment={}) == ()
    assert SMALLEST


WATCHER = "https://watcher.example/ping/0b5c7a60-hunter2"


def test_the_address_of_a_watcher_is_one_secret_line(tmp_path: Path) -> None:
    path = tmp_path / "watcher.url"
    settings = settings_at(tmp_path, '[notices]\nheartbeat_file = "watcher.url"\n')
    path.write_text(f"{WATCHER}\n")
    path.chmod(0o600)
    assert heartbeat_address(settings, environment={}) == Secret(WATCHER)
    assert WATCHER in known_secrets(settings, environment={})
    assert heartbeat_address(settings_at(tmp_path, ""), environment={}) is None
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "heartbeat.url").write_text(f"{WATCHER}-2")
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
    assert heartbeat_address(settings, environment=environment) == Secret(f"{WATCHER}-2")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://watcher.example/ping/hunter2",
        "file:///etc/hunter2",
        f"{WATCHER}\n{WATCHER}",
        "https:///hunter2",
        "hunter2",
    ],
)
def test_a_watcher_without_https_or_with_two_addresses_is_refused(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "watcher.url"
    path.write_text(text)
    path.chmod(0o600)
    settings = settings_at(tmp_path, '[notices]\nheartbeat_file = "watcher.url"\n')
    with pytest.raises(ConfigurationError, match="not one https address") as refused:
        heartbeat_address(settings, environment={})
    assert "hunter2" not in str(refused.value)
