"""Before a run: init, check, plan, adopt, promote, notify."""

import json
from pathlib import Path

import pytest

from config.read import read_settings
from config.settings import Mode
from daemon.journal.opening import open_journal_reader
from tests.support.command_line import trimtab, trimtab_process

SIMULATED = """\
mode = "dry_run"
[household]
name = "home"
[[accounts]]
id = "play"
broker = "simulated"
kind = "tax_deferred"
starting_cash_usd = 20_000
starting_positions = { US_STOCKS = 200, US_TREASURIES_10Y = 100 }
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "US_STOCKS"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "US_TREASURIES_10Y"
[notices]
channels = ["file"]
file = "notices.log"
[simulation]
start = 2008-09-02
end = 2008-09-05
session_seconds = 0.001
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "trimtab.toml"
    path.write_text(SIMULATED)
    return path


def test_init_writes_a_commented_configuration_that_reads_back(tmp_path: Path) -> None:
    to = tmp_path / "new.toml"
    said = trimtab(
        *("init", "--household", "core", "--broker", "simulated"),
        *("--mix", "stocks:US_STOCKS=60, bonds:US_TREASURIES_10Y=40", "--to", to),
    )
    assert said.code == 0, said.err
    settings = read_settings(to)
    assert settings.mode is Mode.DRY_RUN
    assert settings.policy.target.symbols == ("US_STOCKS", "US_TREASURIES_10Y")
    assert sum(line.lstrip().startswith("#") for line in to.read_text().splitlines()) > 20


def test_init_never_writes_over_a_file(configuration: Path) -> None:
    before = configuration.read_text()
    said = trimtab(
        *("init", "--household", "core", "--broker", "simulated", "--mix", "US_STOCKS=100"),
        *("--to", configuration),
    )
    assert said.code == 2
    assert "is there already" in said.err
    assert configuration.read_text() == before


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        (["--mix", "VTI=60"], 78, "sum to 60 %"),
        (["--mix", "sixty"], 2, "is no slice"),
        (["--mode", "live"], 78, "is refused"),
        (["--mode", "fast"], 2, "--mode"),
        (["--broker", "robinhood"], 2, "robinhood"),
    ],
)
def test_init_says_what_is_wrong_and_writes_nothing(
    tmp_path: Path, changes: list[str], code: int, words: str
) -> None:
    given = {"--household": "core", "--broker": "simulated", "--mix": "VTI=60, BND=40"}
    given |= dict(zip(changes[::2], changes[1::2], strict=True))
    arguments = [word for pair in given.items() for word in pair]
    said = trimtab("init", *arguments, "--to", tmp_path / "new.toml")
    assert words in said.err
    assert said.code == code
    assert not (tmp_path / "new.toml").exists()


def test_check_is_content_with_a_good_configuration(configuration: Path, tmp_path: Path) -> None:
    said = trimtab("check", configuration, "--state", tmp_path / "state")
    assert said.code == 0
    assert "Nothing would stop a run." in said.out
    for name in ("configuration", "keys", "account", "clock", "calendar", "disk", "database"):
        assert name in said.out


def test_check_of_a_wrong_configuration_ends_with_78(configuration: Path, tmp_path: Path) -> None:
    configuration.write_text(SIMULATED.replace("weight_percent = 40", "weight_percent = 41"))
    said = trimtab("check", configuration, "--json", "--state", tmp_path / "state")
    assert said.code == 78
    found = {check["name"]: check for check in json.loads(said.out)}
    assert found["configuration"]["standing"] == "stops"
    assert "101 %" in found["configuration"]["text"]
    assert found["account"]["standing"] == "not asked"


def test_check_finds_keys_that_others_can_read(configuration: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text('key = "PKTESTTESTTESTTESTTE"\nsecret = "verysecretverysecretverysecret12"\n')
    keys.chmod(0o644)
    text = SIMULATED[: SIMULATED.index("[simulation]")].replace(
        'broker = "simulated"', f'broker = "alpaca"\nkeys_file = "{keys}"'
    )
    text = "\n".join(line for line in text.split("\n") if not line.startswith("starting_"))
    configuration.write_text(text)
    said = trimtab("check", configuration, "--state", tmp_path / "state")
    assert said.code == 78
    assert "verysecret" not in said.out + said.err
    assert "PKTEST" not in said.out + said.err
    assert "keys" in said.out


def test_check_warns_of_a_halt(configuration: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "halt").touch()
    said = trimtab("check", configuration, "--state", state)
    assert said.code == 0
    assert "halted" in said.out


def test_plan_shows_reasons_orders_costs_and_what_would_follow(
    configuration: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    said = trimtab("plan", configuration, "--state", state)
    assert said.code == 0, said.err
    for words in ("nothing sent", "stocks", "fires at", "cost"):
        assert words in said.out
    assert not (state / "journal.sqlite").exists()


def test_plan_for_a_program(configuration: Path, tmp_path: Path) -> None:
    said = json.loads(trimtab("plan", configuration, "--json", "--state", tmp_path / "s").out)
    assert said["mode"] == "dry_run"
    assert said["decision"]["kind"] in ("proposal", "hold")
    assert said["snapshot"]["accounts"][0]["account"]["id"] == "play"


def test_adopt_reads_an_account_writes_slices_and_explains_the_first_proposal(
    configuration: Path, tmp_path: Path
) -> None:
    to = tmp_path / "adopted.toml"
    said = trimtab("adopt", "--config", configuration, "--to", to, "--state", tmp_path / "state")
    assert said.code == 0, said.err
    words = " ".join(said.out.split())  # a long path wraps the line
    assert "Nothing was sent" in words
    assert "unknown basis" in words
    settings = read_settings(to)
    assert settings.mode is Mode.DRY_RUN
    assert set(settings.policy.target.symbols) == {"US_STOCKS", "US_TREASURIES_10Y"}
    assert not (tmp_path / "state" / "journal.sqlite").exists()


def test_adopt_leaves_out_what_it_is_told_to(configuration: Path, tmp_path: Path) -> None:
    to = tmp_path / "adopted.toml"
    said = trimtab(
        *("adopt", "--config", configuration, "--leave", "us_treasuries_10y"),
        *("--to", to, "--state", tmp_path / "state"),
    )
    assert said.code == 0, said.err
    assert "In no slice, never touched" in said.out
    assert read_settings(to).policy.target.symbols == ("US_STOCKS",)


def test_promote_links_the_new_journal_to_the_old_and_keeps_both_texts(
    configuration: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    assert trimtab_process("run", configuration, "--state", state, cwd=tmp_path).code == 0
    before = open_journal_reader(state / "journal.sqlite")
    _, head = before.head()
    before.close()

    said = trimtab("promote", configuration, "--state", state)
    assert said.code == 0, said.err
    after = open_journal_reader(state / "journal.sqlite")
    assert after.identity().mode == "paper"
    assert after.identity().previous_head == head
    after.close()
    assert read_settings(configuration).mode is Mode.PAPER
    (backup,) = tmp_path.glob("trimtab.toml.dry-run-*")
    assert backup.read_text() == SIMULATED
    (kept,) = state.glob("journal.dry-run-*.sqlite")
    old = open_journal_reader(kept)
    assert old.head()[1] == head
    old.close()


def test_promote_twice_is_refused_and_changes_nothing(configuration: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert trimtab_process("run", configuration, "--state", state, cwd=tmp_path).code == 0
    assert trimtab("promote", configuration, "--state", state).code == 0
    text = configuration.read_text()
    said = trimtab("promote", configuration, "--state", state)
    assert said.code == 2
    assert "Only a dry run" in said.err
    assert configuration.read_text() == text


def test_promote_without_a_journal_says_what_makes_one(configuration: Path, tmp_path: Path) -> None:
    said = trimtab("promote", configuration, "--state", tmp_path / "state")
    assert said.code == 76
    assert read_settings(configuration).mode is Mode.DRY_RUN


def test_a_journal_of_another_household_is_refused(configuration: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert trimtab_process("run", configuration, "--state", state, cwd=tmp_path).code == 0
    configuration.write_text(SIMULATED.replace('name = "home"', 'name = "other"'))
    said = trimtab_process("run", configuration, "--state", state, cwd=tmp_path)
    assert said.code == 76
    assert "promote" in said.err or "another" in said.err
    assert trimtab("check", configuration, "--state", state).code == 76


def test_notify_tries_every_channel(configuration: Path, tmp_path: Path) -> None:
    said = trimtab("notify", configuration, "--test", "--state", tmp_path / "state")
    assert said.code == 0, said.out
    assert "file: sent" in said.out
    assert "test" in (tmp_path / "notices.log").read_text()


def test_notify_without_test_sends_nothing(configuration: Path) -> None:
    said = trimtab("notify", configuration)
    assert said.code == 2
    assert "--test" in said.err
