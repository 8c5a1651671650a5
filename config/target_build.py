"""`[target]` into its settings; private to this room."""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from config.covariances import read_covariance
from config.target_settings import Method, SourceKind, TargetSettings
from config.target_tables import GoalTable, SignalTable, TargetTable
from policies.conditions import Covariance
from policies.targets.glide_path import TARGET_DATE_PATH, Node
from policies.targets.overlay import SignalKind, SignalRule
from policies.targets.sources import SPENDING_PATH, Goal
from policies.targets.tilt import Bounds
from portfolio.instruments import AssetClass
from portfolio.money import Money
from portfolio.target import Slice, Target


def target_settings(
    table: TargetTable, target: Target, folder: Path, *, kept: tuple[str, ...] = ()
) -> TargetSettings:
    """The settings of a checked table, for a target that was built; `kept` leaves keep their weight."""
    series = {name: folder / Path(name).expanduser() for s in table.signals for name in s.series}
    return TargetSettings(
        kind=SourceKind(table.source),
        growth=growth_leaves(target),
        classes=top_slices(target),
        kept=kept,
        until=glide_date(table),
        nodes=_nodes(table),
        step=_fraction(table.growth_step_points),
        goals=tuple(_goal(goal) for goal in table.goals),
        file=None if table.file is None else folder / Path(table.file).expanduser(),
        url=table.url or "",
        public_key=table.public_key or "",
        ca_file=None if table.ca_file is None else folder / Path(table.ca_file).expanduser(),
        max_age=timedelta(days=table.max_age_days),
        max_change=_fraction(table.max_change_points),
        plugin=table.plugin or "",
        plugin_deadline=timedelta(seconds=table.plugin_seconds),
        method=Method(table.method),
        lookback_sessions=table.lookback_sessions,
        signals=tuple(_signal(signal) for signal in table.signals),
        series={series_name(name): path for name, path in series.items()},
        bounds=Bounds(
            per_class=_fraction(table.tilt_class_points),
            active_share=_fraction(table.tilt_active_points),
            tracking_error=_fraction(table.tilt_tracking_error_percent),
        ),
        covariance=_covariance(table, target, folder),
        tilt_until=table.tilt_until,
    )


def _covariance(table: TargetTable, target: Target, folder: Path) -> Covariance | None:
    """That of the leaves whose symbols the file lists, by their names. Raises `NoCovariance`."""
    if table.tilt_covariance_file is None:
        return None
    read = read_covariance(folder / Path(table.tilt_covariance_file).expanduser())
    places = {symbol: n for n, symbol in enumerate(read.symbols)}
    named = [(node.name, places[node.symbol]) for node in target.slices if node.symbol in places]
    return Covariance(
        symbols=tuple(name for name, _ in named),
        rows=tuple(tuple(read.rows[a][b] for _, b in named) for _, a in named),
    )


def series_name(file: str) -> str:
    """What a series is called: its file's name, told apart by a digest of its whole path."""
    return f"{Path(file).name} {hashlib.sha256(file.encode()).hexdigest()[:6]}"


def glide_date(table: TargetTable) -> date | None:
    """The date a glide path leads to: the one typed in, else New Year of the retirement's year."""
    if table.date is not None or table.birth_year is None:
        return table.date
    return date(table.birth_year + table.retirement_age, 1, 1)


def top_slices(target: Target) -> dict[str, tuple[str, ...]]:
    """Each slice without a parent that is not cash, with its leaves."""
    return {
        node.name: target.members[node.name]
        for node in target.slices
        if node.parent is None and not node.is_cash
    }


def growth_leaves(target: Target) -> tuple[str, ...]:
    """The leaves whose asset class counts as growth."""
    by_name = {node.name: node for node in target.slices}
    return tuple(
        leaf
        for leaf in target.leaves
        if (found := class_of(by_name[leaf], by_name)) is not None and found.is_growth
    )


def class_of(node: Slice, by_name: Mapping[str, Slice]) -> AssetClass | None:
    """A slice's own asset class, else that of the nearest group above; cash is cash."""
    at: Slice | None = node
    while at is not None:
        if at.asset_class is not None:
            return at.asset_class
        at = None if at.parent is None else by_name[at.parent]
    return AssetClass.CASH if node.is_cash else None


def _nodes(table: TargetTable) -> tuple[Node, ...]:
    if not table.glide_path:
        return TARGET_DATE_PATH
    return tuple(
        Node(years=node.years, growth=_fraction(node.growth_percent)) for node in table.glide_path
    )


def _goal(table: GoalTable) -> Goal:
    path = SPENDING_PATH if table.path == "spend" else TARGET_DATE_PATH
    return Goal(name=table.name, amount=Money(table.amount_usd), until=table.on, nodes=path)


def _signal(table: SignalTable) -> SignalRule:
    return SignalRule(
        name=table.name,
        kind=SignalKind(table.kind),
        series=tuple(series_name(name) for name in table.series),
        classes=tuple(table.slices),
        alpha=_fraction(table.alpha_points),
        target_volatility=_fraction(table.target_volatility_percent),
    )


def _fraction(percent: Decimal) -> Decimal:
    return percent.scaleb(-2)
