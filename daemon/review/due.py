"""When a month is written about; the letter itself is made elsewhere, and loaded only then."""

from datetime import date

from daemon.review.period import Period, month_of
from portfolio.events import ReviewWritten, SessionClosed
from portfolio.ports import JournalReader


def letter_due(journal: JournalReader, session: date, following: date) -> Period | None:
    """The month to write about after the close of `session`, `following` being the next one.

    The month that ends with this session; else an earlier one that was closed with nobody there to
    write, once a session of a later month has been closed. Each month is written about once.
    """
    written = journal.events("review_written", limit=1, newest_first=True)
    last = (
        written[0].event.period if written and isinstance(written[0].event, ReviewWritten) else ""
    )
    if following.month != session.month or following.year != session.year:
        ends = month_of(session)
    else:
        rows = journal.events("session_closed", limit=40, newest_first=True)
        days = [r.event.session for r in rows if isinstance(r.event, SessionClosed)]
        before = [day for day in days if day < month_of(session).first]
        if not before:
            return None
        ends = month_of(before[0])
    return ends if ends.name > last else None
