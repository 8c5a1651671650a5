"""The figures of what stops by itself and of how long an order may take, as the daemon uses them."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Halting:
    """When everything halts by itself, and what pages before it comes to that.

    `refused_orders` in a row, a clock `clock_skew` off the broker's, or less than `free_disk` bytes
    where the journal lies. `clock_skew_alarm`, `free_disk_alarm` and a broker that is silent for
    `unreachable_after` page, and so does a symbol without any price in `no_price_looks` looks in a
    row; one without a good quote for `stale_price_after` is news. Clocks, strangers and late fills
    are asked for every `check_every`.
    """

    refused_orders: int = 3
    clock_skew: timedelta = timedelta(seconds=5)
    clock_skew_alarm: timedelta = timedelta(seconds=2)
    free_disk: int = 200 * 2**20
    free_disk_alarm: int = 1024 * 2**20
    unreachable_after: timedelta = timedelta(minutes=15)
    no_price_looks: int = 3
    stale_price_after: timedelta = timedelta(minutes=15)
    check_every: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLife:
    """How long an order may take (order protocol, states of a leg).

    What has not filled `cancel_after` its send is cancelled; a cancel without effect after
    `stuck_after` makes it stuck. One that `lost_lookups` look-ups over `lost_after` did not find is
    lost, and may still arrive until `arrival_grace` after its session's close. A symbol in which
    somebody else trades rests for `others_rest` after it.
    """

    cancel_after: timedelta = timedelta(minutes=10)
    stuck_after: timedelta = timedelta(minutes=10)
    lost_lookups: int = 5
    lost_after: timedelta = timedelta(seconds=300)
    arrival_grace: timedelta = timedelta(minutes=15)
    others_rest: timedelta = timedelta(minutes=15)
