"""Reconciling holdings and cash: what the broker shows against what our records say it should.

A symbol that disagrees is not traded. Only when the same difference stands for several reads and some
minutes is it taken for a change from outside (a transfer, a person) and accepted, with its row. Cash
that does not follow from the last cash seen, our fills and the flows is no answer at all until then;
nor are holdings that differ by so much that the worth of the household is in doubt.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from daemon.acceptance import accept
from daemon.house import House
from daemon.journal.codec import read_snapshot
from daemon.observe import holdings
from portfolio.events import FillBooked, FlowSeen
from portfolio.memory import Fence
from portfolio.money import ZERO, Quantity
from portfolio.orders import Side
from portfolio.ports import Unavailable
from portfolio.snapshot import Snapshot


@dataclass(slots=True)
class _Seen:
    held: Quantity
    first: datetime
    since: datetime
    """Since when it differs in any way; `first` begins anew whenever it differs in another."""
    reads: int = 1


@dataclass(slots=True)
class Differences:
    """Differences under watch, by account and symbol.

    `moved` is what the rows up to `read_to` have moved an account's cash by, and `base` what was
    there besides. A new process goes on from the last look in the journal. In the accounts of
    `unsure` no difference is accepted: orders of ours are there that nobody wrote down. `splits` look
    like one that the broker has not told of yet, as n for m.
    """

    seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)
    base: dict[str, Decimal] = field(default_factory=dict)
    doubted: dict[str, _Seen] = field(default_factory=dict)
    moved: dict[str, Decimal] = field(default_factory=dict)
    read_to: int = 0
    unsure: frozenset[str] = frozenset()
    splits: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def check_cash(house: House, snapshot: Snapshot, differences: Differences) -> None:
    """See that every account's cash follows from what was there, our fills and the flows.

    Raises `Unavailable` for cash that does not, as a replica that lags behind shows it, until it has
    stood for the reads and the time of `house.reconciling`.
    """
    if not differences.base:
        _go_on_from_the_last_look(house, differences)
    _add_up(house, differences)
    for account in snapshot.accounts:
        name = account.account.id
        if not account.account.can_trade:
            continue
        base = account.cash - differences.moved.get(name, ZERO)
        known = differences.base.setdefault(name, base)
        fits = abs(base - known) <= house.reconciling.cash_fits
        if fits or _is_doubted_for_long(house, differences, name, base):
            differences.base[name] = base
            differences.doubted.pop(name, None)
            continue
        raise Unavailable(
            f"{name} shows {account.cash:.2f} in cash, where our records lead to"
            f" {account.cash + known - base:.2f}"
        )


def _go_on_from_the_last_look(house: House, differences: Differences) -> None:
    for last in house.journal.cycles(limit=1):
        differences.read_to = last.seq
        for account in read_snapshot(house.journal, last.snapshot).accounts:
            differences.base[account.account.id] = account.cash


def _add_up(house: House, differences: Differences) -> None:
    moved = differences.moved
    rows = house.journal.events("fill_booked", "flow_seen", after=differences.read_to)
    for row in rows:
        if isinstance(row.event, FillBooked):
            fill = row.event.fill
            sign = -1 if fill.side is Side.BUY else 1
            amount = sign * fill.quantity * fill.price - fill.fee
            moved[fill.account] = moved.get(fill.account, ZERO) + amount
        elif isinstance(row.event, FlowSeen):
            flow = row.event.flow
            moved[flow.account] = moved.get(flow.account, ZERO) + flow.amount
    if rows:
        differences.read_to = rows[-1].seq


def _is_doubted_for_long(
    house: House, differences: Differences, account: str, base: Decimal
) -> bool:
    now = house.clock.now()
    seen = differences.doubted.get(account)
    if seen is None or abs(seen.held - base) > house.reconciling.cash_fits:
        differences.doubted[account] = _Seen(held=Quantity(base), first=now, since=now)
        return False
    seen.reads += 1
    return _stands(house, seen, now)


def reconcile(
    house: House, shown: Mapping[str, Mapping[str, Quantity]], differences: Differences
) -> tuple[Fence, ...]:
    """Compare account → symbol → quantity with the journal; the fences of what does not agree.

    Differences that stand for the reads and the time of `house.reconciling` are accepted together: as
    long as one of an account is still moving, none is. What waits for the booking of its split keeps
    only its own symbol from that.
    """
    fences: list[Fence] = []
    for account, held in shown.items():
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
        waiting = {s for s in unequal if (account, s) in differences.splits} - confirmed
        settled = confirmed | waiting == set(unequal) and account not in differences.unsure
        if confirmed and settled:
            as_recorded = {symbol: expected[symbol] for symbol in waiting}
            accept(house, account, {**held, **as_recorded}, expected, confirmed)
            unequal = {symbol: unequal[symbol] for symbol in waiting}
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


def check_worth(
    house: House,
    snapshot: Snapshot,
    fences: Sequence[Fence],
    splits: Collection[tuple[str, str]] = (),
) -> None:
    """See that the holdings which `reconcile` fenced leave the worth of the household known.

    Every order is sized by that worth. Sold shares that a lagging replica still shows, beside the cash
    that they brought, would be counted twice and bought for twice. Raises `Unavailable` when the
    units in dispute, at their last prices, are more than `max_doubt` of it, or have no price.
    A split leaves a holding's worth as it was: `splits` are in no doubt.
    """
    if not fences:
        return
    held = holdings(snapshot)
    recorded = {account: house.journal.positions(account) for account in held}
    in_doubt = ZERO
    for fence in fences:
        if (fence.account, fence.symbol) in splits:
            continue
        shown = held[fence.account].get(fence.symbol, ZERO)
        units = abs(shown - recorded[fence.account].get(fence.symbol, ZERO))
        price = snapshot.count_price(fence.symbol)
        if price is None:
            raise Unavailable(f"{fence.reason}, and nobody says what they are worth")
        in_doubt += units * price
    worth = snapshot.cash + sum(
        (q * (snapshot.count_price(s) or ZERO) for s, q in snapshot.quantities().items()), ZERO
    )
    if in_doubt > house.reconciling.max_doubt * worth:
        text = "; ".join(fence.reason for fence in fences)
        raise Unavailable(f"{in_doubt:.2f} of {worth:.2f} are in doubt: {text}")


def _stands(house: House, seen: _Seen, now: datetime) -> bool:
    rule = house.reconciling
    return seen.reads >= rule.confirm_reads and now - seen.first >= rule.confirm_after


def _is_confirmed(
    house: House, differences: Differences, account: str, symbol: str, held: Quantity
) -> bool:
    now = house.clock.now()
    seen = differences.seen.get((account, symbol))
    if seen is None or seen.held != held:
        since = now if seen is None else seen.since
        differences.seen[account, symbol] = _Seen(held=held, first=now, since=since)
        return False
    seen.reads += 1
    if (account, symbol) in differences.splits and now - seen.first < house.reconciling.split_wait:
        return False
    return _stands(house, seen, now)
