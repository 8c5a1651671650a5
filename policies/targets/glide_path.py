"""Glide paths: the share of growth assets as a straight line between nodes of years to a date.

The default path is that of US target-date funds as read in a 2024 prospectus (90 % until 25 years
before the date, 50 % at it, 30 % from seven years after it on); the 90, 25 and 50 are estimates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from portfolio.drift import Block

DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """So many years before the date (negative: after it), this share of growth assets, a fraction."""

    years: Decimal
    growth: Decimal


def _node(years: str, growth: str) -> Node:
    return Node(years=Decimal(years), growth=Decimal(growth))


TARGET_DATE_PATH = (
    _node("25", "0.90"),
    _node("15.25", "0.765"),
    _node("10.25", "0.69"),
    _node("5.25", "0.615"),
    _node("0", "0.50"),
    _node("-7", "0.30"),
)


def growth_shares(nodes: Sequence[Node], years: Block) -> Block:
    """The growth share (T,) for years to the date (T,), linear between nodes, flat outside them.

    Nodes may stand in any order. Raises `ValueError` without nodes or with two for the same year.
    """
    if not nodes:
        raise ValueError("a glide path needs at least one node")
    ordered = sorted(nodes, key=lambda node: node.years)
    at = [float(node.years) for node in ordered]
    if len(set(at)) < len(at):
        raise ValueError("a glide path has two nodes for the same number of years")
    shares: Block = np.interp(years, at, [float(node.growth) for node in ordered])
    return shares


def years_between(day: date, until: date) -> float:
    """Years from a day to a date; negative after it.

    >>> years_between(date(2026, 1, 1), date(2027, 1, 1)) < 1
    True
    """
    return (until - day).days / DAYS_PER_YEAR


def growth_on(nodes: Sequence[Node], until: date, days: Sequence[date]) -> Block:
    """The growth share (T,) on each of the days (T,)."""
    return growth_shares(nodes, np.array([years_between(day, until) for day in days]))


def in_steps(shares: Block, step: float) -> Block:
    """Shares (T,) on the nearest multiple of `step` (0.01: a point), so that a target seldom moves.

    A step of zero leaves them as they are. Halves go to the even multiple.
    """
    return shares if step <= 0 else np.asarray(np.round(shares / step) * step, dtype=np.float64)


def age_rule(age: int, base: int = 110) -> Decimal:
    """The rule of thumb "base minus age" as a fraction, within 0 and 1.

    >>> age_rule(35)
    Decimal('0.75')
    """
    return Decimal(min(100, max(0, base - age))) / 100
