"""The shape of the text, validated by pydantic; private to this room.

Every key has its unit in its name, its default from the settings that the rooms own, and one line
that says why. The commented configuration and the table of defaults are made from these lines.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from config.fields import (
    FilePath,
    Flag,
    Identifier,
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
)
from config.holding_tables import HoldingTable
from config.instrument_table import LOCKS, InstrumentTable, LookThroughTable
from config.lot_tables import LotsTable, WashSalesTable
from config.rule_tables import (
    DepositsTable,
    DividendsTable,
    LimitsTable,
    PricesTable,
    RebalanceTable,
    WithdrawalsTable,
)
from config.safeguard_tables import HaltsTable, OrdersTable
from config.settings import (
    AlpacaAccount,
    Channel,
    EventKind,
    NoticeSettings,
    Reconciling,
    Schedule,
    Simulation,
)
from config.study_tables import BacktestTable, CompareTable, Day
from config.tables import Table, key, needed, percent
from config.target_tables import TargetTable
from config.tax_tables import GiftsTable, HarvestTable, HedgeTable, TaxesTable
from portfolio.accounts import AccountKind, Autonomy
from portfolio.instruments import AssetClass
from portfolio.target import BandRule

_SCHEDULE, _NOTICES, _RECONCILING = Schedule(), NoticeSettings(), Reconciling()
_ALPACA, _SIMULATION = AlpacaAccount(), Simulation()
_THIS_MACHINE = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/?")


def _is_history(value: str) -> bool:
    return value == "us_60_40" or (value.lower().endswith(".csv") and value.isprintable())


def _is_local(url: str) -> bool:
    return _THIS_MACHINE.fullmatch(url) is not None


Fraction = Annotated[Decimal, number(above=True)]
History = Annotated[str, text("price history", _is_history, "us_60_40")]
LocalUrl = Annotated[str, text("address on this machine", _is_local, "http://127.0.0.1:8080")]


class HouseholdTable(Table):
    """Whose portfolio it is."""

    name: Identifier = needed("a name for notices, files and the service")
    currency: Annotated[str, choice("USD")] = key("USD", "one currency for everything")


class AccountTable(Table):
    """One account; the keys after `autonomy` belong to one broker each."""

    id: Identifier = needed("your own short name for the account")
    broker: Annotated[str, choice("simulated", "alpaca", "held_elsewhere")] = needed(
        "who holds it: the built-in market, Alpaca, or somebody trimtab cannot reach"
    )
    kind: Annotated[str, choice(*AccountKind)] = key(
        AccountKind.TAXABLE.value, "how it is taxed: taxable, tax_deferred or tax_free"
    )
    autonomy: Annotated[str, choice(*Autonomy)] = key(
        Autonomy.PROPOSE.value, "observe tells, propose asks first, auto acts within the limits"
    )
    owner: Identifier = key("self", "whose it is; every other name counts as your spouse")
    tickets: Flag = key(
        False, "held_elsewhere: true plans orders that you do there, see `trimtab ticket`"
    )
    buys_itself: list[Symbol] = key(
        [], "what it buys without trimtab: reinvested dividends, a recurring plan"
    )
    keys_file: FilePath | None = key(
        None, "alpaca: the file with key and secret, readable by you alone", "alpaca.keys"
    )
    account_number: Identifier | None = key(
        None, "alpaca: refuse every account but this one", "PA1234567890"
    )
    feed: Annotated[str, choice("iex", "sip")] = key(
        _ALPACA.feed, "alpaca: the price feed that your subscription has"
    )
    timeout_seconds: Annotated[Decimal, number(least=1, most=120, unit=" seconds")] = key(
        Decimal(int(_ALPACA.timeout.total_seconds())), "alpaca: how long to wait for an answer"
    )
    server_url: LocalUrl | None = key(
        None,
        "alpaca: a stand-in server on this machine; left out, Alpaca's paper service",
        "http://127.0.0.1:8080",
    )
    starting_cash_usd: Usd = key(Decimal(100_000), "simulated: cash on the first day")
    starting_positions: dict[Symbol, Fraction] = key(
        {}, "simulated: units held on the first day, { VTI = 10 }"
    )
    cash_usd: Usd = key(Decimal(0), "held_elsewhere: cash, typed in by you")
    positions: dict[Symbol, Fraction] = key(
        {}, "held_elsewhere: units held, typed in by you, { VTI = 10 }"
    )


class SliceTable(Table):
    """One slice of the target: a symbol, the cash slice, or a group of slices."""

    name: Name = needed("the slice's name")
    weight_percent: Percent = needed("its share of its parent, of everything without a parent")
    parent: Name | None = key(None, "the slice it is a part of", "stocks")
    symbol: Symbol | None = key(None, "what is bought for it", "VTI")
    model: Name | None = key(None, "or a model that its slices are taken from", "world stocks")
    substitutes: list[Symbol] = key(
        [], "symbols that count to the slice too; new money buys symbol, sales take these first"
    )
    cash: Flag = key(False, "true for the slice that is cash")
    asset_class: Annotated[str, choice(*AssetClass)] | None = key(
        None, "equity, bond, cash, real_estate, commodity, crypto, other; for all under it", "bond"
    )
    min_percent: Percent | None = key(
        None, "no source of weights gives it less of the whole portfolio", 10
    )
    max_percent: Percent | None = key(None, "or more of the whole portfolio", 40)
    lock: Annotated[str, choice(*LOCKS)] | None = key(
        None, "do_not_sell, do_not_buy or leave_alone, for all that is under it", "do_not_sell"
    )
    band_points: Points | None = key(None, "it fires this many points off its weight", 5)
    band_relative_percent: PercentAbove | None = key(None, "or this much of its own weight off", 25)
    band_rule: Annotated[str, choice(*BandRule)] | None = key(
        None, "which of two widths counts: narrower or wider", "narrower"
    )
    band_floor_points: PointsOrNone | None = key(None, "a band is never narrower than this", 1)
    volatility_percent: PercentAbove | None = key(
        None, "how much it moves against the rest a year, for a band by volatility", 16
    )
    floor_usd: UsdAbove | None = key(
        None, "cash: so much is never invested and is filled before anything is bought", 20_000
    )
    floor_spending_months: Annotated[Decimal, number(above=True, most=600)] | None = key(
        None, "cash: or so many months of spending, where that is more", 6
    )
    monthly_spending_usd: UsdAbove | None = key(None, "cash: what a month costs", 4_000)


class ModelTable(Table):
    """A mix of slices by name, for slices that are to hold it; one model may use another."""

    name: Name = needed("the model's name")
    slices: list[SliceTable] = needed(
        "its slices, in [[models.slices]]; those at its top sum to 100"
    )


class NoticesTable(Table):
    """Who hears of it. Amounts stay out of notices: phones show them to anyone."""

    channels: list[Annotated[str, choice(*Channel)]] = key(
        [channel.value for channel in _NOTICES.channels], "console, file, apprise"
    )
    file: FilePath | None = key(None, "file: one notice a line is added to it", "notices.txt")
    apprise_file: FilePath | None = key(
        None, "apprise: the file with the addresses, readable by you alone", "apprise.urls"
    )
    amounts: Flag = key(_NOTICES.amounts, "true names amounts of money beside percentages")
    monthly_review: Flag = key(
        _NOTICES.monthly_review, "a letter after each month: how it stands, what was done and why"
    )
    repeat_minutes: Annotated[int, whole(most=1440)] = key(
        15, "a page is told again this often until `trimtab ack`; 0 never"
    )
    second_channels: list[Annotated[str, choice(*Channel)]] = key(
        [], "another way for pages that the channels above did not take"
    )
    second_after_minutes: Annotated[int, whole(least=1, most=1440)] = key(
        10, "how long a page may lie undelivered before it goes there"
    )
    give_up_hours: Annotated[int, whole(least=1, most=720)] = key(
        int(_NOTICES.give_up_after.total_seconds()) // 3600,
        "what nobody has taken is tried for so long",
    )
    second_apprise_file: FilePath | None = key(
        None, "the addresses of the second way, if it is apprise", "second.urls"
    )
    heartbeat_file: FilePath | None = key(
        None,
        "a file with the https address of a watcher outside, asked for after good ticks",
        "watcher.url",
    )
    heartbeat_minutes: Annotated[int, whole(least=1, most=1440)] = key(
        5, "how often at most; the watcher should wait for two or three of them"
    )


class BackupTable(Table):
    """Copies of the journal, each verified before it counts."""

    every_hours: Annotated[int, whole(most=720)] = key(24, "how often one is made; 0 never")
    keep: Annotated[int, whole(least=1, most=1000)] = key(14, "so many of the latest stay")
    folder: FilePath | None = key(
        None, "where they go; left out, backups in the state directory", "/mnt/other-disk/trimtab"
    )


class ScheduleTable(Table):
    """What wakes the daemon besides the broker's own news, and what it leaves behind."""

    tick_seconds: Annotated[int, whole(least=1, most=600)] = key(
        int(_SCHEDULE.tick.total_seconds()), "how often it asks what is due"
    )
    price_poll_seconds: Annotated[int, whole(most=86_400)] = key(
        60, "how often prices are held against the bands while the market is open; 0 never"
    )
    watched_folder: FilePath | None = key(None, "a file dropped in here wakes it", "inbox")
    cancel_orders_on_stop: Flag = key(
        _SCHEDULE.cancel_orders_on_stop,
        "true asks for its open orders to be cancelled when it is stopped; else they stay for the day",
    )


class ReconcileTable(Table):
    """When holdings and cash that a broker shows are believed."""

    max_doubt_percent: PercentAbove = key(
        percent(_RECONCILING.max_doubt),
        "of the worth that may be in doubt, or differ from the broker's own, while others are traded",
    )
    confirm_reads: Annotated[int, whole(least=2, most=100)] = key(
        _RECONCILING.confirm_reads, "so many equal reads make a difference a change from outside"
    )
    confirm_seconds: Annotated[int, whole(least=60, most=86_400)] = key(
        int(_RECONCILING.confirm_after.total_seconds()), "and it stands at least this long"
    )
    cash_fits_usd: Annotated[Decimal, number(most=100, unit=" USD")] = key(
        _RECONCILING.cash_fits, "cash that follows from our records to within this is believed"
    )
    alarm_minutes: Annotated[int, whole(least=1, most=1440)] = key(
        int(_RECONCILING.alarm_after.total_seconds()) // 60, "one that lasts so long pages"
    )
    split_fit_percent: PercentAbove = key(
        percent(_RECONCILING.split_fit),
        "units that changed n for m, and a price that changed inversely to within this: a split",
    )
    split_wait_hours: Annotated[int, whole(least=1, most=720)] = key(
        int(_RECONCILING.split_wait.total_seconds()) // 3600,
        "so long a symbol waits for the booking of what looks like a split",
    )


class EventTable(Table):
    """Something that happens in the simulated market."""

    on: Day = needed("the date; no session then: the next one")
    kind: Annotated[str, choice(*EventKind)] = needed("what happens")
    account: Identifier | None = key(
        None, "where; left out: every one, for a deposit or withdrawal the only one"
    )
    symbol: Symbol | None = key(None, "dividend, split, rename, quotes, trading_halt: of what")
    amount_usd: UsdAbove | None = key(None, "deposit, withdrawal: how much; dividend: per unit")
    ratio: Fraction | None = key(None, "split: new units for each old one")
    to: Symbol | None = key(None, "rename: the symbol from then on")
    sessions: Annotated[int, whole(least=1, most=260)] = key(
        1, "quotes, trading_halt: for how many sessions"
    )


class SimulationTable(Table):
    """The built-in market, for accounts whose broker is simulated."""

    prices: History = key(
        "us_60_40", "the shipped US stocks and Treasuries, or a CSV file: date,SYMBOL,SYMBOL,..."
    )
    start: Day | None = key(
        None, "the first day; left out, the first of the prices", date(2007, 10, 1)
    )
    end: Day | None = key(
        None, "the last day; left out, the last of the prices", date(2009, 12, 31)
    )
    session_seconds: Annotated[Decimal, number(above=True, most=86_400, unit=" seconds")] | None = (
        key(None, "a session takes this long; left out, it runs on the wall clock", Decimal("0.2"))
    )
    spread_percent: Annotated[Decimal, number(most=10, unit=" %")] = key(
        percent(_SIMULATION.spread), "ask minus bid"
    )
    fee_per_order_usd: Usd = key(_SIMULATION.fee_per_order, "taken from each filled order")
    fee_percent: Annotated[Decimal, number(most=10, unit=" %")] = key(
        percent(_SIMULATION.fee_fraction), "taken from each fill"
    )
    daily_volume_units: Fraction = key(
        _SIMULATION.daily_volume, "the volume that the market states for each symbol"
    )
    fill_percent_of_volume: PercentAbove = key(
        percent(_SIMULATION.fill_share), "an order fills at most this much of it in a session"
    )
    settlement_sessions: Annotated[int, whole(most=1)] = key(
        _SIMULATION.settlement_sessions, "sale proceeds settle this many sessions later"
    )
    cash_interest: Flag = key(_SIMULATION.cash_interest, "cash earns the three-month bill rate")
    events: list[EventTable] = key([], "deposits, dividends, splits and bad days")


class Document(Table):
    """The whole file."""

    mode: Annotated[str, choice("dry_run", "paper")] = key(
        "dry_run", "dry_run sends nothing, paper sends to a paper account"
    )
    state_dir: FilePath | None = key(None, "where journal and halt live; --state wins", "state")
    household: HouseholdTable
    accounts: list[AccountTable]
    slices: list[SliceTable]
    models: list[ModelTable] = key([], "mixes that slices can hold: model = NAME")
    target: TargetTable = TargetTable()
    instruments: list[InstrumentTable] = key([], "what you say of single symbols")
    look_through: LookThroughTable = LookThroughTable()
    holdings: list[HoldingTable] = key([], "what you value by hand: a house, a pension")
    rebalance: RebalanceTable = RebalanceTable()
    deposits: DepositsTable = DepositsTable()
    dividends: DividendsTable = DividendsTable()
    withdrawals: WithdrawalsTable = WithdrawalsTable()
    prices: PricesTable = PricesTable()
    limits: LimitsTable = LimitsTable()
    reconcile: ReconcileTable = ReconcileTable()
    halts: HaltsTable = HaltsTable()
    orders: OrdersTable = OrdersTable()
    notices: NoticesTable = NoticesTable()
    backup: BackupTable = BackupTable()
    schedule: ScheduleTable = ScheduleTable()
    simulation: SimulationTable | None = None
    taxes: TaxesTable = TaxesTable()
    lots: LotsTable = LotsTable()
    wash_sales: WashSalesTable = WashSalesTable()
    identity_groups: dict[Name, list[Symbol]] = key(
        {}, 'what counts as the same for wash sales, { SP500 = ["SPY", "VOO"] }'
    )
    harvest: HarvestTable = HarvestTable()
    gifts: GiftsTable = GiftsTable()
    hedge: HedgeTable = HedgeTable()
    backtest: BacktestTable = BacktestTable()
    compare: CompareTable = CompareTable()
