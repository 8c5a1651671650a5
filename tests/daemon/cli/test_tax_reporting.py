"""`trimtab taxes report` and `taxes reconcile` on a journal in which a loss was harvested."""

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.command_line import Said, trimtab
from tests.support.harvests import DAYS, FELL, rig_of
from tests.support.stories import finish

CONFIG = """\
mode = "paper"
[household]
name = "test"
[[accounts]]
id = "main"
broker = "simulated"
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "VTI"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
[taxes]
short_term_percent = 35
long_term_percent = 15
ordinary_percent = 24
[harvest]
declared_all_accounts = 2026-01-02
"""


@pytest.fixture
def household(tmp_path: Path) -> Path:
    """600 VTI bought at 100 (599 after rounding to the cash) and harvested at 90."""
    (tmp_path / "core.toml").write_text(CONFIG)
    rig = rig_of(tmp_path)
    rig.look(FELL)
    finish(rig)
    rig.look(DAYS[5])
    return tmp_path


def taxes(folder: Path, *arguments: str | Path) -> Said:
    return trimtab("taxes", *arguments, "-c", folder / "core.toml", "-s", folder)


def test_the_report_tells_the_loss_its_pending_days_and_the_carry(household: Path) -> None:
    """599 units lost 10 each: 3,000 is deducted, the rest carried; pending to the 4th of April."""
    said = taxes(household, "report", "--year", "2026")
    assert said.code == 0, said.err
    assert "short-term" in said.out
    assert "is safe from 2026-04-05 on" in said.out
    assert "3,000.00 deducted" in said.out
    assert "harvesting (1)" in said.out
    assert "no advice, and no filing" in said.out


def test_the_report_for_a_program_has_the_same_numbers(household: Path) -> None:
    found = json.loads(taxes(household, "report", "--year", "2026", "--json").out)
    (short,) = found["terms"]
    loss = -Decimal(short["recognised"])
    assert short["term"] == "short-term"
    assert Decimal(found["so_far"]["expected"]["short"]) == -loss
    assert Decimal(found["so_far"]["confirmed"]["short"]) == 0
    assert Decimal(found["so_far"]["netted"]["carry_short"]) == loss - 3000
    assert sum(Decimal(line["h"]) for line in found["form"]) == -loss


def test_another_year_is_empty(household: Path) -> None:
    said = taxes(household, "report", "--year", "2025")
    assert "Nothing was realised" in said.out


def test_the_rows_of_the_form_are_written_as_csv(household: Path) -> None:
    file = household / "8949.csv"
    taxes(household, "report", "--year", "2026", "--csv", file)
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert rows
    for row in rows:
        d, e, g, h = (
            Decimal(row[name])
            for name in ("(d) proceeds", "(e) basis", "(g) adjustment", "(h) gain or loss")
        )
        assert d - e + g == h
    assert {row["(b) acquired"] for row in rows} == {"2026-03-02"}


def broker_file(household: Path, change: str = "0") -> Path:
    """The broker's 1099-B as it should be, with `change` added to the first line's basis."""
    found = json.loads(taxes(household, "report", "--year", "2026", "--json").out)
    file = household / "1099b.csv"
    lines = ["Symbol,Quantity,Date Acquired,Date Sold,Proceeds,Cost Basis,Wash Sale"]
    for i, line in enumerate(found["form"]):
        units, symbol = line["description"].split()
        basis = Decimal(line["e"]) + (Decimal(change) if i == 0 else 0)
        lines.append(f"{symbol},{units},03/02/2026,03/05/2026,{line['d']},{basis},0")
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_form_that_agrees_ends_with_0(household: Path) -> None:
    said = taxes(household, "reconcile", broker_file(household), "--year", "2026")
    assert said.code == 0, said.out + said.err
    assert "1 of 1 line agree" in said.out


def test_a_basis_that_differs_is_named_and_ends_with_1(household: Path) -> None:
    said = taxes(household, "reconcile", broker_file(household, "12.34"), "--year", "2026")
    assert said.code == 1
    assert "0 of 1 line agree" in said.out
    assert "basis" in said.out


def test_a_line_that_only_the_broker_has_is_told(household: Path) -> None:
    file = broker_file(household)
    file.write_text(file.read_text() + "AAPL,5,various,2026-02-02,500,400,0\n")
    said = taxes(household, "reconcile", file, "--year", "2026")
    assert said.code == 1
    assert "only the broker has it (500.00)" in said.out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Symbol,Quantity\n", "has no column 'acquired'"),
        (
            "symbol,quantity,acquired,sold,proceeds,basis,disallowed\nVTI,many,,2026-03-05,1,1,0\n",
            "line 2: quantity 'many' is not a number",
        ),
        (
            "symbol,quantity,acquired,sold,proceeds,basis,disallowed\nVTI,1,,yesterday,1,1,0\n",
            "'yesterday' is no date",
        ),
    ],
    ids=["no column", "no number", "no date"],
)
def test_a_file_that_is_no_form_is_refused_at_its_line(
    household: Path, text: str, sentence: str
) -> None:
    file = household / "bad.csv"
    file.write_text(text)
    said = taxes(household, "reconcile", file)
    assert said.code == 2
    assert sentence in said.err


def test_an_account_that_is_not_there_is_refused(household: Path) -> None:
    said = taxes(household, "reconcile", broker_file(household), "--account", "other")
    assert said.code == 2
    assert "there are main" in said.err


def test_check_warns_when_the_declaration_is_over(household: Path) -> None:
    over = CONFIG.replace("2026-01-02", "2020-01-02")
    (household / "core.toml").write_text(over)
    said = trimtab("check", household / "core.toml", "--json", "--state", household / "fresh")
    (row,) = [row for row in json.loads(said.out) if row["name"] == "taxes"]
    assert row["standing"] == "warn"
    assert "the declaration of 2020-01-02 ended on 2021-01-01" in row["text"]


def test_check_says_how_lots_are_really_sold(household: Path) -> None:
    (household / "core.toml").write_text(
        CONFIG.replace("[harvest]\ndeclared_all_accounts = 2026-01-02\n", "")
    )
    said = trimtab("check", household / "core.toml", "--json", "--state", household / "fresh")
    (row,) = [row for row in json.loads(said.out) if row["name"] == "taxes"]
    assert row["standing"] == "ok"
    assert "not declared, off" in row["text"]
    assert "lots are sold first in, first out" in row["text"]
