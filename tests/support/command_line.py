"""The command line in this process, through its one door; and as a process of its own."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from daemon.cli.app import application
from daemon.cli.door import guarded
from portfolio.accounts import Autonomy
from tests.support.house import Rig, build_rig, table
from tests.support.households import stocks_and_bonds
from tests.support.stories import DAYS, FALL, approve, finish


@dataclass(frozen=True)
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


def trimtab(*arguments: str | Path) -> Said:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = guarded(lambda: application()([str(a) for a in arguments], prog_name="trimtab"))
    return Said(code=int(code), out=out.getvalue(), err=err.getvalue())


def trimtab_process(
    *arguments: str | Path, cwd: Path, more: Mapping[str, str] | None = None
) -> Said:
    """Run a command as a process of its own, with a clean environment."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "COLUMNS": "100", **(more or {})}
    done = subprocess.run(
        [sys.executable, "-m", "daemon.cli.main", *(str(a) for a in arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Said(code=done.returncode, out=done.stdout, err=done.stderr)


def waiting_rig(folder: Path, autonomy: Autonomy = Autonomy.PROPOSE) -> Rig:
    """A household whose first plan waits for a person; its journal lies in `folder`."""
    prices = table(DAYS, STK=FALL, BND=["100"] * len(DAYS))
    rig = build_rig(folder, prices, stocks_and_bonds(), cash="100000", autonomy=autonomy)
    rig.look(DAYS[0])
    return rig


def invested_rig(folder: Path) -> Rig:
    """The same after its first plan was approved and done; stocks are in their band."""
    rig = waiting_rig(folder)
    approve(rig)
    finish(rig)
    rig.look(DAYS[1])
    return rig
