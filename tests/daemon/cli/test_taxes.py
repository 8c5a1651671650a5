"""`trimtab taxes replay`: a history in, slices and lots out; for people, for programs, and refused."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import trimtab
from tests.support.vectors import VECTORS, vectors

CSV = """\
date,type,account,symbol,quantity,amount,id,lots,kind
2024-03-01,buy,brokerage,VTI,100,12000,old,,taxable
2024-03-04,buy,brokerage,VTI,50,5000,cheap,,
2024-12-20,dividend,brokerage,VTI,,80,,,
2025-01-09,sell,brokerage,VTI,100,10000,,old:100,
2025-01-21,drip,roth,VTI,0.8,80,dr,,roth
"""


def test_one_history_is_one_object_with_the_names_of_the_worked_cases(tmp_path: Path) -> None:
    case = vectors("wash_sales")["cases"][0]
    file = tmp_path / "case.json"
    file.write_text(json.dumps(case, default=str))
    said = trimtab("taxes", "replay", file, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out) == case["expected"]


def test_a_file_of_many_histories_is_an_object_by_name() -> None:
    said = trimtab("taxes", "replay", VECTORS / "wash_sales.json", "--json")
    cases = {case["name"]: case["expected"] for case in vectors("wash_sales")["cases"]}
    found = json.loads(said.out)
    assert set(found) == set(cases)
    assert all(found[name]["realized"] == case["realized"] for name, case in cases.items())
    one = trimtab(
        "taxes", "replay", VECTORS / "wash_sales.json", "--case", "chain_two_washes", "--json"
    )
    assert json.loads(one.out) == cases["chain_two_washes"]


def test_a_table_of_trades_says_the_same(tmp_path: Path) -> None:
    """The worked case with the reinvested 0.8 shares, and a lot that is not touched."""
    file = tmp_path / "trades.csv"
    file.write_text(CSV)
    found = json.loads(trimtab("taxes", "replay", file, "--json").out)
    assert found["totals"] == {
        "recognized": "-1984.00",
        "disallowed": "16.00",
        "permanently_lost": "16.00",
    }
    assert [lot["lot"] for lot in found["open_lots"]] == ["cheap", "dr"]


def test_a_person_sees_slices_lots_and_what_is_pending(tmp_path: Path) -> None:
    file = tmp_path / "trades.csv"
    file.write_text(CSV)
    out = trimtab("taxes", "replay", file, "--as-of", "2025-02-01").out
    assert "-1984.00" in out
    assert "A loss of 1984.00 on VTI is pending" in out
    assert "safe from 2025-02-09" in out
    assert "no tax advice" in out
    assert "pending" not in trimtab("taxes", "replay", file, "--as-of", "2025-02-09").out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no JSON"),
        ("[]", 'a history is an object with "events"'),
        ("when,what\n", "the header lacks date, symbol, type"),
        ("date,type,symbol\n2025-13-01,buy,X\n", "'2025-13-01' is no date"),
        ("date,type,symbol,quantity\n2025-01-01,sell,X,1\n", "row 1: 'amount' is missing"),
        ("date,type,symbol,quantity,amount\n2025-01-01,buy,X,-1,1\n", "must be above zero"),
        ("date,type,symbol,quantity,amount\n2025-01-01,swap,X,1,1\n", "'swap' is no type"),
        ("date,type,symbol,quantity,amount\n2025-01-01,buy,X,ten,1\n", "'ten' is not a number"),
        (
            "date,type,symbol,quantity,amount,kind\n2025-01-01,buy,X,1,1,odd\n",
            "'odd' is no kind of account",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "trades.csv"
    file.write_text(text)
    said = trimtab("taxes", "replay", file)
    assert said.code == 78
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_a_case_that_is_not_there_and_a_day_that_is_none_are_wrong_use() -> None:
    file = VECTORS / "wash_sales.json"
    assert trimtab("taxes", "replay", file, "--case", "none").code == 2
    assert trimtab("taxes", "replay", file, "--as-of", "soon").code == 2
