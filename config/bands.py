"""From the words of a table to a band; points and percent become fractions. Private to this room."""

from dataclasses import replace
from decimal import Decimal

from config.models import SliceTable
from config.rule_tables import RebalanceTable
from portfolio.money import Weight
from portfolio.target import Band, BandRule
from portfolio.widths import CostWidth, VolatilityWidth


def fraction(percent: Decimal) -> Decimal:
    """Percent or points as an exact fraction.

    >>> fraction(Decimal("0.5"))
    Decimal('0.005')
    """
    return percent.scaleb(-2)


def default_band(table: RebalanceTable) -> Band:
    """The band of slices without their own. Naming one of the two widths drops the other."""
    given = table.model_fields_set & {"band_points", "band_relative_percent"}
    by_volatility = volatility_width(table, table.volatility_percent)
    by_cost = cost_width(table)
    if not given and (by_volatility or by_cost):
        return Band(
            points=None,
            relative=None,
            rule=BandRule(table.band_rule),
            floor=Weight(fraction(table.band_floor_points)),
            by_volatility=by_volatility,
            by_cost=by_cost,
        )
    points = table.band_points if not given or "band_points" in given else None
    relative = (
        table.band_relative_percent if not given or "band_relative_percent" in given else None
    )
    return _band(
        points,
        relative,
        BandRule(table.band_rule),
        Weight(fraction(table.band_floor_points)),
        floor_is_given="band_floor_points" in table.model_fields_set,
    )


def band_of(node: SliceTable, base: Band, table: RebalanceTable) -> Band | None:
    """A slice's own band; None when it names nothing of one.

    Naming a width replaces all widths of the default band; rule and floor are inherited. Its own
    volatility makes the default band by volatility its own.
    """
    has_width = node.band_points is not None or node.band_relative_percent is not None
    if node.volatility_percent is not None and not has_width:
        base_own = replace(base, by_volatility=volatility_width(table, node.volatility_percent))
    else:
        base_own = base
    named = node.band_rule is not None or node.band_floor_points is not None
    if not has_width and not named:
        return None if base_own == base else base_own
    points = None if node.band_points is None else Weight(fraction(node.band_points))
    relative = None if node.band_relative_percent is None else fraction(node.band_relative_percent)
    floor = base.floor if node.band_floor_points is None else fraction(node.band_floor_points)
    rule = base.rule if node.band_rule is None else BandRule(node.band_rule)
    if not has_width:
        return replace(base_own, rule=rule, floor=Weight(floor))
    return _band_of_fractions(
        points, relative, rule, Weight(floor), floor_is_given=node.band_floor_points is not None
    )


def _band(
    points: Decimal | None,
    relative: Decimal | None,
    rule: BandRule,
    floor: Weight,
    *,
    floor_is_given: bool,
) -> Band:
    return _band_of_fractions(
        None if points is None else Weight(fraction(points)),
        None if relative is None else fraction(relative),
        rule,
        floor,
        floor_is_given=floor_is_given,
    )


def _band_of_fractions(
    points: Weight | None,
    relative: Decimal | None,
    rule: BandRule,
    floor: Weight,
    *,
    floor_is_given: bool,
) -> Band:
    """Half a point typed in means half a point: only a floor typed in stands above it."""
    if points is not None and not floor_is_given:
        floor = min(floor, points)
    return Band(points=points, relative=relative, rule=rule, floor=floor)


def volatility_width(table: RebalanceTable, volatility_percent: Decimal) -> VolatilityWidth | None:
    """The width by volatility, for a slice of that volatility; None when none is wanted."""
    if table.band_volatility_times is None:
        return None
    return VolatilityWidth(
        times=table.band_volatility_times,
        volatility=fraction(volatility_percent),
        sessions=table.band_volatility_sessions,
    )


def cost_width(table: RebalanceTable) -> CostWidth | None:
    """The cost-optimal width; None when none is wanted."""
    if not table.band_by_cost:
        return None
    return CostWidth(cost=fraction(table.cost_percent), risk_aversion=table.risk_aversion)
