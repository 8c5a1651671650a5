"""A plug-in of the user's own: an entry point under `trimtab.policies` that names weights.

It is called as `plugin(snapshot, weights)` with the snapshot of the look and the weights in force by
slice (decimals), and returns weights in percent by slice. What it returns passes every check that a
stranger's word passes. It runs inside the daemon: whoever installs one trusts it with the machine.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from importlib.metadata import entry_points

from daemon.targets.feed import MOST_WEIGHTS, SUM_FITS, NoWeights
from policies.targets.sources import Given
from portfolio.canonical import digest
from portfolio.money import ZERO, Weight
from portfolio.snapshot import Snapshot

GROUP = "trimtab.policies"


def load(name: str) -> object:
    """The plug-in of that name; raises `NoWeights` when none is installed or it does not load."""
    found = entry_points(group=GROUP, name=name)
    if not found:
        installed = sorted(entry.name for entry in entry_points(group=GROUP))
        known = ", ".join(installed) or "none"
        raise NoWeights(f"no plug-in {name!r} is installed under {GROUP}; installed: {known}")
    try:
        loaded: object = next(iter(found)).load()
    except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
        raise NoWeights(f"plug-in {name!r} does not load: {error!r}") from None
    if not callable(loaded):
        raise NoWeights(f"plug-in {name!r} cannot be called")
    return loaded


def from_plugin(name: str, snapshot: Snapshot, weights: Mapping[str, Weight]) -> Given:
    """Ask a plug-in; raises `NoWeights` for anything but weights in percent that sum to 100."""
    plugin = load(name)
    assert callable(plugin)  # noqa: S101  load has seen to it
    try:
        answer: object = plugin(snapshot, dict(weights))
    except Exception as error:  # noqa: BLE001  a stranger's code may raise anything
        raise NoWeights(f"plug-in {name!r} failed: {error!r}") from None
    found = _checked(name, answer)
    return Given(origin=f"plug-in {name}", weights=found, as_of=snapshot.day, digest=digest(found))


def _checked(name: str, answer: object) -> dict[str, Weight]:
    if not isinstance(answer, Mapping) or not 0 < len(answer) <= MOST_WEIGHTS:
        raise NoWeights(
            f"plug-in {name!r} must return weights by slice, not {type(answer).__name__}"
        )
    read: dict[str, Decimal] = {}
    for slice_name, weight in answer.items():
        try:
            number = Decimal(str(weight))
        except InvalidOperation:
            number = Decimal("NaN")
        if not isinstance(slice_name, str) or not number.is_finite() or not 0 <= number <= 100:
            raise NoWeights(f"plug-in {name!r} gives {slice_name!r} a weight of {weight!r}")
        read[slice_name] = number
    whole = sum(read.values(), ZERO)
    if abs(whole - 100) > SUM_FITS:
        raise NoWeights(f"plug-in {name!r} gives weights that sum to {whole:.4f} %, not 100 %")
    return {slice_name: Weight(number / whole) for slice_name, number in read.items()}
