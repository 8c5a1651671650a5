"""The table of what the user says of single symbols; private to this room."""

from typing import Annotated

from config.fields import Symbol, choice
from config.tables import Table, key, needed
from portfolio.target import Lock

LOCKS = tuple(lock for lock in Lock if lock is not Lock.NONE)


class InstrumentTable(Table):
    """What you say of one symbol, whichever slice or account it is in."""

    symbol: Symbol = needed("which symbol")
    lock: Annotated[str, choice(*LOCKS)] | None = key(
        None,
        "do_not_sell, do_not_buy, or leave_alone: neither; it is counted all the same",
        "do_not_sell",
    )
