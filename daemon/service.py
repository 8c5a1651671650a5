"""The service: one thread that waits for wakes and answers each, from start to SIGTERM.

Time, streams, signals and people only put wakes; every answer comes from a fresh look. A wake that was
lost costs at most one tick, because the tick asks the calendar and the journal what is due.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from config.look import Look
from daemon.approvals import expire
from daemon.cycle import Outcome, Watch, run_cycle
from daemon.executor import halt
from daemon.house import House
from daemon.memory import remember
from daemon.observe import holdings, observe
from daemon.others import rest_beside_others
from daemon.protocol import BrokenInvariant
from daemon.reconcile import check_cash, reconcile
from daemon.requests.acting import is_recorded_halted, serve_request, stop_everything
from daemon.requests.spool import Request
from daemon.review.due import letter_due
from daemon.settle import settle
from daemon.upkeep.clearing import clear_what_is_over
from daemon.upkeep.no_price import tell_missing_prices
from daemon.upkeep.splits import note_splits
from daemon.waking.alarms import Alarms
from daemon.waking.edges import crossings, is_due
from daemon.waking.queue import WakeQueue
from daemon.waking.sessions import CalendarDisagreement
from portfolio.decisions import Proposal
from portfolio.drift import from_float, leaf_values, weights_of
from portfolio.events import Alarm, AlarmCleared, CycleFailed, SessionClosed
from portfolio.memory import FlowKind
from portfolio.money import ZERO
from portfolio.ports import CredentialsRefused, Unavailable
from portfolio.snapshot import Session, Snapshot
from portfolio.wakes import Wake, WakeKind

if TYPE_CHECKING:
    from daemon.trial.shadow import OnTrial

AFTER_CLOSE = timedelta(minutes=1)
"""The closing look comes this long after the close, when the day's orders have expired."""
A_LITTLE_EARLY = timedelta(seconds=5)
"""A tick that comes a moment before a poll is due makes it, else it would be a whole tick late."""
RUN_WAITS = timedelta(minutes=10)
"""A run that waits for something (a price, a fence, a person's order) is looked at this often."""


@dataclass(slots=True, kw_only=True)
class Service:
    """The running daemon. `spool` gives waiting requests, `on_notable` hears of what is worth seeing.

    `reload` reads the configuration again into the house; it raises nothing and records what it did.
    `look_again` is asked at each tick for wakes that nobody announced (a watched folder). `chores`
    is what a tick looks after besides trading. `price_poll` says how often prices are held against
    the bands between looks, None never; no oftener than the ticks come.
    """

    house: House
    watch: Watch
    wakes: WakeQueue
    alarms: Alarms
    look: Callable[[], Look]
    spool: Callable[[], list[Request]]
    done_with: Callable[[Request], None]
    reload: Callable[[], None]
    price_poll: Callable[[], timedelta | None] = timedelta
    look_again: Callable[[], list[Wake]] = list
    on_notable: Callable[[], None] = lambda: None
    writes_letters: Callable[[], bool] = lambda: True
    chores: Callable[[], None] = lambda: None
    on_trial: "Callable[[], OnTrial | None]" = lambda: None
    _crossed: frozenset[str] = field(default=frozenset())
    _polled_at: datetime | None = field(default=None)
    _unreachable_since: datetime | None = field(default=None)

    def handle(self, wake: Wake) -> None:
        """Answer one wake. A broker that cannot be asked is told of, and asked again at the next tick.

        Raises `JournalUnwritable`: without a journal nothing may happen, and the process ends.
        """
        try:
            self._serve_people()
            self._answer(wake)
            self._reached()
        except (Unavailable, CalendarDisagreement) as problem:
            self._unreachable(wake, str(problem))
        except CredentialsRefused as problem:
            self._halt_once(f"the broker refuses the keys or the account: {problem}")
        except BrokenInvariant as problem:
            self._halt_once(f"an invariant does not hold: {problem}")

    def set_session_alarms(self) -> None:
        """Set the alarms of the session that is open or comes next; doing it again changes nothing."""
        now = self.house.clock.now()
        current = self.house.sessions.current_or_previous(now)
        over = now >= current.closes_at + AFTER_CLOSE
        session = self.house.sessions.next_after(now) if over else current
        for name, at, kind in (
            ("open", session.opens_at, WakeKind.SESSION_OPEN),
            ("look", self.look().instant_in(session), WakeKind.LOOK),
            ("close", session.closes_at + AFTER_CLOSE, WakeKind.SESSION_CLOSE),
        ):
            if at > now:
                self.alarms.once(name, at, Wake(kind=kind))

    def _serve_people(self) -> None:
        if (reason := self.house.latch.reason()) and not is_recorded_halted(self.house):
            stop_everything(self.house, self.watch, by="halt file", reason=reason)
            self.on_notable()
        requests = self.spool()
        halts = [place for place, request in enumerate(requests) if request.kind == "halt"]
        for place, request in enumerate(requests):
            if request.kind == "resume" and halts and place < halts[-1]:
                self.done_with(request)  # the halt behind it is the later word
                continue
            if request.kind == "reload":
                self.reload()
            self._follow_up(serve_request(self.house, self.watch, request))
            self.done_with(request)
            self.on_notable()

    def _answer(self, wake: Wake) -> None:
        match wake.kind:
            case WakeKind.TICK | WakeKind.START:
                self._tick()
            case WakeKind.SESSION_OPEN:
                self.set_session_alarms()
                self._tick()
            case WakeKind.SESSION_CLOSE:
                self._close()
            case WakeKind.ORDER_UPDATE:
                self._order_news(wake)
            case WakeKind.CONFIGURATION:
                self.reload()
                self._cycle(wake)
            case WakeKind.LOOK:
                if self._look_is_due(self.house.clock.now()):
                    self._cycle(wake)
            case WakeKind.PERSON if wake.detail == "spool":
                return  # the spool has been emptied already
            case WakeKind.PERSON | WakeKind.PRICE_EDGE | WakeKind.CASH_CHANGED | WakeKind.FILE:
                self._cycle(wake)

    def _cycle(self, wake: Wake) -> None:
        self._follow_up(run_cycle(self.house, self.watch, wake))

    def _follow_up(self, outcome: Outcome | None) -> None:
        """After a cycle that sent something and has nothing live left, the run goes on at once."""
        if outcome is None:
            return
        if isinstance(outcome.decision, Proposal) or outcome.decision.run_complete is not None:
            self.on_notable()
        if outcome.run is not None and outcome.legs and not self.house.journal.legs(live=True):
            self.wakes.put(Wake(kind=WakeKind.ORDER_UPDATE, detail="wave done"))

    def _order_news(self, wake: Wake) -> None:
        had_live = bool(self.house.journal.legs(live=True))
        news = settle(self.house, self.watch.progress)
        if self.house.journal.open_run() is None:
            return
        still_live = bool(self.house.journal.legs(live=True))
        if not still_live and (news or not had_live):
            self._cycle(wake)

    def _tick(self) -> None:
        """Ask what is due; leave one row. Cheap when nothing is."""
        house, now = self.house, self.house.clock.now()
        expire(house)
        for wake in self.look_again():
            self.wakes.put(wake)
        self.set_session_alarms()
        seen = house.journal.head()[0]
        live = bool(house.journal.legs(live=True))
        session = house.sessions.current_or_previous(now)
        is_open = session.is_open(now)
        if live or is_open:
            settle(house, self.watch.progress)
        if live and house.journal.head()[0] != seen:
            self.wakes.put(Wake(kind=WakeKind.ORDER_UPDATE, detail="tick"))
        elif is_open and self._run_waits(now):
            self.wakes.put(Wake(kind=WakeKind.ORDER_UPDATE, detail="run waits"))
        if self._cash_moved(seen):
            self.on_notable()
            self.wakes.put(Wake(kind=WakeKind.CASH_CHANGED))
        if is_open and self._look_was_missed(session, now):
            self.wakes.put(Wake(kind=WakeKind.LOOK, detail="missed"))
        elif is_open and self._poll_is_due(session, now):
            self._poll_edges()
            self._polled_at = now
        house.journal.tick(now)
        self.chores()

    def _cash_moved(self, since: int) -> bool:
        if self.house.journal.head()[0] == since:
            return False
        flows = self.house.journal.events("flow_seen", after=since)
        kinds = (
            *(FlowKind.DEPOSIT, FlowKind.WITHDRAWAL, FlowKind.DIVIDEND, FlowKind.INTEREST),
            FlowKind.RETURN_OF_CAPITAL,
        )
        return any(getattr(r.event, "flow", None) and r.event.flow.kind in kinds for r in flows)  # type: ignore[union-attr]

    def _run_waits(self, now: datetime) -> bool:
        """Whether a run has nothing on its way and nobody has looked at it for a while.

        The wake that would have continued it is lost when its cycle found no broker or no prices.
        """
        journal = self.house.journal
        if journal.open_run() is None or journal.legs(live=True):
            return False
        last = journal.cycles(limit=1)
        return not last or now - last[0].at >= RUN_WAITS

    def _poll_is_due(self, session: Session, now: datetime) -> bool:
        """The first quotes of a session are no reason to wake anyone."""
        every, last = self.price_poll(), self._polled_at
        quiet = timedelta(minutes=self.house.policy.quiet_open_minutes)
        if every is None or now < session.opens_at + quiet:
            return False
        return last is None or not last <= now < last + every - A_LITTLE_EARLY

    def _poll_edges(self) -> None:
        """Prices that crossed an edge since the last poll wake a cycle, if a rebalance is due by the
        whole tree of conditions; staying out does not. A session without a look is left alone.

        The same look compares the holdings, so that a change from outside is known within minutes.
        """
        snapshot = observe(self.house)
        check_cash(self.house, snapshot, self.watch.differences)
        note_splits(self.house, snapshot, self.watch.differences)
        fences = reconcile(self.house, holdings(snapshot), self.watch.differences)
        rest_beside_others(self.house, snapshot, self.watch.others)
        fences = (*fences, *self.house.journal.fences(snapshot.as_of))
        tell_missing_prices(self.house, snapshot, self.watch.unpriced, fences)
        out = crossings(snapshot, self.house.policy)
        crossed = out - self._crossed
        self._crossed = out
        if not crossed or not self._look_is_due(snapshot.as_of):
            return
        wake = Wake(kind=WakeKind.PRICE_EDGE, detail=", ".join(sorted(crossed)))
        if is_due(snapshot, self.house.policy, remember(self.house, wake, snapshot.session)):
            self.wakes.put(wake)

    def _look_is_due(self, now: datetime) -> bool:
        session = self.house.sessions.current_or_previous(now)
        previous = self.house.sessions.between(session.day - timedelta(days=14), session.day)[:-1]
        return not previous or self.look().is_due_in(session.day, previous[-1].day)

    def _look_was_missed(self, session: Session, now: datetime) -> bool:
        """Whether this session's look should have been and no look of any kind has been since."""
        due_at = self.look().instant_in(session)
        if now < due_at + AFTER_CLOSE or not self._look_is_due(now):
            return False
        last = self.house.journal.cycles(limit=1)
        return not last or last[0].at < due_at

    def _close(self) -> None:
        """After the close: what expired, what the day ended at, and the next session's alarms."""
        settle(self.house, self.watch.progress)
        expire(self.house)
        clear_what_is_over(self.house)
        row = session_closed(observe(self.house), self.house)
        if row is not None:
            self.house.journal.append(row)
            self._write_letter(row.session)
            self._shadow(row.session)
        self.house.journal.tick(self.house.clock.now())
        self.set_session_alarms()

    def _write_letter(self, session: date) -> None:
        """The review of a month that has ended, once."""
        if not self.writes_letters():
            return
        following = self.house.sessions.next_after(self.house.clock.now()).day
        period = letter_due(self.house.journal, session, following)
        if period is None:
            return
        from daemon.review.letter import written

        letter = written(self.house.journal, period)
        if letter is not None:
            self.house.journal.append(letter)
            self.on_notable()

    def _shadow(self, session: date) -> None:
        """What a policy on trial would have done in a session; without one this costs a look for it."""
        trial = self.on_trial()
        if trial is None and not self.house.journal.events("trial_changed", limit=1):
            return
        from daemon.trial.shadow import shadow

        found = shadow(self.house.journal, trial, session)
        if found.events:
            self.house.journal.append(*found.events, documents=found.documents)

    def _unreachable(self, wake: Wake, reason: str) -> None:
        now = self.house.clock.now()
        self._crossed = frozenset()  # an edge whose cycle failed is crossed again at the next poll
        if self._unreachable_since is None:
            self._unreachable_since = now
            self.house.journal.append(CycleFailed(wake=wake, reason=reason))
        elif self._is_silent_for_long(now) and not self._alarm_is_open():
            text = f"No answer since {self._unreachable_since:%Y-%m-%d %H:%M} UTC: {reason}"
            self.house.journal.append(Alarm(name="unreachable", level="page", text=text))
        self.house.journal.tick(now)

    def _is_silent_for_long(self, now: datetime) -> bool:
        since = self._unreachable_since
        return since is not None and now - since >= self.house.halting.unreachable_after

    def _reached(self) -> None:
        if self._unreachable_since is not None:
            self._unreachable_since = None
            if self._alarm_is_open():
                self.house.journal.append(AlarmCleared(name="unreachable"))

    def _alarm_is_open(self) -> bool:
        return any(a.name == "unreachable" for a in self.house.journal.open_alarms())

    def _halt_once(self, reason: str) -> None:
        if self.house.latch.reason() is None:
            halt(self.house, by="trimtab", reason=reason)


def session_closed(snapshot: Snapshot, house: House) -> SessionClosed | None:
    """The value at a close; None when a holding has no price at all."""
    import numpy as np

    policy = house.policy
    equity, values = snapshot.equity(), leaf_values(snapshot, policy.target, policy.counts)
    if equity is None or values is None:
        return None
    weights = weights_of(np.array([[float(value) for value in values]]))[0]
    return SessionClosed(
        session=snapshot.day,
        equity=equity,
        cash=snapshot.cash,
        weights={
            leaf: from_float(float(weight)) if weight else ZERO
            for leaf, weight in zip(house.policy.target.leaves, weights, strict=True)
        },
    )
