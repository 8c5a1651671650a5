"""Money that a person announces to take out: kept, raised, taken off, cancelled, from the journal."""

from decimal import Decimal
from pathlib import Path

from daemon.memory import remember
from daemon.requests.raising import subject_of
from daemon.requests.reservations import reservations
from daemon.settle import settle
from portfolio.money import Money
from portfolio.wakes import Wake, WakeKind
from tests.support.command_line import invested_rig, trimtab
from tests.support.house import Rig
from tests.support.stories import DAYS, approve, finish, say

WANTED = Money(Decimal(12_000))


def raised(folder: Path) -> Rig:
    rig = invested_rig(folder)
    say(rig, "raise_cash", subject_of("main", WANTED, DAYS[3]))
    return rig


def test_a_wish_is_kept_in_the_journal_and_remembered(tmp_path: Path) -> None:
    rig = raised(tmp_path)
    (wish,) = reservations(rig.journal)
    assert (wish.account, wish.amount, wish.by) == ("main", WANTED, DAYS[3])
    session = rig.market.session_of(DAYS[1])
    seen = remember(rig.house, Wake(kind=WakeKind.TICK), session)
    assert seen.reserved == (wish,)
    last = rig.journal.cycles(limit=1)[0]
    assert last.wake.detail == "raise"
    assert any(gate.name == "reserved" for gate in last.decision.gates)


def test_the_same_wish_is_written_down_once(tmp_path: Path) -> None:
    rig = raised(tmp_path)
    say(rig, "raise_cash", subject_of("main", WANTED, DAYS[3]))
    assert len(reservations(rig.journal)) == 1


def test_a_wish_that_makes_no_sense_changes_nothing(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    for subject in ("other/100/2026-03-05", "main/-5/2026-03-05", "main/100/soon", "main", ""):
        assert say(rig, "raise_cash", subject) is None
    assert reservations(rig.journal) == ()


def test_cancelling_ends_it(tmp_path: Path) -> None:
    rig = raised(tmp_path)
    say(rig, "raise_cancel")
    assert reservations(rig.journal) == ()
    assert say(rig, "raise_cancel") is None


def test_a_withdrawal_is_taken_off_and_the_rest_stays_kept(tmp_path: Path) -> None:
    rig = raised(tmp_path)
    approve(rig)
    finish(rig)
    cash = rig.broker.account().cash
    assert cash >= WANTED
    assert not rig.look(DAYS[2]).legs, "what is kept is not invested again"
    rig.broker.exchange.withdraw(Money(Decimal(7000)), rig.clock.now())
    settle(rig.house, rig.watch.progress)
    (wish,) = reservations(rig.journal)
    assert wish.amount == Decimal(5000)
    rig.broker.exchange.withdraw(Money(Decimal(5000)), rig.clock.now())
    settle(rig.house, rig.watch.progress)
    assert reservations(rig.journal) == ()


def test_the_command_tells_what_it_takes_and_status_shows_it(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    said = trimtab("raise", "12,000", "--by", "2026-03-05", "--state", tmp_path)
    assert said.code == 0, said.err
    assert "12,000.00 in main are kept until 2026-03-05" in said.out
    assert "sell" in said.out
    say(rig, "raise_cash", subject_of("main", WANTED, DAYS[3]))
    shown = trimtab("status", "--state", tmp_path).out
    assert "Kept for a withdrawal, not invested: 12,000.00 in main by 2026-03-05" in shown


def test_a_command_without_a_sum_a_day_or_an_account_gets_a_sentence(tmp_path: Path) -> None:
    invested_rig(tmp_path)
    for arguments, sentence in (
        (["12000"], "Say by which day, for example --by 2026-12-15."),
        (["much", "--by", "2026-03-05"], "Say how much in USD and cents"),
        (["1", "--by", "2026-03-05", "--account", "x"], "Say from which account"),
        (["1", "--cancel"], "Say either how much and --by, or --cancel alone."),
    ):
        said = trimtab("raise", *arguments, "--state", tmp_path)
        assert said.code == 2
        assert sentence in said.err
