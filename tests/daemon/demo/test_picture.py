"""The live screen, from events to a frame that fits its terminal."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from daemon.demo.frame import frame
from daemon.demo.picture import Caption, Picture
from daemon.screens.style import THEME
from portfolio.decisions import Gate, Hold, SliceView
from portfolio.events import (
    CycleDecided,
    DaemonStarted,
    DaemonStopped,
    Event,
    Halted,
    LegMoved,
    LegPlanned,
    Resumed,
    SessionClosed,
)
from portfolio.money import Money, Price, Quantity, Weight
from portfolio.orders import LegState
from portfolio.records import Recorded
from portfolio.wakes import Wake, WakeKind
from tests.support.journals import leg

DAY = date(2008, 3, 3)
AT = datetime(2008, 3, 3, 15, tzinfo=UTC)


def view(name: str, target: str, before: str, half_width: str = "0.05") -> SliceView:
    return SliceView(
        name=name,
        target=Weight(Decimal(target)),
        before=Weight(Decimal(before)),
        after=Weight(Decimal(before)),
        half_width=Weight(Decimal(half_width)),
    )


def look(*slices: SliceView) -> CycleDecided:
    gates = (Gate(name="band", passed=False, text="stocks -3.1 points, fires at 5.0"),)
    hold = Hold(household="demo", as_of=AT, reason="nothing is due", gates=gates, slices=slices)
    return CycleDecided(
        cycle=7,
        wake=Wake(kind=WakeKind.LOOK),
        session=DAY,
        snapshot="s",
        policy="p",
        memory="m",
        limits="l",
        decision=hold,
    )


def shown(*events: Event) -> Picture:
    picture = Picture(first=date(2007, 10, 1), last=date(2009, 12, 31), day=date(2007, 10, 1))
    for seq, event in enumerate(events, start=1):
        picture.see(Recorded(seq=seq, at=AT, actor="trimtab", event=event))
    return picture


def lines_of(picture: Picture, columns: int, lines: int) -> list[str]:
    out = io.StringIO()
    console = Console(
        file=out, theme=THEME, width=columns, height=lines, markup=False, highlight=False
    )
    console.print(frame(picture, columns=columns, lines=lines))
    return out.getvalue().splitlines()


SLICES = (
    view("stocks", "0.597", "0.566"),
    view("bonds", "0.398", "0.428"),
    view("cash", "0.005", "0.006", "0"),
)
CLOSED = SessionClosed(
    session=DAY,
    equity=Money(Decimal(98000)),
    cash=Money(Decimal(588)),
    weights={"stocks": Decimal("0.57"), "bonds": Decimal("0.424"), "cash": Decimal("0.006")},
)


def test_a_close_moves_the_weights_that_the_look_saw() -> None:
    picture = shown(look(*SLICES), CLOSED)
    assert picture.slices[0].before == Decimal("0.57")
    assert picture.value == 98000
    assert picture.day == DAY


def test_an_order_is_followed_from_intent_to_fill() -> None:
    planned = leg()
    moved = LegMoved(
        client_order_id=planned.client_order_id,
        before=LegState.WORKING,
        after=LegState.FILLED,
        sends=1,
        sent_at=AT,
        broker_order_id="b1",
        filled_quantity=Quantity(planned.intent.quantity),
        filled_average_price=Price(Decimal("101.50")),
    )
    (line,) = shown(LegPlanned(leg=planned), moved).last_orders
    assert line.state is LegState.FILLED
    assert line.price == Decimal("101.50")


def test_a_halt_shows_until_it_is_cleared() -> None:
    halted = shown(Halted(by="ann", reason="news"))
    assert halted.halted == "news"
    assert "HALT" in "\n".join(lines_of(halted, 80, 24))
    assert shown(Halted(by="ann", reason="news"), Resumed(by="ann", reason="ok")).halted is None


def test_the_daemon_is_up_from_its_start_to_its_stop() -> None:
    start = DaemonStarted(code_version="0", configuration="c", session=DAY, simulated=True)
    assert shown(start).is_up
    assert not shown(start, DaemonStopped(reason="SIGTERM")).is_up


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (100, 30), (120, 40)])
def test_a_frame_fits_its_terminal_whatever_it_has_to_say(columns: int, lines: int) -> None:
    picture = shown(look(*SLICES), CLOSED, *[LegPlanned(leg=leg(f"tt1-{i}")) for i in range(12)])
    picture.caption = Caption(title="An edge " * 20, lines=["a very long line " * 40] * 9)
    picture.notices.extend(["a notice that is far too long " * 10] * 9)
    for _ in range(50):
        picture.see(Recorded(seq=1, at=AT, actor="t", event=Halted(by="a", reason="x " * 90)))
    text = lines_of(picture, columns, lines)
    assert len(text) <= lines
    assert max(len(line) for line in text) <= columns
    assert "SIMULATED" in text[0]
    assert "not investable" in text[0]


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_of_many_slices_those_nearest_their_edges_are_shown(columns: int, lines: int) -> None:
    many = [view(f"s{i}", "0.05", f"0.0{50 + i}", "0.0125") for i in range(13)]
    text = lines_of(shown(look(*many), CLOSED), columns, lines)
    assert len(text) <= lines
    assert any(line.startswith("s12 ") for line in text)


def test_an_empty_picture_is_a_frame_too() -> None:
    assert len(lines_of(shown(), 80, 24)) <= 24


def test_the_plate_does_not_paint_over_the_words_beside_it() -> None:
    screen = Console(file=io.StringIO(), theme=THEME, width=100, force_terminal=True, markup=False)
    segments = list(screen.render(frame(shown(), columns=100, lines=30)))
    backgrounds = {s.text.strip(): s.style.bgcolor for s in segments if s.style is not None}
    assert backgrounds["SIMULATED"] is not None
    assert backgrounds["index proxies, not investable"] is None
