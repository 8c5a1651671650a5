"""The table of all settings and their defaults as Markdown, from the code that reads them.

`python -m config.defaults_table > docs/defaults.md` writes it; a test holds the page against it.
"""

import typing
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.fire_tables import FireTable
from config.models import Document, EventTable
from config.problems import plain_number
from config.target_tables import GoalTable, NodeTable, SignalTable
from config.write import toml_value

_UNITS = {
    "percent": "%",
    "points": "points of the portfolio",
    "usd": "USD",
    "sessions": "sessions",
    "seconds": "seconds",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "bands": "times the band",
    "units": "units",
    "legs": "orders",
    "mib": "MiB",
}
_LISTS = ("accounts", "slices", "models", "instruments", "holdings")
_HEAD = """\
# Settings and their defaults

Made from the code by `python -m config.defaults_table`; a test holds this page against it. Every key
has its unit in its name. An unknown key, a missing unit or a sum that is not 100 % is refused with the
place, what was found and what to write instead; a list counts from 1, so `slices[2]` is the second.

A band named in points alone is that many points wide. Named in percent of the weight alone it is never
narrower than `band_floor_points`. With both, `band_rule` picks; naming one in `[rebalance]` or in a
slice drops the default of the other. Beyond a limit a plan is referred to a person, never cut off.
"""


def defaults_table() -> str:
    """The page."""
    parts = [_HEAD.rstrip(), *_section("Top of the file", Document)]
    for name, info in Document.model_fields.items():
        model = _model(info)
        if model is None:
            continue
        brackets = f"[[{name}]]" if name in _LISTS else f"[{name}]"
        parts += _section(f"`{brackets}`", model)
    parts += _section("`[[rebalance.fire]]`", FireTable)
    parts += _section("`[[target.glide_path]]`", NodeTable)
    parts += _section("`[[target.goals]]`", GoalTable)
    parts += _section("`[[target.signals]]`", SignalTable)
    parts += _section("`[[simulation.events]]`", EventTable)
    return "\n".join(parts) + "\n"


def _section(title: str, model: type[BaseModel]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    yield " ".join((model.__doc__ or "").split())
    yield ""
    yield "| key | default | unit | what it is for |"
    yield "|---|---|---|---|"
    for name, info in model.model_fields.items():
        if _model(info) is None:
            why = (info.description or "").replace("|", "\\|")
            yield f"| `{name}` | {_default(info)} | {_unit(name)} | {why} |"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "needed"
    if info.default is None:
        return "not set"
    if isinstance(info.default, int | Decimal) and not isinstance(info.default, bool):
        return plain_number(Decimal(info.default))
    if isinstance(info.default, str | bool | list | dict | date):
        return f"`{toml_value(info.default)}`"
    return str(info.default)


def _unit(name: str) -> str:
    if name == "fill_percent_of_volume":
        return "%"
    return _UNITS.get(name.rpartition("_")[2], "")


def _model(info: FieldInfo) -> type[BaseModel] | None:
    for kind in (info.annotation, *typing.get_args(info.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


if __name__ == "__main__":
    print(defaults_table(), end="")
