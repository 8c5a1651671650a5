"""Alarms over APScheduler 3.11, used as an alarm clock and nothing else.

Jobs live in memory and are rebuilt from the configuration at each start. Only one-shot dates and
plain intervals are used, in UTC: cron triggers of 3.11 skip or repeat wall times when a zone changes
its offset, and a market alarm is an instant computed from the calendar anyway.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.events import (  # type: ignore[import-untyped]
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobEvent,
)
from apscheduler.executors.debug import DebugExecutor  # type: ignore[import-untyped]
from apscheduler.jobstores.base import JobLookupError  # type: ignore[import-untyped]
from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

from daemon.waking.alarms import PutWake
from portfolio.wakes import Wake

_TROUBLES = {
    EVENT_JOB_ERROR: "failed",
    EVENT_JOB_MISSED: "was missed",
    EVENT_JOB_MAX_INSTANCES: "was still running when it was due again",
}


class ClockAlarms:
    """Alarms by the wall clock, on one thread that sleeps until the next of them.

    `on_trouble` is told in one sentence when an alarm failed, was missed or overran; it may be called
    from that thread.
    """

    def __init__(self, on_trouble: Callable[[str], None]) -> None:
        self._on_trouble = on_trouble
        self._put: PutWake | None = None
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            # Late is better than never, once is enough, and a job that only puts a wake into a queue
            # needs no pool: "debug" is APScheduler's name for running it on the scheduler's thread.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            executors={"default": DebugExecutor()},
        )
        self._scheduler.add_listener(self._troubled, sum(_TROUBLES))

    def once(self, name: str, at: datetime, wake: Wake) -> None:
        """Wake at an aware instant, at once if it has passed; replaces an alarm of that name."""
        if at.tzinfo is None:
            raise ValueError(f"{at!r} has no time zone")
        self._add(name, DateTrigger(at.astimezone(UTC), timezone=UTC), wake)

    def every(self, name: str, seconds: float, wake: Wake) -> None:
        """Wake every so many seconds from now on; replaces an alarm of that name."""
        if seconds <= 0:
            raise ValueError(f"an interval of {seconds} seconds is no interval")
        first = datetime.now(UTC) + timedelta(seconds=seconds)
        self._add(name, IntervalTrigger(seconds=seconds, start_date=first, timezone=UTC), wake)

    def cancel(self, name: str) -> None:
        """Forget an alarm; one that is not there is no error."""
        with suppress(JobLookupError):
            self._scheduler.remove_job(name)

    def start(self, put: PutWake) -> None:
        """Begin; `put` is called from the scheduler's thread."""
        self._put = put
        self._scheduler.start()

    def stop(self) -> None:
        """End; waits for a put under way and makes no further one."""
        self._put = None
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def next_at(self) -> datetime | None:
        """When the next alarm is due; None when none is set."""
        due = [_due(job) for job in self._scheduler.get_jobs()]
        return min((at for at in due if at is not None), default=None)

    def _add(self, name: str, trigger: object, wake: Wake) -> None:
        # Not `replace_existing`: before the start it leaves the older job in the list of pending ones.
        self.cancel(name)
        self._scheduler.add_job(self._ring, trigger, args=(wake,), id=name, name=name)

    def _ring(self, wake: Wake) -> None:
        put = self._put
        if put is not None:
            put(wake)

    def _troubled(self, event: JobEvent) -> None:
        cause = getattr(event, "exception", None)
        because = "" if cause is None else f": {cause}"
        self._on_trouble(f"alarm {event.job_id!r} {_TROUBLES[event.code]}{because}")


def _due(job: object) -> datetime | None:
    # Before the scheduler runs, a job has only its trigger; afterwards also its next time.
    at = getattr(job, "next_run_time", None)
    if at is None:
        at = job.trigger.get_next_fire_time(None, datetime.now(UTC))  # type: ignore[attr-defined]
    return at if isinstance(at, datetime) else None
