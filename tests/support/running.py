"""A service over a rig, with its queue, its alarms and its spool, answered wake by wake."""

from dataclasses import dataclass, field

import pytest

from config.look import Look
from daemon.cycle import Watch
from daemon.requests.spool import Request
from daemon.service import Service
from daemon.waking.queue import WakeQueue
from daemon.worlds.stepped import SteppedAlarms
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig


@dataclass
class Running:
    """A service with its queue, its alarms, and what people have laid into the spool."""

    rig: Rig
    service: Service
    wakes: WakeQueue
    alarms: SteppedAlarms
    asked: list[Request] = field(default_factory=list)
    reloads: list[None] = field(default_factory=list)

    def wake(self, kind: WakeKind, detail: str = "") -> None:
        """Put one wake and answer all that follows from it."""
        self.wakes.put(Wake(kind=kind, detail=detail))
        self.answer_all()

    def answer_all(self) -> None:
        for _ in range(50):
            wake = self.wakes.get(0)
            if wake is None:
                return
            self.rig.broker.advance()
            self.service.handle(wake)
        pytest.fail("the wakes never end")

    def step(self) -> None:
        """Let time pass to the next alarm and answer it."""
        self.alarms.step(self.wakes.put)
        self.answer_all()

    def looks(self) -> list[str]:
        return [str(c.wake.kind) for c in reversed(self.rig.journal.cycles(limit=100))]


def run_service(rig: Rig) -> Running:
    wakes, alarms = WakeQueue(), SteppedAlarms(rig.clock)
    running: Running
    service = Service(
        house=rig.house,
        watch=Watch(),
        wakes=wakes,
        alarms=alarms,
        look=Look,
        spool=lambda: list(running.asked),
        done_with=lambda request: running.asked.remove(request),  # noqa: PLW0108  not bound yet
        reload=lambda: running.reloads.append(None),
    )
    running = Running(rig=rig, service=service, wakes=wakes, alarms=alarms)
    alarms.start(wakes.put)
    service.set_session_alarms()
    rig.broker.start(lambda _: wakes.put(Wake(kind=WakeKind.ORDER_UPDATE)))
    return running
