"""What would stop a run, in one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table, words

Standing = Literal["ok", "warn", "stops", "not asked"]
_TONES: dict[Standing, str] = {"ok": "good", "warn": "care", "stops": "alarm", "not asked": "quiet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that a run needs: how it stands, and in a sentence why and what to do."""

    name: str
    standing: Standing
    text: str
    exit_code: int = 0


def checks_table(checks: Sequence[Check]) -> Table:
    """One row a check."""
    table = quiet_table()
    table.add_column("check", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("what was found", overflow="fold")
    for check in checks:
        table.add_row(
            check.name, Text(check.standing, style=_TONES[check.standing]), words(check.text)
        )
    return table
