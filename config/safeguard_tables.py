"""The tables of what stops by itself and of how long an order may take; private to this room.

The bounds are where loosening would take a control away: a clock half a minute off makes every age of
a quote meaningless, and an order must be looked for long enough before it is called lost.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from config.fields import number, whole
from config.places import Path
from config.problems import plain_number
from config.safeguards import Halting, OrderLife
from config.tables import Table, key

_HALTING, _LIFE = Halting(), OrderLife()
_MIB = 2**20
_MINUTE = timedelta(minutes=1)

Skew = Annotated[Decimal, number(least="0.1", most=30, unit=" seconds")]


class HaltsTable(Table):
    """When everything halts by itself until a person resumes, and what is told before that."""

    refused_orders: Annotated[int, whole(least=1, most=10)] = key(
        _HALTING.refused_orders, "so many orders that the broker refuses in a row halt"
    )
    clock_skew_seconds: Skew = key(
        Decimal(_HALTING.clock_skew.seconds), "a clock further off the broker's halts"
    )
    clock_skew_alarm_seconds: Skew = key(
        Decimal(_HALTING.clock_skew_alarm.seconds), "and pages from here on"
    )
    free_disk_mib: Annotated[int, whole(least=50, most=1_000_000)] = key(
        _HALTING.free_disk // _MIB, "less room than this where the journal lies halts"
    )
    free_disk_alarm_mib: Annotated[int, whole(least=50, most=1_000_000)] = key(
        _HALTING.free_disk_alarm // _MIB, "and pages from here on"
    )
    unreachable_minutes: Annotated[int, whole(least=1, most=1440)] = key(
        _HALTING.unreachable_after // _MINUTE, "a broker that has not answered for so long pages"
    )
    no_price_looks: Annotated[int, whole(least=2, most=100)] = key(
        _HALTING.no_price_looks, "a symbol without any price in so many looks in a row pages"
    )
    stale_price_minutes: Annotated[int, whole(least=1, most=390)] = key(
        _HALTING.stale_price_after // _MINUTE, "one without a good quote for so long is told of"
    )
    check_minutes: Annotated[int, whole(least=1, most=240)] = key(
        _HALTING.check_every // _MINUTE,
        "how often it compares clocks and looks for orders nobody wrote down and for late fills",
    )


class OrdersTable(Table):
    """How long an order may take before something is done about it."""

    cancel_minutes: Annotated[int, whole(least=1, most=390)] = key(
        _LIFE.cancel_after // _MINUTE,
        "what has not filled by then is cancelled, and the rest planned afresh",
    )
    stuck_minutes: Annotated[int, whole(least=1, most=60)] = key(
        _LIFE.stuck_after // _MINUTE, "a cancel without effect for so long pages"
    )
    lost_lookups: Annotated[int, whole(least=5, most=100)] = key(
        _LIFE.lost_lookups, "so many look-ups that do not find a sent order make it lost"
    )
    lost_seconds: Annotated[int, whole(least=300, most=3600)] = key(
        int(_LIFE.lost_after.total_seconds()), "over at least this long"
    )
    arrival_minutes: Annotated[int, whole(least=15, most=600)] = key(
        _LIFE.arrival_grace // _MINUTE,
        "a lost order may still arrive until so long after its session's close",
    )
    others_rest_minutes: Annotated[int, whole(most=390)] = key(
        _LIFE.others_rest // _MINUTE,
        "so long a symbol is left alone after somebody else's order in it; 0 not at all",
    )


def halting_of(table: HaltsTable) -> Halting:
    """The figures, in the units that the daemon uses."""
    return Halting(
        refused_orders=table.refused_orders,
        clock_skew=_seconds(table.clock_skew_seconds),
        clock_skew_alarm=_seconds(table.clock_skew_alarm_seconds),
        free_disk=table.free_disk_mib * _MIB,
        free_disk_alarm=table.free_disk_alarm_mib * _MIB,
        unreachable_after=timedelta(minutes=table.unreachable_minutes),
        no_price_looks=table.no_price_looks,
        stale_price_after=timedelta(minutes=table.stale_price_minutes),
        check_every=timedelta(minutes=table.check_minutes),
    )


def order_life_of(table: OrdersTable) -> OrderLife:
    """The figures, in the units that the daemon uses."""
    return OrderLife(
        cancel_after=timedelta(minutes=table.cancel_minutes),
        stuck_after=timedelta(minutes=table.stuck_minutes),
        lost_lookups=table.lost_lookups,
        lost_after=timedelta(seconds=table.lost_seconds),
        arrival_grace=timedelta(minutes=table.arrival_minutes),
        others_rest=timedelta(minutes=table.others_rest_minutes),
    )


def check_halts(table: HaltsTable) -> Iterator[tuple[Path, str, str]]:
    """What pages must come before what halts."""
    skew, skew_alarm = table.clock_skew_seconds, table.clock_skew_alarm_seconds
    if skew_alarm > skew:
        yield (
            ("halts", "clock_skew_alarm_seconds"),
            f"{plain_number(skew_alarm)} seconds page, and {plain_number(skew)} halt already",
            "Write at most clock_skew_seconds",
        )
    if table.free_disk_alarm_mib < table.free_disk_mib:
        yield (
            ("halts", "free_disk_alarm_mib"),
            f"{table.free_disk_alarm_mib} MiB page, and {table.free_disk_mib} halt already",
            "Write at least free_disk_mib",
        )


def _seconds(value: Decimal) -> timedelta:
    return timedelta(milliseconds=int(value * 1000))
