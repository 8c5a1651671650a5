"""Alarms end when what they tell of is over: looked at once a session, at its close.

A page about an order ends with the order; news (a denied plan, holdings that changed from outside)
ends with its day. What a person or a broker must end (a halt, a clock, a calendar) is cleared where
it ends.
"""

from daemon.house import House
from portfolio.events import Alarm, AlarmCleared

ABOUT_ORDERS = frozenset(
    {
        *("lost order", "late arrival", "late fill", "stuck order", "unclear order"),
        "unknown order status",
    }
)
NEWS = frozenset({"plan denied", "external change"})


def clear_what_is_over(house: House) -> None:
    """Record the end of every open alarm whose matter has ended."""
    over = [(alarm, why) for alarm in house.journal.open_alarms() if (why := _ended(house, alarm))]
    if over:
        house.journal.append(
            *(AlarmCleared(name=alarm.name, scope=alarm.scope, text=why) for alarm, why in over)
        )


def _ended(house: House, alarm: Alarm) -> str:
    """Why an alarm is over; empty when it is not."""
    if alarm.name in NEWS:
        return "told; the day is over"
    if alarm.name in ABOUT_ORDERS:
        leg = house.journal.leg(alarm.scope)
        if leg is not None and leg.state.is_terminal:
            return f"the order is over: {leg.state}"
    return ""
