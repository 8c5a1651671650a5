"""The process that a plug-in runs in: asked over stdin, answering over stdout, gone with its answer.

A process can be ended when its time is over; a thread that hangs could not.
"""

import json
import os
import pickle
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points

GROUP = "trimtab.policies"


def main() -> None:
    """Answer one question with `{"weights": [[name, text], ...]}` or `{"error": text}` and end."""
    path, name, snapshot, weights = pickle.loads(sys.stdin.buffer.read())  # noqa: S301  our own bytes
    sys.path[:] = path
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a plug-in prints is no answer
    json.dump(_asked(name, snapshot, weights), answers)
    answers.close()


def _asked(name: str, snapshot: object, weights: Mapping[str, object]) -> dict[str, object]:
    found = entry_points(group=GROUP, name=name)
    if not found:
        installed = sorted(entry.name for entry in entry_points(group=GROUP))
        known = ", ".join(installed) or "none"
        return {"error": f"no plug-in {name!r} is installed under {GROUP}; installed: {known}"}
    try:
        plugin = next(iter(found)).load()
    except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
        return {"error": f"plug-in {name!r} does not load: {error!r}"}
    if not callable(plugin):
        return {"error": f"plug-in {name!r} cannot be called"}
    try:
        answer = plugin(snapshot, dict(weights))
    except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
        return {"error": f"plug-in {name!r} failed: {error!r}"}
    if not isinstance(answer, Mapping):
        kind = type(answer).__name__
        return {"error": f"plug-in {name!r} must return weights by slice, not {kind}"}
    return {
        "weights": [[repr(n) if not isinstance(n, str) else n, str(w)] for n, w in answer.items()]
    }


if __name__ == "__main__":
    main()
