"""Reads on a real socket: values, pages, patience, and what is said when there is none."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from brokers.alpaca.budget import RequestBudget
from brokers.alpaca.reader import AlpacaReader
from portfolio.memory import FlowKind
from portfolio.money import ZERO
from portfolio.orders import OrderStatus, Side
from portfolio.ports import CredentialsRefused, Unavailable
from tests.support.alpaca_parts import NOON, Naps, reader, trading
from tests.support.alpaca_server import (
    HANGS_UP,
    HTML,
    SILENCE,
    Answer,
    ScriptedAlpaca,
    page,
    says,
    scripted_alpaca,
    written,
)

CLOCK = "GET /v2/clock"
ORDERS = "GET /v2/orders"
BY_ID = "GET /v2/orders:by_client_order_id"
ACTIVITIES = "GET /v2/account/activities"


@pytest.fixture
def alpaca(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAlpaca]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with scripted_alpaca() as script:
        yield script


# Values


def test_the_clock_is_told_in_utc(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(CLOCK, page("clock"))
    clock = reader(alpaca.url).clock()
    assert clock.now == datetime(2026, 10, 8, 15, 22, 33, 123_456, tzinfo=UTC)
    assert clock.is_open


def test_the_calendar_is_cut_to_what_was_asked_and_sorted(alpaca: ScriptedAlpaca) -> None:
    alpaca.on("GET /v2/calendar", page("calendar"))
    found = reader(alpaca.url).sessions(date(2026, 7, 1), date(2026, 11, 26))
    assert [s.day for s in found] == [date(2026, 7, 6), date(2026, 11, 25)]
    assert alpaca.requests[0].query == {"start": "2026-07-01", "end": "2026-11-26"}


def test_positions_are_sorted_by_symbol(alpaca: ScriptedAlpaca) -> None:
    alpaca.on("GET /v2/positions", page("positions"))
    assert [p.symbol for p in reader(alpaca.url).positions()] == ["BND", "GME", "VTI"]


def test_keys_of_another_account_than_the_pinned_one_are_refused(alpaca: ScriptedAlpaca) -> None:
    alpaca.on("GET /v2/account", page("account"))
    line = trading(alpaca.url)
    assert AlpacaReader("brokerage", line, account_number="PA3TRIMTAB01").account().cash > 0
    with pytest.raises(CredentialsRefused, match="open account PA3TRIMTAB01, but account broker"):
        AlpacaReader("brokerage", line, account_number="PA3OTHER").account()


def test_instruments_are_asked_once_a_day_and_an_unknown_one_is_absent(
    alpaca: ScriptedAlpaca,
) -> None:
    alpaca.on("GET /v2/assets/VTI", page("asset_vti"))
    alpaca.on("GET /v2/assets/BTC%2FUSD", says({"code": 40410000, "message": "not found"}, 404))
    looks = reader(alpaca.url)
    for _ in range(2):
        assert list(looks.instruments(["VTI", "BTC/USD", "VTI"])) == ["VTI"]
    assert len(alpaca.requests) == 2
    looks.forget_instrument("VTI")
    looks.instruments(["VTI"])
    assert len(alpaca.requests) == 3


# Orders


def test_open_orders_hold_everything_that_may_still_fill(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(ORDERS, page("orders_with_strangers"))
    found = reader(alpaca.url).open_orders()
    assert [o.broker_order_id for o in found] == ["a1", "a2", "a3-1", "a3-2"]
    assert found[1].status is OrderStatus.UNKNOWN
    assert alpaca.requests[0].query == {"status": "open", "limit": "500", "direction": "asc"}


def an_order(number: int, at: datetime) -> dict[str, Any]:
    body: Any = written("order_new")
    return {
        **body,
        "id": f"o{number:04}",
        "client_order_id": f"c{number}",
        "submitted_at": at.isoformat(),
    }


def test_orders_are_read_page_by_page_and_none_of_one_instant_is_lost(
    alpaca: ScriptedAlpaca,
) -> None:
    """`after` leaves out its own instant: three orders share the one at the end of a page."""
    start = datetime(2026, 10, 8, 14, tzinfo=UTC)
    late = start + timedelta(seconds=498)
    rows = [an_order(i, min(start + timedelta(seconds=i), late)) for i in range(502)]
    alpaca.on(ORDERS, says(rows[:500]), says(rows[498:]))
    found = reader(alpaca.url).orders_since(start)
    assert [o.broker_order_id for o in found] == [f"o{i:04}" for i in range(502)]
    assert [r.query["after"] for r in alpaca.requests] == [
        "2026-10-08T13:59:59.999999Z",
        "2026-10-08T14:08:17.999999Z",
    ]
    assert alpaca.requests[0].query["status"] == "all"


def test_a_list_of_orders_that_never_ends_is_not_read_for_ever(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(ORDERS, says([an_order(i, NOON) for i in range(500)]))
    with pytest.raises(Unavailable, match="does not come to an end"):
        reader(alpaca.url).orders_since(NOON)
    assert alpaca.count(ORDERS) == 2


def test_an_order_is_found_by_our_id(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(BY_ID, page("order_new"))
    found = reader(alpaca.url).find_order("tt1-abcd-000007-01-0123ab")
    assert found is not None
    assert found.broker_order_id.startswith("6e1d3a7b")
    assert alpaca.requests[0].query == {"client_order_id": "tt1-abcd-000007-01-0123ab"}


def test_an_order_that_alpaca_does_not_know_is_none(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(BY_ID, says({"code": 40410000, "message": "order not found for x"}, 404))
    assert reader(alpaca.url).find_order("x") is None


@pytest.mark.parametrize(
    "answer", [says("<html>404</html>", 404), says({"message": "no such route"}, 404)]
)
def test_a_404_that_is_not_alpacas_own_is_no_proof_of_absence(
    alpaca: ScriptedAlpaca, answer: Answer
) -> None:
    alpaca.on(BY_ID, answer)
    with pytest.raises(Unavailable, match="404"):
        reader(alpaca.url).find_order("x")


def test_another_order_than_the_one_asked_for_is_not_taken_for_it(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(BY_ID, page("order_new"))
    with pytest.raises(Unavailable, match="another order"):
        reader(alpaca.url).find_order("tt1-abcd-000007-02-0123ab")


# Activities


def test_fills_come_once_each_oldest_first(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(ACTIVITIES, page("fills"))
    found = reader(alpaca.url).fills_since(datetime(2026, 10, 8, tzinfo=UTC))
    assert [(f.symbol, f.side, f.quantity, f.price, f.fee) for f in found] == [
        ("GME", Side.SELL, Decimal(3), Decimal(22), ZERO),
        ("VTI", Side.BUY, Decimal("2.5"), Decimal("321.05"), ZERO),
        ("VTI", Side.BUY, Decimal(10), Decimal("321.0725"), ZERO),
    ]
    assert {f.account for f in found} == {"brokerage"}
    assert alpaca.requests[0].query["activity_types"] == "FILL"


def test_a_fill_before_the_asked_time_is_left_out_by_its_own_stamp(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(ACTIVITIES, page("fills"))
    since = datetime(2026, 10, 8, 15, 10, 18, 97_465, tzinfo=UTC)
    assert [f.quantity for f in reader(alpaca.url).fills_since(since)] == [Decimal("2.5"), 10]


def test_activities_are_read_page_by_page(alpaca: ScriptedAlpaca) -> None:
    fill: Any = written("fills")
    rows = [{**fill[0], "id": f"f{i:03}"} for i in range(230)]
    alpaca.on(ACTIVITIES, says(rows[:100]), says(rows[100:200]), says(rows[200:]))
    assert len(reader(alpaca.url).fills_since(NOON - timedelta(days=1))) == 230
    assert [r.query.get("page_token") for r in alpaca.requests] == [None, "f099", "f199"]
    assert {r.query["page_size"] for r in alpaca.requests} == {"100"}


def test_flows_are_all_that_is_neither_a_fill_nor_canceled(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(ACTIVITIES, page("activities"))
    found = reader(alpaca.url).flows_since(date(2026, 10, 2))
    assert [(f.flow_id[-3:], f.kind, f.amount, f.symbol, f.ratio) for f in found] == [
        ("c-2", FlowKind.WITHDRAWAL, Decimal("-310.25"), None, None),
        ("c-3", FlowKind.WITHDRAWAL, Decimal("-12.5"), None, None),
        ("c-4", FlowKind.DIVIDEND, Decimal("104.33"), "VTI", None),
        ("c-5", FlowKind.DIVIDEND, Decimal("-15.65"), "VTI", None),
        ("c-7", FlowKind.INTEREST, Decimal("3.07"), None, None),
        ("c-8", FlowKind.FEE, Decimal("-0.02"), None, None),
        ("c-9", FlowKind.SPLIT, 0, "VTI", Decimal("1.5")),
        ("d-1", FlowKind.SPLIT, 0, "GME", None),
        ("d-2", FlowKind.OTHER, Decimal("1.11"), None, None),
    ]
    assert found[-1].day == date(2026, 10, 7), "02:30 UTC is still the evening before in New York"


# What is said when there is no value


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HTML, "GET /v2/clock answered 502: no JSON in the answer"),
        (says({"message": "boom"}, 500), "GET /v2/clock answered 500: boom"),
        (says({"message": "what?"}, 422), "answered 422: what?"),
        (HANGS_UP, "the connection broke"),
        (says('{"timestamp": "2026-'), "answered 200: the answer is not JSON"),
        (says(""), "cannot be read: clock: a NoneType where an object was expected"),
        (says("[]"), "cannot be read: clock: a list where an object was expected"),
        (says({"timestamp": "noon"}), "clock: the field timestamp holds 'noon'"),
        (says("", 302), "answered 302: a redirect, which is never followed"),
        (Answer(body=json.dumps(written("clock")), act="half"), "the connection broke"),
    ],
)
def test_a_read_without_a_value_says_what_was_asked_and_what_came(
    alpaca: ScriptedAlpaca, answer: Answer, words: str
) -> None:
    alpaca.on(CLOCK, answer)
    with pytest.raises(Unavailable) as refusal:
        reader(alpaca.url).clock()
    assert words in str(refusal.value)
    assert str(refusal.value).startswith("Alpaca: GET /v2/clock")


@pytest.mark.parametrize("status", [401, 403])
def test_refused_keys_are_not_tried_again(alpaca: ScriptedAlpaca, status: int) -> None:
    alpaca.on(CLOCK, says({"message": "unauthorized."}, status))
    with pytest.raises(CredentialsRefused, match="Check that the key file holds current keys"):
        reader(alpaca.url).clock()
    assert alpaca.count(CLOCK) == 1


def test_an_office_proxy_that_forbids_is_not_alpaca_refusing_the_keys(
    alpaca: ScriptedAlpaca,
) -> None:
    alpaca.on(CLOCK, says("<html>Forbidden</html>", 403))
    with pytest.raises(Unavailable):
        reader(alpaca.url).clock()


# Patience


@pytest.mark.parametrize("first", [HTML, HANGS_UP, says({"message": "x"}, 503)])
def test_a_read_that_may_pass_is_asked_again(alpaca: ScriptedAlpaca, first: Answer) -> None:
    alpaca.on(CLOCK, first, page("clock"))
    naps = Naps()
    assert reader(alpaca.url, naps).clock().is_open
    assert alpaca.count(CLOCK) == 2
    assert len(naps.seconds) == 1
    assert 0 <= naps.seconds[0] <= 4


def test_a_read_is_asked_four_times_and_no_more(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(CLOCK, HTML)
    with pytest.raises(Unavailable):
        reader(alpaca.url).clock()
    assert alpaca.count(CLOCK) == 4


def test_a_silent_server_costs_a_read_its_patience_and_no_more(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(CLOCK, SILENCE)
    with pytest.raises(Unavailable, match="no answer within"):
        reader(alpaca.url, read_timeout_seconds=0.1, read_patience_seconds=0.3).clock()
    assert 1 <= alpaca.count(CLOCK) <= 4


def test_too_many_requests_waits_until_a_second_after_the_reset(alpaca: ScriptedAlpaca) -> None:
    reset = str(int(NOON.timestamp()) + 9)
    alpaca.on(CLOCK, says({"message": "slow"}, 429, X_RateLimit_Reset=reset), page("clock"))
    ticks = iter(range(0, 10_000, 30))  # every look at the clock finds it half a minute later
    naps = Naps()
    line = trading(alpaca.url, naps)
    line.budget = RequestBudget(100, lambda: float(next(ticks)))
    assert AlpacaReader("brokerage", line).clock().is_open
    assert naps.seconds == [10.0]


def test_a_reset_beyond_our_patience_is_told_instead_of_waited_for(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(CLOCK, says({"message": "slow down"}, 429))
    naps = Naps()
    with pytest.raises(Unavailable, match="answered 429: slow down"):
        reader(alpaca.url, naps).clock()
    assert naps.seconds == []
    assert alpaca.count(CLOCK) == 1


# The request limit


def test_never_more_than_the_limit_goes_out_in_any_minute() -> None:
    now = [0.0]
    budget = RequestBudget(10, lambda: now[0])
    sent: list[float] = []
    for step in range(3600):
        now[0] = step / 4
        if budget.try_spend(reserve=True) == 0.0:
            sent.append(now[0])
    assert max(sum(start <= at < start + 60 for at in sent) for start in sent) == 10
    assert len(sent) >= 10 * 14


def test_a_tenth_of_the_limit_is_kept_for_orders() -> None:
    budget = RequestBudget(10, lambda: 0.0)
    assert [budget.try_spend() for _ in range(10)] == [0.0] * 9 + [60.0]
    assert budget.try_spend(reserve=True) == 0.0
    assert budget.try_spend(reserve=True) == 60.0


def test_a_read_without_room_waits_for_it_or_says_so(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(CLOCK, page("clock"))
    naps = Naps()
    looks = reader(alpaca.url, naps, requests_per_minute=1)
    assert looks.clock().is_open
    with pytest.raises(Unavailable, match="the limit of 1 requests a minute is used up"):
        looks.clock()
    assert (alpaca.count(CLOCK), naps.seconds) == (1, [])


def test_alpacas_own_count_is_heeded(alpaca: ScriptedAlpaca) -> None:
    reset = str(int(NOON.timestamp()) + 40)
    spent = says(written("clock"), X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)
    alpaca.on(CLOCK, spent)
    looks = reader(alpaca.url)
    assert looks.clock().is_open
    with pytest.raises(Unavailable, match="room comes in 41 s"):
        looks.clock()


def test_a_clock_that_is_wrong_by_years_closes_the_limit_for_a_minute_only() -> None:
    now = [0.0]
    budget = RequestBudget(10, lambda: now[0])
    budget.close_for(1e9)
    assert budget.try_spend() == 61.0
    now[0] = 61.0
    assert budget.try_spend() == 0.0
