"""Gifts that a person accepted and that have neither left nor been taken back."""

from portfolio.gifts import Gift, GiftState
from portfolio.lot_events import GiftMoved
from portfolio.ports import JournalReader


def open_gifts(journal: JournalReader) -> tuple[Gift, ...]:
    """Accepted gifts that have neither left nor been taken back, oldest first."""
    found: dict[str, Gift] = {}
    for recorded in journal.events("gift_moved"):
        if isinstance(recorded.event, GiftMoved):
            gift, state = recorded.event.gift, recorded.event.state
            found.pop(gift.gift_id, None)
            if state is GiftState.ACCEPTED:
                found[gift.gift_id] = gift
    return tuple(found.values())
