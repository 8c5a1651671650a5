"""`trimtab demo`: start the real daemon on simulated ground, watch its journal, count it all up."""

import contextlib
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from rich.console import Console
from rich.live import Live

from brokers.simulated.price_file import PriceTable, read_prices
from daemon.cli.door import Refusal
from daemon.demo.child import Child, fresh_directory
from daemon.demo.director import Director
from daemon.demo.frame import LEAST_COLUMNS, LEAST_LINES, PLATE, PROXIES, frame
from daemon.demo.last_page import scorecard_screen
from daemon.demo.picture import Picture, StoryLine
from daemon.demo.script import CONFIGURATION, NOTICES, Script, own_script, script_for
from daemon.demo.tally import tally
from daemon.demo.tempo import Tempo
from daemon.exit_codes import ExitCode
from daemon.journal.errors import JournalMissing
from daemon.screens.style import console, words
from daemon.wiring import open_reader
from daemon.worlds.simulated import BUILT_IN
from portfolio.ports import JournalReader

FRAME_SECONDS = 0.1
START_SECONDS = 60.0
"""How long the daemon may take to open its journal, on the slowest machine."""


class Stage(Protocol):
    """Where the picture goes: a live screen, or plain lines."""

    def show(self, picture: Picture, news: list[StoryLine]) -> None:
        """Show the picture as it is now; `news` are the lines since the last time."""
        ...


def show(*, prices: Path | None, seconds: float) -> int:
    """Play the demo; returns the exit code. Ctrl-C and SIGTERM end the daemon and give 130."""
    table = read_prices(prices if prices is not None else BUILT_IN / "us_stocks_treasuries.csv")
    script = own_script(table) if prices is None else script_for(table, prices)
    state_dir = fresh_directory()
    configuration = state_dir / CONFIGURATION
    configuration.write_text(script.configuration, encoding="utf-8")
    child = Child(configuration=configuration, state_dir=state_dir)
    out = console()
    try:
        with _ending(child), _stage(out) as stage:
            picture = play(child, script, stage, seconds)
            child.end()
        _last_page(out, state_dir, table, script, picture, own=prices)
    except KeyboardInterrupt:
        out.print(words("\nStopped. The daemon has ended; start again whenever you like.", "care"))
        return ExitCode.INTERRUPTED
    return ExitCode.OK


_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _ending(child: Child) -> Iterator[None]:
    """Whatever happens, the child is gone afterwards; SIGTERM and SIGHUP count as Ctrl-C.

    SIGINT is taken over too: a shell that started us in the background has it ignored.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {s: signal.signal(s, interrupt) for s in _ENDS}
    try:
        yield
    finally:
        child.end()
        for number, handler in before.items():
            signal.signal(number, handler)


def play(child: Child, script: Script, stage: Stage, seconds: float) -> Picture:
    """From the first start to the end of the prices; the daemon has ended by itself then."""
    picture = Picture(first=script.first, last=script.last, day=script.first)
    stage.show(picture, [])
    child.set_pace(session_seconds=0.0, dwell_seconds=0.0, pause_on=script.first)
    child.start()
    journal = _when_open(child, lambda: stage.show(picture, []))
    now = time.monotonic()
    director = Director(
        started=now,
        now=now,
        child=child,
        picture=picture,
        journal=journal,
        tempo=_tempo(script, seconds),
        scripted=script.scripted,
    )
    director.begin()
    _follow(child, journal, director, stage)
    return picture


def _tempo(script: Script, seconds: float) -> Tempo:
    """About half of the time for what happens, the rest for the sessions between."""
    scenes = 26 if script.scripted else 50
    return Tempo(
        whole=seconds,
        sessions=script.sessions,
        dwell=seconds * 0.22 / scenes,
        read=seconds * 0.04,
    )


def _when_open(child: Child, meanwhile: Callable[[], None]) -> JournalReader:
    """The journal, as soon as the daemon has opened it."""
    give_up = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(JournalMissing):
            return open_reader(child.state_dir)
        _check_alive(child)
        if time.monotonic() > give_up:
            raise Refusal("The daemon did not open its journal.", ExitCode.INTERNAL)
        meanwhile()
        time.sleep(FRAME_SECONDS)


def _follow(child: Child, journal: JournalReader, director: Director, stage: Stage) -> None:
    """Read what is new, let the director act, show it; until the daemon ends by itself."""
    picture, seen = director.picture, 0
    notices = Tail(path=child.state_dir / NOTICES)
    while True:
        has_ended = child.exit_code is not None
        news = journal.events(after=seen, limit=400)
        lines = []
        for recorded in news:
            seen, title = recorded.seq, picture.caption.title
            line = picture.see(recorded)
            if line is not None:
                lines.append(line)
            director.see(recorded)
            if picture.caption.title != title:
                stage.show(picture, lines)  # a fast daemon brings several scenes at once
                lines = []
        picture.notices.extend(notices.news())
        director.act(time.monotonic())
        stage.show(picture, lines)
        if has_ended and not news:
            if not director.expects_silence:
                _check_alive(child)
                return
            picture.is_up = False
        time.sleep(FRAME_SECONDS)


@dataclass(slots=True, kw_only=True)
class Tail:
    """Follows the file that the notices go to, a line a notice."""

    path: Path
    read: int = 0

    def news(self) -> list[str]:
        """Whole lines since the last time, without the wall clock's time at their start."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.read)
                text = file.read()
        except FileNotFoundError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self.read += len(whole)
        return [line.partition(" ")[2] for line in whole.decode(errors="replace").splitlines()]


def _check_alive(child: Child) -> None:
    """Raise when the daemon ended with an error."""
    if child.exit_code not in (None, 0):
        raise Refusal(
            f"The daemon ended with code {child.exit_code}: {child.last_words()}",
            ExitCode.INTERNAL,
        )


@contextmanager
def _stage(out: Console) -> Iterator[Stage]:
    """A live screen when there is a terminal that is large enough, plain lines otherwise."""
    size = out.size
    is_large = size.width >= LEAST_COLUMNS and size.height >= LEAST_LINES
    if not out.is_terminal or out.is_dumb_terminal or not is_large:
        yield PlainStage(out=out)
        return
    with Live(console=out, screen=True, auto_refresh=False) as live:
        yield LiveStage(out=out, live=live)


@dataclass(slots=True, kw_only=True)
class LiveStage:
    """The whole screen, drawn anew each time."""

    out: Console
    live: Live

    def show(self, picture: Picture, news: list[StoryLine]) -> None:  # noqa: ARG002  see the port
        """Draw the frame."""
        width, height = self.out.size
        self.live.update(frame(picture, columns=width, lines=height), refresh=True)


@dataclass(slots=True, kw_only=True)
class PlainStage:
    """Lines, for a pipe, a file or CI."""

    out: Console
    title: str = ""
    told: int = 0

    def show(self, picture: Picture, news: list[StoryLine]) -> None:
        """Print what is new: the caption as far as it is new, then the lines of the story."""
        if not self.title:
            self.title = "started"
            self.out.print(f"{PLATE}: {PROXIES}. From {picture.first} to {picture.last}.")
        caption = picture.caption
        if caption.title != self.title:
            self.title, self.told = caption.title, 0
            self.out.print(words(f"== {caption.title}"), soft_wrap=True)
        for text in caption.lines[self.told :]:
            self.out.print(words(f"   {text}"), soft_wrap=True)
        self.told = len(caption.lines)
        for line in news:
            self.out.print(words(f"{line.day}  {line.told.text}"), soft_wrap=True)
        sys.stdout.flush()


def _last_page(
    out: Console,
    state_dir: Path,
    table: PriceTable,
    script: Script,
    picture: Picture,
    *,
    own: Path | None,
) -> None:
    """Count it all up from the journal and the broker's account, and say what to type next."""
    doing = "Reaching every decision again from the journal."
    if not out.is_terminal:
        out.print(doing)
    with out.status(doing) if out.is_terminal else contextlib.nullcontext():
        card = tally(state_dir, table)
    out.print()
    plate = words(f" {PLATE} ", "plate")
    plate.append(f"  {PROXIES if own is None else 'your prices'}", style="care")
    out.print(plate.append(f"  {script.first} to {picture.day}", style="plain"))
    out.print()
    out.print(scorecard_screen(card, columns=out.width))
    out.print()
    out.print(words("What to type next", "title"))
    for command, why in _next(state_dir):
        out.print(words(f"  {command}"), soft_wrap=True)
        out.print(words(f"      {why}", "quiet"), soft_wrap=True)


def _next(state_dir: Path) -> list[tuple[str, str]]:
    trimtab = ".venv/bin/trimtab" if Path(".venv/bin/trimtab").exists() else "trimtab"
    return [
        (
            f"{trimtab} history --state {state_dir}",
            "this demo's journal: explain, why-not, status too",
        ),
        (f"{trimtab} adopt", "your own account: reads it, proposes slices, sends nothing"),
        (f"{trimtab} run trimtab.toml", "a dry run: decides and tells, has no way to send"),
        (f"{trimtab} promote", "from the dry run to paper, for example an Alpaca paper account"),
    ]
