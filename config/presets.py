"""Published rebalancing rules by name, in the words of `[rebalance]`; written keys win."""

from collections.abc import Mapping
from decimal import Decimal

PRESETS: Mapping[str, Mapping[str, object]] = {
    # Larry Swedroe: the narrower of 5 points and a quarter of the weight, back to the target.
    "5/25": {
        "band_points": 5,
        "band_relative_percent": 25,
        "band_rule": "narrower",
        "destination": "target",
    },
    # Daryanani (2008): a fifth of each weight, looked at every two weeks, back to half the band, and
    # only the classes that are out.
    "daryanani": {
        "look": "every 2 weeks",
        "band_relative_percent": 20,
        "band_floor_points": 0,
        "destination": "band edge, 50 % inside",
        "scope": "breached",
        "min_improvement_percent": 0,
    },
    # Vanguard's target-date funds (2024): daily, at 200 basis points, back to 175.
    "vanguard_200_175": {
        "look": "every session",
        "band_points": 2,
        "destination": "band edge, 175 of 200",
        "min_improvement_percent": 0,
        "rest_sessions": 0,
    },
    # Vanguard (2010, 2015): a yearly look, 5 points, to the target.
    "vanguard_annual_5": {"look": "yearly", "band_points": 5, "destination": "target"},
    # Vanguard's advisers: a quarterly look, 5 points.
    "vanguard_quarterly_5": {"look": "quarterly", "band_points": 5, "destination": "target"},
    # Leland (1996): proportional cost only, so the cost-optimal band and back to its edge.
    "leland": {
        "band_by_cost": True,
        "band_floor_points": Decimal("0.1"),
        "destination": "by cost",
        "min_improvement_percent": 0,
        "rest_sessions": 0,
    },
}


def with_preset(raw: Mapping[str, object]) -> Mapping[str, object]:
    """A raw document with the keys of its preset put where it has none; a wrong preset is left alone.

    A width that is written drops the preset's widths, as it drops the defaults.
    """
    table = raw.get("rebalance")
    if not isinstance(table, dict):
        return raw
    preset = PRESETS.get(str(table.get("preset")))
    if preset is None:
        return raw
    widths = {"band_points", "band_relative_percent", "band_by_cost", "band_volatility_times"}
    dropped = widths if widths & table.keys() else frozenset[str]()
    filled = {key: value for key, value in preset.items() if key not in dropped} | table
    return {**raw, "rebalance": filled}
