"""The cash trigger: money above the cash slice buys, money below it is raised."""

from datetime import date, timedelta
from decimal import Decimal

from policies.book import Book
from policies.explain import money, percent
from policies.flows import (
    held_cash,
    large_deposits,
    raises_at_once,
    sessions_waited,
    still_waits,
    withdrawal_pending,
)
from policies.policy import CashAction, Withdrawing
from portfolio.decisions import Gate
from portfolio.memory import CashFlow
from portfolio.money import ZERO, Money, total

DEPOSIT_ASKS = "large deposit"
PERSON_ASKED = (DEPOSIT_ASKS, "income asks", "withdrawal asks")
"""The gates that the limits refer to a person."""


def new_cash(book: Book) -> Money:
    """Cash above the cash slice that accounts which can trade may spend now; zero or more.

    Money held elsewhere, waiting deposits and what open buys may take are not in it. An account's
    own shortage does not shrink another's money, the household's does.
    """
    here = total(Money(max(desk.spendable, ZERO)) for desk in book.desks)
    return Money(max(ZERO, min(here, book.cash - book.cash_goal)))


def investable(book: Book) -> Money:
    """New cash without what is held for the next rebalance; zero or more."""
    return Money(max(ZERO, new_cash(book) - held_cash(book.memory, book.policy.deposits)))


def shortage(book: Book) -> Money:
    """How far cash is under its slice, or under what accounts owe a person; zero or more."""
    return Money(max(ZERO, book.cash_goal - book.cash, total(book.owed.values())))


def is_urgent(book: Book) -> bool:
    """Whether cash must be raised whatever the rest: it is negative, owed to a person who announced
    it, or a withdrawal is unanswered and the policy does not let it wait.
    """
    pending = withdrawal_pending(book.memory) and raises_at_once(book.policy)
    return book.cash < ZERO or bool(book.owed) or pending


def ask_cash(book: Book) -> tuple[bool, bool, tuple[Gate, ...]]:
    """Whether there is cash to invest, whether cash is short, and the gates of both.

    New cash counts from the minimum trade on. Cash is short when it is negative, or under its slice
    by the minimum trade.
    """
    above, under, minimum = investable(book), shortage(book), book.minimum
    invests = above >= minimum
    raises = under >= minimum or book.cash < ZERO or bool(book.owed)
    if under > ZERO:
        text = f"cash {money(under)} under its slice, raised from {money(minimum)} on"
    else:
        text = f"cash {money(above)} above its slice, invested from {money(minimum)} on"
    value = -under if under > ZERO else above
    gate = Gate(
        name="cash",
        passed=invests or raises,
        value=value,
        level=minimum,
        margin=minimum - abs(value),
        unit="USD",
        text=text,
    )
    return invests, raises, (gate, *_deposits(book), *_held(book), *_asked(book), *_reserved(book))


def _deposits(book: Book) -> tuple[Gate, ...]:
    rule, memory = book.policy.deposits, book.memory
    waiting = [flow for flow in memory.flows if still_waits(flow, rule, memory)]
    large = large_deposits(book.managed, rule, memory)
    return (
        *(_waits(book, flow) for flow in waiting),
        *(_asks(book, flow) for flow in large),
    )


def _waits(book: Book, flow: CashFlow) -> Gate:
    waited, level = sessions_waited(flow, book.memory), book.policy.deposits.wait_sessions
    return Gate(
        name="deposit",
        passed=False,
        scope=flow.flow_id,
        value=Decimal(waited),
        level=Decimal(level),
        margin=Decimal(level - waited),
        unit="sessions",
        next_possible=_session_after(book, level - waited),
        text=(
            f"deposit of {money(flow.amount)} of {flow.day} has waited {waited} of {level} sessions "
            "and is not counted yet"
        ),
    )


def _asks(book: Book, flow: CashFlow) -> Gate:
    part, level = flow.amount / book.managed, book.policy.deposits.ask_above
    return Gate(
        name=DEPOSIT_ASKS,
        passed=False,
        scope=flow.flow_id,
        value=part * 100,
        level=level * 100,
        margin=(level - part) * 100,
        unit="percent",
        text=(
            f"deposit of {money(flow.amount)} is {percent(part)} of the portfolio, "
            f"above {percent(level)} a person is asked"
        ),
    )


def _session_after(book: Book, sessions: int) -> date | None:
    coming = book.memory.coming_sessions
    return coming[sessions - 1] if 0 < sessions <= len(coming) else None


def _held(book: Book) -> tuple[Gate, ...]:
    held = held_cash(book.memory, book.policy.deposits)
    if held <= ZERO:
        return ()
    text = f"{money(held)} of new cash is held until the next rebalance"
    return (Gate(name="held cash", passed=False, value=held, unit="USD", text=text),)


def _asked(book: Book) -> tuple[Gate, ...]:
    """Income and withdrawals about which the policy asks a person."""
    policy, memory = book.policy, book.memory
    gates = []
    if policy.deposits.income is CashAction.ASK and memory.income >= book.minimum:
        text = f"{money(memory.income)} of dividends and interest asks a person first"
        gates.append(Gate(name="income asks", passed=False, value=memory.income, text=text))
    if policy.withdrawals.action is Withdrawing.ASK and (withdrawal_pending(memory) or book.owed):
        text = "money is taken out, and a person is asked before anything is sold for it"
        gates.append(Gate(name="withdrawal asks", passed=False, text=text))
    return tuple(gates)


def _reserved(book: Book) -> tuple[Gate, ...]:
    """What is kept for a person, and what is still missing of it."""
    return tuple(
        Gate(
            name="reserved",
            passed=book.owed.get(wish.account, ZERO) > ZERO,
            scope=wish.account,
            value=wish.amount,
            level=book.owed.get(wish.account, Money(ZERO)),
            unit="USD",
            text=(
                f"{money(wish.amount)} kept in {wish.account} for {wish.by}, "
                f"{money(book.owed.get(wish.account, ZERO))} still to be raised"
            ),
            next_possible=wish.by - timedelta(days=book.policy.withdrawals.begins_days_before),
        )
        for wish in book.memory.reserved
    )
