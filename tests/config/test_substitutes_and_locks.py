"""Substitutes and locks in the text."""

from portfolio.target import Lock
from tests.support.configurations import SMALLEST, changed, refused, settings

WITH_SUBSTITUTES = changed(
    'symbol = "VTI"\n', 'symbol = "VTI"\nsubstitutes = ["ITOT"]\nlock = "do_not_sell"\n'
)


def test_substitutes_and_locks_are_read() -> None:
    policy = settings(
        WITH_SUBSTITUTES + '\n[[instruments]]\nsymbol = "ITOT"\nlock = "leave_alone"\n'
    ).policy
    node = policy.target.slice_named("stocks")
    assert (node.substitutes, node.lock) == (("ITOT",), Lock.DO_NOT_SELL)
    assert policy.target.leaf_of("ITOT") == "stocks"
    assert policy.locks == {"ITOT": Lock.LEAVE_ALONE}


def test_a_substitute_in_another_slice_is_refused_at_its_place() -> None:
    text = changed('"ITOT"', '"BND"', WITH_SUBSTITUTES)
    assert any("slices[2].symbol" in line and "already" in line for line in refused(text))


def test_substitutes_without_a_symbol_are_refused() -> None:
    text = changed('symbol = "VTI"\n', 'cash = true\nsubstitutes = ["ITOT"]\n')
    assert any("no symbol that they stand for" in line for line in refused(text))


def test_an_unknown_lock_names_the_known_ones() -> None:
    text = SMALLEST + '\n[[instruments]]\nsymbol = "VTI"\nlock = "frozen"\n'
    (line,) = refused(text)
    assert "do_not_sell" in line
    assert "leave_alone" in line
