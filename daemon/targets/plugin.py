"""A plug-in of the user's own: an entry point under `trimtab.policies` that names weights.

It is called as `plugin(snapshot, weights)` with the snapshot of the look and the weights in force by
slice (decimals), and returns weights in percent by slice. What it returns passes every check that a
stranger's word passes. It runs in a process of its own with a deadline; whoever installs one still
trusts it with the machine.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from daemon.targets.feed import MOST_BYTES, MOST_WEIGHTS, SUM_FITS, NoWeights
from policies.targets.sources import Given
from portfolio.canonical import digest
from portfolio.money import ZERO, Weight
from portfolio.snapshot import Snapshot


def from_plugin(
    name: str, snapshot: Snapshot, weights: Mapping[str, Weight], deadline: timedelta
) -> Given:
    """Ask a plug-in; raises `NoWeights` for anything but weights in percent that sum to 100.

    One that has not answered by the deadline is ended, with all that it has started; its `NoWeights`
    is urgent, for a plug-in that hangs does so at every look.
    """
    answer = _answer(name, pickle.dumps((sys.path, name, snapshot, dict(weights))), deadline)
    if "error" in answer:
        raise NoWeights(str(answer["error"]))
    found = _checked(name, answer["weights"])
    return Given(origin=f"plug-in {name}", weights=found, as_of=snapshot.day, digest=digest(found))


def _answer(name: str, question: bytes, deadline: timedelta) -> dict[str, Any]:
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "daemon.targets.plugin_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(question, timeout=deadline.total_seconds())
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        waited = f"{deadline.total_seconds():g} seconds"
        raise NoWeights(
            f"plug-in {name!r} gave no answer within {waited} and was ended", urgent=True
        ) from None
    try:
        answer = json.loads(said[: MOST_BYTES + 1])
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise NoWeights(f"plug-in {name!r} ended without an answer")
    return answer


def _checked(name: str, answer: list[list[str]]) -> dict[str, Weight]:
    if not 0 < len(answer) <= MOST_WEIGHTS:
        raise NoWeights(f"plug-in {name!r} must return weights by slice, not {len(answer)} of them")
    read: dict[str, Decimal] = {}
    for slice_name, weight in answer:
        try:
            number = Decimal(weight)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not 0 <= number <= 100:
            raise NoWeights(f"plug-in {name!r} gives {slice_name!r} a weight of {weight}")
        read[slice_name] = number
    whole = sum(read.values(), ZERO)
    if abs(whole - 100) > SUM_FITS:
        raise NoWeights(f"plug-in {name!r} gives weights that sum to {whole:.4f} %, not 100 %")
    return {slice_name: Weight(number / whole) for slice_name, number in read.items()}
