"""`trimtab review` on one screen: how it stands, how it did, what was done and why, what comes next."""

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.review.looks import Quiet
from daemon.review.review import Balance, Returns, Review
from daemon.review.runs import Rebalance
from daemon.review.words import fraction, gate_words, quiet_words, times
from daemon.screens.portfolio import depths_of, slices_table
from daemon.screens.style import quiet_table, words
from daemon.screens.words import instant, money, number_of

BAR = 24
"""Columns of a full bar."""
MOST_NEXT = 6


def review_screen(review: Review, *, columns: int) -> RenderableType:
    """The whole review, top to bottom in the order of a reader's questions."""
    parts: list[RenderableType] = [_title(review), Text()]
    if review.slices:
        parts += [
            slices_table(
                review.slices,
                columns=columns,
                managed_value=review.managed,
                depths=depths_of(review.parents),
            ),
            words(
                f"drift: {fraction(float(review.total_drift))} would have to change hands; "
                f"target: {review.target_from}"
            ),
            Text(),
        ]
    if review.by_hand:
        parts += [words("Valued by hand, never traded", "title"), *_by_hand(review), Text()]
    parts += _money_and_returns(review)
    parts += [words("Spread", "title"), *_spread(review), Text()]
    parts += [words("What was done", "title"), *_done(review.done, review.turnover)]
    parts += _quiet(review.quiet)
    parts += [Text(), words("What would trade next", "title"), *_next(review)]
    return Group(*parts)


def _by_hand(review: Review) -> Iterator[RenderableType]:
    for one in review.by_hand:
        yield words(f"  {one.words}", "care" if one.is_old or one.value is None else "plain")


def _title(review: Review) -> Text:
    text = words(f"{review.household}: {review.period.title}", "title")
    return text.append(f"   as of {instant(review.at)}, {review.mode}", style="quiet")


def _money_and_returns(review: Review) -> Iterator[RenderableType]:
    if review.balance is None:
        yield words("No session has been closed in this period: no value, no return.", "care")
    else:
        yield words("Money, USD", "title")
        yield _balance(review.balance)
    yield Text()
    rows = (
        (review.period.title, review.returns),
        (f"since January {review.period.last.year}", review.returns_of_year),
        (f"since {review.started}", review.returns_since_start),
    )
    if any(returns is not None for _, returns in rows):
        yield words("Returns", "title")
        yield _returns(rows)
        yield Text()


def _balance(balance: Balance) -> Table:
    table = quiet_table()
    for head in ("start", "paid in", "taken out", "gain", "of it income", "end"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_row(
        *(
            money(amount)
            for amount in (
                balance.start,
                balance.paid_in,
                balance.taken_out,
                balance.gain,
                balance.income,
                balance.end,
            )
        )
    )
    return table


def _returns(rows: tuple[tuple[str, Returns | None], ...]) -> Table:
    table = quiet_table()
    table.add_column("", no_wrap=True)
    for head in ("time-weighted", "money-weighted", "volatility a year", "deepest fall"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, found in rows:
        if found is not None:
            table.add_row(
                name,
                fraction(found.time_weighted),
                fraction(found.money_weighted),
                fraction(found.volatility),
                fraction(found.deepest_fall),
            )
    return table


def _spread(review: Review) -> Iterator[RenderableType]:
    spread = review.spread
    if not spread.weights:
        yield words("Nothing is held.", "quiet")
        return
    largest, weight = next(iter(spread.weights.items()))
    yield words(
        f"as concentrated as {spread.effective:.1f} equal holdings; the largest is {largest}, "
        f"{fraction(weight)}; cash {fraction(spread.weights.get('cash', 0.0))}"
    )
    yield words(f"risk: {review.risk.words}")
    for dimension, parts in spread.exposures.items():
        yield bars(f"by {dimension}", parts)
    for warning in spread.warnings:
        yield words(warning, "care")


def bars(title: str, parts: Mapping[str, float], most: int = 8) -> Table:
    """Fractions as bars, the largest first, the rest in one row."""
    table = quiet_table()
    table.add_column(title, no_wrap=True, min_width=16)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    rows = list(parts.items())
    shown, rest = rows[:most], sum(part for _, part in rows[most:])
    for name, part in [*shown, *([("the rest", rest)] if rest else [])]:
        table.add_row(name, fraction(part), Text("█" * max(round(part * BAR), 0), style="trade"))
    return table


def _done(done: tuple[Rebalance, ...], turnover: float) -> Iterator[RenderableType]:
    if not done:
        yield words("Nothing was traded.")
        return
    table = quiet_table()
    for head in ("day", "run"):
        table.add_column(head, no_wrap=True)
    table.add_column("why", ratio=1)
    for head in ("orders", "one way", "cost", "bps"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("ended", no_wrap=True)
    for one in done:
        shortfall = one.shortfall_bps
        table.add_row(
            str(one.day),
            str(one.run),
            f"{one.reason} (accepted by {one.accepted_by})",
            f"{one.filled} of {one.orders}",
            money(one.one_way),
            money(one.cost),
            "" if shortfall is None else f"{shortfall:.1f}",
            one.outcome,
        )
    yield table
    yield words(f"turnover {fraction(turnover)} of the average value", "quiet")


def _quiet(quiet: Quiet) -> Iterator[RenderableType]:
    yield words(f"{number_of(quiet.looks, 'look')}, {quiet.held} of them held:")
    for reason, count in quiet.reasons:
        yield words(f"  {times(count)}: {reason}", "quiet")
    for sentence in quiet_words(quiet)[:4]:
        yield words(f"  {sentence}", "quiet")


def _next(review: Review) -> Iterator[RenderableType]:
    if not review.next:
        yield words("Nothing is set to trade by itself.", "quiet")
    yield from (words(f"  {gate_words(gate)}") for gate in review.next[:MOST_NEXT])
