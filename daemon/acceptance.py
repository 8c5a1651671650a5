"""A change from outside is taken as it is: one row with what it was taken for, and a person is told.

A symbol whose holding went away is fenced until a person has said what its slice means now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from daemon.house import House
from daemon.journal.codec import read_snapshot
from daemon.taxes.gifting import left_as_gifts
from policies.renames import renames_among
from portfolio.events import Alarm, Fenced, PositionsAccepted, Unfenced
from portfolio.memory import Fence, FlowKind
from portfolio.money import ONE, ZERO, Money, Quantity

PAID_OUT_WITHIN = timedelta(days=30)
"""A fraction that vanishes so long after its split was paid out for it."""
LOOKS_FOR_A_PRICE = 30
"""How many looks back a price is searched for of what has vanished."""


def accept(
    house: House,
    account: str,
    held: Mapping[str, Quantity],
    expected: Mapping[str, Quantity],
    symbols: set[str],
) -> None:
    """Take what an account holds for what it is; `symbols` are those that differ from `expected`."""
    gifts = left_as_gifts(house, account, held, expected)
    renamed = {} if gifts else renames_among(expected, held)
    paid = _paid_out_after_a_split(house, account, held, expected)
    text = _in_words(account, held, expected, symbols, renamed, paid)
    # What vanished was renamed, merged or moved away: a person must say what its slice means now.
    gone = tuple(
        symbol
        for symbol in sorted(symbols - paid)
        if expected.get(symbol, ZERO) > ZERO and held.get(symbol, ZERO) <= ZERO
    )
    worth = {} if gifts else _last_worth(house, gone, expected)
    house.journal.append(
        *gifts,
        PositionsAccepted(
            account=account, quantities=dict(held), reason=text, gone=worth, renamed=renamed
        ),
        Alarm(name="external change", level="page" if gone else "info", text=text, scope=account),
        *_fences_around(account, worth, expected, renamed),
        *_back_again(house, account, held),
    )


def _paid_out_after_a_split(
    house: House,
    account: str,
    held: Mapping[str, Quantity],
    expected: Mapping[str, Quantity],
) -> frozenset[str]:
    """Symbols of which a split left less than one unit, and then none: brokers pay that in cash.

    Nobody renamed or moved the holding, so that its slice may be bought again.
    """
    since = house.clock.now().date() - PAID_OUT_WITHIN
    return frozenset(
        flow.symbol
        for flow in house.journal.flows(since=since)
        if flow.kind is FlowKind.SPLIT
        and flow.account == account
        and flow.symbol is not None
        and ZERO < expected.get(flow.symbol, ZERO) < ONE
        and held.get(flow.symbol, ZERO) == ZERO
    )


def _in_words(
    account: str,
    held: Mapping[str, Quantity],
    expected: Mapping[str, Quantity],
    symbols: Iterable[str],
    renamed: Mapping[str, str],
    paid: Iterable[str],
) -> str:
    what = ", ".join(f"{s} {expected.get(s, ZERO)} → {held.get(s, ZERO)}" for s in sorted(symbols))
    listed = "".join(
        f" {old} is taken to be listed as {new} now: its lots go on as {new}, nothing was sold."
        for old, new in sorted(renamed.items())
    )
    listed += "".join(
        f" {symbol} was split, and the fraction of a share that was left is taken to be paid in cash."
        for symbol in sorted(paid)
    )
    return f"Holdings of {account} changed from outside: {what}. Taken as they are.{listed}"


def _last_worth(
    house: House, gone: Sequence[str], expected: Mapping[str, Quantity]
) -> dict[str, Money]:
    """What vanished units were worth at the last price that a look has seen; zero without one."""
    worth = {symbol: Money(ZERO) for symbol in gone}
    for record in house.journal.cycles(limit=LOOKS_FOR_A_PRICE) if gone else ():
        snapshot = read_snapshot(house.journal, record.snapshot)
        for symbol in gone:
            if not worth[symbol] and (price := snapshot.count_price(symbol)) is not None:
                worth[symbol] = Money(expected[symbol] * price)
        if all(worth.values()):
            break
    return worth


def _fences_around(
    account: str,
    gone: Iterable[str],
    expected: Mapping[str, Quantity],
    renamed: Mapping[str, str],
) -> Iterator[Fenced]:
    for symbol in gone:
        reason = f"its {expected[symbol]} units vanished: renamed, merged or moved away"
        if symbol in renamed:
            reason = f"its {expected[symbol]} units are listed as {renamed[symbol]} now"
        yield Fenced(fence=Fence(account=account, symbol=symbol, reason=reason))


def _back_again(house: House, account: str, held: Mapping[str, Quantity]) -> Iterator[Unfenced]:
    for fence in house.journal.fences(house.clock.now()):
        there = fence.account == account and held.get(fence.symbol, ZERO) > ZERO
        if there and fence.until is None:
            yield Unfenced(account=account, symbol=fence.symbol, reason="it is held again")
