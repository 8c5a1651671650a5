"""A trial on the screen: what two policies did over the same months, and where they parted."""

from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table

from backtest.measures import SHOWN
from backtest.trace import Order
from backtest.words import as_json as figures_as_json
from backtest.words import money
from daemon.screens.style import quiet_table, words
from daemon.trial.replay import Day, Replay, Side

MOST_DAYS = 40
_MEASURES = (
    "turnover_per_year",
    "cost_per_year",
    "average_drift",
    "worst_drift",
    "tracking_error",
    "volatility",
    "drawdown",
)


def replay_screen(found: Replay) -> RenderableType:
    """Both sides, then the sessions in which they did not trade the same, the latest last."""
    days = found.running.result.history.sessions
    head = (
        f"{days[0]} to {days[-1]}, {len(days)} sessions with a look; both begin with what was held "
        "then and trade at the prices that the looks saw."
    )
    shown = found.days[-MOST_DAYS:]
    told = (
        "They would have traded the same." if not found.days else f"They part on {len(found.days)}"
    )
    return Group(
        words(head),
        "",
        _sides(found),
        "",
        words(told if not found.days else f"{told} sessions:"),
        *([_days(shown, found.changed.name)] if shown else []),
        words(f"Really filled in that time: {found.really_filled} orders.", "quiet"),
    )


def _sides(found: Replay) -> Table:
    table = quiet_table()
    table.add_column("")
    for side in (found.running, found.changed):
        table.add_column(words(side.name), justify="right")
    both = (found.running, found.changed)
    for name, cells in (
        ("rebalances", [str(s.result.figures.rebalances) for s in both]),
        ("cash invested", [f"{s.result.figures.cash_runs} times" for s in both]),
        ("orders", [str(s.result.figures.orders) for s in both]),
        ("value at the end", [money(s.result.figures.final_value) for s in both]),
    ):
        table.add_row(name, *(words(cell) for cell in cells))
    for measure in _MEASURES:
        heading, written = SHOWN[measure]
        table.add_row(heading, *(words(written(getattr(s.measures, measure))) for s in both))
    return table


def _days(days: tuple[Day, ...], name: str) -> Table:
    table = quiet_table()
    for heading in ("session", "running", name):
        table.add_column(heading, overflow="fold")
    for day in days:
        table.add_row(str(day.session), words(_orders(day.running)), words(_orders(day.changed)))
    return table


def _orders(orders: tuple[Order, ...]) -> str:
    return ", ".join(f"{o.side.value} {o.quantity:.4f} {o.symbol}" for o in orders) or "nothing"


def as_json(found: Replay) -> dict[str, object]:
    """Both sides and the sessions in which they parted, for a program."""
    return {
        "running": _side(found.running),
        "changed": _side(found.changed),
        "really_filled": found.really_filled,
        "days": [
            {
                "session": d.session.isoformat(),
                "running": _rows(d.running),
                "changed": _rows(d.changed),
            }
            for d in found.days
        ],
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "name": side.name,
        "figures": figures_as_json(side.result.figures),
        "measures": asdict(side.measures),
    }


def _rows(orders: tuple[Order, ...]) -> list[dict[str, object]]:
    return [
        {
            "symbol": o.symbol,
            "side": o.side.value,
            "quantity": float(o.quantity),
            "price": float(o.price),
        }
        for o in orders
    ]
