"""The director: sees every event, writes the captions, and does what a person would do.

It decides nothing about the portfolio. It approves, halts, resumes, stops and starts the daemon with
the means that any user has, and it slows the simulated clock down where something happens.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from daemon.answers.why_not import NothingKnown, why_not
from daemon.demo import script
from daemon.demo.child import Child
from daemon.demo.killing import PATIENCE, Killing, on_its_way
from daemon.demo.picture import Caption, Picture
from daemon.demo.tempo import Later, Tempo
from daemon.screens.sentences import order_words, plan_words
from daemon.screens.words import money, percent, points, short_hash
from portfolio.decisions import Proposal
from portfolio.events import (
    ApprovalRequested,
    CycleDecided,
    DaemonStarted,
    DaemonStopped,
    FlowSeen,
    Halted,
    LegMoved,
    Resumed,
    RunEnded,
    RunOpened,
    SessionClosed,
)
from portfolio.memory import FlowKind
from portfolio.money import Weight
from portfolio.ports import JournalReader
from portfolio.records import Recorded

LONG_STOP = 2.0
"""Seconds between the sale and the purchase of the run that is to be cut off."""
QUIET_AFTER = 15
"""A caption goes after so many sessions without another."""


@dataclass(slots=True, kw_only=True)
class Director:
    """`now` is the monotonic time of the frame; `see` takes each event once, `act` runs what is due."""

    child: Child
    picture: Picture
    journal: JournalReader
    tempo: Tempo
    scripted: bool
    started: float = 0.0
    now: float = 0.0
    scenes: list[str] = field(default_factory=list)
    _stops: list[tuple[date, Callable[[], None]]] = field(default_factory=list)
    _later: list[Later] = field(default_factory=list)
    _closed_since_caption: int = 0
    _has_stopped: bool = False
    _is_down_on_purpose: bool = False
    _arrived: bool = False
    _last_close: date | None = None
    _closes: int = 0
    _still: bool = False
    _lies_in_wait: bool = False
    _killing: Killing = field(default_factory=lambda: Killing(since=None))

    def begin(self) -> None:
        """Set the stops and the pace. Call before the daemon starts."""
        if self.scripted:
            self._stops = [
                (script.HALT_BEFORE, self._halt),
                (script.RESUME_BEFORE, self._resume),
            ]
            self._killing = Killing(since=script.LOST_ANSWER_ON)
        self._run_on()

    def see(self, recorded: Recorded) -> None:
        """One more event of the journal."""
        match recorded.event:
            case ApprovalRequested() as asked:
                self._asked(asked)
            case CycleDecided() as look:
                self._looked(look, recorded.at)
            case FlowSeen(flow=flow) if flow.kind in (FlowKind.DEPOSIT, FlowKind.WITHDRAWAL):
                self._say(
                    f"A {flow.kind} of {money(abs(flow.amount))} arrives",
                    "It is recognised from the broker's activities, not taken for a gain.",
                    "It rests for one session: it could be on its way elsewhere.",
                    tone="care",
                    scene=flow.kind.value,
                )
            case RunOpened() as opened:
                self._opened(opened)
            case RunEnded(reason=reason):
                self._add(f"{reason}.")
            case LegMoved() as moved:
                self._order_moved(moved)
            case (DaemonStopped() | DaemonStarted()) as event if self._is_down_on_purpose:
                self._went_down_or_up(event)
            case Halted(reason=reason):
                self._add(f"In force: {reason}. It looks and tells, and sends nothing.")
            case Resumed(by=by):
                self._add(f"The journal has who cleared it and why: {by}.")
            case SessionClosed(session=session):
                self._last_close = session
                self._session_closed()
            case _:
                pass

    def act(self, now: float) -> None:
        """Do what is due; bring a stop's scene on when the clock has reached it."""
        self.now = now
        due = [later for later in self._later if later.at <= now]
        self._later = [later for later in self._later if later.at > now]
        for later in due:
            later.act()
        if self._stops and not self._arrived and self._stands_before(self._stops[0][0]):
            self._arrived = True
            self._stops[0][1]()

    @property
    def expects_silence(self) -> bool:
        """Whether the daemon is down because the director stopped it."""
        return self._is_down_on_purpose

    # scenes

    def _asked(self, asked: ApprovalRequested) -> None:
        short = short_hash(asked.proposal_hash)
        first = "first-plan" not in self.scenes
        title = "The first plan waits for a person" if first else "A plan waits for a person"
        more = f"; {len(asked.reasons) - 1} limits ask too" if len(asked.reasons) > 1 else ""
        proposal = self.picture.decision
        self._say(
            title,
            f"{asked.reasons[-1]}{more}.",
            f"{plan_words(proposal)}." if isinstance(proposal, Proposal) else "",
            f"Time stands still. What a person would type: trimtab approve {short}",
            tone="care",
            scene="first-plan" if first else "approval",
        )

        def grant() -> None:
            self._add("demo approves.")
            self.child.ask("approve", reason="demo approves", subject=asked.proposal_hash)

        self._after(self.tempo.read, grant)

    def _looked(self, look: CycleDecided, at: datetime) -> None:
        decision = look.decision
        if isinstance(decision, Proposal):
            if decision.run is None and look.verdict is not None:
                self._proposed(look, decision)
            return
        gates = {gate.name: gate for gate in decision.gates if not gate.passed}
        if "price" in gates and gates["price"].scope and "stale" not in self.scenes:
            self._why_not(gates["price"].scope, at)
        if "halt" in gates and any(g.name == "band" and g.passed for g in decision.gates):
            self._halted_at_the_edge(decision.reason)

    def _proposed(self, look: CycleDecided, decision: Proposal) -> None:
        if not self.picture.orders and not self._later:
            return  # the first plan has its own scene
        title, scene = _title_of(decision)
        lines = [f"{decision.reason}."]
        lines += [order_words(leg) for leg in decision.legs[:2]]
        if scene == "invested":
            lines.append("New cash goes to what is short; nothing is sold, no tax is made.")
        elif look.verdict is not None and look.verdict.outcome == "approved":
            lines.append(
                f"{percent(decision.turnover)} one way, within every limit: it goes ahead."
            )
        self._say(title, *lines, tone="decision", scene=scene)

    def _opened(self, opened: RunOpened) -> None:
        day = self.picture.day
        if not self.scripted or self._has_stopped or day < script.STOP_FROM:
            return
        if not isinstance(self.picture.decision, Proposal) or not self.picture.decision.sells:
            return
        self._has_stopped = True
        plan = plan_words(self.picture.decision)

        def stop() -> None:
            if self.journal.open_run() is None:
                self._has_stopped = False  # too late to cut it off: the next run, then
                return
            self._is_down_on_purpose = True
            self._say(
                "The process is stopped in the middle of a run",
                f"Run {opened.run.number}: {plan}. The sale is done, the purchase is not.",
                tone="alarm",
                scene="restart",
            )
            self.child.ask_to_stop()
            self._after(
                self.tempo.read * 0.5, self.child.start
            )  # its start gives time to read, too

        self._after(LONG_STOP * 0.2, stop)

    def _went_down_or_up(self, event: DaemonStopped | DaemonStarted) -> None:
        if isinstance(event, DaemonStopped):
            self._add(f"It says: stopped, {event.reason}. The journal has everything.")
            return
        self._is_down_on_purpose = False
        if event.after_crash:  # what it found is told in the journal's own words
            self._hold_still(self.tempo.read)
        else:
            self._add("Started again: it has asked the broker first, and goes on where it was.")

    def _order_moved(self, moved: LegMoved) -> None:
        if said := self._killing.says(moved):
            self._add(f"{said}.")
        if self._killing.may_begin(moved, self.picture.day):
            self._after(PATIENCE, lambda: self._kill(moved.client_order_id))

    def _kill(self, order_id: str) -> None:
        leg = self._killing.unanswered(self.journal, order_id)
        if leg is None:
            return
        self._killing.order_id = order_id
        self._is_down_on_purpose = True
        self._say(
            "The process is killed while an order is on its way",
            f"{on_its_way(leg)}   $ kill -9 {self.child.pid}",
            tone="alarm",
            scene="kill",
        )
        self.child.kill()
        self._after(self.tempo.read * 0.5, self.child.start)  # its start gives time to read, too

    def _halted_at_the_edge(self, reason: str) -> None:
        if "halted-edge" in self.scenes:
            return
        crossed = next(view for view in self.picture.slices if view.name != "cash")
        self._say(
            "A band's edge is crossed, and nothing is sent",
            f"{crossed.name} {points(Weight(crossed.before - crossed.target))} points.",
            f"{reason}.",
            tone="alarm",
            scene="halted-edge",
        )
        self._hold_still(self.tempo.read)

    def _why_not(self, symbol: str, at: datetime) -> None:
        """`at` is the moment of the look: the daemon may have looked again since."""
        try:
            answers = why_not(self.journal, symbol, at)
        except NothingKnown as nothing:
            answers = ("", str(nothing))
        self._say(
            "A stale quote is refused",
            f"$ trimtab why-not {symbol}",
            *answers[1:],
            tone="care",
            scene="stale",
        )
        self._hold_still(self.tempo.read * 1.3)

    def _halt(self) -> None:
        self._say(
            "A person halts everything",
            '$ trimtab halt --reason "I want to read the news first"',
            "A file outside the database, read before every send.",
            tone="alarm",
            scene="halt",
        )
        self.child.ask("halt", reason="I want to read the news first")
        self._after(self.tempo.read, self._next_stop)

    def _resume(self) -> None:
        self._say(
            "Only a person resumes, and says why",
            '$ trimtab resume --reason "read it, the plan stands"',
            tone="care",
            scene="resume",
        )
        self.child.ask("resume", reason="read it, the plan stands")
        self._after(self.tempo.read, self._next_stop)

    # means

    def _say(self, title: str, *lines: str, tone: str = "plain", scene: str = "") -> None:
        if scene:
            self.scenes.append(scene)
        self._closed_since_caption = 0
        self.picture.caption = Caption(title=title, lines=list(lines), tone=tone)

    def _add(self, line: str) -> None:
        self.picture.caption.lines.append(line)
        self._closed_since_caption = 0

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._later.append(Later(at=self.now + seconds, act=act))

    def _session_closed(self) -> None:
        self._closed_since_caption += 1
        self._closes += 1
        was_waiting = self._lies_in_wait
        self._lies_in_wait = (
            self.scripted and not self._has_stopped and self.picture.day >= script.STOP_FROM
        )
        if (self._closes % 20 == 0 or was_waiting != self._lies_in_wait) and not self._still:
            self._run_on()
        if self._closed_since_caption == QUIET_AFTER:
            self.picture.caption = Caption(
                title="Every session it looks, and holds",
                lines=[
                    "Inside the bands nothing is traded. Each look leaves its inputs and reasons."
                ],
            )

    def _stands_before(self, stop: date) -> bool:
        if self._last_close is None:
            return False
        gap = (stop - self._last_close).days
        return gap <= 1 or (gap <= 4 and stop.weekday() == 0)

    def _next_stop(self) -> None:
        self._stops = self._stops[1:]
        self._arrived = False
        self._run_on()

    def _run_on(self) -> None:
        self._set_pace(self._stops[0][0] if self._stops else None)

    def _set_pace(self, pause_on: date | None) -> None:
        late = self.now - self.started > self.tempo.whole * (0.15 + 0.85 * self.picture.progress)
        dwell = self.tempo.dwell * (0.6 if late else 1.0)
        self.child.set_pace(
            session_seconds=0.0 if late else self.tempo.whole * 0.3 / self.tempo.sessions,
            dwell_seconds=max(dwell, LONG_STOP) if self._lies_in_wait else dwell,
            pause_on=pause_on,
        )

    def _hold_still(self, seconds: float) -> None:
        """Stop the clock where it is, and let it go on later."""
        self._still = True
        self._set_pace(self.picture.first)

        def go_on() -> None:
            self._still = False
            self._run_on()

        self._after(seconds, go_on)


def _title_of(decision: Proposal) -> tuple[str, str]:
    """What a plan is about, from the gates that let it through."""
    passed = {gate.name for gate in decision.gates if gate.passed}
    if "band" in passed and decision.sells:
        return "A band's edge is crossed", "edge"
    if passed & {"calendar", "backstop"} and decision.sells:
        return "The calendar rebalance is due", "calendar"
    return "New cash is invested, without a sale", "invested"
