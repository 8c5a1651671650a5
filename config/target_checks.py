"""What must fit together in `[target]`: each source with what it needs; private to this room."""

from collections.abc import Iterator
from pathlib import Path as Files

from config.covariances import NoCovariance, read_covariance
from config.models import Document
from config.places import Path
from config.problems import quoted
from config.target_build import class_of, glide_date, growth_leaves
from config.target_settings import SourceKind
from config.target_tables import SignalTable, TargetTable
from policies.targets.overlay import SignalKind
from portfolio.money import ZERO
from portfolio.reweigh import out_of_bounds
from portfolio.target import Target

Finding = tuple[Path, str, str]

_NEEDS: dict[str, tuple[tuple[str, str], ...]] = {
    SourceKind.GOALS: (("goals", "Add [[target.goals]] with name, amount_usd and on"),),
    SourceKind.FILE: (("file", 'Add file = "weights.json"'),),
    SourceKind.FEED: (
        ("url", 'Add url = "https://..."'),
        ("public_key", "Add the publisher's public_key; an unsigned feed is not taken"),
    ),
    SourceKind.OPTIMISER: (("file", 'Add file = "prices.csv", date,SYMBOL,SYMBOL,...'),),
    SourceKind.PLUGIN: (("plugin", 'Add plugin = "NAME" as it is installed'),),
}
_BY_GROWTH = (SourceKind.GLIDE_PATH, SourceKind.GOALS, SourceKind.RISK_PROFILE)


def check_target(document: Document, target: Target, folder: Files) -> Iterator[Finding]:
    """Every problem of `[target]` and of the bounds of slices; the tree itself stands already."""
    table = document.target
    for key, instead in _NEEDS.get(table.source, ()):
        if not getattr(table, key):
            yield ("target", key), f'source = "{table.source}" needs it', instead
    if table.source == SourceKind.GLIDE_PATH and glide_date(table) is None:
        yield (
            ("target", "date"),
            "a glide path leads to a date",
            "Add date = 2050-01-01, or birth_year = 1985",
        )
    years = [node.years for node in table.glide_path]
    if len(set(years)) < len(years):
        yield (
            ("target", "glide_path"),
            "two nodes have the same years",
            "Keep one node for each number of years",
        )
    if table.source in _BY_GROWTH:
        yield from _classes(target)
    yield from _signals(document, target)
    yield from _covariance(table, folder)
    yield from _bounds(document, target)


def _covariance(table: TargetTable, folder: Files) -> Iterator[Finding]:
    path = table.tilt_covariance_file
    if path is None:
        if table.tilt_tracking_error_percent != TargetTable().tilt_tracking_error_percent:
            yield (
                ("target", "tilt_covariance_file"),
                "a tracking error needs a covariance",
                'Add tilt_covariance_file = "covariance.csv"',
            )
        return
    try:
        read_covariance(folder / Files(path).expanduser())
    except NoCovariance as error:
        yield ("target", "tilt_covariance_file"), error.found, error.instead


def _classes(target: Target) -> Iterator[Finding]:
    by_name = {node.name: node for node in target.slices}
    for i, node in enumerate(target.slices):
        if node.name in target.leaves and class_of(node, by_name) is None:
            yield (
                ("slices", i),
                f'slice "{node.name}" has no asset class, so its risk is not known',
                'Add asset_class = "equity" or "bond", here or to a slice above it',
            )
            return
    grows = set(growth_leaves(target))
    weights = {leaf: target.weights[leaf] for leaf in target.leaves}
    for wanted, names in (
        ("growth", [n for n in weights if n in grows]),
        ("safety", [n for n in weights if n not in grows]),
    ):
        if sum((weights[n] for n in names), ZERO) == ZERO:
            yield (
                ("slices",),
                f"no slice with a weight counts as {wanted}",
                "Give at least one slice of stocks and one of bonds or cash a weight",
            )


def _signals(document: Document, target: Target) -> Iterator[Finding]:
    tops = [n.name for n in target.slices if n.parent is None and not n.is_cash]
    seen: set[str] = set()
    for i, signal in enumerate(document.target.signals):
        path: Path = ("target", "signals", i)
        if signal.name in seen:
            yield (*path, "name"), f'"{signal.name}" is there twice', "Give each a name of its own"
        seen.add(signal.name)
        for name in signal.slices:
            if name not in tops:
                yield (
                    (*path, "slices"),
                    f'"{name}" is no slice without a parent',
                    f"Write {quoted(tops)}",
                )
        yield from _counts(path, signal)


def _counts(path: Path, signal: SignalTable) -> Iterator[Finding]:
    is_dual = signal.kind in (SignalKind.DUAL_MOMENTUM, SignalKind.DUAL_MOMENTUM_US_FIRST)
    if is_dual and (len(signal.series) != 3 or len(signal.slices) != 3):
        yield (
            path,
            f"{signal.kind} needs three series and three slices",
            "Write series for US, ex-US and bills, and slices for US, ex-US and bonds",
        )
    elif not is_dual and (len(signal.series) != 1 or not signal.slices):
        yield path, f"{signal.kind} needs one series and a slice", 'Write series = ["file.csv"]'


def _bounds(document: Document, target: Target) -> Iterator[Finding]:
    for i, node in enumerate(document.slices):
        low, high = node.min_percent, node.max_percent
        if low is not None and high is not None and low > high:
            yield (
                ("slices", i, "min_percent"),
                f"min_percent = {low} is above max_percent = {high}",
                "Write a min_percent that is not above max_percent",
            )
    said = out_of_bounds(target)
    if said:
        yield ("slices",), said[0], "Change the weight, or min_percent and max_percent"
