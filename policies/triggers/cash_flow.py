"""The cash trigger: money above the cash slice buys, money below it is raised."""

from decimal import Decimal

from policies.book import Book
from policies.explain import money, percent
from policies.flows import large_deposits, sessions_waited, still_waits, withdrawal_pending
from portfolio.decisions import Gate
from portfolio.memory import CashFlow
from portfolio.money import ZERO, Money, total

DEPOSIT_ASKS = "large deposit"
"""The gate that the limits refer to a person."""


def new_cash(book: Book) -> Money:
    """Cash above the cash slice that accounts which can trade may spend now; zero or more.

    Money held elsewhere, waiting deposits and what open buys may take are not in it. An account's
    own shortage does not shrink another's money, the household's does.
    """
    here = total(Money(max(desk.spendable, ZERO)) for desk in book.desks)
    return Money(max(ZERO, min(here, book.cash - book.cash_goal)))


def shortage(book: Book) -> Money:
    """How far cash is under its slice; zero or more."""
    return Money(max(ZERO, book.cash_goal - book.cash))


def is_urgent(book: Book) -> bool:
    """Whether cash must be raised whatever the rest: it is negative, or a withdrawal is unanswered."""
    return book.cash < ZERO or withdrawal_pending(book.memory)


def ask_cash(book: Book) -> tuple[bool, bool, tuple[Gate, ...]]:
    """Whether there is cash to invest, whether cash is short, and the gates of both.

    New cash counts from the minimum trade on. Cash is short when it is negative, or under its slice
    by the minimum trade.
    """
    above, under, minimum = new_cash(book), shortage(book), book.minimum
    invests = above >= minimum
    raises = under >= minimum or book.cash < ZERO
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
    return invests, raises, (gate, *_deposits(book))


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
