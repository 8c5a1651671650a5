"""The tables of lots, wash sales and identity groups; private to this room."""

from typing import Annotated

from config.fields import Flag, choice, whole
from config.tables import Table, key
from policies.taxes.guards import LotRule
from policies.taxes.wash import Tack, WashRules
from portfolio.lots import ReliefMethod

_LOTS, _WASH = LotRule(), WashRules()


class LotsTable(Table):
    """Which lots a sale takes. A broker that cannot be told (Alpaca) sells first in, first out."""

    method: Annotated[str, choice(*(m for m in ReliefMethod if m is not ReliefMethod.SPEC))] = key(
        _LOTS.method.value, "the wish; where the broker goes first in, first out, that counts"
    )
    wait_days: Annotated[int, whole(most=366)] = key(
        _LOTS.wait_days, "a short-term gain this near its long term waits, unless drift is dearer"
    )


class WashSalesTable(Table):
    """Wash sales over the whole household; the defaults are the cautious reading of the law."""

    guards: Flag | None = key(
        None, "true refuses every buy that washes a loss; left out, on with [taxes] rates", True
    )
    older_shares_replace: Flag = key(
        _WASH.older_shares_replace, "shares older than the ones sold can replace them"
    )
    tack: Annotated[str, choice(*Tack)] = key(
        _WASH.tack.value, "add_days adds the days held, same_start lets both begin alike"
    )
    same_day_orders_are_separate: Flag = key(
        _WASH.same_day_orders_are_separate, "two orders of a day are two acquisitions"
    )
    spouse_ira_counts: Flag = key(
        _WASH.spouse_ira_counts, "a purchase in a spouse's IRA loses the loss for good, too"
    )
    replacement_must_be_held: Flag = key(
        _WASH.replacement_must_be_held,
        "false lets shares bought in the window and sold before the loss replace it, too",
    )
    one_order_washes_itself: Flag = key(
        _WASH.one_order_washes_itself, "true lets lots sold in one order replace each other"
    )
    shipped_groups: Flag = key(
        True, "funds on one index count as the same; your [identity_groups] come on top"
    )
