"""Likely mistakes: each is one clear sentence that says what to do, with the right exit code."""

from pathlib import Path

import pytest

from tests.support.command_line import trimtab


def test_a_price_file_that_is_not_there_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text(
        '[household]\nname = "core"\n[[accounts]]\nid = "ira"\nbroker = "simulated"\n'
        'kind = "tax_deferred"\nstarting_cash_usd = 1_000\n[[slices]]\nname = "a"\n'
        'weight_percent = 100\nsymbol = "AAA"\n[simulation]\nprices = "us_60_40"\n'
    )
    said = trimtab("backtest", file, "--prices", "nope.csv")
    assert (said.code, said.out) == (78, "")
    assert said.err == (
        "trimtab: nope.csv cannot be read: No such file or directory. Mend the file, or name "
        "another one.\n"
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read: No such file or directory"), (b"\xff\xfe\x00", "is no text in UTF-8")],
)
def test_a_history_of_trades_that_cannot_be_read_is_said_without_codes(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "trades.csv"
    if content is not None:
        file.write_bytes(content)
    said = trimtab("taxes", "replay", file)
    assert said.code == 78
    assert said.err == f"trimtab: {file} {why}. Mend the file, or name another one.\n"


def test_a_state_directory_without_a_journal_says_who_makes_it(tmp_path: Path) -> None:
    said = trimtab("status", "--state", tmp_path / "nowhere")
    assert said.code == 76
    assert said.err == (
        f"trimtab: There is no journal at {tmp_path / 'nowhere' / 'journal.sqlite'}. It is made by "
        "the first `trimtab run`; name its directory with --state.\n"
    )


def test_a_halt_in_a_directory_where_no_daemon_ever_ran_is_no_false_comfort(
    tmp_path: Path,
) -> None:
    said = trimtab("halt", "--reason", "news", "--state", tmp_path)
    assert said.code == 0
    assert (tmp_path / "halt").exists()
    assert said.err == (
        f"trimtab: no daemon has run on {tmp_path} yet. If yours runs elsewhere it is NOT halted: "
        "name its directory with --state.\n"
    )
