"""The rest after a run: no trades for some sessions, unless a slice is far out."""

from decimal import Decimal

from policies.book import Book
from policies.explain import listed, points
from policies.policy import Policy
from policies.triggers.bands import kernel_widths, slices_out
from portfolio.decisions import Gate
from portfolio.drift import Block


def overriding(policy: Policy, widths: Block) -> Block:
    """The drifts (S,) that end a rest, from the half-widths of the kernel."""
    return float(policy.rest_override) * widths


def ask_rest(book: Book) -> Gate:
    """Whether the last run is long enough ago; passed also when a slice overrides the rest.

    A slice overrides it at `rest_override` times its half-width, the edge included.
    """
    policy, since = book.policy, book.memory.sessions_since_run
    level = Decimal(policy.rest_sessions)
    if since is None:
        return Gate(name="rest", passed=True, level=level, unit="sessions", text="rest: no run yet")
    levels = overriding(book.policy, kernel_widths(policy.target, book.half_widths))
    far = [f"{drift.name} {points(drift.drift):+.1f} points" for drift in slices_out(book, levels)]
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
