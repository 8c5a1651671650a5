"""The tables of what the user says of single symbols and of what funds hold; private to this room."""

from typing import Annotated

from config.fields import FilePath, Flag, Name, Symbol, choice
from config.tables import Table, key, needed
from portfolio.instruments import AssetClass
from portfolio.target import Lock

LOCKS = tuple(lock for lock in Lock if lock is not Lock.NONE)
USES = ("review", "limits", "drift")


class InstrumentTable(Table):
    """What you say of one symbol, whichever slice or account it is in."""

    symbol: Symbol = needed("which symbol")
    lock: Annotated[str, choice(*LOCKS)] | None = key(
        None,
        "do_not_sell, do_not_buy, or leave_alone: neither; it is counted all the same",
        "do_not_sell",
    )
    asset_class: Annotated[str, choice(*AssetClass)] | None = key(
        None, "all of it is of this class, whatever its slice or its broker says", "equity"
    )
    sector: Name | None = key(None, "all of it is of this sector", "Technology")
    region: Name | None = key(None, "all of it is of this region", "United States")
    issuer: Name | None = key(None, "who issued it; a fund's sponsor is no issuer", "Apple")
    fund: Flag | None = key(None, "whether it is a fund; left out, what the broker says", True)


class LookThroughTable(Table):
    """What funds hold: classes, sectors, regions and issuers, from a CSV file."""

    file: FilePath | None = key(
        None,
        "CSV: symbol,dimension,name,share_percent,as_of,source; it wins over the shipped table",
        "look_through.csv",
    )
    starter: Flag = key(True, "the shipped table stands for index funds that your file leaves out")
    use_in: list[Annotated[str, choice(*USES)]] = key(
        ["review", "limits"],
        "where funds are looked through; drift: funds in no slice count to the slices of their class",
    )
