"""Quotes on a real socket: exact to the digit, or refused with a reason."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from brokers.alpaca.prices import AlpacaPrices
from portfolio.ports import CredentialsRefused, Prices, Unavailable
from portfolio.snapshot import PriceFault, Quote, RefusedPrice
from tests.support.alpaca_parts import data
from tests.support.alpaca_server import HTML, ScriptedAlpaca, page, says, scripted_alpaca, written

SNAPSHOTS = "GET /v2/stocks/snapshots"
BARS = "GET /v2/stocks/bars"


@pytest.fixture
def alpaca(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAlpaca]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with scripted_alpaca() as script:
        yield script


def prices(script: ScriptedAlpaca) -> Prices:
    return AlpacaPrices(data(script.url))


def bars(**volumes: list[int]) -> dict[str, Any]:
    """Daily bars with these volumes, oldest first."""
    return {
        "bars": {
            s: [{"t": f"d{i}", "v": v} for i, v in enumerate(vs)] for s, vs in volumes.items()
        },
        "next_page_token": None,
    }


def one(script: ScriptedAlpaca, symbol: str) -> Quote | RefusedPrice:
    script.on(SNAPSHOTS, page("snapshots"))
    script.on(BARS, says(bars()))
    return prices(script).quotes([symbol])[symbol]


def test_a_quote_carries_its_own_time_and_every_digit(alpaca: ScriptedAlpaca) -> None:
    quote = one(alpaca, "VTI")
    assert quote == Quote(
        symbol="VTI",
        bid=Decimal("320.08"),  # type: ignore[arg-type]
        ask=Decimal("320.12"),  # type: ignore[arg-type]
        last=Decimal("320.1"),  # type: ignore[arg-type]
        as_of=datetime(2026, 10, 8, 15, 30, 2, 500_000, tzinfo=UTC),
        previous_close=Decimal("318.5"),  # type: ignore[arg-type]
        average_daily_volume=None,
    )
    assert alpaca.requests[0].query == {"symbols": "VTI", "feed": "iex"}


def test_no_float_ever_touches_a_price(alpaca: ScriptedAlpaca) -> None:
    """10.1000000000000001 is 10.1 as a float."""
    quote = one(alpaca, "EARLY")
    assert isinstance(quote, Quote)
    assert str(quote.ask) == "10.1000000000000001"


def test_before_the_open_the_latest_daily_bar_is_the_previous_close(alpaca: ScriptedAlpaca) -> None:
    quote = one(alpaca, "EARLY")
    assert isinstance(quote, Quote)
    assert quote.previous_close == Decimal("10.02")


@pytest.mark.parametrize(
    ("symbol", "fault", "words", "count_at"),
    [
        ("ONESIDED", PriceFault.MISSING, "has no bid", "5.5"),
        ("CROSSED", PriceFault.CROSSED, "the bid 7.01 is above the ask 7.0", "6.9"),
        ("NEGATIVE", PriceFault.NOT_A_PRICE, "the field bp holds", "3"),
        ("WORDS", PriceFault.NOT_A_PRICE, "the field ap holds 'lots'", "3"),
        ("EMPTY", PriceFault.MISSING, "iex feed has no EMPTY", None),
        ("NOSUCH", PriceFault.MISSING, "iex feed has no NOSUCH", None),
    ],
)
def test_what_is_no_price_is_refused_and_a_holding_still_counted(
    alpaca: ScriptedAlpaca, symbol: str, fault: PriceFault, words: str, count_at: str | None
) -> None:
    refused = one(alpaca, symbol)
    assert isinstance(refused, RefusedPrice)
    assert refused.fault is fault
    assert words in refused.detail
    assert refused.count_at == (None if count_at is None else Decimal(count_at))


def test_one_bad_symbol_does_not_cost_the_others(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(SNAPSHOTS, page("snapshots"))
    alpaca.on(BARS, says(bars()))
    found = prices(alpaca).quotes(["VTI", "WORDS", "VTI", "NOSUCH"])
    assert {s: isinstance(q, Quote) for s, q in found.items()} == {
        "VTI": True,
        "WORDS": False,
        "NOSUCH": False,
    }


def test_a_symbol_that_spoils_the_call_is_left_out_and_the_rest_asked_again(
    alpaca: ScriptedAlpaca,
) -> None:
    alpaca.on(SNAPSHOTS, says({"message": "invalid symbol: BTC/USD"}, 400), page("snapshots"))
    alpaca.on(BARS, says(bars()))
    found = prices(alpaca).quotes(["BTC/USD", "VTI"])
    assert isinstance(found["VTI"], Quote)
    assert isinstance(found["BTC/USD"], RefusedPrice)
    assert [r.query["symbols"] for r in alpaca.requests[:2]] == ["BTC/USD,VTI", "VTI"]


def test_the_average_volume_is_over_twenty_sessions_and_asked_once_a_day(
    alpaca: ScriptedAlpaca,
) -> None:
    alpaca.on(SNAPSHOTS, page("snapshots"))
    alpaca.on(BARS, says(bars(VTI=[999_999, *range(1000, 21_000, 1000)], EARLY=[4000, 6000])))
    source = prices(alpaca)
    first, again = source.quotes(["VTI", "EARLY"]), source.quotes(["VTI", "EARLY"])
    assert first == again
    vti, early = first["VTI"], first["EARLY"]
    assert isinstance(vti, Quote)
    assert isinstance(early, Quote)
    assert vti.average_daily_volume == 10_500
    assert early.average_daily_volume == 500, "a session without a bar had no trade"
    assert alpaca.count(BARS) == 1
    assert alpaca.requests[1].query["end"] == "2026-10-07"
    assert alpaca.requests[1].query["start"] == "2026-09-03"


def test_bars_are_read_page_by_page(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(SNAPSHOTS, page("snapshots"))
    first = bars(VTI=[2000] * 10) | {"next_page_token": "more"}
    alpaca.on(BARS, says(first), says(bars(VTI=[4000] * 10)))
    quote = prices(alpaca).quotes(["VTI"])["VTI"]
    assert isinstance(quote, Quote)
    assert quote.average_daily_volume == 3000
    assert alpaca.requests[-1].query["page_token"] == "more"


@pytest.mark.parametrize("broken", [HTML, says("[]"), says({"bars": {"VTI": [{"v": "many"}]}})])
def test_a_volume_that_cannot_be_read_costs_no_quote(alpaca: ScriptedAlpaca, broken: Any) -> None:
    alpaca.on(SNAPSHOTS, page("snapshots"))
    alpaca.on(BARS, broken)
    quote = prices(alpaca).quotes(["VTI"])["VTI"]
    assert isinstance(quote, Quote)
    assert quote.average_daily_volume is None


def test_a_long_list_is_asked_in_parts(alpaca: ScriptedAlpaca) -> None:
    shot: Any = written("snapshots")
    symbols = [f"S{i}" for i in range(150)]
    alpaca.on(SNAPSHOTS, says(dict.fromkeys(symbols, shot["VTI"])))
    alpaca.on(BARS, says(bars()))
    found = prices(alpaca).quotes(symbols)
    assert list(found) == symbols
    assert alpaca.count(SNAPSHOTS) == 2


def test_nothing_asked_is_nothing_sent(alpaca: ScriptedAlpaca) -> None:
    assert prices(alpaca).quotes([]) == {}
    assert alpaca.requests == []


def test_a_feed_that_the_plan_lacks_is_said_in_words(alpaca: ScriptedAlpaca) -> None:
    text = "subscription does not permit querying recent SIP data"
    alpaca.on(SNAPSHOTS, says({"message": text}, 403))
    with pytest.raises(Unavailable, match="data plan does not include this: set its feed to iex"):
        AlpacaPrices(data(alpaca.url), feed="sip").quotes(["VTI"])
    assert alpaca.requests[0].query["feed"] == "sip"


def test_refused_keys_are_said_to_be_so(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(SNAPSHOTS, says({"message": "unauthorized."}, 401))
    with pytest.raises(CredentialsRefused):
        prices(alpaca).quotes(["VTI"])


def test_an_outage_is_said_to_be_so(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(SNAPSHOTS, HTML)
    with pytest.raises(Unavailable, match="502"):
        prices(alpaca).quotes(["VTI"])
