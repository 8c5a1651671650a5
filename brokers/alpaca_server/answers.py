"""Answers and refusals. The sentences are Alpaca's own, word for word where they are known.

A code begins with the HTTP status it usually comes with; 40010001 is the exception: it comes with 422.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from brokers.alpaca_server.wire_text import id_of
from portfolio.canonical import decimal_text
from portfolio.money import finite
from portfolio.ports import Exists, Refused

Json = Mapping[str, object]

FORBIDDEN, UNPROCESSABLE, NOT_FOUND, INVALID = 40310000, 42210000, 40410000, 40010001


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status, a body as bytes, and headers beside the usual ones."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """What is answered instead: raised anywhere below a route."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(str(body.get("message")))
        self.status = status
        self.body = body

    def answer(self) -> Answer:
        """The refusal as it goes out."""
        return says(dict(sorted(self.body.items())), self.status)


def says(body: object, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(
        status=status,
        body=json.dumps(body, separators=(",", ":"), allow_nan=False).encode(),
        headers={"Content-Type": "application/json; charset=UTF-8"},
    )


def invalid(message: str) -> Refusal:
    """A parameter that is missing or cannot be understood."""
    return Refusal(422, {"code": INVALID, "message": message})


def unprocessable(message: str) -> Refusal:
    """A rule of orders that this one breaks."""
    return Refusal(422, {"code": UNPROCESSABLE, "message": message})


def forbidden(message: str, **more: object) -> Refusal:
    """What the account may not do."""
    return Refusal(403, {**more, "code": FORBIDDEN, "message": message})


def not_found(message: str) -> Refusal:
    """A thing that is not there."""
    return Refusal(404, {"code": NOT_FOUND, "message": message})


UNAUTHORIZED = Refusal(401, {"message": "unauthorized."})
TOO_MANY = Refusal(429, {"message": "too many requests."})
NO_ENDPOINT = Refusal(404, {"code": NOT_FOUND, "message": "endpoint not found."})
NOT_ALLOWED = Refusal(405, {"code": 40510000, "message": "method not allowed"})
BAD_BODY = Refusal(400, {"code": 40010000, "message": "request body format is invalid"})


_SHARES = re.compile(
    r"insufficient qty available for order \(requested: (?P<requested>[^,]*), available:"
    r" (?P<available>[^;]*); existing_qty: (?P<existing>[^,]*), held_for_orders: (?P<held>[^)]*)\)"
)
_POWER = re.compile(
    r"insufficient buying power \(buying_power: (?P<power>[^,]*), cost_basis: (?P<cost>[^)]*)\)"
)
_WASH = re.compile(r"(?P<text>potential wash .*) \(existing_order_id:\s*(?P<order>[^)]*)\)")


def exchange_refusal(outcome: Refused | Exists, symbol: str, related: list[str]) -> Refusal:
    """The exchange's refusal as Alpaca writes it: figures beside the sentence, not in it.

    `related` are the ids of the open orders that hold the shares.
    """
    if isinstance(outcome, Exists):
        return invalid("client_order_id must be unique")
    if found := _SHARES.fullmatch(outcome.message):
        if found["existing"] == "0":
            return forbidden("account is not allowed to short")
        return forbidden(
            f"insufficient qty available for order (requested: {found['requested']},"
            f" available: {found['available']})",
            available=found["available"],
            existing_qty=found["existing"],
            held_for_orders=found["held"],
            symbol=symbol,
            **({"related_orders": related} if related else {}),
        )
    if found := _POWER.fullmatch(outcome.message):
        return forbidden(
            "insufficient buying power",
            buying_power=decimal_text(finite(found["power"])),
            cost_basis=decimal_text(finite(found["cost"])),
        )
    if found := _WASH.fullmatch(outcome.message):
        return forbidden(
            found["text"],
            existing_order_id=id_of("order", found["order"]),
            reject_reason="opposite side market/stop order exists",
        )
    code = int(outcome.code)
    status = 422 if code == INVALID else code // 100_000
    return Refusal(status, {"code": code, "message": outcome.message})
