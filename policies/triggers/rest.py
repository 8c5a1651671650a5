"""The rest after a run: no trades for some sessions, unless a slice is far out."""

from decimal import Decimal

from policies.book import Book
from policies.explain import listed, points
from policies.triggers.bands import reaches
from portfolio.decisions import Gate


def ask_rest(book: Book) -> Gate:
    """Whether the last run is long enough ago; passed also when a slice overrides the rest.

    A slice overrides it at `rest_override` times its half-width, the edge included.
    """
    policy, since = book.policy, book.memory.sessions_since_run
    level = Decimal(policy.rest_sessions)
    if since is None:
        return Gate(name="rest", passed=True, level=level, unit="sessions", text="rest: no run yet")
    far = [
        f"{drift.name} {points(drift.drift):+.1f} points"
        for node, drift in zip(policy.target.slices, book.drifts, strict=True)
        if not node.is_cash and reaches(drift, policy.rest_override * drift.half_width)
    ]
    rested = since >= policy.rest_sessions
    text = f"rest: {since} of {policy.rest_sessions} sessions since the last run"
    if far and not rested:
        text += f", overridden by {listed(far)} ({policy.rest_override} times the band)"
    return Gate(
        name="rest",
        passed=rested or bool(far),
        value=Decimal(since),
        level=level,
        margin=level - since,
        unit="sessions",
        text=text,
    )
