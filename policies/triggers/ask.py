"""Asking everything that can call for a trade, in one pass, and saying what it calls for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from policies.book import Book
from policies.conditions import Leaf, Rested, leaves_of
from policies.triggers.algebra import (
    Answer,
    Assumed,
    firing_rule,
    join,
    lacking,
    needed_improvement,
)
from policies.triggers.asking import ask_leaves, gates_of
from policies.triggers.cash_flow import ask_cash, is_urgent
from policies.triggers.moments import moment_of
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

    `must` calls are planned whatever the improvement: cash is owed. Others must remove
    `min_improvement` of the drift.
    """

    aim: Aim
    reason: str
    breached: tuple[str, ...] = ()
    must: bool = False
    min_improvement: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Every gate that was asked, and the calls that follow, the first to be tried first."""

    gates: tuple[Gate, ...]
    calls: tuple[Call, ...]
    wanted: bool = False
    """Whether a rebalance would be called if every rest and blackout were over."""


def ask_triggers(book: Book) -> Asked:
    """Ask the tree of conditions, then cash.

    A tree without a rest of its own waits for the policy's, and so does filling the cash slice by
    sales unless cash is owed. Investing new cash sells nothing and never waits. Where sales are not
    allowed, a rebalance is what new cash can buy.
    """
    policy, tree = book.policy, firing_rule(book.policy)
    moment = moment_of(book)
    known = ask_leaves(tree, book, moment)
    fired = join(tree, known, Assumed())
    wanted = join(tree, known, Assumed(waits_over=True)).passed
    invests, raises, cash_gates = ask_cash(book)
    sells = _sells_gate(book)
    rested = next(known[leaf].passed for leaf in leaves_of(tree) if isinstance(leaf, Rested))
    calls: list[Call] = []
    if fired.passed and sells.passed and policy.buys_allowed:
        least = needed_improvement(tree, known)
        reason = fired.cause or "every condition holds"
        call = Call(aim=Aim.REBALANCE, reason=reason, breached=fired.breached)
        calls.append(replace(call, min_improvement=least))
    if invests and policy.buys_allowed:
        calls.append(
            Call(aim=Aim.INVEST, reason=cash_gates[0].text, min_improvement=policy.min_improvement)
        )
    owed = is_urgent(book)
    if raises and sells.passed and (rested or owed):
        call = Call(
            aim=Aim.RAISE,
            reason=cash_gates[0].text,
            must=owed,
            min_improvement=policy.min_improvement,
        )
        # Money that a person takes out looks like drift; once it is raised the bands are asked afresh.
        calls = [call, *calls] if book.owed else [*calls, call]
    gates = (*gates_of(tree, known), *_fire_gate(book, known), *cash_gates, sells)
    return Asked(gates=gates, calls=tuple(calls), wanted=wanted)


def _fire_gate(book: Book, known: Mapping[Leaf, Answer]) -> tuple[Gate, ...]:
    """For a tree that the user wrote: whether it holds, else what it lacks."""
    tree = book.policy.fire
    if tree is None:
        return ()
    lacks = lacking(tree, known)
    text = f"the conditions do not hold: lacking {lacks}" if lacks else "the conditions hold"
    return (Gate(name="fire", passed=not lacks, text=text),)


def _sells_gate(book: Book) -> Gate:
    allowed = book.policy.sells_allowed
    text = "sales are allowed" if allowed else "sales are not allowed: only new cash is invested"
    if not book.policy.buys_allowed:
        text = "purchases are not allowed: only cash that is short is raised"
    return Gate(name="sales", passed=allowed, text=text)


def aim_of(gates: tuple[Gate, ...]) -> Aim | None:
    """The aim of a proposal, from its gates: that of the last plan that had orders; None for a hold."""
    sized = [gate for gate in gates if gate.name == "size" and gate.passed]
    return Aim(sized[-1].scope) if sized else None
