"""Lots from a person's file, and answers to tickets: handed over by the command line, booked here."""

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from daemon.house import House
from daemon.requests.spool import Request
from portfolio.lot_events import LotsImported, TicketAnswered
from portfolio.money import ZERO, Price, Quantity, finite
from portfolio.orders import Side

FOLDER: Final = "imports"
"""Beside the spool: a file of lots is too long for a request."""


def leave_for_daemon(
    state_dir: Path, source: str, form: str, rows: Sequence[dict[str, str]]
) -> str:
    """Write an import where the daemon takes it from; returns its name, the digest of what it says."""
    text = json.dumps({"source": source, "form": form, "rows": list(rows)}, sort_keys=True)
    name = f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    folder = state_dir / FOLDER
    folder.mkdir(mode=0o750, exist_ok=True)
    part = folder / f".{name}.part"
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / name)
    return name


def serve_lots(house: House, request: Request) -> None:
    """Book an import or an answer to a ticket."""
    if request.kind == "import_lots":
        serve_import(house, request)
    else:
        serve_ticket(house, request)


def serve_import(house: House, request: Request) -> None:
    """Book an import once; one that is there already, or that is not what it says, changes nothing."""
    if request.file is None:
        return
    name = Path(request.subject).name
    try:
        text = (request.file.parent.parent / FOLDER / name).read_text(encoding="utf-8")
        found = json.loads(text)
        event = LotsImported(
            source=str(found["source"]),
            form="history" if found["form"] == "history" else "positions",
            rows=tuple({str(k): str(v) for k, v in row.items()} for row in found["rows"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    if hashlib.sha256(text.encode()).hexdigest()[:32] != Path(name).stem:
        return
    known = [r.event for r in house.journal.events("lots_imported")]
    if event not in known[-1:]:
        house.journal.append(event, actor=request.by)


def ticket_subject(answer: TicketAnswered) -> str:
    """An answer as a request carries it."""
    return json.dumps(
        {
            "ticket": answer.ticket,
            "account": answer.account,
            "symbol": answer.symbol,
            "side": answer.side.value,
            "quantity": str(answer.quantity),
            "price": str(answer.price),
            "day": answer.day.isoformat(),
            "done": answer.done,
            "lots": {name: str(units) for name, units in answer.lots.items()},
        }
    )


def serve_ticket(house: House, request: Request) -> None:
    """Book what a person did where trimtab cannot trade. A ticket is answered once."""
    try:
        found = json.loads(request.subject)
        answer = TicketAnswered(
            ticket=str(found["ticket"]),
            account=str(found["account"]),
            symbol=str(found["symbol"]),
            side=Side(found["side"]),
            quantity=Quantity(_above_zero(found["quantity"])),
            price=Price(_above_zero(found["price"])),
            day=date.fromisoformat(found["day"]),
            done=bool(found["done"]),
            lots=_lots(found.get("lots", {})),
        )
    except (ValueError, KeyError, TypeError):
        return
    if not any(a.id == answer.account and not a.can_trade for a in house.accounts):
        return
    answered = {
        r.event.ticket
        for r in house.journal.events("ticket_answered")
        if isinstance(r.event, TicketAnswered)
    }
    if not answer.ticket or answer.ticket not in answered:
        house.journal.append(answer, actor=request.by)


def _lots(found: object) -> dict[str, Quantity]:
    if not isinstance(found, dict):
        raise TypeError("lots are a table")
    return {str(name): Quantity(_above_zero(units)) for name, units in found.items()}


def _above_zero(text: object) -> Decimal:
    number = finite(str(text))
    if number <= ZERO:
        raise ValueError("it must be above zero")
    return number
