"""Configurations for tests: a smallest valid text, and what the reader says of a changed one."""

from pathlib import Path

from config.problems import ConfigurationError
from config.read import settings_from
from config.settings import Settings

FILE = Path("core.toml")

SMALLEST = """\
mode = "dry_run"

[household]
name = "core"

[[accounts]]
id = "play"
broker = "simulated"

[[slices]]
name = "stocks"
weight_percent = 60
symbol = "VTI"

[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
"""


def changed(old: str, new: str, text: str = SMALLEST) -> str:
    """The text with one thing replaced; the old must be there."""
    assert old in text
    return text.replace(old, new, 1)


def settings(text: str = SMALLEST) -> Settings:
    """Settings of a text."""
    return settings_from(text, file=FILE)


def refused(text: str) -> list[str]:
    """What is wrong with a text, one line for each problem."""
    try:
        settings(text)
    except ConfigurationError as error:
        return str(error).splitlines()
    raise AssertionError("the text was accepted")
