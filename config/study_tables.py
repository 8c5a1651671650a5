"""The tables of studies: `[backtest]` and `[compare]`. The daemon reads and ignores them.

Private to this room.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from config.fields import Percent, Usd, choice, number, text, whole, wrong
from config.problems import quoted, shown
from config.rule_tables import RebalanceTable
from config.studies import BacktestSettings, CompareSettings
from config.tables import Table, key, percent
from portfolio.money import Money

MOST_OF_A_KEY = 50
MOST_COMBINATIONS = 1000
_BACKTEST, _COMPARE = BacktestSettings(), CompareSettings()
_PLACE = re.compile(r"(tcp|tls|ray)://[A-Za-z0-9.-]{1,253}:[0-9]{1,5}|auto")


def day(value: object) -> object:
    """A date as TOML has it, without quotes."""
    if type(value) is not date:
        wrong(
            f"{shown(value)} is not a date", "Write a date without quotes, for example 2007-10-01"
        )
    return value


def _grid(value: object) -> dict[str, list[object]]:
    known = RebalanceTable.model_fields
    if not isinstance(value, dict):
        wrong(f"{shown(value)} is no table", "Write [compare.grid] and lists below it")
    count = 1
    for name, choices in value.items():
        if name not in known:
            wrong(f"{shown(name)} is no key of [rebalance]", "Write one of " + quoted(tuple(known)))
        if not isinstance(choices, list) or not 0 < len(choices) <= MOST_OF_A_KEY:
            wrong(
                f"{name} is no list of 1 to {MOST_OF_A_KEY} values",
                f"Write the values to try, for example {name} = [3, 5, 10]",
            )
        count *= len(choices)
    if count > MOST_COMBINATIONS:
        wrong(
            f"the grid has {count} combinations", f"Write at most {MOST_COMBINATIONS} combinations"
        )
    return value


Day = Annotated[date, BeforeValidator(day)]
Spread = Annotated[Decimal, number(most=10, unit=" %")]
Address = Annotated[
    str, text("address of a cluster", lambda v: bool(_PLACE.fullmatch(v)), "tcp://127.0.0.1:8786")
]


def _month_day(words: str) -> bool:
    try:
        date.fromisoformat(f"2025-{words}")
    except ValueError:
        return False
    return True


MonthDay = Annotated[str, text("month and day", _month_day, "04-15")]


class BacktestTable(Table):
    """What `trimtab backtest`, `compare` and `trial` assume; their options win over it."""

    fill: Annotated[str, choice("next_close", "same_close")] = key(
        _BACKTEST.fill, "filled at the next session's close, or at the close that was seen"
    )
    start: Day | None = key(
        None, "the first session; left out, the first of the prices", date(1995, 1, 3)
    )
    end: Day | None = key(
        None, "the last session; left out, the last of the prices", date(2024, 12, 31)
    )
    cash_usd: Usd | None = key(
        None, "cash at the start; left out, what the accounts begin with", 100_000
    )
    monthly_usd: Annotated[Decimal, number(least=-(10**9), most=10**9, unit=" USD")] = key(
        _BACKTEST.monthly, "paid in each month; below zero it is taken out"
    )
    spread_percent: Spread | None = key(
        None, "ask minus bid; left out, the simulated market's", Decimal("0.04")
    )
    fee_per_order_usd: Usd | None = key(
        None, "fee of each order; left out, the simulated market's", 1
    )
    fee_percent: Spread | None = key(
        None, "fee of the money traded; left out, the simulated market's", Decimal("0.1")
    )
    interest_percent: Percent = key(_BACKTEST.interest_percent, "what cash earns a year")
    tax_paid_on: MonthDay = key(
        _BACKTEST.tax_paid_on,
        "with [taxes]: month and day on which a year's tax leaves, a year later",
    )
    short_gains_tax_percent: Percent = key(
        percent(_BACKTEST.short_gains_tax),
        "tax of gains held a year or less, where [taxes] gives no rates: told, not taken out",
    )
    long_gains_tax_percent: Percent = key(
        percent(_BACKTEST.long_gains_tax), "and of gains held longer"
    )


class CompareTable(Table):
    """How `trimtab compare` holds policies against each other."""

    paths: Annotated[int, whole(most=100_000)] = key(
        _COMPARE.paths, "histories drawn from the real one in blocks; 0 none"
    )
    path_years: Annotated[int, whole(least=1, most=100)] = key(
        _COMPARE.path_years, "their length, never more than the history's"
    )
    block_sessions: Annotated[int, whole(least=1, most=2600)] = key(
        _COMPARE.block_sessions, "average length of a block: what belongs together stays so"
    )
    seed: Annotated[int, whole(most=10**9)] = key(
        _COMPARE.seed, "the same seed draws the same paths"
    )
    interval_percent: Annotated[Decimal, number(least=1, most=99, unit=" %")] = key(
        percent(_COMPARE.interval), "of the paths lie within a stated range"
    )
    workers: Annotated[int, whole(most=4096)] = key(_COMPARE.workers, "processes; 0: every core")
    backend: Annotated[str, choice("loky", "threading", "sequential", "dask", "ray")] = key(
        _COMPARE.backend, "joblib's back end; dask and ray need their own package"
    )
    cluster: Address | None = key(
        None, "dask, ray: where the cluster is; left out, on this machine", "tcp://127.0.0.1:8786"
    )
    grid: Annotated[dict[str, list[object]], BeforeValidator(_grid)] = key(
        {}, "values of keys of [rebalance], each combination a policy, { band_points = [3, 5] }"
    )


def backtest_settings(table: BacktestTable) -> BacktestSettings:
    """The table in fractions."""

    def part(percents: Decimal | None) -> Decimal | None:
        return None if percents is None else percents.scaleb(-2)

    def usd(amount: Decimal | None) -> Money | None:
        return None if amount is None else Money(amount)

    return BacktestSettings(
        fill=table.fill,
        start=table.start,
        end=table.end,
        cash=usd(table.cash_usd),
        monthly=Money(table.monthly_usd),
        spread=part(table.spread_percent),
        fee_per_order=usd(table.fee_per_order_usd),
        fee_fraction=part(table.fee_percent),
        interest_percent=table.interest_percent,
        tax_paid_on=table.tax_paid_on,
        short_gains_tax=table.short_gains_tax_percent.scaleb(-2),
        long_gains_tax=table.long_gains_tax_percent.scaleb(-2),
    )


def compare_settings(table: CompareTable) -> CompareSettings:
    """The table in fractions."""
    return CompareSettings(
        paths=table.paths,
        path_years=table.path_years,
        block_sessions=table.block_sessions,
        seed=table.seed,
        interval=table.interval_percent.scaleb(-2),
        workers=table.workers,
        backend=table.backend,
        cluster=table.cluster,
        grid={name: tuple(values) for name, values in table.grid.items()},
    )
