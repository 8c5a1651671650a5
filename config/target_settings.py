"""The frozen settings of `[target]`: where the weights come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from policies.conditions import Covariance
from policies.targets.glide_path import Node
from policies.targets.overlay import SignalRule
from policies.targets.sources import Goal
from policies.targets.tilt import Bounds


class SourceKind(StrEnum):
    """Where weights can come from."""

    FIXED = "fixed"
    GLIDE_PATH = "glide_path"
    RISK_PROFILE = "risk_profile"
    GOALS = "goals"
    FILE = "file"
    FEED = "feed"
    OPTIMISER = "optimiser"
    PLUGIN = "plugin"


class Method(StrEnum):
    """What an optimiser looks for."""

    MIN_VARIANCE = "min_variance"
    RISK_PARITY = "risk_parity"
    HIERARCHICAL = "hierarchical_risk_parity"
    MAX_SHARPE = "max_sharpe"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """`[target]`, checked. Fractions are fractions; paths are absolute.

    `growth` names the leaves that count as growth, `classes` each top slice that is not cash with its
    leaves; `kept` is the cash slice that a buffer makes. `until` is the glide path's date. `series`
    maps the name of a series to its file. `covariance` is that of the leaves, by their names.
    """

    kind: SourceKind = SourceKind.FIXED
    growth: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    until: date | None = None
    nodes: tuple[Node, ...] = ()
    step: Decimal = Decimal("0.01")
    goals: tuple[Goal, ...] = ()
    file: Path | None = None
    url: str = ""
    public_key: str = ""
    ca_file: Path | None = None
    max_age: timedelta = timedelta(days=45)
    max_change: Decimal = Decimal("0.10")
    plugin: str = ""
    plugin_deadline: timedelta = timedelta(seconds=10)
    method: Method = Method.MIN_VARIANCE
    lookback_sessions: int = 756
    signals: tuple[SignalRule, ...] = ()
    series: Mapping[str, Path] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    covariance: Covariance | None = None
    tilt_until: date | None = None

    @property
    def is_as_typed(self) -> bool:
        """Whether the weights are the ones typed in, always."""
        return self.kind is SourceKind.FIXED and not self.signals
