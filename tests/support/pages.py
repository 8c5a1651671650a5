"""Reading our own documentation: what a table of it names."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def names_in(page: str, heading: str) -> set[str]:
    """The names in the first column of the table that begins with a heading, without their marks."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found: set[str] = set()
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found |= set(re.findall(r"`([a-z_]+)`", line.split("|")[1]))
    return found
