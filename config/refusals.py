"""What pydantic found wrong, said so that a person can put it right; private to this room."""

import difflib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.models import Document
from config.places import Path as KeyPath
from config.places import key_text, line_of
from config.problems import Problem, list_in_words, shown

_SECRET_WORDS = ("key", "secret", "token", "password", "credential")

_UNITS = {
    "band": ("band_points", "band_relative_percent"),
    "bands": ("band_points", "band_relative_percent"),
    "weight": ("weight_percent",),
    "rest": ("rest_sessions",),
    "cooldown": ("rest_sessions",),
    "cooldown_sessions": ("rest_sessions",),
    "minimum_trade": ("minimum_trade_usd", "minimum_trade_percent"),
    "min_trade": ("minimum_trade_usd", "minimum_trade_percent"),
    "buffer": ("cash_buffer_percent",),
    "tolerance": ("band_points", "band_relative_percent"),
    "threshold": ("band_points", "band_relative_percent"),
}


def problems_of(
    error: ValidationError, *, file: Path, places: Mapping[KeyPath, int]
) -> Iterator[Problem]:
    """Each error as a problem with its place, in pydantic's order."""
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if part != "[key]")
        found, instead = _said(detail, path)
        yield Problem(
            file=file,
            key=key_text(path),
            line=line_of(path, dict(places)),
            found=found,
            instead=instead,
        )


def _said(detail: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    """What is wrong and what to write instead."""
    kind, value = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "trimtab":
        if path == ("mode",):
            return _mode(value)
        if path[:2] == ("notices", "channels") and isinstance(value, str) and "://" in value:
            return (
                "an address may hold a password, so it has no place here",
                'Put it into the file that apprise_file names, and write "apprise"',
            )
        return str(context["found"]), str(context["instead"])
    if kind == "missing":
        return _missing(path)
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind in ("model_type", "dict_type"):
        return f"{shown(value)} stands where a table belongs", _table_advice(path)
    if kind == "list_type":
        return f"{shown(value)} stands where a list belongs", _list_advice(path)
    return f"{shown(value)} cannot be used here", "Look the setting up in docs/defaults.md"


def _mode(value: object) -> tuple[str, str]:
    if value == "live":
        return (
            '"live" is refused: this version has been proved against its own exchange only',
            'Write "paper" or "dry_run"',
        )
    word = value.lower() if isinstance(value, str) else ""
    near = difflib.get_close_matches(word, ("dry_run", "paper"), 1, 0.4)
    hint = f'; "{near[0]}" is probably meant' if near else ""
    return f"{shown(value)} is no mode{hint}", 'Write "dry_run" or "paper"'


def _missing(path: KeyPath) -> tuple[str, str]:
    last = path[-1]
    if path == ("accounts",):
        return "there is no account", "Add [[accounts]] with id and broker"
    if path == ("slices",):
        return "there is no slice", "Add [[slices]] with name, weight_percent and symbol"
    if path == ("household",):
        return "there is no household", 'Add [household] with name = "core"'
    examples = {
        "name": 'name = "core"' if path[0] == "household" else 'name = "stocks"',
        "weight_percent": "weight_percent = 60",
        "id": 'id = "brokerage"',
        "broker": 'broker = "alpaca"',
        "on": "on = 2008-03-03",
        "kind": 'kind = "deposit"',
    }
    return "the key is missing", f"Add {examples.get(str(last), f'{last} = ...')}"


def _table_advice(path: KeyPath) -> str:
    name = ".".join(part for part in path if isinstance(part, str))
    if isinstance(path[-1], int):
        return f"Write [[{name}]] and its keys below it"
    return f"Write [{name}] and its keys"


def _list_advice(path: KeyPath) -> str:
    if path in (("accounts",), ("slices",), ("instruments",)):
        return f"Write [[{path[0]}]] with two brackets, once for each"
    return f"Write a list, for example {path[-1]} = [...]"


def _unknown(path: KeyPath) -> tuple[str, str]:
    """An unknown key; its value is never shown, it may be a secret."""
    key = str(path[-1])
    model = _model_at(path[:-1])
    known = tuple(model.model_fields)
    if _is_secret(key):
        return (
            f"there is no setting {shown(key)}, and a secret has no place in this file",
            (
                'Put the keys into a file that you alone can read, and write keys_file = "FILE" '
                "under [[accounts]]"
            ),
        )
    if meant := _with_unit(key, known):
        return f"the unit is missing in {shown(key)}", f"Write {list_in_words(meant)}"
    if home := _home_of(key, model):
        return f"{shown(key)} is not known here", f"Move it {home}"
    if near := difflib.get_close_matches(key.lower(), known, 1, 0.6):
        brackets = f"[[{near[0]}]]" if near[0] in ("accounts", "slices", "instruments") else near[0]
        return f"there is no setting {shown(key)}", f"Did you mean {brackets}?"
    names = list_in_words(known, "and")
    return f"there is no setting {shown(key)}", f"Remove it; known here are {names}"


def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET_WORDS) and key.lower() != "key_file"


def _with_unit(key: str, known: tuple[str, ...]) -> list[str]:
    """The settings that a key without its unit may mean."""
    if meant := [name for name in _UNITS.get(key.lower(), ()) if name in known]:
        return meant
    units = ("_percent", "_points", "_usd", "_sessions", "_seconds", "_hours", "_bands", "_units")
    return [name for name in known if any(name == key + unit for unit in units)]


def _home_of(key: str, here: type[BaseModel]) -> str:
    """Where a key that is unknown here does belong; empty when nowhere."""
    for name in Document.model_fields:
        model = _model_at((name,))
        if model is not here and model is not Document and key in model.model_fields:
            brackets = (
                f"[[{name}]]" if name in ("accounts", "slices", "instruments") else f"[{name}]"
            )
            return f"under {brackets}"
    if key in Document.model_fields and here is not Document:
        return "to the top of the file, above the first [table]"
    return ""


def _model_at(path: KeyPath) -> type[BaseModel]:
    """The table model at a path; the document when there is none."""
    model: type[BaseModel] = Document
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = None if field is None else _table_in(field.annotation)
        if inner is None:
            return model
        model = inner
    return model


def _table_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in typing.get_args(annotation):
        if inner := _table_in(argument):
            return inner
    return None
