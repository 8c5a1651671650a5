"""Planned dollars as orders: whole steps, nothing under the minimum trade, buys within each account."""

from collections.abc import Mapping
from decimal import Decimal

from policies.book import Book, Desk
from policies.explain import money
from policies.planning.accounts import buy_limits, money_of
from policies.planning.cash_first import fill_worthwhile
from policies.planning.sizing import Part, TopUp, affordable, top_up
from policies.planning.tax.household import Household, dollars
from policies.planning.tax.problem import Trades
from portfolio.money import ZERO, Money, Quantity, round_down
from portfolio.orders import Side

_WHOLE = Decimal("0.0001")
"""A lot of which less than this part would stay is sold whole: its float value is not exact."""


def sized_parts(book: Book, household: Household, trades: Trades) -> tuple[list[Part], list[str]]:
    """Sales and purchases as quantities, and what was left out with the reason (OPT-6)."""
    skipped: list[str] = []
    sells = _sells(book, household, trades, skipped)
    funds = money_of(book, sells)
    buys: list[Part] = []
    for a, desk in enumerate(household.desks):
        wanted = {
            key: dollars(float(trades.bought[a, c]))
            for c, key in enumerate(household.keys)
            if trades.bought[a, c] > 0.01
        }
        if wanted:
            buys += _buys(book, desk, wanted, funds[desk.account])
    return [*sells, *buys], skipped


def _sells(book: Book, household: Household, trades: Trades, skipped: list[str]) -> list[Part]:
    parts: list[Part] = []
    for (a, c), chain in household.chains.items():
        units: dict[str, Decimal] = {}
        for k, link in enumerate(chain):
            sold = Decimal(str(trades.sold[a, c, k]))
            price = book.prices[link.lot.symbol]
            whole = sold >= Decimal(str(link.value)) * (1 - _WHOLE)
            part = link.units if whole else sold / price
            if part > ZERO:
                units[link.lot.symbol] = units.get(link.lot.symbol, ZERO) + part
        desk, exits = household.desks[a], book.goals[household.keys[c]] == ZERO
        for symbol, wanted in units.items():
            quantity = _on_step(book, desk, symbol, wanted)
            worth = quantity * book.prices[symbol]
            if quantity > ZERO and (exits or worth >= book.minimum):
                parts.append(_part(desk, symbol, Side.SELL, quantity))
            elif wanted * book.prices[symbol] >= Decimal("0.01"):
                skipped.append(
                    f"{symbol}: a sale of {money(wanted * book.prices[symbol])} in {desk.account} is"
                    f" too small (minimum trade {money(book.minimum)}, quantity step"
                    f" {book.step(symbol)})"
                )
    return parts


def _on_step(book: Book, desk: Desk, symbol: str, wanted: Decimal) -> Decimal:
    """Down to the step, but the nearest one when only the float's noise is in the way."""
    step = book.step(symbol)
    quantity = round_down(wanted * (1 + Decimal("1e-9")), step)
    return min(quantity, desk.sellable.get(symbol, Quantity(ZERO)))


def _part(desk: Desk, symbol: str, side: Side, quantity: Decimal) -> Part:
    return Part(account=desk.account, symbol=symbol, side=side, quantity=Quantity(quantity))


def _buys(book: Book, desk: Desk, wanted: Mapping[str, Money], funds: Money) -> list[Part]:
    """Purchases of one account within its money; what whole shares leave over buys single shares."""
    limits = buy_limits(book, wanted)
    costs = {s: wanted[s] * limits[s] / book.prices[s] for s in limits}
    left: Decimal = max(funds, ZERO)
    gaps: dict[str, Decimal] = {s: wanted[s] for s in limits}
    bought: dict[str, Quantity] = {}
    for symbol, amount in fill_worthwhile(costs, left, book.minimum).items():
        quantity = affordable(book, symbol, amount, limits[symbol])
        if quantity * book.prices[symbol] >= book.minimum:
            bought[symbol] = quantity
            left -= quantity * limits[symbol]
            gaps[symbol] -= quantity * book.prices[symbol]
    rest = TopUp(money=Money(left), limits=limits, held=dict(bought))
    for symbol, more in top_up(book, rest, gaps).items():
        bought[symbol] = Quantity(bought.get(symbol, ZERO) + more)
    return [_part(desk, s, Side.BUY, q) for s, q in bought.items()]
