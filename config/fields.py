"""The kinds of value a configuration knows, each refusing with what was found and what to write."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, NoReturn

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from config.look import LOOK_FORMS, parse_look
from config.problems import list_in_words, looks_secret, plain_number, quoted, shown
from config.rules import (
    BLACKOUT_FORMS,
    CALENDAR_FORMS,
    DESTINATION_FORMS,
    parse_blackout,
    parse_calendar,
    parse_destination,
)
from portfolio.money import Weight

MOST_DECIMALS = 9
LARGEST_NUMBER = Decimal(10) ** 15


def wrong(found: str, instead: str) -> NoReturn:
    """Refuse a value with two half sentences."""
    raise PydanticCustomError("trimtab", "{found}", {"found": found, "instead": instead})


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        if isinstance(value, str):
            wrong(f"{shown(value)} is text, not a number", "Write a number without quotes")
        wrong(f"{shown(value)} is not a number", "Write a number, for example 5 or 2.5")
    number = Decimal(value)
    if not number.is_finite():
        wrong(f"{shown(number)} is not a finite number", "Write a number, for example 5 or 2.5")
    if abs(number) > LARGEST_NUMBER:
        wrong(f"{shown(number)} is too large", f"Write at most {plain_number(LARGEST_NUMBER)}")
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MOST_DECIMALS:
        wrong("the number has too many decimals", f"Write at most {MOST_DECIMALS} decimals")
    return number


def number(
    *, least: int | str = 0, most: int | str | None = None, above: bool = False, unit: str = ""
) -> BeforeValidator:
    """A finite number from `least` (beyond it, when `above`) to `most`, never a text or a flag."""
    low, high = Decimal(least), None if most is None else Decimal(most)

    def check(value: object) -> Decimal:
        read = _number(value)
        if read < low or (above and read == low) or (high is not None and read > high):
            wrong(f"{shown(read)}{unit} is out of range", _range(low, high, above, unit))
        return read

    return BeforeValidator(check)


def whole(*, least: int = 0, most: int | None = None) -> BeforeValidator:
    """A whole number from `least` to `most`."""

    def check(value: object) -> int:
        read = _number(value)
        if read != read.to_integral_value() or isinstance(value, Decimal):
            wrong(f"{shown(read)} is not a whole number", "Write a number without a point")
        if read < least or (most is not None and read > most):
            high = None if most is None else Decimal(most)
            wrong(f"{shown(read)} is out of range", _range(Decimal(least), high, False, ""))
        return int(read)

    return BeforeValidator(check)


def _range(low: Decimal, high: Decimal | None, above: bool, unit: str) -> str:
    start = f"Write more than {plain_number(low)}" if above else f"Write {plain_number(low)}"
    if high is None:
        return start if above else f"{start} or more"
    if above:
        return f"{start} and at most {plain_number(high)}{unit}"
    return f"{start} to {plain_number(high)}{unit}"


def choice(*words: str) -> BeforeValidator:
    """One of a few words."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            wrong(f"{shown(value)} is not known here", "Write " + quoted(words))
        return value

    return BeforeValidator(check)


def text(what: str, pattern: Callable[[str], bool], example: str) -> BeforeValidator:
    """A text of a certain shape; `what` names it and `example` shows one."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            wrong(
                f"{shown(value)} is no {what}", f'Write a text in quotes, for example "{example}"'
            )
        if not pattern(value):
            wrong(f"{shown(value)} is no {what}", f'Write, for example, "{example}"')
        return value

    return BeforeValidator(check)


def _name_like(value: str) -> bool:
    plain = all(c.isalnum() or c in " ._-&/+" for c in value)
    return plain and 0 < len(value) <= 64 and not looks_secret(value)


def _id_like(value: str) -> bool:
    plain = value.isascii() and all(c.isalnum() or c in "._-" for c in value)
    return plain and 0 < len(value) <= 32 and value[:1].isalnum() and not looks_secret(value)


def _symbol_like(value: str) -> bool:
    plain = value.isascii() and all(c.isupper() or c.isdigit() or c in "._/-" for c in value)
    return plain and 0 < len(value) <= 32 and value[:1].isalnum() and not looks_secret(value)


def _path_like(value: str) -> bool:
    return 0 < len(value) <= 1000 and value.isprintable() and "://" not in value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        wrong(f"{shown(value)} is neither true nor false", "Write true or false, without quotes")
    return value


def _file(value: object) -> str:
    if isinstance(value, str) and looks_secret(value):
        wrong(
            "the text looks like a key itself, so it is not shown",
            "Put the secret into a file of its own and write the file's name here",
        )
    if not isinstance(value, str) or not _path_like(value):
        wrong(f"{shown(value)} is no path of a file", 'Write a path, for example "alpaca.keys"')
    return value


def _grammar(parse: Callable[[str], object], forms: tuple[str, ...]) -> AfterValidator:
    def check(value: str) -> str:
        try:
            parse(value)
        except ValueError as error:
            wrong(f"{shown(value)} {error}", "Write, for example, " + list_in_words(forms))
        return value

    return AfterValidator(check)


def _calendar(value: str) -> object:
    return parse_calendar(value, min_drift=Weight(Decimal(0)))


def _backstop(value: str) -> object:
    return None if value == "never" else _calendar(value)


def _words(value: object) -> str:
    if not isinstance(value, str):
        wrong(f"{shown(value)} is not a text", "Write a text in quotes")
    return value


Percent = Annotated[Decimal, number(most=100, unit=" %")]
PercentAbove = Annotated[Decimal, number(most=100, above=True, unit=" %")]
Points = Annotated[Decimal, number(most=100, above=True, unit=" points")]
PointsOrNone = Annotated[Decimal, number(most=100, unit=" points")]
Usd = Annotated[Decimal, number(unit=" USD")]
UsdAbove = Annotated[Decimal, number(above=True, unit=" USD")]
Flag = Annotated[bool, BeforeValidator(_flag)]
Words = Annotated[str, BeforeValidator(_words)]
Name = Annotated[str, text("name", _name_like, "core")]
Identifier = Annotated[str, text("id", _id_like, "brokerage")]
Symbol = Annotated[str, text("symbol", _symbol_like, "VTI")]
FilePath = Annotated[str, BeforeValidator(_file)]
LookText = Annotated[Words, _grammar(parse_look, LOOK_FORMS)]
CalendarText = Annotated[Words, _grammar(_calendar, CALENDAR_FORMS)]
BackstopText = Annotated[Words, _grammar(_backstop, ('"never"', *CALENDAR_FORMS))]
DestinationText = Annotated[Words, _grammar(parse_destination, DESTINATION_FORMS)]
BlackoutText = Annotated[Words, _grammar(parse_blackout, BLACKOUT_FORMS)]
