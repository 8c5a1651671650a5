"""Whether the simulated broker takes an order: Alpaca's reasons, words and codes.

The codes and messages follow Alpaca's trading API as observed in 2026; where Alpaca is lenient (it
cuts a tenth decimal off without a word) this broker refuses.
"""

from datetime import datetime
from decimal import Decimal

from brokers.simulated.books import Books
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.matching import fee_so_far
from brokers.simulated.settings import SimulatedSettings, instrument_of
from portfolio.canonical import decimal_text
from portfolio.instruments import Instrument
from portfolio.money import (
    FRACTION_OF_SHARE,
    ONE,
    SHARE,
    ZERO,
    Money,
    Price,
    price_tick,
    tick_up,
    to_cents,
)
from portfolio.orders import OrderIntent, Side
from portfolio.ports import Refused

FORBIDDEN = "40310000"
UNPROCESSABLE = "42210000"
NOT_FOUND = "40410000"
BAD_REQUEST = "40010001"
LONGEST_CLIENT_ORDER_ID = 128


def worst_price(
    intent: OrderIntent, market: SimulatedMarket, settings: SimulatedSettings, at: datetime
) -> Price | None:
    """The limit; for a market buy the collar above the ask; None for a market sell: any price.

    A market buy without an ask has no collar either, and `refusal` refuses it.
    """
    if intent.limit_price is not None or intent.side is Side.SELL:
        return intent.limit_price
    sides = market.bid_ask(intent.symbol, at)
    return None if sides is None else tick_up(sides[1] * (ONE + settings.market_order_collar))


def reserved_cash(books: Books, settings: SimulatedSettings) -> Money:
    """What open buys may still take, at their worst price and with their fees."""
    held = ZERO
    for order in books.open_orders():
        worst = order.taken.worst_price
        if order.taken.side is Side.SELL or worst is None:
            continue
        left = order.open_quantity * worst
        fee = fee_so_far(settings.fees, order.taken.quantity, order.filled_value + left)
        held += left + fee - order.fees
    return Money(held)


def buying_power(books: Books, settings: SimulatedSettings) -> Money:
    """Cash that a new buy may take: no credit, and settled cash only when so set."""
    base = books.cash if settings.unsettled_buys else books.settled_cash()
    return Money(max(ZERO, base - reserved_cash(books, settings)))


def withdrawable(books: Books, settings: SimulatedSettings) -> Money:
    """Settled cash that no open buy may take, fees included."""
    return Money(max(ZERO, books.settled_cash() - reserved_cash(books, settings)))


def refusal(
    client_order_id: str,
    intent: OrderIntent,
    books: Books,
    market: SimulatedMarket,
    settings: SimulatedSettings,
) -> Refused | None:
    """Why the broker refuses the order; None when it takes it. The account is the books'."""
    if books.blocked:
        return Refused(code=FORBIDDEN, message=f"account is blocked: {books.blocked}", halts=True)
    if not 0 < len(client_order_id) <= LONGEST_CLIENT_ORDER_ID:
        return _refused(BAD_REQUEST, "client_order_id must have 1 to 128 characters")
    if not market.lists(intent.symbol, books.at):
        return _refused(NOT_FOUND, f"asset not found for {intent.symbol}")
    instrument = instrument_of(settings, intent.symbol)
    if not instrument.tradable:
        return _refused(FORBIDDEN, f'asset "{intent.symbol}" is not tradable')
    return (
        _bad_numbers(intent, instrument)
        or _wash_trade(intent, books)
        or (_cannot_sell(intent, books) if intent.side is Side.SELL else None)
        or (_cannot_buy(intent, books, market, settings) if intent.side is Side.BUY else None)
    )


def _refused(code: str, message: str) -> Refused:
    return Refused(code=code, message=message)


def _bad_numbers(intent: OrderIntent, instrument: Instrument) -> Refused | None:
    quantity, limit = intent.quantity, intent.limit_price
    if not quantity.is_finite() or quantity <= ZERO:
        return _refused(UNPROCESSABLE, "qty must be > 0")
    if quantity % SHARE and not instrument.fractionable:
        return _refused(FORBIDDEN, f'asset "{intent.symbol}" is not fractionable')
    if quantity % FRACTION_OF_SHARE:
        return _refused(UNPROCESSABLE, "qty must be limited to 9 decimal places")
    if limit is None:
        return None
    if not limit.is_finite() or limit <= ZERO:
        return _refused(UNPROCESSABLE, "limit price must be > 0")
    if limit % price_tick(limit):
        return _refused(
            UNPROCESSABLE,
            f"invalid limit_price {limit}. sub-penny increment does not fulfill minimum pricing"
            " criteria",
        )
    return None


def _wash_trade(intent: OrderIntent, books: Books) -> Refused | None:
    for order in books.open_orders():
        if order.taken.symbol == intent.symbol and order.taken.side is not intent.side:
            return _refused(
                FORBIDDEN,
                "potential wash trade detected. use complex orders (existing_order_id:"
                f" {order.taken.broker_order_id})",
            )
    return None


def _cannot_sell(intent: OrderIntent, books: Books) -> Refused | None:
    existing, held = books.held(intent.symbol), books.held_for_orders(intent.symbol)
    available = existing - held
    if intent.quantity <= available:
        return None
    return _refused(
        FORBIDDEN,
        f"insufficient qty available for order (requested: {decimal_text(intent.quantity)},"
        f" available: {decimal_text(available)}; existing_qty: {decimal_text(existing)},"
        f" held_for_orders: {decimal_text(held)})",
    )


def _cannot_buy(
    intent: OrderIntent, books: Books, market: SimulatedMarket, settings: SimulatedSettings
) -> Refused | None:
    worst = worst_price(intent, market, settings, books.at)
    if worst is None:
        return _refused(FORBIDDEN, f"no price for {intent.symbol}, a market order needs one")
    value: Decimal = intent.quantity * worst
    if value < settings.smallest_buy:
        smallest = decimal_text(settings.smallest_buy)
        return _refused(FORBIDDEN, f"cost basis must be >= minimal amount of order {smallest}")
    cost = value + fee_so_far(settings.fees, intent.quantity, value)
    power = buying_power(books, settings)
    if cost <= power:
        return None
    return _refused(
        FORBIDDEN,
        f"insufficient buying power (buying_power: {to_cents(power)}, cost_basis: {to_cents(cost)})",
    )
