"""The same work many times, on every core or on a cluster, with the same result in any order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from backtest.history import History
from backtest.sweep import MOST_AT_ONCE, Trial, Tried, sweep

T = TypeVar("T")
Told = Callable[[int], None]
"""Hears how many pieces of the work are done."""

BATCHES = 4
"""Pieces for each worker that a cluster is given at once, between two words about progress."""
PARTS = 16
"""Of a sweep: enough that no core waits long for the last."""


class BackendMissing(Exception):
    """A back end whose package is not installed; the sentence says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """Where work is done: so many processes (0: one for each core) of a back end of joblib.

    "loky" and "threading" are on this machine, "sequential" is one after the other in this process,
    "dask" and "ray" go to a cluster, the one at `cluster` or one of their own.
    """

    workers: int = 0
    backend: str = "loky"
    cluster: str | None = None


def do_all(
    work: Callable[[int], T], count: int, cores: Cores, told: Told = lambda _: None
) -> list[T]:
    """`work(n)` of every n below `count`, in that order; each must depend on nothing but n.

    Raises `BackendMissing`.
    """
    if cores.backend == "sequential" or cores.workers == 1 or count < 2:
        found = []
        for n in range(count):
            found.append(work(n))
            told(n + 1)
        return found
    joblib: Any = import_module("joblib")
    with _backend(joblib, cores):
        if cores.backend in ("dask", "ray"):
            return _in_batches(joblib, work, count, told)
        return _as_they_come(joblib, work, count, told)


def _as_they_come(joblib: Any, work: Callable[[int], T], count: int, told: Told) -> list[T]:
    numbered = partial(_numbered, work)
    parallel = joblib.Parallel(return_as="generator_unordered")
    by_number: dict[int, T] = {}
    for n, one in parallel(joblib.delayed(numbered)(n) for n in range(count)):
        by_number[n] = one
        told(len(by_number))
    return [by_number[n] for n in range(count)]


def _numbered(work: Callable[[int], T], n: int) -> tuple[int, T]:
    return n, work(n)


def _in_batches(joblib: Any, work: Callable[[int], T], count: int, told: Told) -> list[T]:
    parallel = joblib.Parallel()
    size = max(1, BATCHES * int(joblib.effective_n_jobs(-1)))
    found: list[T] = []
    for start in range(0, count, size):
        numbers = range(start, min(start + size, count))
        found += parallel(joblib.delayed(work)(n) for n in numbers)
        told(len(found))
    return found


@contextmanager
def _backend(joblib: Any, cores: Cores) -> Iterator[None]:
    jobs = cores.workers or -1
    match cores.backend:
        case "dask":
            distributed = _needs("dask", "distributed")
            with distributed.Client(cores.cluster), joblib.parallel_config("dask", n_jobs=jobs):
                yield
        case "ray":
            ray = _needs("ray", "ray")
            if not ray.is_initialized():
                ray.init(address=cores.cluster, log_to_driver=False)
            import_module("ray.util.joblib").register_ray()
            with joblib.parallel_config("ray", n_jobs=jobs):
                yield
        case _:
            with joblib.parallel_config(cores.backend, n_jobs=jobs):
                yield


def _needs(backend: str, module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise BackendMissing(
            f"the back end {backend} needs the package {module}, which is not installed: "
            f'install it beside trimtab, or set backend = "loky"'
        ) from None


def sweep_on_cores(
    trials: Sequence[Trial], history: History, cores: Cores, told: Told = lambda _: None
) -> list[Tried]:
    """`sweep` with its policies dealt out over the cores; the same figures, in the order given."""
    size = min(MOST_AT_ONCE, max(1, -(-len(trials) // PARTS)))
    parts = [trials[start : start + size] for start in range(0, len(trials), size)]
    done = do_all(partial(_part, parts, history), len(parts), cores, told)
    return [tried for part in done for tried in part]


def _part(parts: Sequence[Sequence[Trial]], history: History, n: int) -> list[Tried]:
    return sweep(parts[n], history)
