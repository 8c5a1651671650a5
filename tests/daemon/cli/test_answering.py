"""Answers of a person: what lands in the spool and in the latch, and what is refused."""

from pathlib import Path

import pytest

from daemon.latch import FileLatch
from daemon.requests.spool import take_requests
from tests.support.command_line import invested_rig, trimtab, waiting_rig


def test_approving_the_latest_hands_its_full_hash_to_the_daemon(tmp_path: Path) -> None:
    rig = waiting_rig(tmp_path)
    pending = rig.journal.pending_approval()
    assert pending is not None
    said = trimtab("approve", "--latest", "--reason", "looks right", "--state", tmp_path)
    assert said.code == 0
    (request,) = take_requests(tmp_path)
    assert (request.kind, request.subject, request.reason) == (
        "approve",
        pending.proposal_hash,
        "looks right",
    )
    assert request.by


def test_a_beginning_of_the_hash_is_enough(tmp_path: Path) -> None:
    rig = waiting_rig(tmp_path)
    pending = rig.journal.pending_approval()
    assert pending is not None
    said = trimtab("reject", pending.proposal_hash[:10], "--state", tmp_path)
    assert said.code == 0
    assert [r.kind for r in take_requests(tmp_path)] == ["reject"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "say --latest"),
        (["abc"], 2, "at least 6 places"),
        (["000000000000"], 1, "waits (cycle 1)"),
        (["0123456789", "--latest"], 2, "say --latest"),
    ],
)
def test_an_approval_of_anything_else_is_refused(
    tmp_path: Path, arguments: list[str], code: int, words: str
) -> None:
    waiting_rig(tmp_path)
    said = trimtab("approve", *arguments, "--state", tmp_path)
    assert said.code == code
    assert words in said.err
    assert take_requests(tmp_path) == []


def test_with_nothing_waiting_there_is_nothing_to_approve(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    said = trimtab("approve", "--latest", "--state", tmp_path)
    assert said.code == 1
    assert "No proposal waits" in said.err


def test_a_halt_latches_at_once_without_journal_or_daemon(tmp_path: Path) -> None:
    said = trimtab("halt", "--reason", "broker outage", "--state", tmp_path)
    assert said.code == 0
    assert "broker outage" in (FileLatch(tmp_path).reason() or "")
    assert [r.kind for r in take_requests(tmp_path)] == ["halt"]


def test_a_resume_needs_a_reason(tmp_path: Path) -> None:
    FileLatch(tmp_path).set("ann", "broker outage")
    assert trimtab("resume", "--state", tmp_path).code == 2
    said = trimtab("resume", "--reason", " ", "--state", tmp_path)
    assert said.code == 2
    assert "needs a reason" in said.err
    assert FileLatch(tmp_path).reason() is not None


def test_a_resume_without_a_daemon_clears_the_latch_and_leaves_its_word(tmp_path: Path) -> None:
    FileLatch(tmp_path).set("ann", "broker outage")
    said = trimtab("resume", "--reason", "it is over", "--state", tmp_path)
    assert said.code == 0
    assert "broker outage" in said.out
    assert FileLatch(tmp_path).reason() is None
    assert [r.kind for r in take_requests(tmp_path)] == ["resume"]


def test_a_wish_for_a_look_says_when_nobody_listens(tmp_path: Path) -> None:
    said = trimtab("run-now", "--state", tmp_path)
    assert said.code == 0
    assert "no daemon answers" in said.out
    assert [r.kind for r in take_requests(tmp_path)] == ["run_now"]


def test_a_halt_is_never_lost_to_its_wording(tmp_path: Path) -> None:
    said = trimtab("halt", "--reason", "one\ntwo\x1b[2J", "--state", tmp_path)
    assert said.code == 0
    assert "one two" in (FileLatch(tmp_path).reason() or "")
    assert [r.kind for r in take_requests(tmp_path)] == ["halt"]


def test_any_other_reason_of_two_lines_is_refused_with_a_sentence(tmp_path: Path) -> None:
    said = trimtab("resume", "--reason", "one\ntwo", "--state", tmp_path)
    assert said.code == 2
    assert "one line" in said.err
