"""The household's lot ledger: facts in trade-date order, lots and realised slices out.

Every lot of every account is here, with what wash sales did to its basis and its holding period. What
came in equals what is held, sold and moved away, to the last place, whatever happened.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import assert_never

from policies.taxes.corporate_actions import (
    gain_of_returned_capital,
    increased,
    reduced,
    spun,
)
from policies.taxes.events import (
    Acquired,
    Exchanged,
    Moved,
    Renamed,
    ReturnedCapital,
    Sold,
    Split,
    SpunOff,
    TaxEvent,
)
from policies.taxes.open_questions import parts_of_sale, wash_back, wash_within
from policies.taxes.terms import loss_of, result_of_sale
from policies.taxes.wash import Held, LossInPlay, OpenLoss, Realised, Slice, TaxHousehold, match
from portfolio.lots import Lot, divided, share_of
from portfolio.money import (
    FRACTION_OF_SHARE,
    ZERO,
    Money,
    Quantity,
    exact_arithmetic,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxBook:
    """The ledger at one moment: lots held, slices realised, losses that a purchase may still wash.

    `notes` say where the history did not add up, and what was assumed.
    """

    lots: tuple[Lot, ...]
    slices: tuple[Slice, ...]
    open_losses: tuple[OpenLoss, ...]
    notes: tuple[str, ...] = ()

    def lots_of(self, account: str, symbol: str | None = None) -> tuple[Lot, ...]:
        """The lots of an account, or of one symbol in it, in the order of their booking."""
        return tuple(
            lot
            for lot in self.lots
            if lot.account == account and (symbol is None or lot.symbol == symbol)
        )


class HouseholdLedger:
    """A ledger that is brought forward fact by fact; `book` shows it.

    Facts of one day are taken in the order given. A sale of more than is held is not refused: the
    rest is sold at an unknown basis, and noted, because the broker's word stands.
    """

    def __init__(self, household: TaxHousehold) -> None:
        self._household = household
        self._held: dict[str, dict[tuple[str, str], list[Held]]] = {}  # by identity group
        self._slices: list[Realised] = []
        self._losses: dict[str, list[LossInPlay]] = {}
        self._gone: dict[str, list[Held]] = {}
        self._notes: list[str] = []
        self._booked = 0

    def apply(self, event: TaxEvent) -> None:
        """Book one fact."""
        with exact_arithmetic():
            match event:
                case Acquired():
                    self._acquire(event.lot)
                case Sold():
                    self._sell(event)
                case Split():
                    self._split(event)
                case ReturnedCapital():
                    self._return_capital(event)
                case SpunOff():
                    self._spin_off(event)
                case Exchanged():
                    self._exchange(event)
                case Renamed():
                    self._rename(event)
                case Moved():
                    self._move(event)
                case _:
                    assert_never(event)

    def book(self) -> TaxBook:
        """What the ledger holds now."""
        held = [item for places in self._held.values() for p in places.values() for item in p]
        held.sort(key=lambda item: item.number)
        return TaxBook(
            lots=tuple(item.lot for item in held),
            slices=tuple(realised.piece for realised in self._slices),
            open_losses=tuple(
                loss.as_open()
                for losses in self._losses.values()
                for loss in losses
                if loss.quantity > ZERO
            ),
            notes=tuple(self._notes),
        )

    def _place(self, account: str, symbol: str) -> list[Held]:
        group = self._household.group_of(symbol)
        return self._held.setdefault(group, {}).setdefault((account, symbol), [])

    def _group(self, group: str) -> Iterator[Held]:
        for place in self._held.get(group, {}).values():
            yield from place

    def _add(self, lot: Lot) -> Held:
        self._booked += 1
        held = Held(lot=lot, number=self._booked)
        self._place(lot.account, lot.symbol).append(held)
        return held

    def _put(self, held: Held, washed: Lot, rest: Lot | None) -> None:
        """A held lot becomes its replacing part and the rest, which share its place in the order."""
        if rest is None:
            held.lot = washed
            return
        place = self._place(held.lot.account, held.lot.symbol)
        at = next(i for i, other in enumerate(place) if other is held)
        name = held.lot.lot_id
        held.lot = replace(washed, lot_id=f"{name}.w", buy_order=washed.order)
        left = replace(rest, lot_id=f"{name}.r", buy_order=rest.order)
        place.insert(at + 1, Held(lot=left, number=held.number))

    def _acquire(self, lot: Lot) -> None:
        """A purchase is first held against the losses it may wash, in the order of their sales."""
        self._add(lot)
        group = self._household.group_of(lot.symbol)
        losses = sorted(
            (loss for loss in self._losses.get(group, ()) if loss.quantity > ZERO),
            key=lambda loss: loss.on,
        )
        for loss in losses:
            fresh = [h for h in self._place(lot.account, lot.symbol) if h.number == self._booked]
            match(self._household, loss, fresh, self._put)

    def _sell(self, event: Sold) -> None:
        picks = self._take(event.account, event.symbol, event.quantity, event.lots)
        group, rules = self._household.group_of(event.symbol), self._household.rules
        if not self._household.is_taxable(event.account):
            if not rules.replacement_must_be_held:
                self._gone.setdefault(group, []).extend(
                    Held(lot=lot, number=number) for number, lot in picks
                )
            return
        parts = parts_of_sale(picks, event)
        losses: list[LossInPlay] = []
        while parts:
            part = parts.pop(0)
            found = self._realise(event, part.held.number, part.held.lot, part.proceeds)
            if rules.one_order_washes_itself:
                for loss in found:
                    wash_within(self._household, loss, parts)
            losses += found
        losses.sort(key=lambda loss: (loss.of.piece.lot.acquired_on or event.on, loss.number))
        for loss in losses:
            candidates = sorted(
                self._group(group), key=lambda h: (h.lot.acquired_on or event.on, h.number)
            )
            match(self._household, loss, candidates, self._put)
            if not rules.replacement_must_be_held:
                wash_back(self._household, loss, self._slices, self._gone.get(group, []))
        self._losses.setdefault(group, []).extend(losses)

    def _realise(self, event: Sold, number: int, lot: Lot, proceeds: Money) -> list[LossInPlay]:
        result = result_of_sale(lot, proceeds, event.on)
        realised = Realised(
            piece=Slice(
                sale=event.sale,
                account=event.account,
                lot=lot,
                sold_on=event.on,
                term=result.term,
                proceeds=result.proceeds,
                basis=result.basis,
                gain=result.gain,
            )
        )
        self._slices.append(realised)
        loss = loss_of(result.gain)
        if loss <= ZERO:
            return []
        counted = lot.acquired_on if lot.loss_acquired_on is None else lot.loss_acquired_on
        held_days = 0 if counted is None else (event.on - counted).days + lot.tacked_days
        return [
            LossInPlay(
                of=realised,
                symbol=event.symbol,
                group=self._household.group_of(event.symbol),
                quantity=lot.quantity,
                loss=loss,
                held_days=held_days,
                number=number,
            )
        ]

    def _take(
        self, account: str, symbol: str, quantity: Quantity, chosen: Sequence[tuple[str, Quantity]]
    ) -> list[tuple[int, Lot]]:
        """Remove what is sold or moved: the named lots, else the first in; with their numbers."""
        taken: list[tuple[int, Lot]] = []
        if chosen:
            for lot_id, part in chosen:
                taken += self._take_from(account, symbol, part, lot_id)
        else:
            taken = self._take_from(account, symbol, quantity, "")
        missing = quantity - sum((lot.quantity for _, lot in taken), ZERO)
        if missing > ZERO:
            self._notes.append(
                f"{account}: {quantity} {symbol} left the account, {missing} more than the ledger"
                " has; their basis is not known"
            )
            unknown = Lot(
                lot_id=f"unknown-{symbol}",
                symbol=symbol,
                quantity=Quantity(missing),
                account=account,
            )
            taken.append((0, unknown))
        return taken

    def _take_from(
        self, account: str, symbol: str, quantity: Decimal, lot_id: str
    ) -> list[tuple[int, Lot]]:
        """From one named lot and its parts, or from the oldest; in place."""
        place = self._place(account, symbol)
        if lot_id:
            parts = [h for h in place if h.lot.lot_id.startswith(f"{lot_id}.")]
            queue = [h for h in place if h.lot.lot_id == lot_id] or parts
        else:
            unknown_first = [h for h in place if h.lot.acquired_on is None]
            dated = [h for h in place if h.lot.acquired_on is not None]
            dated.sort(key=lambda h: (h.lot.acquired_on, h.number))
            queue = unknown_first + dated
        taken: list[tuple[int, Lot]] = []
        left = quantity
        for held in queue:
            if left <= ZERO:
                break
            part, rest = divided(held.lot, min(left, held.lot.quantity))
            taken.append((held.number, part))
            left -= part.quantity
            if rest is None:
                place[:] = [other for other in place if other is not held]
            else:
                held.lot = rest
        return taken

    def _split(self, event: Split) -> None:
        """Units to nine places; what rounding leaves goes to the last lot, so that they sum up."""
        place = self._place(event.account, event.symbol)
        before = sum((held.lot.quantity for held in place), ZERO)
        left = (before * event.ratio).quantize(FRACTION_OF_SHARE)
        for held in place:
            units = (held.lot.quantity * event.ratio).quantize(FRACTION_OF_SHARE)
            units = left if held is place[-1] else min(units, left)
            held.lot = replace(held.lot, quantity=Quantity(units))
            left -= units
        self._drop_empty(place, event)
        group = self._household.group_of(event.symbol)
        for loss in self._losses.get(group, ()):
            if (loss.of.piece.account, loss.symbol) == (event.account, event.symbol):
                loss.quantity = Quantity(loss.quantity * event.ratio)

    def _drop_empty(self, place: list[Held], event: Split) -> None:
        """Lots that a split rounded away; their basis goes to the last one that is left."""
        gone = [held.lot for held in place if held.lot.quantity <= ZERO]
        place[:] = [held for held in place if held.lot.quantity > ZERO]
        if gone and not place:
            self._notes.append(f"{event.account}: the split left nothing of {event.symbol}")
        elif gone:
            last = place[-1]
            more = sum((lot.basis or ZERO for lot in gone), ZERO)
            paid = sum((lot.cost_before_washes or ZERO for lot in gone), ZERO)
            last.lot = replace(
                last.lot,
                basis=increased(last.lot.basis, more),
                original_basis=increased(last.lot.cost_before_washes, paid),
            )

    def _return_capital(self, event: ReturnedCapital) -> None:
        place = self._place(event.account, event.symbol)
        left, units = event.amount, sum((h.lot.quantity for h in place), ZERO)
        if units <= ZERO:
            self._notes.append(f"{event.account}: capital of {event.symbol}, which is not held")
            return
        for held in place:
            lot = held.lot
            part = share_of(left, lot.quantity, units)
            left, units = Money(left - part), units - lot.quantity
            held.lot = replace(
                lot,
                basis=reduced(lot.basis, part),
                original_basis=reduced(lot.original_basis, part),
                loss_basis=reduced(lot.loss_basis, part),
            )
            excess = ZERO if lot.basis is None else max(ZERO, part - lot.basis)
            if excess > ZERO and self._household.is_taxable(event.account):
                self._slices.append(
                    Realised(piece=gain_of_returned_capital(event, lot, Money(excess)))
                )

    def _spin_off(self, event: SpunOff) -> None:
        for held in list(self._place(event.account, event.symbol)):
            lot = held.lot
            units = (lot.quantity * event.ratio).quantize(FRACTION_OF_SHARE)
            if units <= ZERO:
                continue
            new, kept = spun(lot, event.basis_fraction)
            held.lot = kept
            name = f"{lot.lot_id}.{event.into}"
            self._add(replace(new, lot_id=name, symbol=event.into, quantity=Quantity(units)))

    def _exchange(self, event: Exchanged) -> None:
        """Units to nine places; a lot that rounds to nothing is noted with its basis lost to sight."""
        place = self._place(event.account, event.symbol)
        lots, place[:] = [held.lot for held in place], []
        for lot in lots:
            units = (lot.quantity * event.ratio).quantize(FRACTION_OF_SHARE)
            if units > ZERO:
                changed = replace(lot, symbol=event.into, quantity=Quantity(units))
                self._add(replace(changed, buy_order=lot.order))
            else:
                self._notes.append(f"{event.account}: the exchange left nothing of {lot.lot_id}")

    def _rename(self, event: Renamed) -> None:
        """Lots keep their place in the order of booking. A name is the same for every account, so
        that open losses of all of them go by the new one, and both count as the same from now on.
        """
        if event.symbol == event.into:
            return
        if event.ratio != 1:
            self._split(_split_with(event))
        for held in self._place(event.account, event.symbol):
            held.lot = replace(held.lot, symbol=event.into)
        self._household = self._household.with_names(event.symbol, event.into)
        losses = [loss for group in self._losses.values() for loss in group]
        for loss in losses:
            if loss.symbol == event.symbol:
                loss.symbol = event.into
        self._regroup(losses)

    def _regroup(self, losses: Iterable[LossInPlay]) -> None:
        """Put everything where its symbol and the identity groups of now say."""
        everything = sorted(
            (held for group in self._held for held in self._group(group)), key=lambda h: h.number
        )
        gone = [held for group in self._gone.values() for held in group]
        self._held, self._losses, self._gone = {}, {}, {}
        for held in everything:
            self._place(held.lot.account, held.lot.symbol).append(held)
        for loss in losses:
            loss.group = self._household.group_of(loss.symbol)
            self._losses.setdefault(loss.group, []).append(loss)
        for held in gone:
            self._gone.setdefault(self._household.group_of(held.lot.symbol), []).append(held)

    def _move(self, event: Moved) -> None:
        for _, lot in self._take(event.account, event.symbol, event.quantity, event.lots):
            if event.to:
                self._add(replace(lot, account=event.to, buy_order=lot.order))


def _split_with(event: Renamed) -> Split:
    return Split(on=event.on, account=event.account, symbol=event.symbol, ratio=event.ratio)


def replay(events: Iterable[TaxEvent], household: TaxHousehold) -> TaxBook:
    """The ledger after a whole history, taken by date; facts of a day in the order given."""
    ledger = HouseholdLedger(household)
    for event in sorted(events, key=lambda event: event.on):
        ledger.apply(event)
    return ledger.book()
