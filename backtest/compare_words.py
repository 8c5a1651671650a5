"""A comparison for a person and for a program."""

from collections.abc import Iterator
from dataclasses import asdict

from backtest.compare import Compared, Comparison
from backtest.words import as_json as figures_as_json
from backtest.words import decision_words, fill_words, orders_words


def as_json(found: Comparison) -> dict[str, object]:
    """Everything by name, the policies in the order in which they were named."""
    return {
        "draw": {**asdict(found.draw), "path_sessions": found.path_sessions},
        "today_on": found.today_on,
        "notes": list(found.notes),
        "policies": [_row_as_json(row) for row in found.rows],
    }


def _row_as_json(row: Compared) -> dict[str, object]:
    paths = row.over_paths
    return {
        "name": row.candidate.name,
        "figures": figures_as_json(row.result.figures),
        "history": asdict(row.measures),
        "paths": None
        if paths is None
        else {"median": asdict(paths.median), "low": asdict(paths.low), "high": asdict(paths.high)},
        "today": {
            "decision": row.today.kind,
            "reason": row.today.reason,
            "orders": orders_words(row.today, most=1000),
        },
    }


def lines(found: Comparison) -> Iterator[str]:
    """What each would do today."""
    yield f"{found.today_on}:"
    for row in found.rows:
        orders = orders_words(row.today)
        yield f"  {row.candidate.name}: {decision_words(row.today)}" + (
            "" if orders == "none" else f" ({orders})"
        )


def caveats(found: Comparison) -> Iterator[str]:
    """What the figures rest on, and what they do not say."""
    f = found.rows[0].result.figures
    yield ""
    yield f"{f.first_session} to {f.last_session}; {fill_words(f.fill_convention)}."
    yield from found.notes
    if found.draw.paths:
        yield (
            f"Ranges: {found.draw.interval * 100:.0f} % of {found.draw.paths:,} other histories "
            f"of {found.path_sessions:,} sessions, drawn in blocks of about {found.draw.block} "
            f"(seed {found.draw.seed})."
        )
    yield (
        "In the order they were named, not by return. The prices are of what exists today; what "
        "failed on the way is not in them."
    )
