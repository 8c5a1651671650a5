"""Holdings that look split before their broker has told of it: noticed, paged once, and waited for.

The units changed n for m and the price changed the other way. Taken for a change from outside, the
split would be applied once more when its booking comes.
"""

from decimal import Decimal

from daemon.house import House
from daemon.journal.codec import read_snapshot
from daemon.reconcile import Differences
from policies.splits import split_like
from portfolio.events import Alarm, AlarmCleared
from portfolio.money import ZERO, Price, Quantity
from portfolio.snapshot import Snapshot

LOOKS_BACK = 60
"""So many looks are searched for the last one that showed the holding as our records have it."""


def note_splits(house: House, snapshot: Snapshot, differences: Differences) -> None:
    """Note in `differences.splits` what looks split; page for what is new, end what is over."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for account in snapshot.accounts:
        name = account.account.id
        if not account.account.can_trade:
            continue
        expected = house.journal.positions(name)
        for position in account.positions:
            before = expected.get(position.symbol, Quantity(ZERO))
            now = snapshot.count_price(position.symbol)
            if before in (ZERO, position.quantity) or now is None:
                continue
            was = _price_before(house, name, position.symbol, before)
            fit = house.reconciling.split_fit
            ratio = was and split_like(before, position.quantity, was, now, fit)
            if ratio:
                found[name, position.symbol] = ratio
    differences.splits = found
    _tell(house, found)


def _price_before(house: House, account: str, symbol: str, units: Decimal) -> Price | None:
    """What the symbol was counted at in the last look that showed as many units as our records."""
    for look in house.journal.cycles(limit=LOOKS_BACK):
        seen = read_snapshot(house.journal, look.snapshot)
        for one in seen.accounts:
            if one.account.id == account and one.quantity(symbol) == units:
                return seen.count_price(symbol)
    return None


def _tell(house: House, found: dict[tuple[str, str], tuple[int, int]]) -> None:
    now = {f"{account} {symbol}": ratio for (account, symbol), ratio in found.items()}
    told = {a.scope for a in house.journal.open_alarms() if a.name == "likely split"}
    hours = house.reconciling.split_wait.total_seconds() / 3600
    news = [
        Alarm(
            name="likely split",
            level="page",
            text=f"{scope} looks split {new} for {old}, and its broker has not told of it. It is not"
            f" traded until that is booked; after {hours:.0f} hours it is taken as it is.",
            scope=scope,
        )
        for scope, (new, old) in sorted(now.items())
        if scope not in told
    ]
    over = [AlarmCleared(name="likely split", scope=scope) for scope in sorted(told - set(now))]
    if news or over:
        house.journal.append(*news, *over)
