"""Answers that the daemon keeps between two of its own appends."""

from daemon.journal.kept import Kept
from portfolio.events import Alarm, Halted

ALARM = Alarm(name="disk", level="page", text="It is nearly full.")
HALTED = Halted(by="ann", reason="looking")


class Database:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self) -> int:
        self.asked += 1
        return self.asked


def test_a_question_is_asked_once_until_an_event_of_its_kinds_comes() -> None:
    kept, database = Kept(), Database()
    assert [kept.answer("alarms", ("alarm",), database.ask) for _ in range(3)] == [1, 1, 1]
    kept.appended([HALTED])
    assert kept.answer("alarms", ("alarm",), database.ask) == 1
    kept.appended([ALARM])
    assert kept.answer("alarms", ("alarm",), database.ask) == 2


def test_nothing_found_is_an_answer_too() -> None:
    kept, asked = Kept(), list[str]()
    for _ in range(2):
        assert kept.answer("run", ("run_opened",), lambda: asked.append("once")) is None
    assert asked == ["once"]


def test_an_answer_in_whose_midst_another_thread_commits_is_not_kept() -> None:
    kept, database = Kept(), Database()

    def ask_slowly() -> int:
        found = database.ask()
        kept.appended([ALARM])  # what another thread does between the asking and the keeping
        return found

    assert kept.answer("alarms", ("alarm",), ask_slowly) == 1
    assert kept.answer("alarms", ("alarm",), database.ask) == 2


def test_after_a_failed_append_everything_is_asked_again() -> None:
    kept, database = Kept(), Database()
    kept.answer("alarms", ("alarm",), database.ask)
    kept.forget()
    assert kept.answer("alarms", ("alarm",), database.ask) == 2


def test_a_flood_of_questions_does_not_grow_without_end() -> None:
    kept, database = Kept(), Database()
    for number in range(1_000):
        kept.answer(number, ("alarm",), database.ask)
    assert kept.answer(999, ("alarm",), database.ask) == 1_000
    assert kept.answer(0, ("alarm",), database.ask) == 1_001
