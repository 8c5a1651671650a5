"""A slice whose holding went away unexplained counts as what it was worth. Sums by hand."""

from decimal import Decimal

from policies.vanished import presumed_values
from portfolio.money import Money, Weight
from portfolio.target import Slice, build_target

TARGET = build_target(
    [
        Slice(name=name, symbol=name.upper(), weight=Weight(Decimal(part)))
        for name, part in {"a": "0.5", "b": "0.3", "c": "0.2"}.items()
    ]
)


def money(**amounts: int) -> dict[str, Money]:
    return {symbol: Money(Decimal(amount)) for symbol, amount in amounts.items()}


CASH = Money(Decimal(0))


def test_nothing_is_presumed_when_nothing_vanished() -> None:
    assert presumed_values(money(A=0, B=300, C=200), TARGET, {}, CASH) == {}


def test_the_last_known_worth_is_what_it_counts_as() -> None:
    values = money(A=0, B=300, C=200)
    assert presumed_values(values, TARGET, money(A=450), CASH) == money(A=450)


def test_without_a_known_worth_the_others_keep_their_targets_among_themselves() -> None:
    """300 and 200 are their 30 % and 20 % of a thousand, so that the missing half is 500."""
    values = money(A=0, B=300, C=200)
    assert presumed_values(values, TARGET, money(A=0), CASH) == money(A=500)


def test_a_known_worth_beside_an_unknown_one() -> None:
    """450, 200 and 50 in cash are the 70 % beside B."""
    values = money(A=0, B=0, C=200)
    found = presumed_values(values, TARGET, money(A=450, B=0), Money(Decimal(50)))
    assert found == money(A=450, B=300)


def test_what_is_held_again_or_in_no_slice_is_counted_as_it_is() -> None:
    values = money(A=10, B=300, C=200)
    assert presumed_values(values, TARGET, money(A=450, ELSE=70), CASH) == {}


def test_when_everything_vanished_nothing_is_known() -> None:
    values = money(A=0, B=0, C=0)
    assert presumed_values(values, TARGET, money(A=0, B=0, C=0), CASH) == {}
