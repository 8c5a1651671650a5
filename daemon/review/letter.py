"""The letter: the review of a month as a notice, written once after the month's last session."""

from collections.abc import Iterator

from daemon.review.period import Period
from daemon.review.review import NothingToReview, Review, review
from daemon.review.words import fraction, gate_words, quiet_words, times
from daemon.screens.words import money, number_of, points
from portfolio.events import ReviewWritten
from portfolio.ports import JournalReader


def written(journal: JournalReader, period: Period) -> ReviewWritten | None:
    """The letter of a period as the event that queues its notice; None when nothing was seen of it."""
    try:
        found = review(journal, period)
    except NothingToReview:
        return None
    if not found.quiet.looks and found.balance is None:
        return None
    return ReviewWritten(period=period.name, title=period.title, lines=tuple(lines(found)))


def lines(found: Review) -> Iterator[str]:
    """The letter, a sentence a line; amounts are followed by USD, so that they can be taken out."""
    if found.balance is not None:
        balance = found.balance
        yield f"Value: {money(balance.end)} USD, cash {money(found.cash)} USD."
        if balance.paid_in or balance.taken_out:
            yield (
                f"Paid in {money(balance.paid_in)} USD, taken out {money(balance.taken_out)} USD."
            )
    if found.returns is not None:
        year = (
            ""
            if found.returns_of_year is None
            else (f", {fraction(found.returns_of_year.time_weighted)} since January")
        )
        yield f"Return: {fraction(found.returns.time_weighted)}{year} (time-weighted)."
    for view in found.slices:
        drift = points(view.before - view.target)
        band = f", fires at {points(view.half_width).lstrip('+')}" if view.half_width else ""
        yield f"{view.name}: {fraction(float(view.before))}, {drift} points off{band}."
    yield f"Risk: {found.risk.words}."
    yield from (
        f"By hand: {one.name}, valued {one.days} days ago." for one in found.by_hand if one.is_old
    )
    yield from _done(found)
    yield from (f"Mind: {warning}." for warning in found.spread.warnings[:4])
    yield from (f"Next: {gate_words(gate)}." for gate in found.next[:3])


def _done(found: Review) -> Iterator[str]:
    for one in found.done:
        yield (
            f"{one.day}: {one.reason}; {one.filled} of {number_of(one.orders, 'order')} filled, "
            f"cost {money(one.cost)} USD."
        )
    if found.done:
        yield f"Turnover: {fraction(found.turnover)}."
        return
    yield f"Nothing was traded: {number_of(found.quiet.looks, 'look')}, all held."
    yield from (f"{reason}: {times(count)}." for reason, count in found.quiet.reasons[:2])
    yield from (f"Nearest: {sentence}." for sentence in quiet_words(found.quiet)[:2])
