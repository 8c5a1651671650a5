"""The live screen: one frame from one picture, for terminals from 80 by 24 up."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from daemon.demo.picture import OrderLine, Picture
from daemon.screens.decision import headline
from daemon.screens.orders import state_tone
from daemon.screens.portfolio import slices_table
from daemon.screens.style import words
from daemon.screens.words import money, percent, quantity
from portfolio.decisions import SliceView
from portfolio.money import ONE, Weight
from portfolio.orders import Side

PLATE = "SIMULATED"
PROXIES = "index proxies, not investable"
LEAST_COLUMNS, LEAST_LINES = 80, 24
_CAPTION_LINES = 4
_CHROME = 8
"""Lines that are always there: plate, day, bar, blank, head of the slices, decision (2), blank."""


def frame(picture: Picture, *, columns: int, lines: int) -> RenderableType:
    """The whole screen. The story takes whatever the rest leaves."""
    most = max(3, lines - 18)
    slices = max(min(len(picture.slices), most), 3)
    orders = picture.last_orders[-(2 if len(picture.slices) > 3 else 3 if lines < 30 else 6) :]
    notices = list(picture.notices)[-(1 if lines < 30 else 3) :]
    used = _CHROME + slices + _CAPTION_LINES + 2 + max(len(orders), 1) + len(notices)
    return Group(
        _plate(columns),
        _day(picture),
        _bar(picture, columns),
        Text(),
        _slices(picture, columns, slices),
        _caption(picture, columns),
        _decision(picture, columns),
        Text(),
        _orders(orders),
        _notices(notices, columns),
        _story(picture, lines - used, columns),
    )


def _plate(columns: int) -> Table:
    grid = Table.grid(expand=True)
    grid.add_column()
    grid.add_column(justify="right")
    plate = Text().append(f" {PLATE} ", style="plate").append(f"  {PROXIES}", style="care")
    hint = "trimtab demo   ctrl-c stops" if columns >= 90 else "ctrl-c stops"
    grid.add_row(plate, Text(hint, style="dim"))
    return grid


def _day(picture: Picture) -> Table:
    grid = Table.grid(padding=(0, 3, 0, 0))
    for _ in range(4):
        grid.add_column(no_wrap=True)
    value = "" if picture.value is None else f"value {money(picture.value)}"
    cash = "" if picture.cash is None else f"cash {money(picture.cash)}"
    change = Text()
    if picture.value is not None and picture.first_value:
        gain = Weight(picture.value / picture.first_value - ONE)
        sign = "+" if gain >= 0 else ""
        change = Text(f"{sign}{percent(gain)}", style="good" if gain >= 0 else "care")
    grid.add_row(
        Text(f"{picture.day:%a %Y-%m-%d}", style="title"), Text(value, style="title"), change, cash
    )
    return grid


def _bar(picture: Picture, columns: int) -> Text:
    width = columns - 24
    done = round(width * picture.progress)
    text = Text().append(f"{picture.first:%Y-%m}  ", style="dim")
    text.append("━" * done, style="good" if picture.is_up else "care")
    text.append("─" * (width - done), style="dim")
    text.append(f"  {picture.last:%Y-%m}", style="dim")
    if picture.halted is not None:
        text.append(" HALT", style="alarm")
    return text


def _slices(picture: Picture, columns: int, most: int) -> RenderableType:
    """The slices; when there are too many, those nearest to their edges."""
    if not picture.slices:
        return Text("the first look is being taken\n\n\n", style="quiet")
    nearest = sorted(picture.slices, key=_nearness, reverse=True)[:most]
    shown = [view for view in picture.slices if view in nearest]
    return slices_table(shown, columns=columns, managed_value=picture.value)


def _nearness(view: SliceView) -> float:
    """How much of the way to its edge a slice has gone; the cash slice has none."""
    return float(abs(view.before - view.target) / view.half_width) if view.half_width else 0.0


def _caption(picture: Picture, columns: int) -> Panel:
    caption = picture.caption
    lines = caption.lines[:_CAPTION_LINES]
    if len(caption.lines) > _CAPTION_LINES:  # the first ones say what it is, the last how it ended
        lines = [*caption.lines[: _CAPTION_LINES - 1], caption.lines[-1]]
    body = [words(line) for line in lines] + [Text()] * (_CAPTION_LINES - len(lines))
    for line in body:
        line.truncate(columns - 4, overflow="ellipsis")
    return Panel(
        Group(*body),
        title=Text(
            f" {caption.title} ", style=caption.tone if caption.tone != "plain" else "title"
        ),
        title_align="left",
        border_style=caption.tone,
        height=_CAPTION_LINES + 2,
        padding=(0, 1),
    )


def _decision(picture: Picture, columns: int) -> Group:
    if picture.decision is None:
        return Group(Text("no decision yet", style="quiet"), Text())
    head = Text().append(f"#{picture.cycle} ", style="dim")
    head.append_text(headline(picture.decision))
    head.truncate(columns, overflow="ellipsis")
    reason = picture.decision.reason
    gates = "; ".join(gate.text for gate in picture.weightiest_gates if gate.text not in reason)
    text = words(f"   {gates}", "quiet")
    text.truncate(columns, overflow="ellipsis")
    return Group(head, text)


def _orders(orders: list[OrderLine]) -> RenderableType:
    if not orders:
        return Text("no order yet", style="quiet")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "right", "left", "right", "right", "left"):
        grid.add_column(justify=justify, no_wrap=True)
    for order in orders:
        selling = order.side is Side.SELL
        amount = "" if order.price is None else money(order.filled * order.price)
        grid.add_row(
            Text(f"{order.day}", style="dim"),
            Text(order.side.value, style="care" if selling else "good"),
            quantity(order.quantity),
            order.symbol,
            "" if order.price is None else f"at {money(order.price)}",
            amount,
            Text(order.state.value, style=state_tone(order.state)),
        )
    return grid


def _notices(notices: list[str], columns: int) -> Group:
    """Notices as they went out, from the file they went to."""
    lines = []
    for notice in notices:
        text = Text().append("notice  ", style="dim").append_text(words(notice))
        text.truncate(columns, overflow="ellipsis")
        lines.append(text)
    return Group(*lines)


def _story(picture: Picture, room: int, columns: int) -> Group:
    """The latest lines that fit below a blank one."""
    lines: list[Text] = [Text()] if room > 0 else []
    for line in list(picture.story)[-(room - 1) :] if room > 1 else []:
        text = Text().append(f"{line.day}  ", style="dim")
        text.append_text(words(line.told.text, line.told.tone))
        text.truncate(columns, overflow="ellipsis")
        lines.append(text)
    return Group(*lines)
