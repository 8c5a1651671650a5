"""GET /v1/corporate-actions: the splits and dividends of this exchange. Numbers are JSON numbers."""

from datetime import date
from fractions import Fraction

from brokers.alpaca_server.answers import Answer, Refusal, says
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.request import Request
from brokers.alpaca_server.wire_text import day_of, id_of
from brokers.simulated.world_events import AccountEvent, Dividend, Split

_CUSIP = "000000000"
_KINDS = {
    "forward_split": "forward_splits",
    "reverse_split": "reverse_splits",
    "cash_dividend": "cash_dividends",
}


def get_corporate_actions(desk: Desk, request: Request) -> Answer:
    """Only what has come: nothing is announced before its day."""
    symbols, types, ids = (request.words(name) for name in ("symbols", "types", "ids"))
    bounds: list[date | None] = []
    for name in ("start", "end"):
        given = request.query.get(name, "")
        bounds.append(day_of(given) if given else None)
        if given and bounds[-1] is None:
            raise Refusal(400, {"message": f"invalid {name}: must be a date"})
    first, last = bounds
    request.count("limit", 100, 1000)
    request.word("sort", ("asc", "desc"), "asc")
    found: dict[str, list[dict[str, object]]] = {}
    for number, (day, event) in enumerate(desk.happenings()):
        if (first is not None and day < first) or (last is not None and day > last):
            continue
        for kind, row in _row(event, day, number):
            if (
                (not symbols or row["symbol"] in symbols)
                and (not types or kind in types)
                and (not ids or row["id"] in ids)
            ):
                found.setdefault(_KINDS[kind], []).append(row)
    return says({"corporate_actions": found, "next_page_token": None})


def _row(event: AccountEvent, day: date, number: int) -> list[tuple[str, dict[str, object]]]:
    """The row of an event with its kind; none for cash that only this account got."""
    if not isinstance(event, Split | Dividend):
        return []
    days = dict.fromkeys(("ex_date", "process_date", "record_date", "payable_date"), str(day))
    base: dict[str, object] = {
        "id": id_of("corporate-action", f"{number}-{event.symbol}"),
        "symbol": event.symbol,
        **days,
    }
    if isinstance(event, Dividend):
        rate = float(event.per_share)
        return [
            (
                "cash_dividend",
                base | {"cusip": _CUSIP, "rate": rate, "special": False, "foreign": False},
            )
        ]
    rates = Fraction(event.ratio)
    rows: dict[str, object] = {"new_rate": rates.numerator, "old_rate": rates.denominator}
    if event.ratio >= 1:
        return [("forward_split", base | {"cusip": _CUSIP} | rows)]
    return [("reverse_split", base | {"old_cusip": _CUSIP, "new_cusip": _CUSIP} | rows)]
