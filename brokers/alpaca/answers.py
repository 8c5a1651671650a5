"""What came back, and what it means: for a read that found nothing, and for an order that was sent.

The table for orders is section B3 of the order protocol as far as one exchange can tell; that a
refusal of a second send proves nothing is the executor's to know. Alpaca's codes are judged by their
message: 40310000 and 40010001 each stand for many things.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from brokers.alpaca import wire
from portfolio.ports import (
    Accepted,
    Ambiguous,
    CredentialsRefused,
    Deferred,
    Exists,
    NotSent,
    Refused,
    SubmitOutcome,
    Unavailable,
)

NOT_FOUND = "40410000"
WHEN_NOT_TOLD = timedelta(seconds=61)
"""How long to stay away after a 429 that names no time: Alpaca counts by the minute."""

_DUPLICATE = re.compile(r"client[\s_-]?order[\s_-]?id must be unique", re.IGNORECASE)
_REFUSES_ACCOUNT = re.compile(
    r"rejected by user request|not authorized|unauthorized|forbidden|"
    r"(account|trading|trades?)( is| are| has been| have been)?( currently)? "
    r"(blocked|restricted|suspended|closed|disabled|inactive)|not active",
    re.IGNORECASE,
)
_DEFINITE = frozenset({400, 401, 403, 404, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A 2xx whose body was read; `body` is None when it was empty."""

    body: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An exchange without a value: how far it got and what came back, free of secrets.

    `sent` is False only when certainly no byte of the request left. `status` is None when no answer
    came; `error` is the answer's JSON object, if it was one. `retry_at` comes with a 429.
    """

    request: str
    problem: str
    sent: bool = True
    status: int | None = None
    error: Mapping[str, object] | None = None
    retry_at: datetime | None = None

    @property
    def code(self) -> str:
        """Alpaca's error code, else the HTTP status."""
        code = (self.error or {}).get("code")
        return str(self.status) if code is None else str(code)

    @property
    def may_pass(self) -> bool:
        """Whether the same question may well be answered a moment later."""
        return self.status is None or self.status in (408, 429) or self.status >= 500

    def __str__(self) -> str:
        answered = "" if self.status is None else f" answered {self.status}"
        return f"Alpaca: {self.request}{answered}: {self.problem}"


def is_not_found(failed: Failed) -> bool:
    """Whether Alpaca itself says that there is no such thing; a proxy's 404 proves nothing."""
    return failed.status == 404 and failed.code == NOT_FOUND


def read_refusal(failed: Failed, *, of_market_data: bool = False) -> Exception:
    """What a read raises. A 403 of market data is about the data plan, not about the keys."""
    if failed.status == 403 and of_market_data:
        return Unavailable(
            f"{failed}. The account's data plan does not include this: set its feed to iex"
        )
    if failed.status in (401, 403) and (failed.status == 401 or failed.error is not None):
        return CredentialsRefused(
            f"{failed}. Check that the key file holds current keys of this very account: paper and "
            "live have their own, and resetting a paper account ends its keys"
        )
    return Unavailable(str(failed))


def submit_outcome(answer: Answered | Failed, client_order_id: str) -> SubmitOutcome:
    """What one send of an order came to, judged by this answer alone."""
    if isinstance(answer, Answered):
        return _accepted(answer.body, client_order_id)
    if not answer.sent:
        return NotSent(message=str(answer))
    if answer.status == 429 and answer.retry_at is not None:
        return Deferred(retry_at=answer.retry_at)
    if answer.error is not None and answer.status in {*_DEFINITE, 409}:
        if _DUPLICATE.search(answer.problem):
            return Exists(message=str(answer))
        if answer.status in _DEFINITE:
            return Refused(
                code=answer.code, message=answer.problem, halts=_stops_all_trading(answer)
            )
    return Ambiguous(message=str(answer))


def cancel_reply(answer: Answered | Failed) -> str:
    """ "" when the request was taken, else why not. Raises `Unavailable` when nobody knows."""
    if isinstance(answer, Answered) or (answer.status is not None and answer.status // 100 == 2):
        return ""
    if answer.error is not None and answer.status in {*_DEFINITE, 409}:
        return f"{answer.code}: {answer.problem}"
    raise Unavailable(str(answer))


def _accepted(body: object, client_order_id: str) -> SubmitOutcome:
    try:
        order = wire.order(wire.row("order", body))
    except ValueError as problem:
        return Ambiguous(message=f"Alpaca took the order but its answer is unreadable: {problem}")
    if order.client_order_id != client_order_id:
        return Ambiguous(message=f"Alpaca answered with another order, {order.client_order_id!r}")
    return Accepted(order=order)


def _stops_all_trading(failed: Failed) -> bool:
    """Keys refused, or the account as a whole: 40310000 alone only says that this order is not."""
    if failed.status == 401:
        return True
    names_no_code = "code" not in (failed.error or {})
    return failed.status == 403 and (
        names_no_code or _REFUSES_ACCOUNT.search(failed.problem) is not None
    )
