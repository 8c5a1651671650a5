"""Changes of the market that no price file has: a split that comes now, a price that jumps."""

from dataclasses import replace
from decimal import Decimal

from brokers.alpaca_server.desk import Desk
from brokers.simulated.world_events import Split
from portfolio.money import Price
from portfolio.snapshot import Session


def split(desk: Desk, symbol: str, ratio: Decimal) -> None:
    """As if it had happened overnight: resting orders end, the holding and the price are restated."""
    session: Session = desk.market.current_or_previous(desk.now())
    event = Split(session=session.day, symbol=symbol, ratio=ratio)
    desk.market.restate(event)
    desk.happen(event)


def set_price(desk: Desk, symbol: str, price: Price) -> None:
    """The price from this session on, until the next change; what is resting may fill at it."""
    table = desk.market.table
    today = desk.market.current_or_previous(desk.now()).day
    first, column = table.position_at_or_before(today) or 0, table.symbols.index(symbol)
    rows = [
        row if i < first else (*row[:column], price, *row[column + 1 :])
        for i, row in enumerate(table.rows)
    ]
    desk.market.table = replace(table, rows=tuple(rows))
    desk.look_again()
