"""The tables of rules and limits: when to trade, where to stop, how much without a person.

Private to this room. Every default is the one of the settings that `policies` owns.
"""

from decimal import Decimal
from typing import Annotated

from config.fields import (
    BackstopText,
    CalendarText,
    DestinationText,
    Flag,
    LookText,
    Percent,
    PercentAbove,
    Points,
    PointsOrNone,
    Usd,
    UsdAbove,
    choice,
    number,
    whole,
)
from config.fire_tables import FireTable
from config.look import Look
from config.presets import PRESETS
from config.rules import calendar_text, destination_text
from config.tables import Table, key, percent
from policies.dates import CalendarRule, Period
from policies.limit_rule import Limits
from policies.policy import CashAction, CostShape, Fill, Policy, Scope, Withdrawing
from portfolio.money import ONE, Weight
from portfolio.target import Band, BandRule, Slice, build_target

_POLICY = Policy(target=build_target([Slice(name="all", weight=Weight(ONE), symbol="ALL")]))
_LIMITS, _BAND, _COSTS = Limits(), Band(), CostShape()
_BACKSTOP = _POLICY.backstop or CalendarRule(period=Period.YEARLY)


class RebalanceTable(Table):
    """When a rebalance is due, where it stops and what it may do."""

    preset: Annotated[str, choice(*PRESETS)] | None = key(
        None, "a published rule: it sets look, band and destination where you do not", "5/25"
    )
    look: LookText = key(str(Look()), "when to take a full look")
    calendar: list[CalendarText] = key(
        [], 'dates on which a rebalance is due, ["quarterly", "monthly on day 15"]'
    )
    calendar_min_drift_points: PointsOrNone = key(
        percent(CalendarRule(period=Period.YEARLY).min_drift),
        "such a date passes quietly when no slice is further off",
    )
    backstop: BackstopText = key(
        calendar_text(_BACKSTOP), 'at least this often; "never" switches it off'
    )
    backstop_min_drift_points: PointsOrNone = key(
        percent(_BACKSTOP.min_drift), "the backstop passes quietly when no slice is further off"
    )
    band_points: Points | None = key(
        percent(_BAND.points), "the band of every slice that has none of its own, in points"
    )
    band_relative_percent: PercentAbove | None = key(
        percent(_BAND.relative), "and as a share of the slice's weight"
    )
    band_rule: Annotated[str, choice(*BandRule)] = key(
        _BAND.rule.value, "which of the two counts: narrower or wider"
    )
    band_floor_points: PointsOrNone = key(
        percent(_BAND.floor), "a band is never narrower than this, so small slices do not churn"
    )
    band_volatility_times: Annotated[Decimal, number(above=True, most=10)] | None = key(
        None, "or so many standard deviations of its drift over the sessions of the next line", 2
    )
    band_volatility_sessions: Annotated[int, whole(least=1, most=2520)] = key(
        20, "the sessions over which a band by volatility lets a slice wander"
    )
    band_by_cost: Flag = key(False, "true is as wide as cost_percent and risk_aversion ask for")
    destination: DestinationText = key(
        destination_text(_POLICY.destination),
        'where a rebalance stops: also "part way 50 %", "band edge, 175 of 200", "by cost"',
    )
    scope: Annotated[str, choice(*Scope)] | None = key(
        None,
        "which slices move: all, or breached; left out, breached at a band edge, else all",
        "all",
    )
    cost_per_order_usd: Usd = key(
        _COSTS.per_order, "what an order costs whatever its size, for bands and stops by cost"
    )
    cost_percent: Percent = key(
        percent(_COSTS.fraction), "what trading costs of the money traded, taxes included"
    )
    risk_aversion: Annotated[Decimal, number(above=True, most=100)] = key(
        _COSTS.risk_aversion, "how much drift hurts, for bands and stops by cost; 4 is usual"
    )
    volatility_percent: PercentAbove = key(
        percent(_COSTS.volatility), "a slice's against the rest, a year; a slice may name its own"
    )
    rest_sessions: Annotated[int, whole(most=260)] = key(
        _POLICY.rest_sessions, "quiet after a rebalance"
    )
    rest_override_bands: Annotated[Decimal, number(least=1, most=100, unit=" bands")] = key(
        _POLICY.rest_override, "a drift of this many times the band ends the quiet"
    )
    min_improvement_percent: Percent = key(
        percent(_POLICY.min_improvement), "skip a plan that removes less of the drift: no churn"
    )
    minimum_trade_usd: Usd = key(
        _POLICY.minimum_trade.amount, "no order below this, or below the share of the next line"
    )
    minimum_trade_percent: Percent = key(
        percent(_POLICY.minimum_trade.fraction), "of the portfolio; the larger of the two counts"
    )
    cash_buffer_percent: Annotated[Decimal, number(most=99, unit=" %")] = key(
        Decimal("0.5"), "cash that stays uninvested; without meaning when cash is a slice"
    )
    fractional: Flag = key(_POLICY.fractional, "true trades parts of shares where that is possible")
    sells_allowed: Flag = key(_POLICY.sells_allowed, "false only ever invests new cash")
    trades: Annotated[str, choice("both", "buy_only", "sell_only")] = key(
        "both", "buy_only invests new cash only; sell_only raises cash that is short, buys nothing"
    )
    limit_offset_percent: Annotated[Decimal, number(most=5, unit=" %")] = key(
        percent(_POLICY.limit_offset), "a limit order may pay this much more than the quote"
    )
    proposal_hours: Annotated[int, whole(least=1, most=720)] = key(
        _POLICY.proposal_hours, "a proposal that nobody answers expires"
    )
    run_sessions: Annotated[int, whole(least=1, most=20)] = key(
        _POLICY.run_sessions, "an accepted plan that is not done by then ends"
    )
    quiet_open_minutes: Annotated[int, whole(least=0, most=120)] = key(
        _POLICY.quiet_open_minutes, "no order in a session's first minutes"
    )
    quiet_close_minutes: Annotated[int, whole(least=0, most=120)] = key(
        _POLICY.quiet_close_minutes, "no order in a session's last minutes"
    )
    fire: list[FireTable] = key(
        [], "what makes a rebalance due instead of bands and dates, in [[rebalance.fire]] tables"
    )


class DepositsTable(Table):
    """What happens with new cash."""

    wait_sessions: Annotated[int, whole(most=60)] = key(
        _POLICY.deposits.wait_sessions, "a deposit may be on its way elsewhere"
    )
    ask_above_percent: Percent = key(
        percent(_POLICY.deposits.ask_above), "a deposit above this share of the portfolio asks"
    )

    action: Annotated[str, choice(*CashAction)] = key(
        _POLICY.deposits.action.value,
        "invest it, ask a person each time, or hold it in cash until the next rebalance",
    )
    fill: Annotated[str, choice(*Fill)] = key(
        _POLICY.deposits.fill.value,
        "how new cash is spread: least_squares levels gaps in money, relative in share of the target",
    )


class DividendsTable(Table):
    """What happens with dividends and interest."""

    action: Annotated[str, choice(*CashAction)] = key(
        _POLICY.deposits.income.value,
        "invest them with other cash, ask a person, or hold them in cash until the next rebalance",
    )


class WithdrawalsTable(Table):
    """What happens when money is taken out, and for `trimtab raise`."""

    action: Annotated[str, choice(*Withdrawing)] = key(
        _POLICY.withdrawals.action.value,
        "raise sells at once for what is short, ask asks first, wait leaves it to the rest's end",
    )
    lead_days: Annotated[int, whole(most=365)] = key(
        _POLICY.withdrawals.lead_days,
        "sales for an announced withdrawal begin so many calendar days before, four at least: T+1",
    )


class PricesTable(Table):
    """What makes a quote good enough to trade on."""

    max_age_seconds: Annotated[int, whole(least=1, most=120)] = key(
        _POLICY.prices.max_age_seconds, "an older quote is refused"
    )
    max_spread_percent: PercentAbove = key(
        percent(_POLICY.prices.max_spread), "a wider market is refused"
    )
    max_jump_percent: PercentAbove = key(
        percent(_POLICY.prices.max_jump), "a price this far from the last close waits for a person"
    )


class LimitsTable(Table):
    """How much may happen without a person. Beyond a limit a plan is referred, not dropped."""

    max_order_usd: UsdAbove | None = key(
        None, "one order; the smaller of this and the next counts", 25_000
    )
    max_order_percent: PercentAbove = key(percent(_LIMITS.max_order_fraction), "of equity")
    max_plan_percent: PercentAbove = key(
        percent(_LIMITS.max_plan_fraction), "of equity, the larger of buys and sells"
    )
    max_plan_legs: Annotated[int, whole(least=1, most=1000)] = key(
        _LIMITS.max_plan_legs, "orders in one plan"
    )
    max_position_sold_percent: PercentAbove = key(
        percent(_LIMITS.max_position_sold_fraction), "of one holding, in one plan"
    )
    max_day_percent: PercentAbove = key(
        percent(_LIMITS.max_day_fraction), "of equity in one day, buys and sells together"
    )
    max_volume_percent: PercentAbove = key(
        percent(_LIMITS.max_volume_fraction), "of the 20-day average volume; unknown volume asks"
    )
    max_limit_from_quote_percent: Annotated[Decimal, number(least="0.1", most=5, unit=" %")] = key(
        percent(_LIMITS.max_limit_from_quote), "how far a limit price may stand from the quote"
    )
    max_price_from_close_percent: PercentAbove = key(
        percent(_LIMITS.max_price_from_close), "and from the last close"
    )
    max_orders_per_symbol_per_cycle: Annotated[int, whole(least=1, most=20)] = key(
        _LIMITS.max_orders_per_symbol_per_cycle, "pace, in one account"
    )
    max_orders_per_day: Annotated[int, whole(least=1, most=10_000)] = key(
        _LIMITS.max_orders_per_day, "pace"
    )
    max_requests_per_minute: Annotated[int, whole(least=10, most=1000)] = key(
        _LIMITS.max_requests_per_minute, "pace; Alpaca allows 200"
    )
    max_cycles_per_symbol_per_session: Annotated[int, whole(least=1, most=50)] = key(
        _LIMITS.max_cycles_per_symbol_per_session, "more is a loop: it stops until a person looks"
    )
    max_cycles_per_day: Annotated[int, whole(least=1, most=50)] = key(
        _LIMITS.max_cycles_per_day, "cycles that traded; more is a loop"
    )
    warn_single_holding_percent: PercentAbove = key(
        percent(_LIMITS.warn_single_holding_fraction), "a single stock above this is told"
    )
    warn_sector_percent: PercentAbove = key(
        percent(_LIMITS.concentration.warn_sector), "a sector above this share of equity is told"
    )
    max_issuer_percent: PercentAbove | None = key(
        None, "a plan that takes one issuer beyond this asks; funds are looked through", 15
    )
    max_sector_percent: PercentAbove | None = key(None, "and one that takes a sector beyond", 35)
