"""Work dealt out: the same answers in the same order on any number of cores."""

import sys
from dataclasses import replace
from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

from backtest.many import BackendMissing, Cores, do_all, sweep_on_cores
from backtest.setup import Setup
from backtest.sweep import Trial, sweep
from policies.policy import Policy
from tests.support.backtests import random_history, same_close
from tests.support.ten_policies import PLAIN, TEN, points


def square(base: int, n: int) -> int:
    return base + n * n


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_the_answers_come_in_order_and_are_the_same_everywhere(backend: str) -> None:
    told: list[int] = []
    found = do_all(partial(square, 5), 9, Cores(workers=2, backend=backend), told.append)
    assert found == [5 + n * n for n in range(9)]
    assert told == list(range(1, 10))


@pytest.mark.parametrize(("backend", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_back_end_that_is_not_installed_says_what_to_install(
    backend: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(BackendMissing, match=f"needs the package {package}"):
        do_all(partial(square, 0), 3, Cores(workers=2, backend=backend))


def test_a_sweep_dealt_out_is_the_sweep_in_one_piece() -> None:
    history = random_history(400, ("A", "B", "C"), seed=2, volatility=0.02)
    plain = [
        Trial(policy=_banded(width), setup=_setup(every))
        for width in ("0.01", "0.02", "0.03", "0.05", "0.08")
        for every in (1, 5, 20)
    ]
    trials = [*plain, Trial(policy=TEN["half of the way"], setup=same_close())]
    whole = sweep(trials, history)
    dealt = sweep_on_cores(trials, history, Cores(workers=2, backend="threading"))
    assert [t.figures for t in dealt] == [t.figures for t in whole]
    assert len({t.figures.final_value for t in whole}) > 5


def _banded(width: str) -> Policy:
    return replace(PLAIN, default_band=points(width))


def _setup(every: int) -> Setup:
    return replace(same_close(), looks=np.arange(400) % every == 0)


@pytest.mark.skipif(find_spec("distributed") is None, reason="dask's distributed is not installed")
@pytest.mark.filterwarnings("default")
def test_a_cluster_of_dask_gives_the_same_answers_in_order() -> None:
    """A cluster of its own on this machine, with processes: what is sent must be what is asked."""
    told: list[int] = []
    found = do_all(partial(square, 5), 9, Cores(workers=2, backend="dask"), told.append)
    assert found == [5 + n * n for n in range(9)]
    assert told[-1] == 9
