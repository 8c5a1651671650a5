"""Alpaca's own OpenAPI documents, read as data, and what they say of an answer.

They say nothing of error bodies. Where a document contradicts itself or the recorded answers of a real
account, the deviation is written down here, with its reason.
"""

import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

Json = Mapping[str, Any]
DOCUMENTS = ("trading-api", "market-data-api")
METHODS = ("get", "post", "put", "patch", "delete")

ALSO_SENT: Mapping[str, frozenset[str]] = {
    # Keys of answers recorded from a real paper account (October 2026) that the document lacks.
    "Account": frozenset(
        {
            *("admin_configurations", "crypto_tier", "effective_buying_power"),
            *("position_market_value", "user_configurations"),
        }
    ),
    "Order": frozenset({"source", "subtag"}),
    "Assets": frozenset({"easy_to_borrow"}),
}


@cache
def document(name: str) -> Json:
    """One document; the test is skipped when the wheel that holds it is not installed."""
    try:
        folder = importlib.resources.files("alpaca_mcp_server") / "specs"
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        pytest.skip("Alpaca's OpenAPI documents are not installed: `make setup` fetches them")
    found: dict[str, Any] = json.loads(text)
    if name == "trading-api":
        # Given as date-time, while its own examples and every recorded row hold a plain date.
        dates = found["components"]["schemas"]["NonTradeActivities"]["properties"]["date"]
        dates["format"] = "date"
        # "oneOf" two shapes without a required key: every row fits both, so that none would be valid.
        by_type = found["paths"]["/v2/account/activities/{activity_type}"]["get"]["responses"]
        rows = by_type["200"]["content"]["application/json"]["schema"]["items"]
        rows["anyOf"] = rows.pop("oneOf")
    return found


@cache
def _operations() -> tuple[tuple[str, str, str, str, Json], ...]:
    found = []
    for name in DOCUMENTS:
        for path, item in document(name)["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
            found += [(name, pattern, path, m, item[m]) for m in METHODS if m in item]
    # A path without a parameter comes before the one that would take its name for a value.
    return tuple(sorted(found, key=lambda o: o[2].count("{")))


def operation(method: str, path: str) -> tuple[str, Json] | None:
    """The document and the operation that a request is for; None when there is none."""
    for name, pattern, _, known, found in _operations():
        if known == method.lower() and re.fullmatch(pattern, path):
            return name, found
    return None


def schema_of(method: str, path: str, status: int) -> tuple[str, Json] | None:
    """The document and the schema of an answer's body; None when it tells none."""
    found = operation(method, path)
    if found is None:
        return None
    name, wanted = found
    answer = wanted["responses"].get(str(status), {})
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    return None if schema is None else (name, schema)


def problems(name: str, schema: Json, value: object) -> list[str]:
    """Everything in which a value breaks a schema, and every key that the schema does not know."""
    import jsonschema_rs

    whole = {**schema, "components": document(name)["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    broken = [
        f"{'/'.join(str(p) for p in error.instance_path)}: {error.message[:200]}"
        for error in validator.iter_errors(value)
    ]
    return broken + list(_unknown_keys(name, schema, value, ""))


def _unknown_keys(name: str, schema: Json, value: object, where: str) -> Iterator[str]:
    if isinstance(value, list):
        alternatives = [s["items"] for s in _parts(name, schema) if "items" in s]
        for item in value if alternatives else ():
            yield from _unknown_keys(name, alternatives[0], item, f"{where}[]")
    if not isinstance(value, dict):
        return
    parts = list(_parts(name, schema))
    either = [s for part in parts for s in part.get("anyOf", part.get("oneOf", ()))]
    if either:
        tries = [list(_unknown_keys(name, one, value, where)) for one in either]
        yield from min(tries, key=len)
        return
    known: dict[str, Json] = {}
    for part in parts:
        known |= part.get("properties", {})
    others = next((p["additionalProperties"] for p in parts if "additionalProperties" in p), None)
    allowed = ALSO_SENT.get(_title(schema), frozenset())
    for key, item in value.items():
        if key in known:
            yield from _unknown_keys(name, known[key], item, f"{where}.{key}")
        elif isinstance(others, dict):
            yield from _unknown_keys(name, others, item, f"{where}.{key}")
        elif key not in allowed:
            yield f"{where}.{key}: no such key in {_title(schema) or 'its schema'}"


def _title(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _parts(name: str, schema: Json) -> Iterator[Json]:
    """The schema with its references and its allOf laid open."""
    if "$ref" in schema:
        target: Any = document(name)
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from _parts(name, target)
        return
    yield schema
    for part in schema.get("allOf", ()):
        yield from _parts(name, part)
