"""What is wrong with a configuration: every problem, its place, and what to write instead."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

_LONG_TOKEN = re.compile(r"(?=\S*[A-Za-z])(?=\S*[0-9])[A-Za-z0-9+/=_\-]{20,}")
_RUN = re.compile(r"[A-Za-z0-9]{13}")
_MIXED = re.compile(r"(?=\S*[A-Z])(?=\S*[a-z])(?=\S*[0-9])\S+")
_ADDRESS = re.compile(
    r"(?!https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/?$)[a-z][a-z0-9+.\-]*://",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z][a-z0-9+.\-]*://[^\s\"']+|[A-Za-z0-9+/=_\-]{20,}", re.IGNORECASE)
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to put right: where it stands, what is wrong with it, what to write instead.

    `key` is the path of the key (`slices[2].weight_percent`, counted from 1 as a person counts);
    empty when the whole file is meant. `line` counts from 1; None when it cannot be found.
    """

    file: Path
    key: str
    line: int | None
    found: str
    instead: str

    def __str__(self) -> str:
        """The problem as one line of text."""
        place = ", ".join(
            part
            for part in (
                str(self.file),
                "" if self.line is None else f"line {self.line}",
                self.key,
            )
            if part
        )
        end = "" if self.instead.endswith("?") else "."
        return f"{place}: {self.found}. {self.instead}{end}"


class ConfigurationError(Exception):
    """A configuration that cannot be used. `problems` has all that is wrong with it, in file order.

    The command line ends with exit code 78 (EX_CONFIG of sysexits.h) on it.
    """

    exit_code = 78

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep the problems; the message has one line for each."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def looks_secret(text: str) -> bool:
    """Whether a text could be a key, a token or an address with a password: then nobody prints it.

    Twenty or more letters and digits without a space or a dot, thirteen of them in a row (a UUID
    has twelve); with a slash only in mixed case.

    >>> looks_secret("PK1234567890ABCDEFGH"), looks_secret("keys/alpaca.toml")
    (True, False)
    """
    word = text.strip()
    if _ADDRESS.match(word):
        return True
    if not _LONG_TOKEN.fullmatch(word) or not _RUN.search(word):
        return False
    return "/" not in word or bool(_MIXED.fullmatch(word))


def without_secrets(text: str) -> str:
    r"""A text of several lines in which every word that looks like a secret is blotted out.

    >>> without_secrets("# key PK1234567890ABCDEFGH\nname = 'core'")
    "# key (not shown)\nname = 'core'"
    """

    def blot(found: re.Match[str]) -> str:
        return "(not shown)" if looks_secret(found[0]) else found[0]

    return _WORD.sub(blot, text)


def shown(value: object) -> str:
    """A value of the file as a sentence may show it: short, on one line, and never a secret.

    >>> shown("60"), shown(True), shown("AKIA1234567890abcdefXYZ")
    ('"60"', 'true', 'a text that is not shown')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if looks_secret(value):
            return "a text that is not shown"
        text = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
        return '"' + "".join(c if c.isprintable() else "?" for c in text) + '"'
    if isinstance(value, Decimal):
        return str(value).lower() if not value.is_finite() else plain_number(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 10**30 else "a very large number"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return "a value"


def plain_number(value: Decimal) -> str:
    """A finite decimal without exponent and without trailing zeros, short enough for a sentence.

    >>> plain_number(Decimal("60.00")), plain_number(Decimal("1E+2"))
    ('60', '100')
    """
    if value and not -30 < value.adjusted() < 30:
        return f"{value:.3e}"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def list_in_words(items: Sequence[str], last: str = "or") -> str:
    """Join for a sentence.

    >>> list_in_words(["a", "b", "c"])
    'a, b or c'
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def quoted(words: Sequence[str]) -> str:
    """Texts as a choice to write down.

    >>> quoted(["a", "b"])
    '"a" or "b"'
    """
    return list_in_words([f'"{word}"' for word in words])
