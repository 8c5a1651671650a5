"""The demo's last page."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.demo.scorecard import ScoreCard
from daemon.review.course import Course
from daemon.review.runs import Rebalance
from daemon.screens.style import quiet_table, words
from daemon.screens.words import listed, money, number_of, percent, points
from portfolio.money import Weight

_REASON_COLUMNS = 44


def scorecard_screen(card: ScoreCard, *, columns: int) -> RenderableType:
    """What it did, what that cost, what held, and the twin that was never rebalanced beside it."""
    parts: list[RenderableType] = [
        Text("Rebalances and why", style="title"),
        _rebalances(card.rebalances, columns),
        Text(),
        Text("In all", style="title"),
        _figures(card),
        Text(),
        Text("Beside the same portfolio, never rebalanced", style="title"),
        _courses(card),
        words(_honestly(card), "quiet"),
    ]
    return Group(*parts)


def _rebalances(rebalances: tuple[Rebalance, ...], columns: int) -> Table:
    table = quiet_table()
    all_complete = all(one.outcome == "complete" for one in rebalances)
    heads = ["run", "day", "why", "orders", "one way", "cost", "yes by"]
    for head in heads if all_complete else [*heads, ""]:
        right = head in ("run", "orders", "one way", "cost")
        table.add_column(
            head,
            justify="right" if right else "left",
            no_wrap=True,
            overflow="ellipsis",
            max_width=max(22, columns - (50 if all_complete else 60)) if head == "why" else None,
        )
    for one in rebalances:
        table.add_row(
            str(one.run),
            f"{one.day}",
            words(one.reason.partition(" (and ")[0]),
            str(one.orders),
            money(one.one_way, 0),
            money(one.cost),
            words(one.accepted_by),
            *(() if all_complete else (words(one.outcome, "care"),)),
        )
    return table


def _figures(card: ScoreCard) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="quiet", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("time", f"{number_of(card.sessions, 'session')}, {number_of(card.looks, 'look')}")
    grid.add_row(
        "turnover", f"{percent(card.turnover)} of the portfolio a year, cost {money(card.cost)}"
    )
    if card.largest_drift is not None:
        worst = card.largest_drift
        grid.add_row(
            "largest drift",
            f"{worst.name} {points(worst.drift)} points at the close of {worst.day}",
        )
    grid.add_row("orders", _orders(card))
    grid.add_row("decisions", _recomputed(card))
    grid.add_row("audit chain", _audit(card))
    books = "journal and broker hold the same, to the unit"
    agrees = words(books, "good") if not card.agrees else words(card.agrees, "alarm")
    grid.add_row("books", agrees)
    if card.deposits:
        grid.add_row("deposits", f"{money(card.deposits)}, taken out of the returns below")
    return grid


def _orders(card: ScoreCard) -> Text:
    if card.unexplained:
        return words(f"NOT explained: {listed(card.unexplained)}", "alarm")
    text = words(f"{card.filled} of {card.orders} filled", "good")
    if card.not_filled:
        text.append(f"; each of the others has its reason: {listed(card.not_filled, 2)}", "plain")
    return text


def _recomputed(card: ScoreCard) -> Text:
    if card.differing:
        numbers = listed([str(n) for n in card.differing])
        return words(
            f"{len(card.differing)} of {card.recomputed} differ: cycles {numbers}", "alarm"
        )
    return words(
        f"{card.recomputed} of {card.recomputed} reached again from their recorded inputs, the same"
        " to the last digit",
        "good",
    )


def _audit(card: ScoreCard) -> Text:
    if card.audit_fault:
        return words(card.audit_fault, "alarm")
    return words(f"verified, {card.audit_rows:,} rows", "good")


def _courses(card: ScoreCard) -> Table:
    table = quiet_table()
    for head in ("", "ended at", "return", "volatility a year", "deepest fall"):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    table.add_row("rebalanced", *_course(card.kept))
    if card.never is not None:
        table.add_row("never rebalanced", *_course(card.never))
    return table


def _course(course: Course) -> tuple[str, str, str, str]:
    return (
        money(course.final),
        _signed(course.growth),
        f"{course.volatility * 100:.1f} %",
        f"{course.deepest_fall * 100:.1f} %",
    )


def _signed(growth: float) -> str:
    return f"{growth * 100:+.1f} %"


def _honestly(card: ScoreCard) -> str:
    if card.never is None:
        return ""
    ahead = card.kept.final - card.never.final
    which = "The rebalanced one" if ahead >= 0 else "The one left alone"
    share = percent(Weight(abs(ahead) / card.never.final))
    smoother = (card.kept.volatility <= card.never.volatility) == (ahead >= 0)
    risk = "less" if smoother else "more"
    return (
        f"{which} ended higher, by {money(abs(ahead))} ({share}), with {risk} risk on the way. One "
        "stretch of history proves nothing: rebalancing holds the risk that was chosen, that is all."
    )
