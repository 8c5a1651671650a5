"""A connection to one Alpaca host: one exchange at a time, within a budget, read or told why not."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from brokers.alpaca.answers import WHEN_NOT_TOLD, Answered, Failed, is_not_found, read_refusal
from brokers.alpaca.budget import RequestBudget
from brokers.alpaca.client import (
    NoValueError,
    TimedAdapter,
    broken_line,
    json_object,
    read_exactly,
    refusal_in,
    sentence,
    tamed_client,
)
from brokers.alpaca.settings import AlpacaKeys, AlpacaSettings, mode_problem
from portfolio.ports import Clock, Unavailable

if TYPE_CHECKING:
    from requests import Response
    from tenacity import RetryCallState

Method = Literal["GET", "POST", "DELETE"]
_ONE_SECOND = timedelta(seconds=1)


def trading_connection(
    settings: AlpacaSettings,
    keys: AlpacaKeys,
    clock: Clock,
    pause: Callable[[float], None] = time.sleep,
) -> "Connection":
    """A connection to the trading API. Sends nothing yet.

    `pause` sleeps between tries of a read; a daemon gives one that wakes up when it must stop.
    Raises `ValueError` when key and mode contradict each other.
    """
    return Connection(settings.trading_base, settings, keys, clock, pause)


def data_connection(
    settings: AlpacaSettings,
    keys: AlpacaKeys,
    clock: Clock,
    pause: Callable[[float], None] = time.sleep,
) -> "Connection":
    """A connection to the market data API, which has a request limit of its own."""
    return Connection(settings.data_base, settings, keys, clock, pause, of_market_data=True)


class Connection:
    """One Alpaca host, one exchange at a time. Any thread may use it."""

    def __init__(
        self,
        base_url: str,
        settings: AlpacaSettings,
        keys: AlpacaKeys,
        clock: Clock,
        pause: Callable[[float], None],
        *,
        of_market_data: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        problem = mode_problem(settings, keys)
        if problem is not None:
            raise ValueError(problem)
        self.budget = RequestBudget(settings.requests_per_minute, monotonic)
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._pause = pause
        self._monotonic = monotonic
        self._of_market_data = of_market_data
        self._lock = threading.Lock()
        self._adapter = TimedAdapter()
        self._client = tamed_client(base_url, keys, self._adapter, self._hear)

    def now(self) -> datetime:
        """The instant by our clock."""
        return self._clock.now()

    def close(self) -> None:
        """Drop the pooled sockets; the next exchange opens new ones."""
        self._adapter.close()

    def read(
        self, path: str, params: Mapping[str, str] | None = None, *, patient: bool = True
    ) -> object:
        """The JSON at a path. What may pass is asked again, with pauses, while patience lasts.

        Raises `Unavailable` or `CredentialsRefused`. Without `patient` it is asked once.
        """
        answer = self._ask(path, params, patient=patient)
        if isinstance(answer, Failed):
            raise read_refusal(answer, of_market_data=self._of_market_data)
        return answer.body

    def read_if_any(self, path: str, params: Mapping[str, str] | None = None) -> object | None:
        """Like `read`, but None when Alpaca itself says that there is no such thing."""
        answer = self._ask(path, params, patient=True)
        if isinstance(answer, Answered):
            return answer.body
        if is_not_found(answer):
            return None
        raise read_refusal(answer, of_market_data=self._of_market_data)

    def exchange(
        self,
        method: Method,
        path: str,
        data: Mapping[str, str] | None = None,
        *,
        within: float | None = None,
    ) -> Answered | Failed:
        """Send one request, exactly once, and wait at most `within` seconds. Never raises.

        Takes nothing from the budget: the caller has.
        """
        request = f"{method} /v2{path}"
        verb: Callable[..., object] = getattr(self._client, method.lower())
        with self._lock:
            self._adapter.timeouts = self._timeouts(within)
            try:
                return Answered(body=verb(path, dict(data or {})))
            except Exception as problem:  # noqa: BLE001  an order may be out: any problem is an answer
                return self._failed(request, problem)

    def _ask(
        self, path: str, params: Mapping[str, str] | None, *, patient: bool
    ) -> Answered | Failed:
        import tenacity

        patience = self._settings.read_patience_seconds
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(4 if patient else 1)
            | tenacity.stop_before_delay(patience),
            wait=self._wait_before_next_try,
            retry=tenacity.retry_if_result(lambda a: isinstance(a, Failed) and a.may_pass),
            retry_error_callback=_last_answer,
            sleep=self._pause,
        )
        deadline = self._monotonic() + patience
        return retrying(lambda: self._ask_once(path, params, deadline))

    def _ask_once(
        self, path: str, params: Mapping[str, str] | None, deadline: float
    ) -> Answered | Failed:
        while wait := self.budget.try_spend():
            if self._monotonic() + wait > deadline:
                raise Unavailable(
                    f"Alpaca: GET /v2{path} was not asked: the limit of "
                    f"{self._settings.requests_per_minute} requests a minute is used up, "
                    f"room comes in {wait:.0f} s"
                )
            self._pause(wait)
        return self.exchange("GET", path, params, within=deadline - self._monotonic())

    def _wait_before_next_try(self, state: "RetryCallState") -> float:
        """Until the reset that a 429 names; else a random part of 0.5, 1, 2 seconds, growing."""
        import tenacity

        answer = _last_answer(state)
        if isinstance(answer, Failed) and answer.retry_at is not None:
            return max((answer.retry_at - self._clock.now()).total_seconds(), 0.0)
        return tenacity.wait_random_exponential(multiplier=0.5, max=4)(state)

    def _timeouts(self, within: float | None) -> tuple[float, float]:
        """Seconds for connecting and for each read, neither above what is left."""
        left = max(self._settings.read_timeout_seconds if within is None else within, 0.1)
        return (
            min(self._settings.connect_timeout_seconds, left),
            min(self._settings.read_timeout_seconds, left),
        )

    def _hear(self, response: "Response", **_: object) -> None:
        """Look at every answer before alpaca-py does: limits, redirects, exact numbers."""
        if response.headers.get("X-RateLimit-Remaining", "").strip() == "0":
            self.budget.close_for((self._reset_of(response) - self._clock.now()).total_seconds())
        read_exactly(response)

    def _reset_of(self, response: "Response") -> datetime:
        """When Alpaca counts anew, plus a second; a time that cannot be is replaced by a minute."""
        now = self._clock.now()
        text = response.headers.get("X-RateLimit-Reset", "").strip()
        latest = now + WHEN_NOT_TOLD
        if not text.isdecimal() or len(text) > 12:
            return latest
        return min(max(datetime.fromtimestamp(int(text), UTC), now) + _ONE_SECOND, latest)

    def _failed(self, request: str, problem: Exception) -> Failed:
        if isinstance(problem, NoValueError):
            return Failed(request=request, status=problem.status, problem=problem.text)
        response = refusal_in(problem)
        if response is not None:
            return self._refused(request, response)
        text, sent = broken_line(problem, self._adapter.timeouts)
        return Failed(request=request, problem=text, sent=sent)

    def _refused(self, request: str, response: "Response") -> Failed:
        """An answer of 4xx or 5xx, with Alpaca's own sentence when there is one."""
        error = json_object(response)
        retry_at = None
        if response.status_code == 429:
            retry_at = self._reset_of(response)
            self.budget.close_for((retry_at - self._clock.now()).total_seconds())
        return Failed(
            request=request,
            status=response.status_code,
            problem=self._keys.scrub(sentence(error)) if error else "no JSON in the answer",
            error=error,
            retry_at=retry_at,
        )


def _last_answer(state: "RetryCallState") -> Answered | Failed:
    outcome = state.outcome
    if outcome is None:
        raise RuntimeError("asked for an answer before the first try")
    answer: Answered | Failed = outcome.result()
    return answer
