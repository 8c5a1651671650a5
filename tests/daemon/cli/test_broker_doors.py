"""Wrong keys, a wrong account and no network, through real HTTP: a sentence, a code, no secret."""

from pathlib import Path

import pytest

from tests.support.alpaca_server import ScriptedAlpaca, page, says, scripted_alpaca
from tests.support.command_line import Said, trimtab_process

KEY, SECRET = "PKTESTTESTTESTTEST01", "s3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3t01"
CONFIGURATION = """\
mode = "dry_run"
[household]
name = "home"
[[accounts]]
id = "alpaca"
broker = "alpaca"
keys_file = "keys"
server_url = "{url}"
timeout_seconds = 5
{more}
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "VTI"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
"""


def ask(folder: Path, command: str, url: str, more: str = "") -> Said:
    (folder / "trimtab.toml").write_text(CONFIGURATION.format(url=url, more=more))
    keys = folder / "keys"
    keys.write_text(f'key = "{KEY}"\nsecret = "{SECRET}"\n')
    keys.chmod(0o600)
    said = trimtab_process(command, "trimtab.toml", "--state", "state", cwd=folder)
    assert KEY not in said.out + said.err
    assert SECRET not in said.out + said.err
    assert "Traceback" not in said.out + said.err
    return said


@pytest.mark.parametrize("command", ["plan", "check"])
def test_no_network_ends_with_69(tmp_path: Path, command: str) -> None:
    with scripted_alpaca() as server:
        closed = server.url
    said = ask(tmp_path, command, closed)
    assert said.code == 69
    assert "try again" in " ".join((said.out + said.err).split())


@pytest.mark.parametrize("command", ["plan", "check", "run"])
def test_a_wrong_key_ends_with_77(tmp_path: Path, command: str) -> None:
    with scripted_alpaca() as server:
        refuse_everything(server)
        said = ask(tmp_path, command, server.url)
    assert said.code == 77
    assert "keys" in said.out + said.err


def test_a_wrong_account_ends_with_77_and_names_both(tmp_path: Path) -> None:
    with scripted_alpaca() as server:
        server.on("GET /v2/account", page("account"))
        server.on("GET /v2/clock", page("clock"))
        said = ask(tmp_path, "plan", server.url, 'account_number = "PA0000000000"')
    assert said.code == 77
    assert "PA0000000000" in said.err


def refuse_everything(server: ScriptedAlpaca) -> None:
    for path in ("account", "clock", "positions", "calendar", "orders"):
        server.on(f"GET /v2/{path}", says({"code": 40110000, "message": "unauthorized."}, 401))
