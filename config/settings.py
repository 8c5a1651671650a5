"""The frozen settings that `read_settings` gives and `daemon/wiring.py` hands over to the rooms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from config.holdings import HandValued
from config.look import Look
from config.problems import without_secrets
from config.safeguards import Halting, OrderLife
from config.studies import BacktestSettings, CompareSettings
from config.target_settings import TargetSettings
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.accounts import Account
from portfolio.money import Money, Quantity


class Mode(StrEnum):
    """What happens to an order: it is only told, placed with play money, or placed for real."""

    DRY_RUN = "dry_run"
    PAPER = "paper"
    LIVE = "live"


class Channel(StrEnum):
    """Where notices go."""

    CONSOLE = "console"
    FILE = "file"
    APPRISE = "apprise"


class EventKind(StrEnum):
    """What a simulated market can be told to do on a date."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    SPLIT = "split"
    RENAME = "rename"
    STALE_QUOTE = "stale_quote"
    MISSING_QUOTE = "missing_quote"
    CROSSED_QUOTE = "crossed_quote"
    TRADING_HALT = "trading_halt"
    LOST_ANSWER = "lost_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Whose portfolio it is: a name for files and notices, and its one currency."""

    name: str
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What an account begins with (simulated) or holds (elsewhere): cash and units by symbol."""

    cash: Money
    positions: Mapping[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlpacaAccount:
    """How to reach one Alpaca account. `account_number` pins it: another one is refused.

    `server_url` is the origin of a stand-in on this machine; None means Alpaca's paper service.
    """

    keys_file: Path | None = None
    account_number: str | None = None
    feed: str = "iex"
    timeout: timedelta = timedelta(seconds=15)
    server_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedEvent:
    """Something that happens in the simulated market at the open of the first session from `on`.

    `amount` is in USD (per unit for a dividend), `ratio` new units per old, `to` the symbol after a
    rename, `sessions` how many sessions a bad quote or a trading halt lasts. What a kind does not
    use is None.
    """

    on: date
    kind: EventKind
    account: str | None = None
    symbol: str | None = None
    amount: Money | None = None
    ratio: Decimal | None = None
    to: str | None = None
    sessions: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The built-in market. Fractions are fractions (0.0004 is 0.04 %).

    `prices_file` None means the shipped history of US stocks and Treasuries. `start` None is the
    first date of the prices. `session_length` None runs on the wall clock, else that long for each
    session. `spread` is ask minus bid as a fraction of the price. `daily_volume` is the volume the
    market states for each symbol, in units; at most `fill_share` of it fills an order per session.
    """

    prices_file: Path | None = None
    start: date | None = None
    end: date | None = None
    session_length: timedelta | None = None
    openings: Mapping[str, Holdings] = field(default_factory=dict)
    spread: Decimal = Decimal("0.0004")
    fee_per_order: Money = field(default=Money(Decimal(0)))
    fee_fraction: Decimal = Decimal(0)
    daily_volume: Quantity = field(default=Quantity(Decimal(1_000_000)))
    fill_share: Decimal = Decimal("0.1")
    settlement_sessions: int = 1
    cash_interest: bool = True
    events: tuple[SimulatedEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """Where notices go, whether they may name amounts of money, and whether a month is reviewed.

    An urgent one that some channel has not taken after `second_after` also goes to `second_channels`;
    one that nobody acknowledges is told again every `repeat` (zero: never). The address in
    `heartbeat_file` is asked for after ticks that went well, at most once in `heartbeat`.
    """

    channels: tuple[Channel, ...] = (Channel.CONSOLE,)
    file: Path | None = None
    apprise_file: Path | None = None
    amounts: bool = False
    monthly_review: bool = True
    repeat: timedelta = timedelta(minutes=15)
    second_channels: tuple[Channel, ...] = ()
    second_after: timedelta = timedelta(minutes=10)
    give_up_after: timedelta = timedelta(hours=24)
    second_apprise_file: Path | None = None
    heartbeat_file: Path | None = None
    heartbeat: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeSettings:
    """What `trimtab hedge` advises on; fractions. `betas` by symbol, others are not counted."""

    enabled: bool = False
    betas: Mapping[str, Decimal] = field(default_factory=dict)
    protect: Decimal = Decimal("0.5")
    strike: Decimal = Decimal("0.95")
    months: int = 3
    max_premium: Decimal = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """Scheduled backups of the journal. `every` None means none; `folder` None is `backups` in the
    state directory. The latest `keep` stay."""

    every: timedelta | None = timedelta(hours=24)
    keep: int = 14
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What wakes the daemon besides the broker, and how it ends. `price_poll` None means no poll
    between looks."""

    look: Look = field(default_factory=Look)
    tick: timedelta = timedelta(seconds=60)
    price_poll: timedelta | None = timedelta(seconds=60)
    watched_folder: Path | None = None
    cancel_orders_on_stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """When what a broker shows is believed. `max_doubt` is a fraction of an account's or the
    household's worth. Cash may differ from what our records lead to by `cash_fits`: roundings, and
    small fees that are booked later.

    A difference counts as a change from outside after `confirm_reads` equal reads over
    `confirm_after`; one that has not settled after `alarm_after` pages. One that looks like a split,
    its value moved by at most `split_fit`, waits `split_wait` for its booking.
    """

    max_doubt: Decimal = Decimal("0.005")
    cash_fits: Money = field(default=Money(Decimal(1)))
    confirm_reads: int = 4
    confirm_after: timedelta = timedelta(seconds=180)
    alarm_after: timedelta = timedelta(minutes=15)
    split_fit: Decimal = Decimal("0.10")
    split_wait: timedelta = timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the configuration says, checked. Paths are absolute.

    `digest` is over the meaning, not the text: comments and order of keys do not change it.
    `simulation` is there exactly when the accounts are simulated; `alpaca` and `elsewhere` have one
    entry for each account of that broker, by account id.
    """

    mode: Mode
    household: Household
    accounts: tuple[Account, ...]
    policy: Policy
    limits: Limits
    schedule: Schedule
    notices: NoticeSettings
    backup: BackupSettings = field(default_factory=BackupSettings)
    reconciling: Reconciling = field(default_factory=Reconciling)
    halting: Halting = field(default_factory=Halting)
    order_life: OrderLife = field(default_factory=OrderLife)
    target: TargetSettings = field(default_factory=TargetSettings)
    simulation: Simulation | None = None
    backtest: BacktestSettings = field(default_factory=BacktestSettings)
    compare: CompareSettings = field(default_factory=CompareSettings)
    alpaca: Mapping[str, AlpacaAccount] = field(default_factory=dict)
    elsewhere: Mapping[str, Holdings] = field(default_factory=dict)
    holdings: tuple[HandValued, ...] = ()
    hedge: HedgeSettings = field(default_factory=HedgeSettings)
    state_dir: Path | None = None
    file: Path
    text: str = field(repr=False)
    digest: str

    @property
    def text_without_secrets(self) -> str:
        """The text of the file for the journal: whatever looks like a key is blotted out."""
        return without_secrets(self.text)

    def account(self, account_id: str) -> Account:
        """One account; raises `KeyError`."""
        for account in self.accounts:
            if account.id == account_id:
                return account
        raise KeyError(account_id)
