"""The n-th sync or write of a real disk fails, for n = 1, 2, … until a run is clean.

A household trades on real files under strace, which makes the n-th call fail with EIO or ENOSPC, or
kills the process in it. Then it starts again on what is on the disk, and must end with a whole chain,
tables that replay, and every order and execution of the broker's in its journal once.

One strace serves a whole sweep: it fails a call that no process comes to by itself, and a process that
is to fail at its n-th makes the others on a scratch file first.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from brokers.simulated.store import AccountFileError
from daemon.journal.audit import Verified, verify
from daemon.journal.replay import rebuild
from policies.policy import Policy
from portfolio.ports import JournalUnwritable, Unavailable
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, sixty_forty

LIVES = 10
"""A call counts as far away after so many times the calls of a life."""
CALLS = ("fdatasync", "pwrite64")
ENDS = ("error=EIO", "error=ENOSPC", "signal=SIGKILL")
GAVE_UP, BROKEN = 3, 9


def household(folder: Path) -> Rig:
    """It holds too much of one fund; its broker and its journal are files in the folder."""
    return build_rig(
        folder,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )


def trade(rig: Rig, day: int) -> None:
    """Look, say yes to what is proposed, and look on until nothing is under way."""
    rig.look(DAYS[day])
    if rig.journal.pending_approval() is not None:
        approve(rig)
    for _ in range(40):
        if rig.journal.open_run() is None and not rig.journal.legs(live=True):
            return
        rig.clock.advance_to(rig.clock.now() + timedelta(minutes=2))
        rig.broker.advance()
        rig.look(kind=WakeKind.ORDER_UPDATE)


def differences(rig: Rig) -> Iterator[str]:
    """What the journal and the broker do not agree about."""
    if not isinstance(found := verify(rig.journal), Verified):
        yield f"the chain is broken: {found}"
    yield from (f"{d.table} {d.key} does not replay" for d in rebuild(rig.journal))
    since = rig.market.first_session.opens_at - timedelta(days=1)
    legs = {leg.client_order_id: leg for leg in rig.journal.legs()}
    for order in rig.broker.orders_since(since):
        leg = legs.get(order.client_order_id)
        if leg is None or leg.filled_quantity != order.filled_quantity:
            yield f"{order.client_order_id} is {leg and leg.filled_quantity} here"
    booked = sorted(b.fill.execution_id for b in rig.journal.fills())
    there = sorted(fill.execution_id for fill in rig.broker.fills_since(since))
    if booked != there:
        yield f"booked {booked}, the broker has {there}"
    held = {p.symbol: p.quantity for p in rig.broker.positions()}
    if dict(rig.journal.positions("main")) != held:
        yield f"we hold {rig.journal.positions('main')}, the broker says {held}"
    if rig.journal.legs(live=True) or rig.journal.open_run() is not None:
        yield "something is still under way"


def live(folder: Path, call: str, calls_before: int) -> int:
    """A life after so many such calls, in one of which it may be cut short; 0 when it was not."""
    scratch = os.open(folder / "scratch", os.O_CREAT | os.O_RDWR, 0o600)
    for _ in range(calls_before):
        os.fdatasync(scratch) if call == "fdatasync" else os.pwrite(scratch, b"x", 0)
    try:
        trade(household(folder), 8)
    except (JournalUnwritable, Unavailable, AccountFileError, OSError):
        return GAVE_UP
    return 0


def live_on(folder: Path) -> int:
    """The life after it, on a good disk."""
    rig = household(folder)
    trade(rig, 9)
    trade(rig, 10)
    found = list(differences(rig))
    for text in found:
        print(f"  {text}", flush=True)
    return BROKEN if found else 0


def forked(work: object, *words: object) -> int:
    """Run in a child of this process; its exit code, negative for the signal that ended it."""
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            code = work(*words)  # type: ignore[operator]
        except BaseException:  # noqa: BLE001  it is printed, and its exit code tells
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def sweep(call: str, stride: int, most: int) -> int:
    """Every n of one kind of failure, under the strace that causes it; how many ended badly."""
    ends: Counter[int] = Counter()
    bad = 0
    for number in range(1, most + 1, stride):
        folder = Path(tempfile.mkdtemp(prefix="trimtab-io-"))
        first = forked(live, folder, call, LIVES * most - number)
        ends[first] += 1
        if first == BROKEN or forked(live_on, folder) != 0:
            print(f"n = {number}: ended {first}, and then badly", flush=True)
            bad += 1
        shutil.rmtree(folder)
    killed = sum(times for end, times in ends.items() if end < 0)
    told = f"{ends[GAVE_UP]} gave up, {killed} were killed, {ends[0]} did not mind"
    print(f"  {ends.total()} runs of {most}: {told}; {bad} went on badly", flush=True)
    return bad


def calls_of_a_life(call: str) -> int:
    """How many such calls a life makes that nothing happens to."""
    with tempfile.TemporaryDirectory(prefix="trimtab-io-") as folder:
        log = Path(folder) / "calls"
        strace = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}"]
        words = [sys.executable, "-m", "tests.simulation.io_sweep", "--only-live", folder]
        subprocess.run([*strace, *words], check=True)
        return sum(f" {call}(" in line for line in log.read_text().splitlines())


def under_strace(call: str, end: str, stride: int, most: int) -> int:
    """One sweep in a process of its own."""
    print(f"{call} {end}:", flush=True)
    inject = f"inject={call}:{end}:when={LIVES * most}"
    strace = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}", "-e", inject]
    module = [sys.executable, "-m", "tests.simulation.io_sweep", "--inner", call]
    asked = [*strace, *module, "--stride", str(stride), "--most", str(most)]
    return subprocess.run(asked, check=False).returncode


def all_sweeps(stride: int, calls: Sequence[str] = CALLS, ends: Sequence[str] = ENDS) -> int:
    """Both calls, each failing in its three ways; how many sweeps found something."""
    bad = 0
    for call in calls:
        most = calls_of_a_life(call)
        bad += sum(under_strace(call, end, stride, most) for end in ends)
    return bad


def works_here() -> bool:
    """Whether there is an strace, and whether it may trace."""
    if shutil.which("strace") is None:
        return False
    tried = subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], check=False)
    return tried.returncode == 0


def main() -> int:
    """All six sweeps, or from within strace one of them."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--inner", choices=CALLS, help="used by itself")
    words.add_argument("--only-live", type=Path, help="used by itself")
    words.add_argument("--most", type=int, default=0, help="used by itself")
    words.add_argument("--call", choices=CALLS, help="only this one of the two")
    words.add_argument("--end", choices=ENDS, help="only this one of the three")
    words.add_argument("--stride", type=int, default=1, help="only each so many-th n")
    asked = words.parse_args()
    if asked.only_live:
        return live(asked.only_live, CALLS[0], 0)
    if asked.inner:
        return min(1, sweep(asked.inner, asked.stride, asked.most))
    calls = (asked.call,) if asked.call else CALLS
    return all_sweeps(asked.stride, calls, (asked.end,) if asked.end else ENDS)


if __name__ == "__main__":
    sys.exit(main())
