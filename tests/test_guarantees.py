"""docs/guarantees.md: every command that it names exists, and it says what cannot be promised."""

import re
from pathlib import Path

import pytest
import typer

from daemon.cli.app import application
from daemon.cli.page import COMMANDS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(trimtab [^`]+|make [^`]+)`", TEXT)))


@pytest.mark.parametrize("line", NAMED)
def test_a_command_that_is_named_exists(line: str) -> None:
    program, command, *rest = line.split()
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE)
        return
    assert command in COMMANDS
    found = typer.main.get_command(application()).get_command(None, command)  # type: ignore[attr-defined]
    if hasattr(found, "commands"):
        found = found.commands[rest.pop(0)]
    options = {o for p in found.params for o in p.opts}
    assert {word for word in rest if word.startswith("--")} <= options


def test_every_promise_shows_a_command() -> None:
    table = TEXT[TEXT.index("| promise") : TEXT.index("## What it cannot")].strip().splitlines()[2:]
    assert len(table) >= 12
    for row in table:
        promise, _, shown = (cell.strip() for cell in row.strip("|").split("|"))
        assert promise
        assert "`" in shown


@pytest.mark.parametrize(
    "limit",
    [
        "may still arrive",
        "Fills between",
        "trades the same account",
        "Two daemons",
        "forgets",
        "Busts",
    ],
)
def test_the_six_things_that_nobody_can_promise_are_said(limit: str) -> None:
    assert limit in TEXT[TEXT.index("## What it cannot guarantee") :]
