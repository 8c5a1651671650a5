"""The journal's raw rows, read by code that shares nothing with the journal."""

import hashlib
import json
from collections import Counter
from typing import Any


def chain_is_whole(rows: list[tuple[Any, ...]]) -> str:
    """I8: recompute the audit chain; empty when every link holds. Columns in the order of the table."""
    before = "0" * 64
    for number, (chain, seq, at, actor, kind, body, prev, own) in enumerate(rows, start=1):
        text = json.dumps([chain, seq, at, actor, kind, body], separators=(",", ":"))
        if seq != number or prev != before:
            return f"row {seq} does not follow row {number - 1}"
        if hashlib.sha256((before + text).encode()).hexdigest() != own:
            return f"row {seq} is not what its hash says"
        before = own
    return ""


def legs_as_told(rows: list[tuple[str, str]]) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """The last word on every leg, and how often each page was raised, from raw (kind, body) rows."""
    last: dict[str, dict[str, Any]] = {}
    pages: Counter[str] = Counter()
    for kind, text in rows:
        body = json.loads(text)
        if kind == "leg_moved":
            last[body["client_order_id"]] = body
            before, after = body["before"], body["after"]
            if after in ("lost", "stuck") and before != after:
                pages[f"due {after} order {body['client_order_id']}"] += 1
            elif before == "lost" and after != "never_arrived":
                pages[f"due late arrival {body['client_order_id']}"] += 1
        elif kind == "alarm" and body["name"] in ("lost order", "stuck order", "late arrival"):
            pages[f"told {body['name']} {body['scope']}"] += 1
    return last, pages
