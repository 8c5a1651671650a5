"""The settings of studies: what a backtest assumes, and how policies are compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from portfolio.money import ZERO, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestSettings:
    """What a backtest assumes. None leaves a figure to the simulated market, or says there is none.

    Fractions are fractions (a spread of 0.0004 is 0.04 %). `monthly` comes in, or negative goes out,
    in the first session of each month. The rates of tax are of gains realised, by their term;
    they are told where `[taxes]` gives none. `tax_paid_on` is a month and a day.
    """

    fill: str = "next_close"
    start: date | None = None
    end: date | None = None
    cash: Money | None = None
    monthly: Money = field(default=Money(ZERO))
    spread: Decimal | None = None
    fee_per_order: Money | None = None
    fee_fraction: Decimal | None = None
    interest_percent: Decimal = ZERO
    tax_paid_on: str = "04-15"
    short_gains_tax: Decimal = ZERO
    long_gains_tax: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareSettings:
    """How policies are compared: `paths` histories drawn from the real one in blocks of about
    `block_sessions`, each `path_years` long or as long as the history, from a seed.

    `interval` is the part of the paths that a range holds. `workers` 0 means every core. `grid` lists
    values for keys of `[rebalance]`; every combination is one policy.
    """

    paths: int = 100
    path_years: int = 10
    block_sessions: int = 60
    seed: int = 1
    interval: Decimal = Decimal("0.9")
    workers: int = 0
    backend: str = "loky"
    cluster: str | None = None
    grid: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
