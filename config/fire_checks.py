"""What must fit together in `[[rebalance.fire]]`; private to this room."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from config.checks import DEEPEST, Finding
from config.covariances import NoCovariance, read_covariance
from config.fire_tables import FireTable, tables_in
from config.models import Document
from config.places import Path as KeyPath
from config.problems import quoted

_BESIDE_FIRE = (
    "calendar",
    "calendar_min_drift_points",
    "backstop",
    "backstop_min_drift_points",
)
_NEEDS = {
    "band_stop_percent": ("band", "band_slices"),
    "band_times": ("band", "band_slices"),
    "portfolio_drift_stop_points": ("portfolio_drift_points",),
    "largest_drift_stop_points": ("largest_drift_points",),
    "tracking_error_stop_percent": ("tracking_error_percent",),
    "tracking_error_percent": ("covariance_file",),
    "covariance_file": ("tracking_error_percent",),
    "rested_override_bands": ("rested_sessions", "rested_days"),
}
_STOPS = {
    "portfolio_drift_stop_points": "portfolio_drift_points",
    "largest_drift_stop_points": "largest_drift_points",
    "tracking_error_stop_percent": "tracking_error_percent",
}
_NOT_UNDER_UNLESS = (
    "calendar",
    "improvement_percent",
    "band_stop_percent",
    "rested_sessions",
    "rested_days",
    *_STOPS,
)


def check_fire(document: Document, folder: Path) -> Iterator[Finding]:
    """Every problem of the tables, and of the files that they name."""
    table = document.rebalance
    if table.trades == "sell_only" and not table.sells_allowed:
        yield (
            ("rebalance", "trades"),
            "nothing could ever be traded: sells_allowed is false",
            "Remove one of the two",
        )
    if not table.fire:
        return
    for key in _BESIDE_FIRE:
        if key in table.model_fields_set:
            yield (
                ("rebalance", key),
                "[[rebalance.fire]] says what makes a rebalance due, so this would not count",
                "Remove it, or write it into a table of [[rebalance.fire]]",
            )
    slices = [node.name for node in document.slices if not node.cash]
    stops: dict[str, KeyPath] = {}
    for number, part in enumerate(table.fire):
        path: KeyPath = ("rebalance", "fire", number)
        yield from _check(part, path, slices, depth=1, barred=False)
        yield from _one_stop_each(part, path, stops)
        yield from _covariances(part, path, document, folder)


def _check(
    table: FireTable, path: KeyPath, slices: Sequence[str], *, depth: int, barred: bool
) -> Iterator[Finding]:
    if depth > DEEPEST:
        yield (
            path,
            f"it is nested deeper than {DEEPEST} levels",
            "Write fewer tables inside each other",
        )
        return
    asked = {n for n in table.model_fields_set if getattr(table, n) not in (None, [], False)}
    if not asked:
        yield path, "nothing is asked here", 'Write a condition, for example band = "slice"'
    yield from _lines(table, path, asked, slices)
    yield from _stop_levels(table, path)
    yield from _sides(table, path, asked, barred=barred)
    for key in ("all_of", "any_of"):
        for number, inner in enumerate(getattr(table, key)):
            yield from _check(inner, (*path, key, number), slices, depth=depth + 1, barred=barred)
    if table.unless is not None:
        inner_path = (*path, "unless")
        if asked == {"unless"}:
            yield (
                inner_path,
                "there is nothing that it could hold back",
                "Write a condition beside it",
            )
        yield from _check(table.unless, inner_path, slices, depth=depth + 1, barred=not barred)


def _lines(
    table: FireTable, path: KeyPath, asked: set[str], slices: Sequence[str]
) -> Iterator[Finding]:
    for key, needed in _NEEDS.items():
        if key in asked and not asked & set(needed):
            yield (*path, key), f"it needs {quoted(needed)} beside it", f"Add {needed[0]}"
    for name in table.band_slices:
        if name not in slices:
            yield (*path, "band_slices"), f'"{name}" has no band', f"Write {quoted(slices[:8])}"


def _stop_levels(table: FireTable, path: KeyPath) -> Iterator[Finding]:
    for key, level in _STOPS.items():
        stop, start = getattr(table, key), getattr(table, level)
        if stop is not None and start is not None and stop >= start:
            yield (*path, key), f"it stops at or above {level}", "Write less than that"
    if table.band_stop_percent is not None and table.band_stop_percent >= Decimal(100):
        yield (*path, "band_stop_percent"), "it stops at the edge itself", "Write less than 100"


def _sides(table: FireTable, path: KeyPath, asked: set[str], *, barred: bool) -> Iterator[Finding]:
    """What belongs on one side of `unless` only."""
    if table.blackout and not barred:
        yield (
            (*path, "blackout"),
            "a rebalance would be due only inside the blackout",
            'Write unless = { blackout = ["15 december to 2 january"] }',
        )
    for key in _NOT_UNDER_UNLESS if barred else ():
        if key in asked:
            yield (*path, key), "it has no place under unless", "Move it out, or remove it"


def _one_stop_each(table: FireTable, path: KeyPath, seen: dict[str, KeyPath]) -> Iterator[Finding]:
    """What holds on is remembered by name, so two of one name would be taken for each other."""
    for inner, at in tables_in(table, path):
        for key in ("band_stop_percent", *_STOPS):
            if getattr(inner, key) is None:
                continue
            if key in seen:
                yield (*at, key), "there is one already", "Write one stop of a kind"
            seen[key] = at


def _covariances(
    table: FireTable, path: KeyPath, document: Document, folder: Path
) -> Iterator[Finding]:
    wanted = [node.symbol for node in document.slices if node.symbol]
    for inner, at in tables_in(table, path):
        name = inner.covariance_file
        if name is None:
            continue
        try:
            found = read_covariance(folder / Path(name).expanduser())
        except NoCovariance as error:
            yield (*at, "covariance_file"), error.found, error.instead
            continue
        missing = [symbol for symbol in wanted if symbol not in found.symbols]
        if missing:
            yield (
                (*at, "covariance_file"),
                f"it has no row for {', '.join(missing[:8])}",
                "Add a row and a column for each symbol of the slices",
            )
