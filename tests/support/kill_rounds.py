"""`make kill-rounds ROUNDS=300`: a real daemon trades over HTTP on a real local Alpaca and is killed.

Each round brings cash, wakes the daemon, and ends it, mostly with SIGKILL: while an order's answer is
lost, at any instant, in the middle of the start after a kill; sometimes with SIGTERM. Then it starts
again and comes to rest. What must hold is asked of broker and journal, who share nothing: no order
twice, none without its intent, none without its reason, every execution booked once, holdings equal to
fills.
"""

import argparse
import random
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from daemon.journal.audit import Broken, verify
from daemon.journal.replay import rebuild
from daemon.journal.store import JournalStore
from portfolio.orders import LegState
from tests.support.postgres_server import fresh_schema, postgres_server
from tests.support.rehearsals import Rehearsal, rehearsal
from tests.support.warm import WarmStarter, warm_starter

ROUNDS_A_WORLD = 15
"""Then a new account, a new journal and a new daemon."""
BEGAN_WITH = {"VTI": 100}
PATIENCE_SECONDS = 240.0
"""A machine that does other work as well is slow, not wrong."""
NEVER_LEFT = timedelta(seconds=10)
"""An order that is not at the broker so long after its send was killed before its first byte."""
MOST_TO_END = 30.0
"""Seconds from SIGTERM to the end of the process."""
KINDS = ("answer lost", "answer lost", "any instant", "late arrival", "twice", "asked to end")
ON_ITS_WAY = ("hang_after", "drop_after", "half_after", "null_after", "502_after", "504_after")
"""The broker takes the order and its answer is lost; then comes the kill."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was done and seen."""

    rounds: int = 0
    worlds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    ends: Counter[str] = field(default_factory=Counter)


def begin(stage: Rehearsal) -> None:
    """Start the daemon, and ask for a look whatever its schedule says at this hour."""
    stage.daemon.ask("run_now")
    stage.daemon.start()
    stage.wait_for(lambda journal: journal.pending_approval() is not None)


def account_for(stage: Rehearsal, *, began_with: dict[str, int]) -> None:
    """Journal and broker tell the same of every order, every execution and every holding."""
    journal = stage.daemon.reader()
    try:
        legs = {leg.client_order_id: leg for leg in journal.legs()}
        sent = {name: leg for name, leg in legs.items() if leg.sends}
        rows = stage.orders()
        orders = {row["client_order_id"]: row for row in rows}
        assert len(orders) == len(rows), f"an id twice: {rows}"
        assert set(orders) <= set(sent), f"no intent: {set(orders) - set(sent)}"
        assert {n for n, leg in sent.items() if leg.filled_quantity} <= set(orders)
        for name, row in orders.items():
            leg = legs[name]
            assert str(leg.intent.side) == row["side"]
            assert f"{leg.filled_quantity.normalize():f}" == row["filled_qty"], (leg, row)
            assert journal.cycle(leg.cycle) is not None, "an order without its decision"
            assert leg.reason
        fills = [booked.fill.execution_id for booked in journal.fills()]
        told = [row["id"] for row in stage.executions()]
        assert sorted(fills) == sorted(told), "executions"
        wanted = {s: began_with.get(s, 0) + q for s, q in stage.filled().items()}
        assert stage.held() == wanted, (stage.held(), wanted)
        assert dict(journal.positions("brokerage")) == wanted
        found = verify(journal)
        assert not isinstance(found, Broken), found
        assert rebuild(journal) == ()
    finally:
        journal.close()


def say_yes(stage: Rehearsal, journal: JournalStore) -> bool:
    """Approve what asks; whether anything did."""
    pending = journal.pending_approval()
    if pending is None:
        return False
    stage.daemon.ask("approve", pending.proposal_hash[:12])
    sleep(0.2)
    return True


def wait_for_orders(stage: Rehearsal, count: int) -> None:
    """Wait until the broker has so many orders, while the daemon is alive."""

    def came(journal: JournalStore) -> bool:
        say_yes(stage, journal)
        return len(stage.orders()) >= count

    stage.wait_for(came)


def at_rest(stage: Rehearsal, journal: JournalStore) -> bool:
    """Nothing on its way; an order that never left counts as at rest: only minutes make it LOST."""
    live = journal.legs(live=True)
    if not live:
        return journal.open_run() is None and journal.pending_approval() is None
    now, at_broker = datetime.now(UTC), {row["client_order_id"] for row in stage.orders()}
    return all(
        leg.state is LegState.AMBIGUOUS
        and leg.client_order_id not in at_broker
        and now - (leg.sent_at or now) > NEVER_LEFT
        for leg in live
    )


def kill(stage: Rehearsal) -> None:
    """SIGKILL, and the process is gone."""
    code, _ = stage.daemon.stop(signal.SIGKILL)
    assert code == -signal.SIGKILL


def end(stage: Rehearsal) -> None:
    """SIGTERM: it ends by itself, in time, and knows the outcome of whatever it was sending."""
    began = monotonic()
    code, printed = stage.daemon.stop()
    assert code == 0, printed
    assert monotonic() - began <= MOST_TO_END, "it takes too long to end"
    journal = stage.daemon.reader()
    assert not [leg for leg in journal.legs() if leg.state is LegState.SUBMITTING]
    journal.close()


def one_round(stage: Rehearsal, dice: random.Random, tally: Tally) -> bool:
    """Cash, a look, a kill, a start; True when nothing is in doubt afterwards."""
    before = len(stage.orders())
    stage.break_(cash="3000", pending_new_seconds=str(dice.choice([0, 0, 1, 2])))
    kind = dice.choice(KINDS)
    if kind == "answer lost":
        act = dice.choice(ON_ITS_WAY)
        stage.break_(requests=[{"on": "POST /v2/orders", "act": act}])
    elif kind == "late arrival":
        seconds = dice.uniform(0.5, 3)
        stage.break_(requests=[{"on": "POST /v2/orders", "act": "late", "seconds": seconds}])
    stage.daemon.ask("run_now")
    if kind == "answer lost":
        wait_for_orders(stage, before + 1)
    else:
        sleep(dice.uniform(0, 0.8))
    if kind == "asked to end":
        end(stage)
    else:
        kill(stage)
    tally.kills[kind] += 1
    stage.daemon.start()
    if kind == "twice":
        sleep(dice.uniform(0.3, 1.8))
        kill(stage)
        tally.kills[kind] += 1
        stage.daemon.start()
    rest(stage)
    stage.mend()
    tally.rounds += 1
    journal = stage.daemon.reader()
    in_doubt = bool(journal.legs(live=True))
    journal.close()
    return not in_doubt


def rest(stage: Rehearsal) -> None:
    """Wait until the round is over; a person says yes to what asks."""

    def over(journal: JournalStore) -> bool:
        if say_yes(stage, journal):
            return False
        return bool(journal.events("daemon_started", after=started)) and at_rest(stage, journal)

    reader = stage.daemon.reader()
    kinds = reader.events("daemon_started", limit=1, newest_first=True)
    started = kinds[0].seq if kinds else 0
    reader.close()
    stage.wait_for(over)


def world(
    folder: Path,
    rounds: int,
    dice: random.Random,
    tally: Tally,
    warm: WarmStarter | None = None,
) -> None:
    """One account from its first plan on, until the rounds are done or an order is in doubt."""
    with rehearsal(folder, "--hold", "VTI=100") as stage:
        stage.patience_seconds = PATIENCE_SECONDS
        stage.daemon.warm = warm
        begin(stage)
        stage.daemon.approve()
        stage.wait_for(lambda journal: bool(journal.events("run_ended")))
        for _ in range(rounds):
            if not one_round(stage, dice, tally):
                break
        stage.daemon.stop()
        account_for(stage, began_with=BEGAN_WITH)
        journal = stage.daemon.reader()
        tally.orders += len(stage.orders())
        tally.ends.update(leg.state.value for leg in journal.legs())
        journal.close()
        tally.worlds += 1


@contextmanager
def journals_on(database: str) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """What gives each world its journal: in its state directory, or a schema of one server."""
    if database == "sqlite":
        yield nullcontext
        return
    with postgres_server() as server:

        @contextmanager
        def on_server() -> Iterator[None]:
            with fresh_schema(server) as address, pytest.MonkeyPatch.context() as environment:
                environment.setenv("TRIMTAB_DATABASE", address)
                yield

        yield on_server


def kill_rounds(
    rounds: int,
    seed: int,
    database: str,
    *,
    tell: Callable[[str], None] = lambda _: None,
    cold: bool = False,
) -> Tally:
    """So many rounds; raises `AssertionError` at the first that breaks a promise.

    A daemon is forked from a warm interpreter, or starts from nothing where `cold` says so.
    `tell` hears of every world that is done. The folder of a world that failed is kept.
    """
    dice, tally = random.Random(seed), Tally()
    with journals_on(database) as a_journal, nullcontext() if cold else warm_starter() as warm:
        while tally.rounds < rounds:
            left = min(ROUNDS_A_WORLD, rounds - tally.rounds)
            folder = Path(tempfile.mkdtemp(prefix="trimtab-kills-"))
            with a_journal():
                try:
                    world(folder, left, dice, tally, warm)
                except BaseException:
                    tell(f"{database}: failed in round {tally.rounds + 1}, see {folder}")
                    raise
            shutil.rmtree(folder)
            tell(f"{database}: {tally.rounds} rounds")
    return tally


def tell(line: str) -> None:
    """A line on the screen, at once."""
    print(line, flush=True)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--cold", action="store_true", help="start every daemon from nothing")
    wanted = parser.parse_args()
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # leave no server and no daemon behind
    signal.signal(signal.SIGINT, signal.default_int_handler)
    both = ("sqlite", "postgresql")
    for database in both if wanted.database == "both" else (wanted.database,):
        began = monotonic()
        tally = kill_rounds(wanted.rounds, wanted.seed, database, tell=tell, cold=wanted.cold)
        tell(
            f"{database}: {tally.rounds} rounds in {tally.worlds} worlds, {tally.kills.total()} kills"
            f" {dict(tally.kills)}, {tally.orders} orders, legs {dict(tally.ends)}, 0 violations,"
            f" {monotonic() - began:.0f} s"
        )


if __name__ == "__main__":
    main()
