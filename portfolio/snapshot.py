"""One look at a household: accounts, cash, positions, lots, prices and open orders at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from portfolio.accounts import Account, Position
from portfolio.instruments import Instrument
from portfolio.lots import Lot
from portfolio.money import ZERO, Money, Price, Quantity, total, value_of
from portfolio.orders import Order
from portfolio.valuations import Valuation


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading session: its date at the exchange, its open and its close as UTC instants."""

    day: date
    opens_at: datetime
    closes_at: datetime

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies in [open, close)."""
        return self.opens_at <= at < self.closes_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A usable price: bid <= ask, all above zero, stamped with the quote's own time.

    `average_daily_volume` is in units over 20 sessions; None when not known.
    """

    symbol: str
    bid: Price
    ask: Price
    last: Price
    as_of: datetime
    previous_close: Price | None = None
    average_daily_volume: Quantity | None = None

    @property
    def price(self) -> Price:
        """What a unit is counted at: the middle of bid and ask."""
        return Price((self.bid + self.ask) / 2)


class PriceFault(StrEnum):
    """Why a price cannot be traded on."""

    MISSING = "missing"
    STALE = "stale"
    CROSSED = "crossed"
    WIDE = "wide"
    JUMPED = "jumped"
    NOT_A_PRICE = "not_a_price"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPrice:
    """A symbol that may not be traded now, and why in one sentence with its numbers.

    `count_at` is the last price good enough to value a holding; None when there is none, and then
    a holding of it makes the household's weights unknown.
    """

    symbol: str
    fault: PriceFault
    detail: str
    count_at: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSnapshot:
    """One account. `cash` includes sale proceeds that settle later; `settled_cash` does not.

    `lots` sum to the positions. `blocked` is the broker's reason why the account may not trade,
    empty when it may. `lends` is false for a cash account.
    """

    account: Account
    cash: Money
    settled_cash: Money
    positions: tuple[Position, ...] = ()
    lots: tuple[Lot, ...] = ()
    open_orders: tuple[Order, ...] = ()
    blocked: str = ""
    lends: bool = True

    def quantity(self, symbol: str) -> Quantity:
        """Units held; zero when none."""
        for position in self.positions:
            if position.symbol == symbol:
                return position.quantity
        return Quantity(ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A household as of one instant. Everything a decision may know of the outside is in here.

    `session` is the session that is open, or the last one before `as_of`; `is_open` tells which.
    A symbol is either in `quotes` or in `refused`. `by_hand` are holdings that a person values: no part
    of the accounts and of `equity`.
    """

    household: str
    as_of: datetime
    session: Session
    is_open: bool
    accounts: tuple[AccountSnapshot, ...]
    quotes: Mapping[str, Quote]
    refused: Mapping[str, RefusedPrice] = field(default_factory=dict)
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    by_hand: tuple[Valuation, ...] = ()

    @property
    def day(self) -> date:
        """The session's date at the exchange."""
        return self.session.day

    @property
    def cash(self) -> Money:
        """Cash in all accounts."""
        return total(a.cash for a in self.accounts)

    def quantity(self, symbol: str) -> Quantity:
        """Units held in all accounts."""
        return Quantity(sum((a.quantity(symbol) for a in self.accounts), ZERO))

    def quantities(self) -> dict[str, Quantity]:
        """Units held in all accounts, by symbol; in one pass, so that wide households stay quick."""
        held: dict[str, Quantity] = {}
        for account in self.accounts:
            for p in account.positions:
                held[p.symbol] = Quantity(held.get(p.symbol, ZERO) + p.quantity)
        return held

    def symbols_held(self) -> tuple[str, ...]:
        """Every symbol with a position, sorted."""
        return tuple(
            sorted({p.symbol for a in self.accounts for p in a.positions if p.quantity != ZERO})
        )

    def count_price(self, symbol: str) -> Price | None:
        """What a unit is counted at: the quote, else the last good price of a refused one."""
        quote = self.quotes.get(symbol)
        if quote is not None:
            return quote.price
        refused = self.refused.get(symbol)
        return None if refused is None else refused.count_at

    def value(self, symbol: str) -> Money | None:
        """Value of the holding in all accounts; None when it is held and has no price at all."""
        quantity = self.quantity(symbol)
        if quantity == ZERO:
            return Money(ZERO)
        price = self.count_price(symbol)
        return None if price is None else value_of(quantity, price)

    def value_in(self, part: AccountSnapshot) -> Money | None:
        """Cash and holdings of one account; None when a holding has no price at all."""
        value = part.cash
        for position in part.positions:
            price = self.count_price(position.symbol)
            if price is None:
                return None
            value = Money(value + value_of(position.quantity, price))
        return value

    def equity(self) -> Money | None:
        """Cash plus the value of every holding; None when a holding has no price at all."""
        values: list[Money] = []
        for symbol, quantity in self.quantities().items():
            if quantity == ZERO:
                continue
            price = self.count_price(symbol)
            if price is None:
                return None
            values.append(value_of(quantity, price))
        return Money(self.cash + total(values))
