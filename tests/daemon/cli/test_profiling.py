"""`trimtab profile`: scored, explained, kept, and never overwritten."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.targets.answers import drawdown, judged
from daemon.targets.profiles import Answered, category_in_force, read_answers, save_answers
from policies.targets.questionnaire import QUESTIONS
from policies.targets.risk_profile import SCORING_KEY, Category, Circumstances
from tests.support.command_line import trimtab

MIDDLE = "bbbbbbbbaabbb"
FACTS = Circumstances(horizon_years=Decimal(30), age=35)


def test_every_question_has_as_many_answers_as_the_key_has_points() -> None:
    assert [len(q.answers) for q in QUESTIONS] == [len(points) for points in SCORING_KEY]


def test_answers_are_scored_explained_and_kept(tmp_path: Path) -> None:
    arguments = ("--answers", MIDDLE, "--horizon-years", "30", "--age", "35", "--state", tmp_path)
    said = trimtab("profile", *arguments)
    assert said.code == 0, said.err
    assert "Score 25 of 13 to 47: average tolerance." in said.out
    assert "55 % growth, bound by tolerance" in said.out
    assert "tolerance 55 %, capacity 100 %, 110 minus age 75 %" in said.out
    assert "no advice" in said.out
    (kept,) = read_answers(tmp_path)
    assert (kept.answers, kept.version, kept.facts) == (MIDDLE, 1, FACTS)


def test_the_same_day_is_never_overwritten(tmp_path: Path) -> None:
    arguments = ("--answers", MIDDLE, "--horizon-years", "30", "--state", tmp_path)
    assert trimtab("profile", *arguments).code == 0
    again = trimtab("profile", *arguments)
    assert again.code == 2
    assert "none is ever overwritten" in again.err
    assert len(read_answers(tmp_path)) == 1


def test_score_only_keeps_nothing_and_json_is_for_programs(tmp_path: Path) -> None:
    arguments = ("--answers", MIDDLE, "--horizon-years", "4", "--state", tmp_path)
    said = trimtab("profile", *arguments, "--score-only", "--json")
    found = json.loads(said.out)
    assert (found["score"], found["profile"]["binding"]) == (25, "capacity")
    assert Decimal(found["profile"]["growth"]) == Decimal("0.4")
    assert read_answers(tmp_path) == ()


def test_a_self_rating_far_from_the_score_is_told_and_kept(tmp_path: Path) -> None:
    arguments = ("--answers", MIDDLE, "--horizon-years", "30", "--state", tmp_path)
    # 10 of 10 is the highest of five categories, the score's is the third
    said = trimtab("profile", *arguments, "--self-rating", "10")
    assert "You rate yourself 10 of 10, which is two categories or more from the score." in said.out
    (kept,) = read_answers(tmp_path)
    assert kept.self_rating == 10


def test_a_self_rating_beside_the_score_is_no_news() -> None:
    arguments = ("--answers", MIDDLE, "--horizon-years", "30", "--score-only", "--self-rating", "7")
    assert "You rate yourself" not in trimtab("profile", *arguments).out
    found = json.loads(trimtab("profile", *arguments, "--json").out)
    assert (found["self_rating"], found["self_rating_is_at_odds"]) == (7, False)
    assert trimtab("profile", *arguments[:-1], "11").code == 2


def test_an_answer_that_is_none_is_said_without_a_traceback() -> None:
    said = trimtab("profile", "--answers", "bbb", "--horizon-years", "4", "--score-only")
    assert said.code == 2
    assert "13 answers are needed, there are 3" in said.err


def answered(on: date, answers: str) -> Answered:
    return Answered(on=on, counts_from=on, answers=answers, facts=FACTS)


def test_much_lower_answers_move_one_category_after_a_year_and_none_before(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    save_answers(tmp_path, answered(today - timedelta(days=400), "addcccddbbdcd"))  # 47, high
    result = judged("daaaaaaaaaaaa", FACTS, tmp_path)
    assert result.profile.category is Category.LOW
    assert result.in_force is not None
    assert result.in_force.category is Category.ABOVE_AVERAGE


def test_lower_answers_wait_ninety_days_in_a_drawdown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC).date()
    save_answers(tmp_path, answered(today - timedelta(days=400), "addcccddbbdcd"))
    monkeypatch.setattr("daemon.targets.answers.drawdown", lambda _: Decimal("0.10"))
    result = judged("daaaaaaaaaaaa", FACTS, tmp_path)
    assert result.counts_from == today + timedelta(days=90)
    assert result.in_force is not None
    assert result.in_force.category is Category.HIGH
    kept = read_answers(tmp_path)
    assert category_in_force(kept, today + timedelta(days=89)) is Category.HIGH
    assert category_in_force(kept, today + timedelta(days=90)) is Category.ABOVE_AVERAGE


def test_without_a_journal_there_is_no_drawdown(tmp_path: Path) -> None:
    assert drawdown(tmp_path) == 0
