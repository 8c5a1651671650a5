"""What changed between two settings, in the words of the configuration: for the notice of a reload."""

from collections.abc import Iterator
from decimal import Decimal

from pydantic import BaseModel

from config.models import Document
from config.problems import shown
from config.settings import Settings
from config.source import parse

_ONLY_AT_START = (
    *("mode", "household", "accounts", "simulation", "state_dir", "notices", "backup"),
    *("schedule.tick_seconds", "schedule.watched_folder", "limits.max_requests_per_minute"),
)
_IN_FORCE_AT_ONCE = {"notices": {"monthly_review", "repeat_minutes"}}


def changes(before: Settings, after: Settings) -> tuple[str, ...]:
    """One line for each setting that differs, in the order of the file; empty when none does.

    A default counts like the same value typed in. Slices and accounts go by their names:
    `slices "stocks": weight_percent was 60, is 50`.
    """
    old, new = _flat(before), _flat(after)
    lines: list[str] = []
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        if was is None:
            lines.append(f"{key} is new: {now}")
        elif now is None:
            lines.append(f"{key} is gone, it was {was}")
        else:
            lines.append(f"{key} was {was}, is {now}")
    return tuple(lines)


def needs_restart(before: Settings, after: Settings) -> tuple[str, ...]:
    """The tables and keys that changed and that only a restart takes over; the rest a reload does.

    The journal, the brokers, the channels and the threads of a running daemon are bound to these.
    """
    old, new = _document(before), _document(after)
    return tuple(name for name in _ONLY_AT_START if _bound(old, name) != _bound(new, name))


def _bound(document: Document, name: str) -> object:
    """What a table or key says, without what a reload takes over."""
    found: object = document
    for part in name.split("."):
        found = getattr(found, part)
    live = _IN_FORCE_AT_ONCE.get(name)
    return found.model_dump(exclude=live) if live and isinstance(found, BaseModel) else found


def _document(settings: Settings) -> Document:
    raw, _ = parse(settings.file, settings.text)
    return Document.model_validate(raw)


def _flat(settings: Settings) -> dict[str, str]:
    return dict(_leaves(_document(settings), ""))


def _leaves(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            inside = ": " if path.endswith('"') else "."
            yield from _leaves(inner, f"{path}{inside}{name}" if path else name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
        for i, item in enumerate(value, start=1):
            name = getattr(item, "name", None) or getattr(item, "id", None) or str(i)
            yield from _leaves(item, f'{path} "{name}"')
    elif isinstance(value, list):
        yield path, ", ".join(_said(item) for item in value) or "none"
    elif value is not None:
        yield path, _said(value)


def _said(value: object) -> str:
    return shown(value.normalize() if isinstance(value, Decimal) and value else value)
