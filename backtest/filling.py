"""Orders of a backtest carried out: into the books, the tax ledger, the run and the trace."""

from collections.abc import Sequence

import numpy as np

from backtest.books import fill, held_in_all
from backtest.looks import Engine, as_of
from backtest.trace import Order
from portfolio.decisions import PlannedLeg
from portfolio.money import ZERO
from portfolio.orders import Leg, LegState


def fill_wave(engine: Engine, row: int, wave: Sequence[PlannedLeg]) -> None:
    """Fill a wave at the closes of a row."""
    engine.happenings.accrue(row, engine.books)
    for planned in wave:
        intent = planned.intent
        price = engine.history.price(intent.symbol, row)
        book = engine.books[intent.account]
        done = fill(book, intent.symbol, intent.side, intent.quantity, price, engine.setup.costs)
        engine.legs.append(
            Leg(
                client_order_id=f"{engine.runs}-{len(engine.legs) + 1}",
                run=engine.runs,
                cycle=engine.runs,
                index=len(engine.legs) + 1,
                intent=intent,
                reason=planned.reason,
                state=LegState.FILLED if done.quantity else LegState.REJECTED,
                planned_at=as_of(engine.history.sessions[row]),
                sends=1,
                filled_quantity=done.quantity,
                filled_average_price=done.price if done.quantity else None,
            )
        )
        if done.quantity:
            order = Order(
                row=row,
                decided=engine.decided,
                run=engine.runs,
                account=intent.account,
                symbol=intent.symbol,
                side=intent.side,
                quantity=done.quantity,
                price=done.price,
                fee=done.fee,
                reason=planned.reason,
            )
            engine.trace.orders.append(order)
            if engine.tax is not None:
                engine.tax.filled(order, engine.history.sessions[row])
    note(engine, row)


def note(engine: Engine, row: int) -> None:
    """Note what is held at the end of a row."""
    held = held_in_all(engine.books)
    units = np.array([float(held.get(s, ZERO)) for s in engine.history.symbols])
    engine.trace.hold(row, units, float(sum(book.cash for book in engine.books.values())))
