"""Screens: gauges, numbers and tables that read with and without colour."""

import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.screens.decision import decision_screen
from daemon.screens.gauges import drawn, gauge, mood
from daemon.screens.portfolio import slices_table
from daemon.screens.sentences import tell
from daemon.screens.style import console, words
from daemon.screens.words import money, points
from portfolio.decisions import SliceView
from portfolio.money import Weight
from tests.support.journals import event_kinds, proposal, values_of

D = Decimal


@given(
    drift=st.decimals("-1", "1", places=6),
    half_width=st.decimals("0.01", "0.5", places=4),
    width=st.integers(9, 61).map(lambda n: n // 2 * 2 + 1),
)
def test_a_gauge_has_its_width_one_marker_and_tells_inside_from_outside(
    drift: Decimal, half_width: Decimal, width: int
) -> None:
    cells = gauge(drift, half_width, width)
    text = drawn(cells)
    assert len(text) == width
    assert sum(text.count(mark) for mark in "●◀▶") == 1
    marker = next(i for i, c in enumerate(cells) if c.text in "●◀▶")
    edge = round(width // 2 / 1.6)
    inside = abs(marker - width // 2) < edge
    assert inside == (mood(drift, half_width) != "beyond")


def test_the_edge_itself_is_beyond() -> None:
    assert mood(D("0.05"), D("0.05")) == "beyond"
    assert mood(D("0.049999"), D("0.05")) == "near"
    assert mood(D("0"), D("0.05")) == "calm"


def view(half_width: str = "0.05") -> SliceView:
    return SliceView(
        name="stocks",
        target=Weight(D("0.6")),
        before=Weight(D("0.655")),
        after=Weight(D("0.6")),
        half_width=Weight(D(half_width)),
    )


@pytest.mark.parametrize("columns", [80, 120])
def test_amounts_stand_to_the_right_and_rows_fit(columns: int) -> None:
    out = io.StringIO()
    console(file=out, width=columns).print(
        slices_table([view(), view("0")], columns=columns, managed_value=D(1234567))  # type: ignore[arg-type]
    )
    head, first, second = out.getvalue().splitlines()
    assert max(map(len, (head, first, second))) <= columns
    assert head.index("value") + len("value") == first.index("808,641.38") + len("808,641.38")
    assert "+5.5" in first
    assert "├" in first
    assert "├" not in second


def test_a_screen_without_a_terminal_has_no_control_characters() -> None:
    out = io.StringIO()
    console(file=out).print(decision_screen(proposal()))
    assert "\x1b" not in out.getvalue()
    assert "Proposal" in out.getvalue()


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    assert words("a\x1b[2Jb\x07\nc").plain == "a [2Jb  c"


def test_markup_from_outside_is_only_text() -> None:
    out = io.StringIO()
    console(file=out).print(words("[bold]not bold[/bold]"))
    assert "[bold]" in out.getvalue()


@pytest.mark.parametrize("kind", event_kinds(), ids=lambda kind: kind.__name__)
def test_every_event_has_a_sentence_on_one_line(kind: type) -> None:
    @given(values_of(kind))
    def holds(event: object) -> None:
        told = tell(event)  # type: ignore[arg-type]
        assert told.text
        assert "\n" not in words(told.text).plain

    holds()


@given(st.decimals("-1e9", "1e9", places=6))
def test_money_and_points_never_show_a_minus_before_zero(amount: Decimal) -> None:
    assert money(amount) != "-0.00"
    assert points(amount / 10**9) != "-0.0"
