"""Holdings valued by hand, as of the day of a look: typed values, and files read anew at each look."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from config.holdings import HandValued, NoValues, read_values
from portfolio.money import Money
from portfolio.valuations import Valuation

_Lines = tuple[tuple[str, date, Money], ...]


def valuations_of(holdings: Sequence[HandValued]) -> Callable[[date], tuple[Valuation, ...]]:
    """What each holding is worth on a day: the latest value of that day or before.

    A file is read once a look for all its holdings. One that cannot be read, or has no value yet,
    gives a valuation without a value that says why.
    """

    def on(day: date) -> tuple[Valuation, ...]:
        files: dict[Path, _Lines | str] = {}
        return tuple(_valued(one, day, files) for one in holdings)

    return on


def _valued(one: HandValued, day: date, files: dict[Path, _Lines | str]) -> Valuation:
    if one.file is None:
        return _typed(one, day)
    if one.file not in files:
        try:
            files[one.file] = read_values(one.file)
        except NoValues as error:
            files[one.file] = str(error)
    lines = files[one.file]
    if isinstance(lines, str):
        return Valuation(name=one.name, max_age_days=one.max_age_days, why=lines)
    known = [(on, value) for name, on, value in lines if name == one.name and on <= day]
    if not known:
        why = f"{one.file.name} has no value of it up to {day}"
        return Valuation(name=one.name, max_age_days=one.max_age_days, why=why)
    as_of, value = max(known, key=lambda pair: pair[0])
    return Valuation(name=one.name, value=value, as_of=as_of, max_age_days=one.max_age_days)


def _typed(one: HandValued, day: date) -> Valuation:
    if one.as_of is not None and one.as_of > day:
        why = f"its value is of {one.as_of}, which is after {day}"
        return Valuation(name=one.name, max_age_days=one.max_age_days, why=why)
    return Valuation(name=one.name, value=one.value, as_of=one.as_of, max_age_days=one.max_age_days)
