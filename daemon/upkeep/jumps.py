"""A page for each symbol whose price is too far from its last close to be believed unseen.

A split that the broker has not booked, a rename, a wrong quote and a true fall look the same from here.
The symbol is not traded for the session, the others go on; a person sees which it was.
"""

from daemon.house import House
from policies.prices import judge_prices
from portfolio.events import Alarm, AlarmCleared
from portfolio.snapshot import PriceFault, Snapshot


def tell_jumps(house: House, snapshot: Snapshot) -> None:
    """Page once for each jump that is new; end the alarms of prices that are near a close again."""
    judged = judge_prices(snapshot, house.policy.prices, ()).refused
    jumped = {s: r for s, r in judged.items() if r.fault is PriceFault.JUMPED}
    told = {a.scope for a in house.journal.open_alarms() if a.name == "price jump"}
    news = [
        Alarm(name="price jump", level="page", text=f"{refused.detail}.", scope=symbol)
        for symbol, refused in sorted(jumped.items())
        if symbol not in told
    ]
    over = [
        AlarmCleared(
            name="price jump", scope=symbol, text="The price is near its last close again."
        )
        for symbol in sorted(told - set(jumped))
        if symbol not in judged
    ]
    if news or over:
        house.journal.append(*news, *over)
