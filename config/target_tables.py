"""The tables that say where weights come from; private to this room."""

import re
from decimal import Decimal
from typing import Annotated

from config.fields import (
    FilePath,
    Identifier,
    Name,
    Percent,
    Points,
    UsdAbove,
    choice,
    number,
    text,
)
from config.fields import whole as whole_number
from config.study_tables import Day
from config.tables import Table, key, needed
from config.target_settings import Method, SourceKind
from policies.targets.overlay import SignalKind

_HTTPS = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[!-~]*)?")
_KEY = re.compile(r"[A-Za-z0-9+/]{43}=")


def _is_https(url: str) -> bool:
    return len(url) <= 1000 and _HTTPS.fullmatch(url) is not None


def _is_key(value: str) -> bool:
    return _KEY.fullmatch(value) is not None


HttpsUrl = Annotated[str, text("https address", _is_https, "https://example.com/weights.json")]
PublicKey = Annotated[
    str,
    text("Ed25519 public key in base64", _is_key, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
]


class NodeTable(Table):
    """One node of a glide path; between nodes the share goes in a straight line."""

    years: Annotated[Decimal, number(least=-60, most=80, unit=" years")] = needed(
        "years to the date; negative after it"
    )
    growth_percent: Percent = needed("growth assets at that time")


class GoalTable(Table):
    """Money wanted on a date. Several goals share the portfolio by their amounts."""

    name: Name = needed("the goal's name")
    amount_usd: UsdAbove = needed("how much is wanted")
    on: Day = needed("when")
    path: Annotated[str, choice("spend", "retirement")] = key(
        "spend", "spend ends without growth assets at the date, retirement at half"
    )


class SignalTable(Table):
    """One tactical signal: a rule, the series it reads, the top slices it speaks for."""

    name: Name = needed("the signal's name")
    kind: Annotated[str, choice(*SignalKind)] = needed("its rule")
    series: list[FilePath] = needed(
        "CSV files period,known_on,value; dual momentum has three: US, ex-US, bills"
    )
    slices: list[Name] = needed("top slices; dual momentum has three: US, ex-US, bonds")
    alpha_points: Points = key(Decimal("2.5"), "points that a score of one is worth")
    target_volatility_percent: Annotated[Decimal, number(above=True, most=100, unit=" %")] = key(
        Decimal(10), "volatility_target: a year's"
    )


class TargetTable(Table):
    """Where the weights of the slices come from. Left out, they are the ones typed in."""

    source: Annotated[str, choice(*SourceKind)] = key(
        SourceKind.FIXED.value,
        "fixed, glide_path, risk_profile, goals, file, feed, optimiser, plugin",
    )
    date: Day | None = key(None, "glide_path: the date it leads to")
    birth_year: Annotated[int, whole_number(least=1900, most=2100)] | None = key(
        None, "glide_path: instead of the date", 1990
    )
    retirement_age: Annotated[int, whole_number(least=30, most=90)] = key(
        67, "glide_path: with birth_year"
    )
    growth_step_points: Annotated[Decimal, number(most=10, unit=" points")] = key(
        Decimal(1), "glide_path, goals: the growth share moves in steps of this; 0 moves it daily"
    )
    glide_path: list[NodeTable] = key(
        [], "glide_path: your own nodes, { years = 25, growth_percent = 90 }"
    )
    file: FilePath | None = key(
        None, "file: weights as JSON. optimiser: prices as CSV", "weights.json"
    )
    url: HttpsUrl | None = key(None, "feed: its address", "https://example.com/weights.json")
    public_key: PublicKey | None = key(
        None,
        "feed, file: the publisher's Ed25519 key; a feed needs it",
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    )
    ca_file: FilePath | None = key(None, "feed: a certificate authority of your own", "ca.pem")
    max_age_days: Annotated[int, whole_number(least=1, most=366)] = key(
        45, "file, feed: older weights are not taken"
    )
    max_change_points: Annotated[Decimal, number(above=True, most=100, unit=" points")] = key(
        Decimal(10), "weights from outside that move more than this in a day are not taken"
    )
    plugin: Identifier | None = key(None, "plugin: its name under trimtab.policies", "my-policy")
    plugin_seconds: Annotated[int, whole_number(least=1, most=60)] = key(
        10, "plugin: it must answer within this time, or it is ended and a person is paged"
    )
    method: Annotated[str, choice(*Method)] = key(
        Method.MIN_VARIANCE.value,
        "optimiser: min_variance, risk_parity, hierarchical_risk_parity or max_sharpe",
    )
    lookback_sessions: Annotated[int, whole_number(least=60, most=5000)] = key(
        756, "optimiser: how much history it looks at"
    )
    tilt_class_points: Points = key(Decimal(5), "signals move no top slice further than this")
    tilt_active_points: Points = key(Decimal(5), "nor all together, half the sum of moves")
    tilt_covariance_file: FilePath | None = key(
        None, "a yearly covariance of symbols; with it signals keep to the next line", "cov.csv"
    )
    tilt_tracking_error_percent: Annotated[Decimal, number(above=True, most=20, unit=" %")] = key(
        Decimal(1), "the largest tracking error a year against the weights without signals"
    )
    tilt_until: Day | None = key(None, "signals end on this date")
    goals: list[GoalTable] = key([], "goals: what the money is for")
    signals: list[SignalTable] = key([], "tactical signals; none, no tilt")
