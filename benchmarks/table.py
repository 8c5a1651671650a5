"""The figures for people (a table) and for programs (JSON)."""

import dataclasses
import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Row, Skipped, Spread


def show(rows: Sequence[Row], console: Console) -> None:
    """One line a figure, then the notes."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bright_black")
    table.add_column("figure")
    for heading in ("unit", "goal", "median (min–max)", "beside it", "ratio"):
        table.add_column(heading, justify="right" if heading == "ratio" else "left")
    table.add_column("")
    for row in rows:
        table.add_row(*cells(row))
    console.print(table)
    for row in rows:
        if isinstance(row, Figure):
            for note in row.notes:
                console.print(f"[bright_black]{row.name}: {note}[/]", soft_wrap=True)


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table."""
    match row:
        case Skipped():
            return row.name, "", "", "not measured", row.reason, "", ""
        case Figure():
            ratio = row.ratio
            met = {None: "", True: "[green]met[/]", False: "[yellow]missed[/]"}[row.is_met]
            return (
                row.name,
                row.unit,
                "" if row.goal is None else str(row.goal),
                in_words(row.measured),
                "" if row.peer is None else f"{row.peer.name} {short(row.peer.measured.median)}",
                "" if ratio is None else f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}",
                met,
            )
        case _:
            assert_never(row)


def in_words(measured: Spread) -> str:
    """`12.3 (11.9–14.0)`; the median alone when there was one run.

    >>> in_words(Spread(median=12.34, least=11.9, most=14.0, runs=3))
    '12.3 (11.9–14.0)'
    """
    if measured.runs == 1:
        return short(measured.median)
    return f"{short(measured.median)} ({short(measured.least)}–{short(measured.most)})"


def short(value: float) -> str:
    """Three figures, and thousands whole.

    >>> short(0.1234), short(12.34), short(2345.6)
    ('0.123', '12.3', '2,346')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def as_json(rows: Sequence[Row], *, effort: str) -> str:
    """Everything that was measured, where and when."""
    told = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "effort": effort,
        "machine": machine(),
        "rows": [_plain(row) for row in rows],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def machine() -> Mapping[str, object]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cpus": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _plain(row: Row) -> dict[str, object]:
    told = dataclasses.asdict(row)
    if isinstance(row, Figure):
        told |= {"ratio": row.ratio, "is_met": row.is_met}
        told["goal"] = None if row.goal is None else {**told["goal"], "text": str(row.goal)}
    return told
