"""The tables of taxes and harvesting into the settings of the rooms, and what does not fit in them."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING

from config.tax_tables import GiftsTable, HarvestTable, TaxesTable
from config.tax_years import tax_tables
from policies.taxes.budgets import Budgets
from policies.taxes.gifts import GiftRule
from policies.taxes.harvest_rule import HarvestRule, PartnerFund
from policies.taxes.household import HouseholdTaxes
from policies.taxes.netting import CapitalResult
from policies.taxes.planning_rule import Planner, PlanningRule
from policies.taxes.rates import FilingStatus, FlatRates, Income, IncomeRates, TaxRates
from portfolio.money import Money, Weight
from portfolio.target import Slice

if TYPE_CHECKING:
    from config.models import Document
    from config.places import Path

_FLAT = {"short_term_percent": 35, "long_term_percent": 15, "ordinary_percent": 24}
"""The flat rates, each with an example."""


_RATES_OF_STUDIES = {"short_gains_tax_percent", "long_gains_tax_percent"}


def check_taxes(document: "Document") -> "Iterator[tuple[Path, str, str]]":
    """Brackets or flat rates, all three of them; a year for what was typed in; rates for harvests."""
    table = document.taxes
    flat = [name for name in _FLAT if getattr(table, name) is not None]
    if flat and table.ordinary_income_usd is not None:
        yield (
            ("taxes", flat[0]),
            "the flat rates and ordinary_income_usd exclude each other",
            "Keep the three flat rates, or the income with the year's brackets",
        )
    elif flat and len(flat) < len(_FLAT):
        missing = [name for name in _FLAT if name not in flat]
        verb = "is" if len(missing) == 1 else "are"
        yield (
            ("taxes", flat[0]),
            f"{' and '.join(missing)} {verb} missing beside it",
            f"Add {' and '.join(f'{name} = {_FLAT[name]}' for name in missing)}, or your own rates",
        )
    typed = [
        name
        for name in (
            "realised_short_usd",
            "realised_long_usd",
            "carried_short_usd",
            "carried_long_usd",
        )
        if getattr(table, name)
    ]
    if typed and table.year is None:
        yield ("taxes", typed[0]), "it does not say for which tax year", "Add year = 2026"
    if table.planner == Planner.EXACT and not _has_solver():
        yield (
            ("taxes", "planner"),
            "the exact planner needs highspy, which is not installed",
            'Install trimtab with [exact], or write planner = "fast"',
        )
    twice = _RATES_OF_STUDIES & document.backtest.model_fields_set
    for name in sorted(twice) if _has_rates(table) else ():
        yield (
            ("backtest", name),
            "[taxes] gives the rates of backtests too",
            "Remove it: one place for rates",
        )
    if document.harvest.declared_all_accounts is not None and not _has_rates(table):
        yield (
            ("harvest", "declared_all_accounts"),
            "a loss has no worth without tax rates",
            "Add ordinary_income_usd, or the three flat rates, under [taxes]",
        )


def _has_solver() -> bool:
    return find_spec("highspy") is not None


def _has_rates(table: TaxesTable) -> bool:
    return table.ordinary_income_usd is not None or table.short_term_percent is not None


def household_taxes(table: TaxesTable) -> HouseholdTaxes | None:
    """The household's taxes; None when no rates are given, and then nothing is said of taxes."""
    rates = tax_rates(table)
    if rates is None:
        return None
    return HouseholdTaxes(
        rates=rates,
        typed_year=table.year,
        typed=CapitalResult(
            short=Money(table.realised_short_usd),
            long=Money(table.realised_long_usd),
            carried_short=Money(table.carried_short_usd),
            carried_long=Money(table.carried_long_usd),
        ),
        budgets=Budgets(
            gains=None if table.gain_budget_usd is None else Money(table.gain_budget_usd),
            tax=None if table.tax_budget_usd is None else Money(table.tax_budget_usd),
            turnover=(
                None
                if table.turnover_budget_percent is None
                else _part(table.turnover_budget_percent)
            ),
            warn_from=_part(table.budget_warn_percent),
        ),
    )


def planning_rule(table: TaxesTable) -> PlanningRule:
    """How a rebalance weighs taxes against drift."""
    turnover = table.plan_turnover_percent
    return PlanningRule(
        planner=Planner(table.planner),
        drift_price=_part(table.drift_price_percent),
        edge=_part(table.destination_edge_percent),
        trading_cost=_part(table.trading_cost_percent),
        deferral_credit=_part(table.deferral_credit_percent),
        long_term_only=table.long_term_only,
        most_gain=None if table.plan_gain_usd is None else Money(table.plan_gain_usd),
        most_turnover=None if turnover is None else Weight(_part(turnover)),
        exact_seconds=table.exact_seconds,
        location_drag={s: _part(drag) for s, drag in sorted(table.location_drag_percent.items())},
        location_years=table.location_years,
    )


def tax_rates(table: TaxesTable) -> TaxRates | None:
    """Flat rates, or every year's brackets with the income; None when neither is given."""
    status = FilingStatus(table.filing_status)
    federal: FlatRates | IncomeRates
    if table.ordinary_income_usd is not None:
        magi = table.ordinary_income_usd if table.magi_usd is None else table.magi_usd
        income = Income(
            ordinary=Money(table.ordinary_income_usd),
            magi=Money(magi),
            investment=Money(table.investment_income_usd),
        )
        federal = IncomeRates(tables=tax_tables(status), income=income)
    elif (
        table.short_term_percent is not None
        and table.long_term_percent is not None
        and table.ordinary_percent is not None
    ):
        federal = FlatRates(
            short=_part(table.short_term_percent),
            long=_part(table.long_term_percent),
            ordinary=_part(table.ordinary_percent),
        )
    else:
        return None
    return TaxRates(
        federal=federal, status=status, state=_part(table.state_percent), niit=table.niit
    )


def harvest_rule(table: HarvestTable) -> HarvestRule:
    """The rule of harvesting; once it is declared, with the shipped partners behind those typed in."""
    shipped = {} if table.declared_all_accounts is None else shipped_partners()
    expenses = {symbol: _part(cost) for symbol, cost in table.expenses_percent.items()}
    return HarvestRule(
        declared_on=table.declared_all_accounts,
        min_loss_fund=_part(table.min_loss_fund_percent),
        min_loss_single=_part(table.min_loss_single_percent),
        min_loss=Money(table.min_loss_usd),
        benefit_over_cost=table.benefit_over_cost,
        later_rate=None if table.later_rate_percent is None else _part(table.later_rate_percent),
        horizon_years=table.horizon_years,
        discount=_part(table.discount_percent),
        step_up=_part(table.step_up_percent),
        tracking=_part(table.tracking_percent),
        max_per_day=table.max_per_day,
        hold_cash=table.hold_cash,
        switch_back=table.switch_back,
        max_expense_gap=_part(table.max_expense_gap_percent),
        min_correlation=table.min_correlation,
        expenses=expenses,
        partners={
            symbol: tuple(
                PartnerFund(
                    symbol=partner,
                    expense=expenses.get(partner),
                    correlation=table.correlations.get(partner),
                )
                for partner in partners
            )
            for symbol, partners in {**shipped, **table.partners}.items()
        },
    )


def with_shipped_partners(rule: HarvestRule) -> HarvestRule:
    """The rule with the shipped list behind what is typed in, for a household not declared yet."""
    shipped = {
        symbol: tuple(
            PartnerFund(symbol=partner, expense=rule.expenses.get(partner)) for partner in partners
        )
        for symbol, partners in shipped_partners().items()
    }
    return replace(rule, partners={**shipped, **rule.partners})


def shipped_partners() -> dict[str, list[str]]:
    """The list of `harvest_partners.csv`, read both ways: what stands in may be stood in for."""
    text = files("config").joinpath("harvest_partners.csv").read_text(encoding="utf-8")
    partners: dict[str, list[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        for one, other in ((row["symbol"], row["partner"]), (row["partner"], row["symbol"])):
            known = partners.setdefault(one, [])
            if other not in known:
                known.append(other)
    return partners


def with_partners(slices: Sequence[Slice], rule: HarvestRule) -> list[Slice]:
    """Slices whose partners count to them, once harvesting is declared.

    A partner that stands anywhere in the target is left where it is; each goes to the first slice
    that wants it.
    """
    if rule.declared_on is None:
        return list(slices)
    taken = {symbol for node in slices for symbol in node.every_symbol}
    grown: list[Slice] = []
    for node in slices:
        wanted: Sequence[PartnerFund] = rule.partners.get(node.symbol or "", ())
        more = [fund.symbol for fund in wanted if fund.symbol not in taken]
        taken.update(more)
        grown.append(replace(node, substitutes=(*node.substitutes, *more)) if more else node)
    return grown


def gift_rule(table: GiftsTable) -> GiftRule:
    """The rule of gifts."""
    return GiftRule(
        income=(
            None
            if table.adjusted_gross_income_usd is None
            else Money(table.adjusted_gross_income_usd)
        ),
        itemises=table.itemises,
        marginal_rate=_part(table.marginal_percent),
        carried=Money(table.carried_gifts_usd),
        valid_days=table.valid_days,
        max_price_move=_part(table.max_price_move_percent),
    )


def _part(percent: Decimal) -> Decimal:
    return percent.scaleb(-2)
