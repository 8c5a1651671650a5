"""A configuration file as text and as a plain TOML document, or one clear refusal."""

import tomllib
from decimal import Decimal
from pathlib import Path

from config.files import Unreadable, read_small
from config.places import Path as KeyPath
from config.places import places_of
from config.problems import ConfigurationError, Problem

LARGEST_FILE = 1024 * 1024
"""A configuration is at most 1 MiB."""


def read_text(path: Path) -> str:
    """The text of a small UTF-8 file. Raises `ConfigurationError` with one problem."""
    try:
        raw = read_small(path, at_most=LARGEST_FILE)
    except Unreadable as error:
        raise refusal(path, error.found, error.instead) from None
    try:
        return raw.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refusal(
            path, f"byte {error.start + 1} is not UTF-8", "Save the file as UTF-8 text", line=line
        ) from None


def parse(path: Path, text: str) -> tuple[dict[str, object], dict[KeyPath, int]]:
    """The document, fractions as `Decimal`, and the line of each key.

    Raises `ConfigurationError` with the line and the column for text that is not TOML.
    """
    try:
        document: dict[str, object] = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        reason, line, column = _told(str(error), text)
        raise refusal(
            path,
            f"column {column} is not TOML: {reason}",
            "Put it right; a value is a number, true, false, a date, a list or a text in quotes",
            line=line,
        ) from None
    except (ValueError, ArithmeticError):
        raise refusal(
            path, "there is a number with too many digits", "Write numbers as a person would"
        ) from None
    except RecursionError:
        raise refusal(path, "it is nested too deeply", "Write lists and tables flat") from None
    return document, places_of(text)


def refusal(path: Path, found: str, instead: str, *, line: int | None = None) -> ConfigurationError:
    """One problem of a whole file."""
    return ConfigurationError([Problem(file=path, key="", line=line, found=found, instead=instead)])


def _told(message: str, text: str) -> tuple[str, int, int]:
    """tomllib's "Reason (at line 3, column 7)" taken apart; its values are never repeated."""
    reason, _, place = message.rpartition(" (at ")
    if place.startswith("line "):
        line, column = (int(part.split()[-1]) for part in place.rstrip(")").split(","))
    else:
        lines = text.split("\n")
        line, column = len(lines), len(lines[-1]) + 1
    return _plainer(reason), line, column


def _plainer(reason: str) -> str:
    """tomllib's reason in plainer words where its own mislead."""
    if "'\\n'" in reason:
        return "the text in quotes does not end on its line"
    if "overwrite" in reason or "twice" in reason or "redefine" in reason:
        return "this is written twice"
    return reason[:1].lower() + reason[1:]
