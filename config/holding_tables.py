"""The table of holdings that a person values; private to this room."""

from decimal import Decimal
from typing import Annotated

from config.fields import FilePath, Name, PercentAbove, Usd, choice, whole
from config.study_tables import Day
from config.tables import Table, key, needed
from portfolio.instruments import AssetClass


class HoldingTable(Table):
    """Something that cannot be traded and that you value: a house, a pension."""

    name: Name = needed("what it is")
    value_usd: Usd | None = key(None, "what it is worth, in your word", Decimal(400_000))
    as_of: Day | None = key(None, "the day of that value", "2026-01-31")
    file: FilePath | None = key(
        None, "or a CSV of values: name,as_of,value_usd; the latest of a look counts", "values.csv"
    )
    counts_to: Name | None = key(
        None, "the slice it counts to; left out, it is only shown", "bonds"
    )
    counts_percent: dict[Name, PercentAbove] = key(
        {}, "or several slices, each with its share of the value, { stocks = 60, bonds = 40 }"
    )
    asset_class: Annotated[str, choice(*AssetClass)] | None = key(
        None, "for reviews; left out, the class of its slice", "real_estate"
    )
    sector: Name | None = key(None, "for reviews", "Real estate")
    region: Name | None = key(None, "for reviews", "United States")
    max_age_days: Annotated[int, whole(least=1, most=3660)] = key(
        365, "an older value still counts, and is told as old at every look"
    )
