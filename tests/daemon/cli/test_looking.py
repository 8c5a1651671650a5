"""The commands that only look, on real journals."""

import json
import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.command_line import invested_rig, trimtab, waiting_rig
from tests.support.stories import DAYS


def test_status_shows_slices_in_their_bands_and_the_last_decision(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("status", "--state", tmp_path)
    assert said.code == 0
    assert "test" in said.out
    assert "daemon not running" in said.out
    assert "●" in said.out
    assert "Hold: " in said.out


def test_status_names_the_proposal_that_waits_and_what_to_type(tmp_path: Path) -> None:
    rig = waiting_rig(tmp_path)
    pending = rig.journal.pending_approval()
    assert pending is not None
    said = trimtab("status", "--state", tmp_path)
    assert f"trimtab approve {pending.proposal_hash[:10]}" in said.out


def test_status_tells_a_halt_and_how_to_end_it(tmp_path: Path) -> None:
    rig = waiting_rig(tmp_path)
    rig.latch.set("ann", "broker outage")
    said = trimtab("status", "--state", tmp_path)
    assert "HALTED: broker outage" in said.out
    assert "trimtab resume --reason WHY" in said.out


def test_status_for_a_program_has_the_same_as_numbers(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = json.loads(trimtab("status", "--json", "--state", tmp_path).out)
    assert said["household"] == "test"
    assert said["halted"] is None
    assert {s["name"] for s in said["slices"]} == {"stk", "bnd", "cash"}
    assert said["last_look"]["kind"] == "hold"


def test_history_tells_the_story_in_order(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    lines = trimtab("history", "--state", tmp_path).out.splitlines()
    words = " ".join(lines)
    assert words.index("proposes") < words.index("granted by ann") < words.index("bought")
    assert "complete" in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "has", "has_not"),
    [
        (["decisions"], "hold", "granted"),
        (["orders"], "bought", "hold"),
        (["runs"], "run 1 opened", "bought"),
        (["--search", "BND"], "BND", "granted"),
        (["--limit", "1"], "complete", "bought"),
        (["all", "-n", "200"], "journal opened", "no such words"),
    ],
)
def test_history_can_be_narrowed(
    tmp_path: Path, arguments: list[str], has: str, has_not: str
) -> None:
    invested_rig(tmp_path)
    said = trimtab("history", *arguments, "--state", tmp_path)
    assert has in said.out
    assert has_not not in said.out


def test_history_of_the_future_is_empty_and_says_so(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    assert (
        "Nothing of that kind"
        in trimtab("history", "--since", "2030-01-01", "--state", tmp_path).out
    )


def test_explain_shows_what_was_seen_and_reaches_the_same_decision(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("explain", "2", "--state", tmp_path)
    assert said.code == 0
    for heading in ("Seen", "Slices", "Decided", "What followed", "Orders", "Fills"):
        assert heading in said.out
    assert "to the last digit" in said.out


def test_every_cycle_is_explained(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    numbers = [look.cycle for look in rig.journal.cycles()]
    assert len(numbers) >= 4
    assert {trimtab("explain", str(n), "--state", tmp_path).code for n in numbers} == {0}


def test_explain_says_that_the_answer_differs_when_one_recorded_price_was_changed(
    tmp_path: Path,
) -> None:
    rig = waiting_rig(tmp_path)
    snapshot = rig.journal.cycles(limit=1)[0].snapshot
    rig.journal.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "journal.sqlite", copy / "journal.sqlite")
    with sqlite3.connect(copy / "journal.sqlite") as database:
        _let_documents_be_changed(database)
        (body,) = database.execute("SELECT body FROM document WHERE ref = ?", [snapshot]).fetchone()
        seen = json.loads(body)
        seen["quotes"]["STK"]["ask"] = "101"
        changed = json.dumps(seen, sort_keys=True, separators=(",", ":"))
        database.execute("UPDATE document SET body = ? WHERE ref = ?", [changed, snapshot])
    database.close()

    assert trimtab("explain", "1", "--state", tmp_path).code == 0
    said = trimtab("explain", "1", "--state", copy)
    assert said.code == 1
    assert "NOT the same decision" in said.out
    assert "snapshot has been changed" in said.out
    assert "intent.quantity: recorded" in said.out


def _let_documents_be_changed(database: sqlite3.Connection) -> None:
    """What somebody with the file in hands would do first: drop the triggers that forbid it."""
    names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        database.execute(f'DROP TRIGGER "{name}"')


def test_a_cycle_that_never_was_gets_a_sentence(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("explain", "99", "--state", tmp_path)
    assert said.code == 2
    assert "no cycle 99" in said.err
    assert "Traceback" not in said.err


def test_why_not_gives_the_gates_with_their_margins(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("why-not", "stk", "--state", tmp_path)
    assert said.code == 0
    assert "It held" in said.out
    assert "fires at 5.0" in said.out


def test_why_not_lists_each_gate_as_numbers_for_people_and_programs(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    shown = trimtab("why-not", "stk", "--state", tmp_path).out
    assert "value" in shown
    assert "margin" in shown
    gates = json.loads(trimtab("why-not", "stk", "--json", "--state", tmp_path).out)["gates"]
    band = next(gate for gate in gates if gate["name"] == "band")
    assert (band["scope"], band["level"], band["unit"]) == ("stk", "5", "points")
    assert Decimal(band["margin"]) == 5 - abs(Decimal(band["value"]))
    assert not any(gate["scope"] == "bnd" for gate in gates)
    backstop = next(gate for gate in gates if gate["name"] == "backstop")
    assert backstop["next_possible"] == "2027-01-01"


def test_why_not_of_a_day_on_which_it_was_traded_says_that_it_was(tmp_path: Path) -> None:
    """60 % of 100,000 in shares of 100, bought on the first day."""
    invested_rig(tmp_path)
    said = trimtab("why-not", "STK", "--at", DAYS[0].isoformat(), "--state", tmp_path)
    assert "In this session it was traded: buy " in " ".join(said.out.split())


def test_why_not_at_a_time_answers_for_the_look_before_it(tmp_path: Path) -> None:
    waiting_rig(tmp_path).look(DAYS[1])
    said = trimtab("why-not", "STK", "--at", DAYS[0].isoformat(), "--state", tmp_path)
    assert "Cycle 1" in said.out
    assert "It was in the plan" in said.out
    assert "It waits for a person" in said.out


def test_why_not_of_an_unknown_symbol_names_the_known_ones(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("why-not", "TSLA", "--state", tmp_path)
    assert said.code == 2
    assert "BND, STK" in said.err


def test_why_not_with_a_time_that_is_none_gets_a_sentence(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("why-not", "--at", "yesterday", "--state", tmp_path)
    assert said.code == 2
    assert "2026-11-20" in said.err


def test_audit_verify_says_that_the_chain_holds(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("audit", "verify", "--state", tmp_path)
    assert said.code == 0
    assert "The chain holds" in said.out


def test_audit_verify_finds_a_changed_row(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    rig.journal.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        _let_documents_be_changed(database)
        database.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 3")
    database.close()
    said = trimtab("audit", "verify", "--json", "--state", tmp_path)
    assert said.code == 1
    assert json.loads(said.out)["found"]["seq"] == 3


def test_without_a_journal_there_is_one_sentence(tmp_path: Path) -> None:
    said = trimtab("status", "--state", tmp_path)
    assert said.code == 76
    assert "There is no journal" in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_review_prints_the_month_and_writes_a_page(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("review", "--state", tmp_path)
    assert said.code == 0
    assert "What was done" in said.out
    page = tmp_path / "review.html"
    told = trimtab("review", "2026-03", "--html", page, "--state", tmp_path)
    assert told.code == 0
    assert "March 2026" in page.read_text()
    as_json = json.loads(trimtab("review", "--json", "--state", tmp_path).out)
    assert as_json["period"]["name"] == "2026-03"


def test_a_period_that_is_none_gets_a_sentence(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("review", "soon", "--state", tmp_path)
    assert said.code == 2
    assert "write a month 2026-11" in said.err
