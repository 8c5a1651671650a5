"""Where a key stands in a TOML text, since `tomllib` does not say: path of a key to its line."""

import re
from collections.abc import Sequence

from config.problems import looks_secret

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file; positions count from 0."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def places_of(text: str) -> dict[Path, int]:
    """The line of each table header and each key of a text that is valid TOML, from 1.

    Values are skipped, whatever they hold: brackets and quotes may run over several lines. Keys
    inside inline tables are not listed; ask with `line_of`, which falls back to what encloses them.
    """
    places: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    skip_to = 0
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if number <= skip_to:
            continue
        if header := _HEADER.match(line):
            table = _table(_parts(header[2]), counts, is_list=header[1] == "[[")
            places.setdefault(table, number)
        elif found := _KEY.match(line):
            path = (*table, *_parts(found[1]))
            places.setdefault(path, number)
            skip_to = _last_line_of_value(lines, number, found.end())
    return places


def line_of(path: Path, places: dict[Path, int]) -> int | None:
    """The line of a key, else of the nearest thing around it; None for the top of the file.

    A list of tables stands where its first table does.
    """
    for end in range(len(path), 0, -1):
        for tried in (path[:end], (*path[:end], 0)):
            if tried in places:
                return places[tried]
    return None


def key_text(path: Path) -> str:
    """A path as people read it; list positions count from 1.

    >>> key_text(("slices", 1, "weight_percent"))
    'slices[2].weight_percent'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            name = "(not shown)" if looks_secret(part) else part
            text += f".{name}" if text else name
    return text


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _table(parts: Sequence[str], counts: dict[Path, int], *, is_list: bool) -> Path:
    """The path of a header: a list's name in it means the list's latest entry."""
    path: Path = ()
    for depth, part in enumerate(parts):
        path = (*path, part)
        if is_list and depth == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
            path = (*path, counts[path])
        elif path in counts:
            path = (*path, counts[path])
    return path


_OPENERS = ('"""', "'''", '"', "'")


def _last_line_of_value(lines: Sequence[str], number: int, start: int) -> int:
    """The number of the line on which the value that starts at `start` of line `number` ends."""
    depth, quote = 0, ""
    for at in range(number, len(lines) + 1):
        line = lines[at - 1][start:] if at == number else lines[at - 1]
        depth, quote = _after(line, depth, quote)
        if depth <= 0 and not quote:
            return at
    return len(lines)


def _after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Open brackets and the open quote after a line; a quote of one character ends with its line."""
    i = 0
    while i < len(line):
        if quote:
            if line[i] == "\\" and quote[0] == '"':
                i += 2
                continue
            if line.startswith(quote, i):
                i += len(quote)
                quote = ""
                continue
        elif line[i] == "#":
            break
        elif opened := next((q for q in _OPENERS if line.startswith(q, i)), ""):
            quote = opened
            i += len(opened)
            continue
        elif line[i] in "[{":
            depth += 1
        elif line[i] in "]}":
            depth -= 1
        i += 1
    return depth, quote if len(quote) == 3 else ""
