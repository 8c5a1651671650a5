"""The side anchor: the chain's head kept in a file beside the database.

A chain cannot show that its tail was cut; an anchor made later than the cut can.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daemon.journal.chain import instant_text


class AnchorUnreadable(Exception):
    """There is an anchor file and it makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The head of a chain as it was at an instant."""

    seq: int
    hash: str
    at: datetime


def anchor_file(database: Path) -> Path:
    """Where the anchor of a database file is kept."""
    return database.with_name(database.name + ".anchor")


def write_anchor(path: Path, anchor: Anchor) -> None:
    """Replace the anchor in one step, synced. Raises `OSError`."""
    text = json.dumps({"seq": anchor.seq, "hash": anchor.hash, "at": instant_text(anchor.at)})
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_anchor(path: Path | None) -> Anchor | None:
    """The anchor; None when there is none. Raises `AnchorUnreadable`."""
    if path is None:
        return None
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        return Anchor(
            seq=int(found["seq"]), hash=str(found["hash"]), at=datetime.fromisoformat(found["at"])
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnchorUnreadable(f"{path} makes no sense as an anchor ({error})") from error
