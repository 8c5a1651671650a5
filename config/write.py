"""Write a commented configuration: every setting there, defaults commented out, one line why.

What is written comes from the same tables that read it, so the file and the reader cannot differ.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.instrument_table import LookThroughTable
from config.lot_tables import LotsTable, WashSalesTable
from config.models import (
    AccountTable,
    BackupTable,
    Document,
    EventTable,
    HouseholdTable,
    NoticesTable,
    ReconcileTable,
    ScheduleTable,
    SimulationTable,
    SliceTable,
)
from config.problems import plain_number
from config.rule_tables import (
    DepositsTable,
    DividendsTable,
    LimitsTable,
    PricesTable,
    RebalanceTable,
    WithdrawalsTable,
)
from config.safeguard_tables import HaltsTable, OrdersTable
from config.settings import Mode
from config.study_tables import BacktestTable, CompareTable
from config.target_tables import TargetTable
from config.tax_tables import GiftsTable, HarvestTable, HedgeTable, TaxesTable
from portfolio.accounts import AccountKind, Autonomy

WIDTH = 44
"""The column where comments begin."""

NOT_SET = "not set"
"""Stands in the comment of a key without a default; its line is an example."""

_TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("target", TargetTable),
    ("look_through", LookThroughTable),
    ("rebalance", RebalanceTable),
    ("deposits", DepositsTable),
    ("dividends", DividendsTable),
    ("withdrawals", WithdrawalsTable),
    ("prices", PricesTable),
    ("limits", LimitsTable),
    ("reconcile", ReconcileTable),
    ("halts", HaltsTable),
    ("orders", OrdersTable),
    ("notices", NoticesTable),
    ("backup", BackupTable),
    ("schedule", ScheduleTable),
    ("backtest", BacktestTable),
    ("compare", CompareTable),
    ("taxes", TaxesTable),
    ("lots", LotsTable),
    ("wash_sales", WashSalesTable),
    ("harvest", HarvestTable),
    ("gifts", GiftsTable),
    ("hedge", HedgeTable),
)
_HEAD = """\
# trimtab's configuration. Lines that begin with # are explanations or defaults: remove the # to
# change one. Every key has its unit in its name; weights and bands are in percent and in points
# (hundredths of the portfolio). Secrets have no place in this file.
# Check it with: trimtab check
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredSlice:
    """One line of a mix: what to buy, or cash, and its share. `note` is written as a comment."""

    name: str
    weight_percent: Decimal
    symbol: str | None = None
    parent: str | None = None
    cash: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitAnswers:
    """What `init` asks, or takes from flags. None leaves a setting at its default.

    `broker` is "simulated" or "alpaca". The keys from `keys_file` to `account_number` are for Alpaca,
    those from `prices` on for the simulated market.
    """

    household: str
    account: str
    broker: str
    slices: tuple[AnsweredSlice, ...]
    mode: Mode = Mode.DRY_RUN
    kind: AccountKind = AccountKind.TAXABLE
    autonomy: Autonomy = Autonomy.PROPOSE
    band_points: Decimal | None = None
    band_relative_percent: Decimal | None = None
    cash_buffer_percent: Decimal | None = None
    fractional: bool | None = None
    look: str | None = None
    destination: str | None = None
    max_order_usd: Decimal | None = None
    channels: tuple[str, ...] = ("console",)
    state_dir: str | None = None
    keys_file: str | None = None
    account_number: str | None = None
    prices: str | None = None
    start: date | None = None
    end: date | None = None
    session_seconds: Decimal | None = None
    starting_cash_usd: Decimal | None = None
    starting_positions: Mapping[str, Decimal] = field(default_factory=dict)


def mix_from(text: str) -> tuple[AnsweredSlice, ...]:
    """Read a mix typed on one line: `VTI=60, BND=40`, or with names `stocks:VTI=60, cash=5`.

    Raises `ValueError` with a sentence. Whether the weights sum to 100 % is the reader's to say.

    >>> [(s.name, s.symbol) for s in mix_from("stocks:VTI=60, BND=35, cash=5")]
    [('stocks', 'VTI'), ('BND', 'BND'), ('cash', None)]
    """
    slices = []
    for part in (p.strip() for p in text.split(",")):
        found = re.fullmatch(
            r"(?:([^:=]+):)?\s*([^:=]+?)\s*=\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%?", part
        )
        if found is None:
            raise ValueError(f'"{part}" is no slice. Write, for example: VTI=60, BND=35, cash=5.')
        name, what, weight = found.groups()
        is_cash = what.lower() == "cash" and name is None
        slices.append(
            AnsweredSlice(
                name=(name or what).strip(),
                symbol=None if is_cash else what.upper(),
                cash=is_cash,
                weight_percent=Decimal(weight),
            )
        )
    return tuple(slices)


def render_settings(answers: InitAnswers) -> str:
    """The text of a configuration. Read it back with `settings_from` to hear what is wrong with it."""
    return render_values(values_from(answers), notes={s.name: s.note for s in answers.slices})


def values_from(answers: InitAnswers) -> dict[str, object]:
    """The answers as the document they make; what is None is left out."""
    a = answers
    of_broker: dict[str, object] = (
        {"keys_file": a.keys_file, "account_number": a.account_number}
        if a.broker == "alpaca"
        else {
            "starting_cash_usd": a.starting_cash_usd,
            "starting_positions": dict(a.starting_positions) or None,
        }
    )
    values: dict[str, object] = {
        "mode": a.mode.value,
        "state_dir": a.state_dir,
        "household": {"name": a.household},
        "accounts": [
            {
                "id": a.account,
                "broker": a.broker,
                "kind": a.kind.value,
                "autonomy": a.autonomy.value,
                **of_broker,
            }
        ],
        "slices": [
            {
                "name": s.name,
                "weight_percent": s.weight_percent,
                "parent": s.parent,
                "symbol": s.symbol,
                "cash": s.cash or None,
            }
            for s in a.slices
        ],
        "rebalance": {
            "look": a.look,
            "band_points": a.band_points,
            "band_relative_percent": a.band_relative_percent,
            "destination": a.destination,
            "cash_buffer_percent": a.cash_buffer_percent,
            "fractional": a.fractional,
        },
        "limits": {"max_order_usd": a.max_order_usd},
        "notices": {"channels": list(a.channels)},
    }
    if a.broker == "simulated":
        values["simulation"] = {
            "prices": a.prices,
            "start": a.start,
            "end": a.end,
            "session_seconds": a.session_seconds,
        }
    return values


def render_values(
    values: Mapping[str, object], *, notes: Mapping[str, str] | None = None, head: str = ""
) -> str:
    """A whole document as commented text. `notes` are comments by slice, `head` goes on top."""
    lines = [_HEAD.rstrip(), *(f"# {line}".rstrip() for line in head.splitlines()), ""]
    lines += _keys(Document, values, only=("mode", "state_dir"))
    lines += ["", "[household]", *_keys(HouseholdTable, _table(values, "household"))]
    for account in _list(values, "accounts"):
        lines += ["", "[[accounts]]", *_account(account)]
    lines += ["", *_slices(values, notes or {})]
    for name, model in _TABLES:
        given = _table(values, name)
        skip = _other_width(given) if name == "rebalance" else ()
        if name == "rebalance" and any(s.get("cash") for s in _list(values, "slices")):
            skip = (*skip, "cash_buffer_percent")
        lines += ["", f"# {_first_line(model)}", f"[{name}]", *_keys(model, given, skip=skip)]
    if any(a.get("broker") == "simulated" for a in _list(values, "accounts")):
        lines += ["", *_simulation(_table(values, "simulation"))]
    return "\n".join(lines) + "\n"


def with_mode(text: str, mode: Mode) -> str:
    """A configuration's text with another mode and every other character as it was.

    >>> with_mode('mode = "dry_run"  # for now', Mode.PAPER)
    'mode = "paper"  # for now'
    """
    line = f'mode = "{mode.value}"'
    at_top = text if text.startswith("[") else re.split(r"(?m)^\s*\[", text, maxsplit=1)[0]
    changed, count = re.subn(r"""(?m)^\s*mode\s*=\s*("[^"\n]*"|'[^'\n]*')""", line, at_top, count=1)
    return changed + text[len(at_top) :] if count else f"{line}\n{text}"


def toml_value(value: object) -> str:
    r"""One value as TOML.

    >>> toml_value({"VTI": Decimal("1.50")}), toml_value(Decimal(100000)), toml_value('a"b')
    ('{ VTI = 1.5 }', '100_000', '"a\\"b"')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        whole, point, rest = plain_number(Decimal(value)).partition(".")
        return (f"{int(whole):_}" if len(whole) >= 5 else whole) + point + rest
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_bare(str(k))} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return (
        '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
    )


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def _keys(
    model: type[BaseModel],
    given: Mapping[str, object],
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
) -> Iterator[str]:
    """Every key of a table: what is given as it is, the others commented out at their default."""
    for name, info in model.model_fields.items():
        if name in skip or (only and name not in only):
            continue
        value = given.get(name)
        if value is not None:
            yield _line(f"{_bare(name)} = {toml_value(value)}", info)
        elif info.default is not None and not info.is_required():
            yield _line(f"# {name} = {toml_value(info.default)}", info)
        elif info.examples:
            yield _line(f"# {name} = {toml_value(info.examples[0])}", info, f"({NOT_SET}) ")


def _line(code: str, info: FieldInfo, aside: str = "") -> str:
    return f"{code.ljust(WIDTH - 1)} # {aside}{info.description}" if info.description else code


def _account(given: Mapping[str, object]) -> Iterator[str]:
    """Only the keys that belong to the account's broker."""
    broker = str(given.get("broker"))
    skip = [
        name
        for name, info in AccountTable.model_fields.items()
        if (owner := (info.description or "").partition(":")[0]) != broker
        and owner in ("alpaca", "simulated", "held_elsewhere")
    ]
    yield from _keys(AccountTable, given, skip=skip)


def _slices(values: Mapping[str, object], notes: Mapping[str, str]) -> Iterator[str]:
    yield "# The target. The slices without a parent sum to exactly 100 %, and so do those under each"
    yield "# parent. What is held and stands in no slice is left alone and shown. A slice may have:"
    for name, info in SliceTable.model_fields.items():
        yield f"#   {name.ljust(24)}{info.description}"
    for given in _list(values, "slices"):
        yield ""
        yield "[[slices]]"
        if note := notes.get(str(given.get("name")), ""):
            yield from (f"# {line}" for line in note.splitlines())
        for key, value in given.items():
            if value is not None:
                yield f"{key} = {toml_value(value)}"


def _simulation(given: Mapping[str, object]) -> Iterator[str]:
    yield f"# {_first_line(SimulationTable)}"
    yield "[simulation]"
    yield from _keys(SimulationTable, given, skip=("events",))
    yield "# Events, each below a line [[simulation.events]] of its own, may have:"
    for name, info in EventTable.model_fields.items():
        yield f"#   {name.ljust(24)}{info.description}"
    for event in _list(given, "events"):
        yield ""
        yield "[[simulation.events]]"
        yield from (f"{key} = {toml_value(v)}" for key, v in event.items() if v is not None)


def _other_width(given: Mapping[str, object]) -> tuple[str, ...]:
    """One width named drops the other, so its default would be no default."""
    pair = ("band_points", "band_relative_percent")
    named = [key for key in pair if given.get(key) is not None]
    return tuple(key for key in pair if key not in named) if len(named) == 1 else ()


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").splitlines()[0]


def _table(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = values.get(name)
    return table if isinstance(table, Mapping) else {}


def _list(values: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    entries = values.get(name)
    return list(entries) if isinstance(entries, list | tuple) else []
