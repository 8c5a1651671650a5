"""Answers are kept for the same object, and for no other."""

from dataclasses import dataclass

from portfolio.keeping import MOST, keeps_answers, keeps_latest_answer


@dataclass(frozen=True)
class Thing:
    number: int


def counted() -> tuple[list[int], object]:
    asked: list[int] = []

    @keeps_answers
    def double(thing: Thing, more: Thing) -> int:
        asked.append(thing.number)
        return 2 * thing.number + more.number

    return asked, double


def test_the_same_object_is_asked_for_once() -> None:
    asked, double = counted()
    one, none = Thing(1), Thing(0)
    assert [double(one, none) for _ in range(3)] == [2, 2, 2]  # type: ignore[operator]
    assert asked == [1]


def test_an_equal_object_is_asked_for_anew_and_every_argument_counts() -> None:
    asked, double = counted()
    one = Thing(1)
    assert double(one, Thing(0)) == 2  # type: ignore[operator]
    assert double(one, Thing(5)) == 7  # type: ignore[operator]
    assert double(Thing(1), Thing(0)) == 2  # type: ignore[operator]
    assert asked == [1, 1, 1]


def test_answers_stay_right_when_more_are_asked_for_than_are_kept() -> None:
    _, double = counted()
    none = Thing(0)
    for number in range(3 * MOST):  # each Thing is forgotten at once, so that identities come again
        assert double(Thing(number), none) == 2 * number  # type: ignore[operator]
    kept = [Thing(number) for number in range(2 * MOST)]
    for _ in range(2):
        assert [double(thing, none) for thing in kept] == [2 * n for n in range(2 * MOST)]  # type: ignore[operator]


def test_what_is_told_anew_is_compared_and_only_the_latest_answer_is_kept() -> None:
    asked: list[int] = []

    @keeps_latest_answer
    def added(ledger: list[int], told: tuple[int, ...]) -> int:
        asked.append(len(told))
        return sum(ledger) + sum(told)

    ledger = [1, 2]
    assert [added(ledger, (3,)), added(ledger, (3,))] == [6, 6]
    assert asked == [1]
    assert added(ledger, (3, 4)) == 10
    assert added(ledger, (3,)) == 6
    assert added([5], (3,)) == 8
    assert asked == [1, 2, 1, 1]


def test_of_many_objects_none_is_given_the_answer_of_another() -> None:
    @keeps_latest_answer
    def first(ledger: list[int], _told: int) -> int:
        return ledger[0]

    ledgers = [[number] for number in range(3 * MOST)]
    for _ in range(2):
        assert [first(ledger, 0) for ledger in ledgers] == list(range(3 * MOST))
