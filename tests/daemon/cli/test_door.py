"""The one door: whatever goes wrong ends in a sentence, in its code, without a secret or a traceback.

Most run as processes of their own, as a person meets them.
"""

import importlib.metadata
import os
import sqlite3
from pathlib import Path

import pytest

from daemon.cli.door import Refusal, guarded, sentence_for
from daemon.cli.page import COMMANDS, GROUPS, help_page
from daemon.exit_codes import ExitCode
from daemon.version import VERSION
from portfolio.ports import CredentialsRefused, JournalUnwritable, Unavailable
from tests.daemon.cli.test_setting_up import SIMULATED
from tests.support.command_line import Said, invested_rig, trimtab, trimtab_process

GARBAGE = b"this is not a database" * 200


def run(folder: Path, text: str = SIMULATED, state: str = "state") -> Said:
    (folder / "trimtab.toml").write_text(text)
    return trimtab_process("run", "trimtab.toml", "--state", state, cwd=folder)


def is_one_clear_answer(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said
    for word in words:
        assert word in said.err
    assert said.err.startswith("trimtab: ")
    assert "Traceback" not in said.err + said.out


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('mode = "dry_run"', 'mode = "live"', "live"),
        ("weight_percent = 40", "weight_percent = 30", "90 %"),
        ("weight_percent = 40", "weihgt_percent = 40", "weihgt_percent"),
        ("weight_percent = 40", "weight_percent = 40\nband_points = 45", "band"),
        ('symbol = "US_TREASURIES_10Y"', 'symbol = "US_STOCKS"', "US_STOCKS"),
        ("[notices]", "[rebalance]\ncash_buffer_percent = -1\n[notices]", "cash_buffer_percent"),
        ('symbol = "US_TREASURIES_10Y"', 'symbol = "GOLD"', "GOLD"),
    ],
)
def test_a_wrong_configuration_ends_with_78_and_says_what_to_write(
    tmp_path: Path, old: str, new: str, word: str
) -> None:
    assert old in SIMULATED
    is_one_clear_answer(run(tmp_path, SIMULATED.replace(old, new, 1)), 78, word)


def test_no_configuration_at_all_says_how_to_make_one(tmp_path: Path) -> None:
    is_one_clear_answer(trimtab_process("run", cwd=tmp_path), 78, "trimtab init")


def test_a_price_file_with_a_hole_is_named_with_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("date,AAA,BBB\n2020-01-02,1,2\n2020-01-03,0,2\n")
    said = trimtab_process("demo", "--prices", "mine.csv", cwd=tmp_path)
    is_one_clear_answer(said, 78, "mine.csv", "3", "AAA")


def test_a_price_file_that_is_not_there_gets_a_sentence(tmp_path: Path) -> None:
    said = trimtab_process("demo", "--prices", "none.csv", cwd=tmp_path)
    assert said.code == 78
    assert "none.csv" in said.err
    assert "Traceback" not in said.err


def test_a_journal_that_is_garbage_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    journal = tmp_path / "state" / "journal.sqlite"
    journal.write_bytes(GARBAGE)
    is_one_clear_answer(run(tmp_path), 76, "backup")
    assert journal.read_bytes() == GARBAGE


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    rig.journal.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    database.close()
    said = trimtab("status", "--state", tmp_path)
    is_one_clear_answer(said, 76, "newer trimtab")


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file stands where the directory should be")
    is_one_clear_answer(run(tmp_path), 73, "state directory", "--state")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_state_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o500)
    is_one_clear_answer(run(tmp_path), 73)


def test_a_bug_of_ours_leaves_its_traceback_in_a_file_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    secret = "PK1234567890ABCDEFGH"

    def broken() -> None:
        raise AssertionError(f"the key is {secret}")

    assert guarded(broken) == ExitCode.INTERNAL
    said = capsys.readouterr().err
    assert "bug" in said
    assert secret not in said
    (kept,) = tmp_path.glob("trimtab-bug-*.log")
    assert str(kept) in said
    assert secret not in kept.read_text()
    assert "AssertionError" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("GET /v2/account: no answer within 15 s"), ExitCode.BROKER_UNAVAILABLE),
        (CredentialsRefused("the broker answers 401"), ExitCode.KEYS_REFUSED),
        (JournalUnwritable("database is full"), ExitCode.STATE_UNWRITABLE),
        (OSError(28, "No space left on device", "/var/lib/x"), ExitCode.DISK),
        (PermissionError(13, "Permission denied", "/etc/x"), ExitCode.STATE_UNWRITABLE),
        (Refusal("not that", ExitCode.DIFFERS), ExitCode.DIFFERS),
    ],
)
def test_each_expected_failure_has_its_code_and_says_what_to_do(
    error: Exception, code: ExitCode
) -> None:
    sentence, found = sentence_for(error)
    assert found == code
    assert sentence.endswith((".", "that"))


def test_ctrl_c_is_no_error_of_ours() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert guarded(interrupted) == ExitCode.INTERRUPTED


@pytest.mark.parametrize("command", [*COMMANDS, "audit verify"])
def test_every_help_has_an_example(command: str) -> None:
    said = trimtab(*command.split(), "--help")
    assert said.code == 0
    if command != "audit":
        assert f"Example: trimtab {command}" in " ".join(said.out.split())


def test_every_command_of_the_list_has_one_line() -> None:
    said = trimtab("--help")
    assert all(f"  {name} " in said.out for name in COMMANDS)


def test_every_command_stands_in_one_group_of_the_list() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)


def test_the_help_is_one_page_whichever_way_it_is_asked_for(tmp_path: Path) -> None:
    said = trimtab_process("--help", cwd=tmp_path)
    assert (said.code, said.out) == (0, help_page(98))
    assert trimtab_process("-h", cwd=tmp_path).out == said.out
    assert trimtab_process(cwd=tmp_path).err == said.out
    assert max(map(len, help_page(78).splitlines())) <= 78


def test_the_version_is_that_of_the_package() -> None:
    assert importlib.metadata.version("trimtab") == VERSION


def test_an_unknown_command_is_wrong_use() -> None:
    said = trimtab("frobnicate")
    assert said.code == 2
    assert "No such command" in said.err


def test_version_and_help_load_no_library(tmp_path: Path) -> None:
    said = trimtab_process("--version", cwd=tmp_path)
    assert said.code == 0
    assert said.out.startswith("trimtab ")
    for option in ("--version", "--help"):
        loaded = (
            f"import sys; sys.argv[1:] = ['{option}']; from daemon.cli.main import run; run(); "
        )
        check = f"{loaded} print([m for m in ('typer', 'rich', 'sqlalchemy') if m in sys.modules])"
        assert python(check, tmp_path).endswith("[]\n")


def python(code: str, folder: Path) -> str:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout
