"""Cuts: the daemon is told to end at any hook, or is halted, ended or killed right where it sends."""

from typing import TYPE_CHECKING

from tests.simulation.chance import Dice

if TYPE_CHECKING:
    from daemon.machine.process import StopFlag
    from tests.simulation.world import World

SEND_POINTS = (
    *("after plan commit", "before submitting commit", "after submitting commit"),
    *("before submit", "after submit"),
)
"""The executor's own hooks from the plan that is written down to the answer of its order."""
HOWS = ("halt", "end", "crash")


class Cuts:
    """What cuts the daemon short in the tick that is being lived."""

    def __init__(self, world: "World", dice: Dice) -> None:
        self._world = world
        self._dice = dice
        self._flag: StopFlag | None = None
        self._point: tuple[str, str] | None = None
        self._end_at: int | None = None

    def born(self, flag: "StopFlag") -> None:
        """A process begins; its signal handler sets this flag."""
        self._flag, self._point, self._end_at = flag, None, None

    @property
    def end_is_asked(self) -> bool:
        """Whether the process that lives has been told to end."""
        return self._flag is not None and self._flag.is_set()

    def choose(self) -> None:
        """What this tick brings; nothing once the faults are over."""
        world, self._point, self._end_at = self._world, None, None
        if world.happens("asked to end", 0.15):
            reach = self._dice.among((1, 10, 40, 120))
            self._end_at = world.tally.hooks + self._dice.whole(1, reach)
        if world.happens("cut at a send", 0.5):
            self._point = (self._dice.among(SEND_POINTS), self._dice.among(HOWS))

    def pass_by(self, number: int, label: str) -> bool:
        """The daemon passes a hook; True when it is killed there."""
        if self._end_at is not None and number >= self._end_at:
            self._ask_to_end()
        if self._point is None or self._point[0] != label:
            return False
        how, self._point = self._point[1], None
        if how == "halt":
            self._world.people.pull_the_plug(label)
        elif how == "end":
            self._ask_to_end()
        return how == "crash"

    def _ask_to_end(self) -> None:
        self._end_at = None
        if self._flag is not None:
            self._world.trace("asked to end")
            self._world.tally.disturbances += 1
            self._flag.reason = self._flag.reason or "SIGTERM"
