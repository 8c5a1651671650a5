"""The tables of taxes, harvesting, gifts and hedging; private to this room.

Every default is the one of the settings that `policies` owns.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from config.fields import (
    Flag,
    Percent,
    PercentAbove,
    Symbol,
    Usd,
    choice,
    number,
    whole,
    wrong,
)
from config.problems import shown
from config.tables import Table, key, percent
from policies.limit_rule import Limits
from policies.taxes.budgets import Budgets
from policies.taxes.gifts import GiftRule
from policies.taxes.harvest_rule import HarvestRule
from policies.taxes.planning_rule import Planner, PlanningRule
from policies.taxes.rates import FilingStatus

_HARVEST, _GIFTS, _BUDGETS, _PLANNING = HarvestRule(), GiftRule(), Budgets(), PlanningRule()
_LIMITS = Limits()


def _date(value: object) -> object:
    if type(value) is not date:
        wrong(
            f"{shown(value)} is not a date", "Write a date without quotes, for example 2026-01-02"
        )
    return value


Day = Annotated[date, BeforeValidator(_date)]
Signed = Annotated[Decimal, number(least=-(10**12), unit=" USD")]
Rate = Annotated[Decimal, number(most=60, unit=" %")]
Beta = Annotated[Decimal, number(least=-5, most=5)]


class TaxesTable(Table):
    """How gains are taxed: the year's brackets with your income, or three flat rates. No advice."""

    filing_status: Annotated[str, choice(*FilingStatus)] = key(
        FilingStatus.SINGLE.value, "how the household files"
    )
    ordinary_income_usd: Usd | None = key(
        None, "taxable ordinary income of the year, after deductions, without gains", 120_000
    )
    magi_usd: Usd | None = key(
        None, "modified adjusted gross income; left out, the ordinary income", 136_000
    )
    investment_income_usd: Usd = key(Decimal(0), "interest and dividends in it, for the 3.8 % tax")
    short_term_percent: Rate | None = key(
        None, "flat: on short-term gains, instead of brackets", 35
    )
    long_term_percent: Rate | None = key(None, "flat: on long-term gains", 15)
    ordinary_percent: Rate | None = key(None, "flat: what a deduction saves", 24)
    state_percent: Annotated[Decimal, number(most=20, unit=" %")] = key(
        Decimal(0), "added to every rate"
    )
    niit: Flag = key(False, "flat: true adds the 3.8 % net investment income tax")
    year: Annotated[int, whole(least=2000, most=2100)] | None = key(
        None, "the tax year for which the next four lines are", 2026
    )
    realised_short_usd: Signed = key(Decimal(0), "short-term gains elsewhere, losses below zero")
    realised_long_usd: Signed = key(Decimal(0), "long-term gains elsewhere, losses below zero")
    carried_short_usd: Usd = key(Decimal(0), "short-term loss carried in from the year before")
    carried_long_usd: Usd = key(Decimal(0), "long-term loss carried in from the year before")
    gain_budget_usd: Usd | None = key(
        None, "tell when the year's gains less losses come near this", 10_000
    )
    tax_budget_usd: Usd | None = key(None, "tell when the tax on them comes near this", 2_000)
    turnover_budget_percent: PercentAbove | None = key(
        None, "tell when the year's turnover, one way, comes near this much of the portfolio", 30
    )
    budget_warn_percent: PercentAbove = key(percent(_BUDGETS.warn_from), "near is this much of it")
    planner: Annotated[str, choice(*Planner)] = key(
        _PLANNING.planner.value,
        "who plans a rebalance: fast, exact (needs highspy), or off for no regard to tax",
    )
    exact_seconds: Annotated[int, whole(least=1, most=300)] = key(
        _PLANNING.exact_seconds, "what the exact planner may take before the fast one is used"
    )
    destination_edge_percent: Percent = key(
        percent(_PLANNING.edge), "of the band: beyond it drift is mended whatever the tax"
    )
    drift_price_percent: Annotated[Decimal, number(most=100, unit=" %")] = key(
        percent(_PLANNING.drift_price), "inside it a gain is realised only at less tax than this"
    )
    trading_cost_percent: Annotated[Decimal, number(most=5, unit=" %")] = key(
        percent(_PLANNING.trading_cost), "of what is bought or sold, for the planner"
    )
    deferral_credit_percent: Percent = key(
        percent(_PLANNING.deferral_credit), "of the tax on a gain, due later anyway"
    )
    long_term_only: Flag = key(
        _PLANNING.long_term_only, "true: no rebalance realises a short-term gain"
    )
    plan_gain_usd: Usd | None = key(None, "no plan realises more gain than this", 5_000)
    plan_turnover_percent: PercentAbove | None = key(
        None, "nor trades more of the portfolio, one way", 20
    )
    location_drag_percent: dict[Symbol, Annotated[Decimal, number(most=20, unit=" %")]] = key(
        {}, "yearly tax on what a symbol pays out in a taxable account, { BND = 1.4, VTI = 0.2 }"
    )
    location_years: Annotated[Decimal, number(most=50, unit=" years")] = key(
        _PLANNING.location_years, "how many years of it a move between accounts weighs"
    )


class HarvestTable(Table):
    """Losses taken for the tax, the money kept invested in a partner. Off until declared."""

    declared_all_accounts: Day | None = key(
        None,
        "on this day you said: every account of the household is listed; good for a year",
        date(2026, 1, 2),
    )
    min_loss_fund_percent: Percent = key(
        percent(_HARVEST.min_loss_fund), "of its value; a smaller loss of a fund waits"
    )
    min_loss_single_percent: Percent = key(
        percent(_HARVEST.min_loss_single), "the same for a single stock"
    )
    min_loss_usd: Usd = key(_HARVEST.min_loss, "and a loss below this is left")
    benefit_over_cost: Annotated[Decimal, number(least=1, most=1000)] = key(
        _HARVEST.benefit_over_cost, "the saving is at least so many times the cost of trading"
    )
    later_rate_percent: Rate | None = key(
        None, "tax on the later gain; left out, the long-term rate", 15
    )
    horizon_years: Annotated[int, whole(least=0, most=80)] = key(
        _HARVEST.horizon_years, "when that gain is thought to be taxed"
    )
    discount_percent: Annotated[Decimal, number(most=30, unit=" %")] = key(
        percent(_HARVEST.discount), "a year, for savings and taxes of later years"
    )
    step_up_percent: Percent = key(
        percent(_HARVEST.step_up), "the chance that it is never taxed: given away or inherited"
    )
    tracking_percent: Annotated[Decimal, number(most=5, unit=" %")] = key(
        percent(_HARVEST.tracking), "what a partner that tracks worse costs, of the value, once"
    )
    max_per_day: Annotated[int, whole(least=1, most=50)] = key(
        _HARVEST.max_per_day, "harvests in one plan"
    )
    max_day_percent: PercentAbove = key(
        percent(_LIMITS.max_harvest_fraction),
        "of equity, in one plan; more asks a person",
    )
    hold_cash: Flag = key(
        _HARVEST.hold_cash, "true sells without a partner and waits for day 31 in cash"
    )
    switch_back: Flag = key(
        _HARVEST.switch_back,
        "false keeps a partner for good; true goes back where no gain is taxed",
    )
    max_expense_gap_percent: Annotated[Decimal, number(most=5, unit=" %")] = key(
        percent(_HARVEST.max_expense_gap), "a partner costs at most this much more a year"
    )
    min_correlation: Annotated[Decimal, number(most=1)] = key(
        _HARVEST.min_correlation, "and moves alike, where correlations are given below"
    )
    partners: dict[Symbol, list[Symbol]] = key(
        {}, 'instead of the shipped list, first choice first, { VTI = ["SCHB", "ITOT"] }'
    )
    expenses_percent: dict[Symbol, Annotated[Decimal, number(most=10, unit=" %")]] = key(
        {}, "what funds cost a year, { VTI = 0.03, SCHB = 0.03 }"
    )
    correlations: dict[Symbol, Annotated[Decimal, number(least=-1, most=1)]] = key(
        {}, "of a partner with what it stands in for, { SCHB = 0.99 }"
    )


class GiftsTable(Table):
    """Shares for charity, suggested and never sent."""

    adjusted_gross_income_usd: Usd | None = key(
        None, "for the limits of what may be deducted", 200_000
    )
    itemises: Flag = key(True, "false: the standard deduction, which deducts no shares")
    marginal_percent: Rate = key(Decimal(0), "what a dollar of deduction saves, before its limits")
    carried_gifts_usd: Usd = key(Decimal(0), "shares given in earlier years, not deducted yet")
    valid_days: Annotated[int, whole(least=1, most=60)] = key(
        _GIFTS.valid_days, "a suggestion lapses after this"
    )
    max_price_move_percent: PercentAbove = key(
        percent(_GIFTS.max_price_move), "or when a price moved by this"
    )


class HedgeTable(Table):
    """Advice on hedging, by `trimtab hedge`. Nothing of it is ever traded."""

    enabled: Flag = key(False, "true lets `trimtab hedge` advise")
    betas: dict[Symbol, Beta] = key(
        {}, "how holdings move with the underlying; others are not hedged, { VTI = 1.0 }"
    )
    protect_percent: PercentAbove = key(Decimal(50), "how much of the exposure to protect")
    strike_percent: Annotated[Decimal, number(least=50, most=120, unit=" %")] = key(
        Decimal(95), "the put's strike, of the underlying's price"
    )
    months: Annotated[int, whole(least=1, most=36)] = key(3, "how long the put runs")
    max_premium_percent: PercentAbove = key(
        Decimal(1), "of the portfolio a year; a dearer hedge is said to be over budget"
    )
