"""The shape of the text, validated by pydantic; private to this room.

Every key has its unit in its name, its default from the settings that the rooms own, and one line
that says why. The commented configuration and the table of defaults are made from these lines.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from config.fields import (
    BackstopText,
    CalendarText,
    DestinationText,
    FilePath,
    Flag,
    Identifier,
    LookText,
    Name,
    Percent,
    PercentAbove,
    Points,
    PointsOrNone,
    Symbol,
    Usd,
    UsdAbove,
    choice,
    number,
    text,
    whole,
    wrong,
)
from config.look import Look
from config.problems import shown
from config.rules import calendar_text, destination_text
from config.settings import (
    AlpacaAccount,
    Channel,
    EventKind,
    NoticeSettings,
    Schedule,
    Simulation,
)
from policies.limits import Limits
from policies.policy import CalendarRule, Period, Policy
from portfolio.accounts import AccountKind, Autonomy
from portfolio.money import ONE, Weight
from portfolio.target import Band, BandRule, Slice, build_target

_POLICY = Policy(target=build_target([Slice(name="all", weight=Weight(ONE), symbol="ALL")]))
_LIMITS, _BAND, _SCHEDULE, _NOTICES = Limits(), Band(), Schedule(), NoticeSettings()
_ALPACA, _SIMULATION = AlpacaAccount(), Simulation()
_BACKSTOP = _POLICY.backstop or CalendarRule(period=Period.YEARLY)


def _percent(fraction: Decimal | None) -> Decimal:
    """A fraction as percent or points."""
    if fraction is None:
        raise TypeError("a default that the text shows in percent must be a number")
    return Decimal(format((fraction * 100).normalize(), "f"))


def _date(value: object) -> object:
    if type(value) is not date:
        wrong(
            f"{shown(value)} is not a date", "Write a date without quotes, for example 2007-10-01"
        )
    return value


def _is_history(value: str) -> bool:
    return value == "us_60_40" or (value.lower().endswith(".csv") and value.isprintable())


def _is_local(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    host = rest.removeprefix("[").partition("]" if rest.startswith("[") else ":")[0]
    return scheme in ("http", "https") and host in ("127.0.0.1", "localhost", "::1")


Day = Annotated[date, BeforeValidator(_date)]
Fraction = Annotated[Decimal, number(above=True)]
History = Annotated[str, text("price history", _is_history, "us_60_40")]
LocalUrl = Annotated[str, text("address on this machine", _is_local, "http://127.0.0.1:8080")]


class _Table(BaseModel):
    """What all tables have in common: no unknown key, no silent conversion, no secret in an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


def _key(default: Any, why: str, example: Any = None) -> Any:
    """A key with its default; one without a default shows an example in the written file."""
    return Field(default=default, description=why, examples=None if example is None else [example])


def _needed(why: str) -> Any:
    return Field(description=why)


class HouseholdTable(_Table):
    """Whose portfolio it is."""

    name: Identifier = _needed("a name for notices, files and the service")
    currency: Annotated[str, choice("USD")] = _key("USD", "one currency for everything")


class AccountTable(_Table):
    """One account; the keys after `autonomy` belong to one broker each."""

    id: Identifier = _needed("your own short name for the account")
    broker: Annotated[str, choice("simulated", "alpaca", "held_elsewhere")] = _needed(
        "who holds it: the built-in market, Alpaca, or somebody trimtab cannot reach"
    )
    kind: Annotated[str, choice(*AccountKind)] = _key(
        AccountKind.TAXABLE.value, "how it is taxed: taxable, tax_deferred or tax_free"
    )
    autonomy: Annotated[str, choice(*Autonomy)] = _key(
        Autonomy.PROPOSE.value, "observe tells, propose asks first, auto acts within the limits"
    )
    keys_file: FilePath | None = _key(
        None, "alpaca: the file with key and secret, readable by you alone", "alpaca.keys"
    )
    account_number: Identifier | None = _key(
        None, "alpaca: refuse every account but this one", "PA1234567890"
    )
    feed: Annotated[str, choice("iex", "sip")] = _key(
        _ALPACA.feed, "alpaca: the price feed that your subscription has"
    )
    timeout_seconds: Annotated[Decimal, number(least=1, most=120, unit=" seconds")] = _key(
        Decimal(int(_ALPACA.timeout.total_seconds())), "alpaca: how long to wait for an answer"
    )
    server_url: LocalUrl | None = _key(
        None,
        "alpaca: a stand-in server on this machine; left out, Alpaca's paper service",
        "http://127.0.0.1:8080",
    )
    starting_cash_usd: Usd = _key(Decimal(100_000), "simulated: cash on the first day")
    starting_positions: dict[Symbol, Fraction] = _key(
        {}, "simulated: units held on the first day, { VTI = 10 }"
    )
    cash_usd: Usd = _key(Decimal(0), "held_elsewhere: cash, typed in by you")
    positions: dict[Symbol, Fraction] = _key(
        {}, "held_elsewhere: units held, typed in by you, { VTI = 10 }"
    )


class SliceTable(_Table):
    """One slice of the target: a symbol, the cash slice, or a group of slices."""

    name: Name = _needed("the slice's name")
    weight_percent: Percent = _needed("its share of its parent, of everything without a parent")
    parent: Name | None = _key(None, "the slice it is a part of", "stocks")
    symbol: Symbol | None = _key(None, "what is bought for it", "VTI")
    cash: Flag = _key(False, "true for the slice that is cash")
    band_points: Points | None = _key(None, "it fires this many points off its weight", 5)
    band_relative_percent: PercentAbove | None = _key(
        None, "or this much of its own weight off", 25
    )
    band_rule: Annotated[str, choice(*BandRule)] | None = _key(
        None, "which of two widths counts: narrower or wider", "narrower"
    )
    band_floor_points: PointsOrNone | None = _key(None, "a band is never narrower than this", 1)


class RebalanceTable(_Table):
    """When a rebalance is due, where it stops and what it may do."""

    look: LookText = _key(str(Look()), "when to take a full look")
    calendar: list[CalendarText] = _key(
        [], 'dates on which a rebalance is due, ["quarterly", "monthly on day 15"]'
    )
    calendar_min_drift_points: PointsOrNone = _key(
        _percent(CalendarRule(period=Period.YEARLY).min_drift),
        "such a date passes quietly when no slice is further off",
    )
    backstop: BackstopText = _key(
        calendar_text(_BACKSTOP), 'at least this often; "never" switches it off'
    )
    backstop_min_drift_points: PointsOrNone = _key(
        _percent(_BACKSTOP.min_drift), "the backstop passes quietly when no slice is further off"
    )
    band_points: Points | None = _key(
        _percent(_BAND.points), "the band of every slice that has none of its own, in points"
    )
    band_relative_percent: PercentAbove | None = _key(
        _percent(_BAND.relative), "and as a share of the slice's weight"
    )
    band_rule: Annotated[str, choice(*BandRule)] = _key(
        _BAND.rule.value, "which of the two counts: narrower or wider"
    )
    band_floor_points: PointsOrNone = _key(
        _percent(_BAND.floor), "a band is never narrower than this, so small slices do not churn"
    )
    destination: DestinationText = _key(
        destination_text(_POLICY.destination), "where a rebalance stops"
    )
    rest_sessions: Annotated[int, whole(most=260)] = _key(
        _POLICY.rest_sessions, "quiet after a rebalance"
    )
    rest_override_bands: Annotated[Decimal, number(least=1, most=100, unit=" bands")] = _key(
        _POLICY.rest_override, "a drift of this many times the band ends the quiet"
    )
    min_improvement_percent: Percent = _key(
        _percent(_POLICY.min_improvement), "skip a plan that removes less of the drift: no churn"
    )
    minimum_trade_usd: Usd = _key(
        _POLICY.minimum_trade.amount, "no order below this, or below the share of the next line"
    )
    minimum_trade_percent: Percent = _key(
        _percent(_POLICY.minimum_trade.fraction), "of the portfolio; the larger of the two counts"
    )
    cash_buffer_percent: Annotated[Decimal, number(most=99, unit=" %")] = _key(
        Decimal("0.5"), "cash that stays uninvested; without meaning when cash is a slice"
    )
    fractional: Flag = _key(
        _POLICY.fractional, "true trades parts of shares where that is possible"
    )
    sells_allowed: Flag = _key(_POLICY.sells_allowed, "false only ever invests new cash")
    limit_offset_percent: Annotated[Decimal, number(most=5, unit=" %")] = _key(
        _percent(_POLICY.limit_offset), "a limit order may pay this much more than the quote"
    )
    proposal_hours: Annotated[int, whole(least=1, most=720)] = _key(
        _POLICY.proposal_hours, "a proposal that nobody answers expires"
    )
    run_sessions: Annotated[int, whole(least=1, most=20)] = _key(
        _POLICY.run_sessions, "an accepted plan that is not done by then ends"
    )


class DepositsTable(_Table):
    """What happens with new cash."""

    wait_sessions: Annotated[int, whole(most=60)] = _key(
        _POLICY.deposits.wait_sessions, "a deposit may be on its way elsewhere"
    )
    ask_above_percent: Percent = _key(
        _percent(_POLICY.deposits.ask_above), "a deposit above this share of the portfolio asks"
    )


class PricesTable(_Table):
    """What makes a quote good enough to trade on."""

    max_age_seconds: Annotated[int, whole(least=1, most=120)] = _key(
        _POLICY.prices.max_age_seconds, "an older quote is refused"
    )
    max_spread_percent: PercentAbove = _key(
        _percent(_POLICY.prices.max_spread), "a wider market is refused"
    )
    max_jump_percent: PercentAbove = _key(
        _percent(_POLICY.prices.max_jump), "a price this far from the last close waits for a person"
    )


class LimitsTable(_Table):
    """How much may happen without a person. Beyond a limit a plan is referred, not dropped."""

    max_order_usd: UsdAbove | None = _key(
        None, "one order; the smaller of this and the next counts", 25_000
    )
    max_order_percent: PercentAbove = _key(_percent(_LIMITS.max_order_fraction), "of equity")
    max_plan_percent: PercentAbove = _key(
        _percent(_LIMITS.max_plan_fraction), "of equity, the larger of buys and sells"
    )
    max_plan_legs: Annotated[int, whole(least=1, most=1000)] = _key(
        _LIMITS.max_plan_legs, "orders in one plan"
    )
    max_position_sold_percent: PercentAbove = _key(
        _percent(_LIMITS.max_position_sold_fraction), "of one holding, in one plan"
    )
    max_day_percent: PercentAbove = _key(
        _percent(_LIMITS.max_day_fraction), "of equity in one day, buys and sells together"
    )
    max_volume_percent: PercentAbove = _key(
        _percent(_LIMITS.max_volume_fraction), "of the 20-day average volume; unknown volume asks"
    )
    max_limit_from_quote_percent: Annotated[Decimal, number(least="0.1", most=5, unit=" %")] = _key(
        _percent(_LIMITS.max_limit_from_quote), "how far a limit price may stand from the quote"
    )
    max_price_from_close_percent: PercentAbove = _key(
        _percent(_LIMITS.max_price_from_close), "and from the last close"
    )
    max_orders_per_symbol_per_cycle: Annotated[int, whole(least=1, most=20)] = _key(
        _LIMITS.max_orders_per_symbol_per_cycle, "pace"
    )
    max_orders_per_day: Annotated[int, whole(least=1, most=10_000)] = _key(
        _LIMITS.max_orders_per_day, "pace"
    )
    max_requests_per_minute: Annotated[int, whole(least=10, most=1000)] = _key(
        _LIMITS.max_requests_per_minute, "pace; Alpaca allows 200"
    )
    max_cycles_per_symbol_per_session: Annotated[int, whole(least=1, most=50)] = _key(
        _LIMITS.max_cycles_per_symbol_per_session, "more is a loop: it stops until a person looks"
    )
    max_cycles_per_day: Annotated[int, whole(least=1, most=50)] = _key(
        _LIMITS.max_cycles_per_day, "cycles that traded; more is a loop"
    )
    warn_single_holding_percent: PercentAbove = _key(
        _percent(_LIMITS.warn_single_holding_fraction), "a single stock above this is told"
    )


class NoticesTable(_Table):
    """Who hears of it. Amounts stay out of notices: phones show them to anyone."""

    channels: list[Annotated[str, choice(*Channel)]] = _key(
        [channel.value for channel in _NOTICES.channels], "console, file, apprise"
    )
    file: FilePath | None = _key(None, "file: one notice a line is added to it", "notices.txt")
    apprise_file: FilePath | None = _key(
        None, "apprise: the file with the addresses, readable by you alone", "apprise.urls"
    )
    amounts: Flag = _key(_NOTICES.amounts, "true names amounts of money beside percentages")


class ScheduleTable(_Table):
    """What wakes the daemon besides the broker's own news."""

    tick_seconds: Annotated[int, whole(least=1, most=600)] = _key(
        int(_SCHEDULE.tick.total_seconds()), "how often it asks what is due"
    )
    price_poll_seconds: Annotated[int, whole(most=86_400)] = _key(
        60, "how often prices are held against the bands while the market is open; 0 never"
    )
    watched_folder: FilePath | None = _key(None, "a file dropped in here wakes it", "inbox")


class EventTable(_Table):
    """Something that happens in the simulated market."""

    on: Day = _needed("the date; no session then: the next one")
    kind: Annotated[str, choice(*EventKind)] = _needed("what happens")
    account: Identifier | None = _key(
        None, "deposit, withdrawal: where; left out, the only account"
    )
    symbol: Symbol | None = _key(None, "dividend, split, quotes, trading_halt: of what")
    amount_usd: UsdAbove | None = _key(None, "deposit, withdrawal: how much; dividend: per unit")
    ratio: Fraction | None = _key(None, "split: new units for each old one")
    sessions: Annotated[int, whole(least=1, most=260)] = _key(
        1, "quotes, trading_halt: for how many sessions"
    )


class SimulationTable(_Table):
    """The built-in market, for accounts whose broker is simulated."""

    prices: History = _key(
        "us_60_40", "the shipped US stocks and Treasuries, or a CSV file: date,SYMBOL,SYMBOL,..."
    )
    start: Day | None = _key(
        None, "the first day; left out, the first of the prices", date(2007, 10, 1)
    )
    end: Day | None = _key(
        None, "the last day; left out, the last of the prices", date(2009, 12, 31)
    )
    session_seconds: Annotated[Decimal, number(above=True, most=86_400, unit=" seconds")] | None = (
        _key(None, "a session takes this long; left out, it runs on the wall clock", Decimal("0.2"))
    )
    spread_percent: Annotated[Decimal, number(most=10, unit=" %")] = _key(
        _percent(_SIMULATION.spread), "ask minus bid"
    )
    fee_per_order_usd: Usd = _key(_SIMULATION.fee_per_order, "taken from each filled order")
    fee_percent: Annotated[Decimal, number(most=10, unit=" %")] = _key(
        _percent(_SIMULATION.fee_fraction), "taken from each fill"
    )
    daily_volume_units: Fraction = _key(
        _SIMULATION.daily_volume, "the volume that the market states for each symbol"
    )
    fill_percent_of_volume: PercentAbove = _key(
        _percent(_SIMULATION.fill_share), "an order fills at most this much of it in a session"
    )
    settlement_sessions: Annotated[int, whole(most=1)] = _key(
        _SIMULATION.settlement_sessions, "sale proceeds settle this many sessions later"
    )
    cash_interest: Flag = _key(_SIMULATION.cash_interest, "cash earns the three-month bill rate")
    events: list[EventTable] = _key([], "deposits, dividends, splits and bad days")


class Document(_Table):
    """The whole file."""

    mode: Annotated[str, choice("dry_run", "paper")] = _key(
        "dry_run", "dry_run sends nothing, paper sends to a paper account"
    )
    state_dir: FilePath | None = _key(None, "where journal and halt live; --state wins", "state")
    household: HouseholdTable
    accounts: list[AccountTable]
    slices: list[SliceTable]
    rebalance: RebalanceTable = RebalanceTable()
    deposits: DepositsTable = DepositsTable()
    prices: PricesTable = PricesTable()
    limits: LimitsTable = LimitsTable()
    notices: NoticesTable = NoticesTable()
    schedule: ScheduleTable = ScheduleTable()
    simulation: SimulationTable | None = None
