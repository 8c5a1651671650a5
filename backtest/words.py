"""The figures of a backtest for a person and for a program."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from enum import StrEnum

from backtest.metrics import Figures, Result
from backtest.setup import Fill
from portfolio.decisions import Decision, Hold
from portfolio.drift import Block

_FILL_WORDS = {
    Fill.NEXT_CLOSE: "decided at one close, filled at the next session's",
    Fill.SAME_CLOSE: "decided and filled at the same close",
}


def as_json(figures: Figures) -> dict[str, object]:
    """Every figure by name; days as text, fractions and money as numbers, unrounded."""
    found: dict[str, object] = {}
    for field in fields(figures):
        value = getattr(figures, field.name)
        if isinstance(value, StrEnum):
            value = value.value
        found[field.name] = value.isoformat() if isinstance(value, date) else value
    return found


def fill_words(fill: Fill) -> str:
    """The fill convention in a sentence."""
    return _FILL_WORDS[fill]


def percent(fraction: float | None, places: int = 2) -> str:
    """A fraction as a percentage.

    >>> percent(0.0845)
    '8.45 %'
    """
    return "not known" if fraction is None else f"{fraction * 100:.{places}f} %"


def target_words(fractions: Block) -> str:
    """A target or a width over the sessions (T,): one figure, or the least and the most of it.

    >>> import numpy as np
    >>> target_words(np.array([0.6, 0.6])), target_words(np.array([0.6, 0.4, 0.5]))
    ('60.0 %', '40.0 % to 60.0 %')
    """
    least, most = percent(float(fractions.min()), 1), percent(float(fractions.max()), 1)
    return least if least == most else f"{least} to {most}"


def money(amount: float) -> str:
    """An amount to the cent, with thousands marked."""
    return f"{amount:,.2f} USD"


def rows_of(figures: Figures) -> tuple[tuple[str, str], ...]:
    """Each figure with its name in words, in the order a reader wants them."""
    f = figures
    return (
        ("period", f"{f.first_session} to {f.last_session}, {f.sessions:,} sessions"),
        ("fills", fill_words(f.fill_convention)),
        ("initial value", money(f.initial_value)),
        ("paid in", money(f.paid_in)),
        ("final value", money(f.final_value)),
        ("return", f"{percent(f.return_per_year)} a year, {percent(f.total_return)} in all"),
        ("money-weighted", f"{percent(f.money_weighted_return)} a year"),
        ("volatility", f"{percent(f.volatility_per_year)} a year"),
        ("worst drawdown", percent(f.max_drawdown)),
        ("rebalances", f"{f.rebalances:,}"),
        ("cash invested", f"{f.cash_runs:,} times, without a rebalance"),
        ("orders", f"{f.orders:,}"),
        ("turnover", f"{percent(f.turnover_per_year)} a year"),
        ("average drift", percent(f.average_drift)),
        ("worst drift", percent(f.worst_drift)),
        ("costs", money(f.cost)),
        ("income", money(f.income)),
        *_tax_rows(f),
    )


def _tax_rows(f: Figures) -> tuple[tuple[str, str], ...]:
    known = (
        ("tax paid", f.tax_paid),
        ("tax owed", f.tax_owed),
        ("deducted", f.tax_deducted),
        ("after tax", f.after_tax_value),
        ("if sold", f.liquidation_value),
    )
    return tuple((name, money(amount)) for name, amount in known if amount is not None)


def lines(result: Result) -> Iterator[str]:
    """The figures as text, a line each."""
    for name, text in rows_of(result.figures):
        yield f"{name:<16} {text}"


def decision_words(decision: Decision) -> str:
    """A decision in a sentence."""
    if isinstance(decision, Hold):
        return f"nothing: {decision.reason}"
    return f"trade: {decision.reason}"


def orders_words(decision: Decision, most: int = 8) -> str:
    """The orders of a decision, the largest first, in whole money."""
    if isinstance(decision, Hold):
        return "none"
    legs = sorted(decision.legs, key=lambda leg: -leg.value)
    shown = ", ".join(
        f"{leg.intent.side.value} {leg.intent.symbol} {leg.value:,.0f}" for leg in legs[:most]
    )
    return shown + (f" and {len(legs) - most} more" if len(legs) > most else "")
