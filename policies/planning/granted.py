"""What a person's yes to a plan covers when the plan is made again at later prices."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from policies.policy import Policy
from portfolio.decisions import Allowance, PlannedLeg, Proposal, allowances_of
from portfolio.instruments import Instrument
from portfolio.money import ZERO, Quantity, round_down
from portfolio.snapshot import Snapshot

NOISE = Decimal("0.01")
"""Of a plan's value: what prices move from one look to the next."""
Step = Callable[[str], Quantity]


def steps_in(snapshot: Snapshot, policy: Policy) -> Step:
    """The quantity step of a symbol's orders; one share where the broker says nothing of it."""

    def step(symbol: str) -> Quantity:
        known = snapshot.instruments.get(symbol) or Instrument(symbol=symbol, fractionable=False)
        return known.quantity_step(fractional=policy.fractional)

    return step


def fits(new: Proposal, granted: Proposal, step: Step) -> bool:
    """Whether a plan made afresh is still the plan that was granted, so that it can be cut to it.

    Each order may be over its allowance by one quantity step, or by `NOISE` of the granted plan's
    value: a cent in a price moves a share from one plan to the next, and the 1 % of headroom of a
    small order is next to nothing. What is over is cut away (`cut`); something must be left of what
    may go out first.
    """
    if new.run != granted.run:
        return False
    rooms = _rooms(allowances_of(granted))
    noise = NOISE * granted.one_way
    return all(
        _over(leg, rooms) <= step(leg.intent.symbol) or _over(leg, rooms) * leg.price <= noise
        for leg in new.legs
    ) and bool(cut(new.first_wave, allowances_of(granted), step))


def cut(
    legs: Sequence[PlannedLeg], allowances: Sequence[Allowance], step: Step
) -> tuple[PlannedLeg, ...]:
    """Orders cut down to their allowances, on whole steps; an order that none allows is left out."""
    rooms = _rooms(allowances)
    kept = []
    for leg in legs:
        room = rooms.get(_key(leg), Quantity(ZERO))
        quantity = leg.intent.quantity
        if quantity > room:
            quantity = Quantity(round_down(room, step(leg.intent.symbol)))
        if quantity > ZERO:
            kept.append(replace(leg, intent=replace(leg.intent, quantity=quantity)))
    return tuple(kept)


def _over(leg: PlannedLeg, rooms: dict[tuple[str, str, str], Quantity]) -> Decimal:
    return leg.intent.quantity - rooms.get(_key(leg), Quantity(ZERO))


def _rooms(allowances: Sequence[Allowance]) -> dict[tuple[str, str, str], Quantity]:
    return {(a.account, a.symbol, a.side): a.quantity for a in allowances}


def _key(leg: PlannedLeg) -> tuple[str, str, str]:
    return (leg.intent.account, leg.intent.symbol, leg.intent.side)
