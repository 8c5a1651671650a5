"""Reconciling holdings: what the broker shows against what our records say it should.

A symbol that disagrees is not traded. Only when the same difference stands for several reads and some
minutes is it taken for a change from outside (a transfer, a person) and accepted, with its row.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from daemon.house import House
from portfolio.events import Alarm, PositionsAccepted
from portfolio.memory import Fence
from portfolio.money import ZERO, Quantity

READS_TO_CONFIRM = 4
TIME_TO_CONFIRM = timedelta(seconds=180)


@dataclass(slots=True)
class _Seen:
    held: Quantity
    first: datetime
    reads: int = 1


@dataclass(slots=True)
class Differences:
    """Differences under watch, by account and symbol."""

    seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)


def reconcile(
    house: House, holdings: Mapping[str, Mapping[str, Quantity]], differences: Differences
) -> tuple[Fence, ...]:
    """Compare account → symbol → quantity with the journal; the fences of what does not agree.

    A difference seen `READS_TO_CONFIRM` times over `TIME_TO_CONFIRM`, unchanged, is accepted.
    """
    fences: list[Fence] = []
    for account, held in holdings.items():
        expected = house.journal.positions(account)
        unequal = {
            symbol: held.get(symbol, Quantity(ZERO))
            for symbol in sorted(set(held) | set(expected))
            if held.get(symbol, ZERO) != expected.get(symbol, ZERO)
        }
        for key in [k for k in differences.seen if k[0] == account and k[1] not in unequal]:
            del differences.seen[key]
        confirmed = {
            s for s, q in unequal.items() if _is_confirmed(house, differences, account, s, q)
        }
        if confirmed and confirmed == set(unequal):
            _accept(house, account, held, expected, confirmed)
            continue
        fences.extend(
            Fence(
                account=account,
                symbol=symbol,
                reason=f"the broker shows {quantity} {symbol}, our records say "
                f"{expected.get(symbol, ZERO)}",
            )
            for symbol, quantity in unequal.items()
        )
    return tuple(fences)


def _is_confirmed(
    house: House, differences: Differences, account: str, symbol: str, held: Quantity
) -> bool:
    now = house.clock.now()
    seen = differences.seen.get((account, symbol))
    if seen is None or seen.held != held:
        differences.seen[account, symbol] = _Seen(held=held, first=now)
        return False
    seen.reads += 1
    return seen.reads >= READS_TO_CONFIRM and now - seen.first >= TIME_TO_CONFIRM


def _accept(
    house: House,
    account: str,
    held: Mapping[str, Quantity],
    expected: Mapping[str, Quantity],
    symbols: set[str],
) -> None:
    what = ", ".join(f"{s} {expected.get(s, ZERO)} → {held.get(s, ZERO)}" for s in sorted(symbols))
    text = f"Holdings of {account} changed from outside: {what}. Taken as they are."
    house.journal.append(
        PositionsAccepted(account=account, quantities=dict(held), reason=text),
        Alarm(name="external change", level="info", text=text, scope=account),
    )
