"""Asking everything that can call for a trade, in one pass, and saying what it calls for."""

from dataclasses import dataclass
from enum import StrEnum

from policies.book import Book
from policies.triggers.bands import ask_bands
from policies.triggers.calendar import ask_calendar
from policies.triggers.cash_flow import ask_cash, is_urgent
from policies.triggers.rest import ask_rest
from portfolio.decisions import Gate
from portfolio.money import ZERO


class Aim(StrEnum):
    """What a plan is for: towards the target, spend new cash without a sale, or raise cash."""

    REBALANCE = "rebalance"
    INVEST = "invest"
    RAISE = "raise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing to try, and why in words. `breached` are the slices whose bands fired.

    `must` calls are planned whatever the improvement: cash is owed.
    """

    aim: Aim
    reason: str
    breached: tuple[str, ...] = ()
    must: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Every gate that was asked, and the calls that follow, the first to be tried first."""

    gates: tuple[Gate, ...]
    calls: tuple[Call, ...]


def ask_triggers(book: Book) -> Asked:
    """Ask bands, calendar, cash and rest.

    Bands and dates wait for the rest to end, and so does filling the cash slice by sales unless cash
    is owed. Investing new cash sells nothing and never waits. Where sales are not allowed, a
    rebalance is what new cash can buy.
    """
    breached, band_gates = ask_bands(book)
    due, calendar_gates = ask_calendar(book)
    invests, raises, cash_gates = ask_cash(book)
    rest = ask_rest(book)
    sells = _sells_gate(book)
    may_sell = sells.passed and rest.passed
    calls: list[Call] = []
    if (breached or due) and may_sell:
        reason = _band_reason(band_gates) or due
        calls.append(Call(aim=Aim.REBALANCE, reason=reason, breached=breached))
    if invests:
        calls.append(Call(aim=Aim.INVEST, reason=cash_gates[0].text))
    owed = is_urgent(book)
    if raises and sells.passed and (rest.passed or owed):
        calls.append(Call(aim=Aim.RAISE, reason=cash_gates[0].text, must=owed))
    gates = (*band_gates, *calendar_gates, *cash_gates, rest, sells)
    return Asked(gates=gates, calls=tuple(calls))


def _band_reason(gates: tuple[Gate, ...]) -> str:
    fired = [gate for gate in gates if gate.passed]
    worst = max(fired, key=lambda gate: abs(gate.margin or ZERO), default=None)
    if worst is None:
        return ""
    more = f" (and {len(fired) - 1} more)" if len(fired) > 1 else ""
    return f"{worst.text}{more}"


def _sells_gate(book: Book) -> Gate:
    allowed = book.policy.sells_allowed
    text = "sales are allowed" if allowed else "sales are not allowed: only new cash is invested"
    return Gate(name="sales", passed=allowed, text=text)
