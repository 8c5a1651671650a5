"""The rest after a run: no trades for some sessions, unless a slice is far out."""

from datetime import date, timedelta
from decimal import Decimal

from policies.book import Book
from policies.conditions import Rested
from policies.explain import listed, points
from policies.policy import Policy
from policies.triggers.bands import kernel_widths, slices_out
from portfolio.decisions import Gate
from portfolio.drift import Block


def overriding(policy: Policy, widths: Block) -> Block:
    """The drifts (S,) that end a rest, from the half-widths of the kernel."""
    return float(policy.rest_override) * widths


def ask_rest(book: Book, leaf: Rested) -> Gate:
    """Whether the last run is long enough ago; passed also when a slice overrides the rest.

    A slice overrides it at `override` times its half-width, the edge included.
    """
    memory, ended = book.memory, book.memory.last_run_ended_on
    since, level = memory.sessions_since_run, Decimal(leaf.sessions)
    if since is None:
        return Gate(name="rest", passed=True, level=level, unit="sessions", text="rest: no run yet")
    unit, value = "sessions", Decimal(since)
    days = 0 if ended is None else (book.snapshot.day - ended).days
    if leaf.days and days < leaf.days:
        unit, value, level = "days", Decimal(days), Decimal(leaf.days)
    over = since >= leaf.sessions and days >= leaf.days
    text = f"rest: {value} of {level} {unit} since the last run"
    far = [] if leaf.override is None or over else _far_out(book, leaf.override)
    if far:
        text += f", overridden by {listed(far)} ({leaf.override} times the band)"
    return Gate(
        name="rest",
        passed=over or bool(far),
        value=value,
        level=level,
        margin=level - value,
        unit=unit,
        text=text,
        next_possible=None if over or far else _ends_on(book, leaf, since),
    )


def _far_out(book: Book, override: Decimal) -> list[str]:
    levels = float(override) * kernel_widths(book.policy.target, book.half_widths)
    return [f"{drift.name} {points(drift.drift):+.1f} points" for drift in slices_out(book, levels)]


def _ends_on(book: Book, leaf: Rested, since: int) -> date | None:
    """The first session after the rest, as far as the memory knows the coming sessions."""
    memory, ended = book.memory, book.memory.last_run_ended_on
    coming = memory.coming_sessions[max(leaf.sessions - since, 1) - 1 :]
    first = coming[0] if coming else None
    if ended is None or not leaf.days:
        return first
    earliest = ended + timedelta(days=leaf.days)
    if leaf.sessions > since and first is None:
        return None
    return next((day for day in coming if day >= earliest), earliest)
