"""Record the demo's screens for the documents: docs/demo.svg, docs/demo_end.svg and a few scenes.

    .venv/bin/python scripts/record_screens.py

Plays the shipped story with the real daemon, like `trimtab demo`, and keeps single frames.
"""

import io
import re
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, RenderableType

from brokers.simulated.price_file import read_prices
from daemon.demo.child import Child, fresh_directory
from daemon.demo.frame import frame
from daemon.demo.last_page import scorecard_screen
from daemon.demo.picture import Picture, StoryLine
from daemon.demo.script import CONFIGURATION, own_script
from daemon.demo.show import play
from daemon.demo.tally import tally
from daemon.screens.style import THEME
from daemon.worlds.simulated import BUILT_IN

DOCS = Path(__file__).parent.parent / "docs"
COLUMNS, LINES = 100, 30
SCENES = {
    "A band's edge is crossed": "demo.svg",
    "A stale quote is refused": "screens/stale.svg",
    "The process is stopped in the middle of a run": "screens/restart.svg",
    "The process is killed while an order is on its way": "screens/kill.svg",
    "A person halts everything": "screens/halt.svg",
}
"""Title of a caption: the file that keeps its fullest frame."""
OPENING = "A band's edge is crossed"


@dataclass(slots=True)
class Recorder:
    """A stage that keeps the frame of each scene as long as its caption grows."""

    known: dict[str, int] = field(default_factory=dict)

    def show(self, picture: Picture, news: list[StoryLine]) -> None:  # noqa: ARG002  see the port
        """Keep the frame when its scene is wanted and has more to say than before."""
        title, lines = picture.caption.title, len(picture.caption.lines)
        if title == OPENING and title in self.known:
            return  # its first frame has the weights that crossed the edge
        if title in SCENES and lines > self.known.get(title, 0):
            self.known[title] = lines
            save(frame(picture, columns=COLUMNS, lines=LINES), SCENES[title])


def save(what: RenderableType, name: str, *, height: int = LINES) -> None:
    """Export one screen as SVG."""
    screen = Console(
        file=io.StringIO(),
        record=True,
        theme=THEME,
        width=COLUMNS,
        height=height,
        force_terminal=True,
        highlight=False,
        markup=False,
    )
    screen.print(what)
    path = DOCS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    svg = screen.export_svg(title="trimtab demo")
    # No picture of ours fetches a font from somebody else's server.
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")
    print(path)


def main() -> None:
    """Play it once."""
    table = read_prices(BUILT_IN / "us_stocks_treasuries.csv")
    script, state_dir = own_script(table), fresh_directory()
    (state_dir / CONFIGURATION).write_text(script.configuration, encoding="utf-8")
    child = Child(configuration=state_dir / CONFIGURATION, state_dir=state_dir)
    try:
        play(child, script, Recorder(), seconds=30)
    finally:
        child.end()
    save(scorecard_screen(tally(state_dir, table), columns=COLUMNS), "demo_end.svg", height=40)


if __name__ == "__main__":
    main()
