"""The simulated market: sessions and quotes from a price table."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from brokers.simulated.market import SimulatedMarket, SimulatedPrices
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world_events import QuoteFault, Split
from portfolio.money import Quantity
from portfolio.ports import Prices, Sessions, Unavailable
from portfolio.snapshot import PriceFault, Quote, RefusedPrice
from tests.support.simulated import FLAT, WEEK, HandClock, new_york, week

RISING = week(VTI=["100.00", "101.00", "102.50"], BND=["50.00", "50.00", "50.00"])


def market(**changes: object) -> SimulatedMarket:
    return SimulatedMarket(SimulatedSettings(**{"prices": RISING, **changes}))  # type: ignore[arg-type]


def quote(at: datetime, symbol: str = "VTI", **changes: object) -> Quote:
    found = market(**changes).quote(symbol, at)
    assert isinstance(found, Quote)
    return found


# Sessions


def test_a_session_opens_at_half_past_nine_and_closes_at_four_in_new_york() -> None:
    winter = market().session_of(date(2024, 3, 4))
    assert winter.opens_at == datetime(2024, 3, 4, 14, 30, tzinfo=UTC)
    assert winter.closes_at == datetime(2024, 3, 4, 21, 0, tzinfo=UTC)
    summer = market(prices=FLAT).session_of(date(2024, 3, 11))
    assert summer.opens_at == datetime(2024, 3, 11, 13, 30, tzinfo=UTC)


def test_the_session_at_an_instant_is_the_open_one_or_the_last_that_opened() -> None:
    sessions: Sessions = market()
    for clock, day in [("09:29", 4), ("09:30", 5), ("15:59", 5), ("16:00", 5), ("23:59", 5)]:
        assert sessions.current_or_previous(new_york(WEEK[1], clock)).day == date(2024, 3, day)


def test_the_next_session_opens_after_the_instant_and_not_at_it() -> None:
    sessions: Sessions = market()
    opens_at = sessions.between(WEEK[1], WEEK[1])[0].opens_at
    assert sessions.next_after(opens_at - timedelta(seconds=1)).day == WEEK[1]
    assert sessions.next_after(opens_at).day == WEEK[2]


def test_before_the_first_and_after_the_last_session_there_is_none() -> None:
    with pytest.raises(Unavailable, match="begin on 2024-03-04"):
        market().current_or_previous(new_york(WEEK[0], "09:00"))
    with pytest.raises(Unavailable, match="end on 2024-03-06"):
        market().next_after(new_york(WEEK[2]))
    assert market().next_after(datetime(1990, 1, 1, tzinfo=UTC)).day == WEEK[0]


def test_sessions_between_two_days_are_those_there_are() -> None:
    days = [s.day for s in market().between(date(2024, 3, 2), date(2024, 3, 5))]
    assert days == [WEEK[0], WEEK[1]]
    assert market().between(date(2025, 1, 1), date(2025, 2, 1)) == ()


# Quotes


def test_the_price_of_a_session_is_quoted_from_its_open() -> None:
    assert quote(new_york(WEEK[1], "09:29")).price == Decimal("100.00")
    assert quote(new_york(WEEK[1], "09:30")).price == Decimal("101.00")
    assert quote(new_york(WEEK[1], "10:00")).price == Decimal("101.00")
    assert quote(new_york(WEEK[1], "20:00")).price == Decimal("101.00")


def test_a_quote_is_fresh_and_knows_the_close_before() -> None:
    at = new_york(WEEK[1])
    assert quote(at).as_of == at
    assert quote(at).previous_close == Decimal("100.00")
    assert quote(new_york(WEEK[0])).previous_close is None


def test_the_volume_is_what_is_stated_or_unknown() -> None:
    assert quote(new_york(WEEK[1])).average_daily_volume is None
    stated = quote(new_york(WEEK[1]), average_daily_volume=Quantity(Decimal(5000)))
    assert stated.average_daily_volume == 5000


def test_half_the_spread_lies_on_each_side() -> None:
    wide = quote(new_york(WEEK[0]), spread=Decimal("0.004"))
    assert (wide.bid, wide.ask) == (Decimal("99.80"), Decimal("100.20"))


def test_bid_and_ask_stand_on_whole_ticks_away_from_the_middle() -> None:
    odd = week(VTI=["100.7055"], LOW=["0.50005"])
    on_ticks = quote(new_york(WEEK[0]), prices=odd)
    assert (on_ticks.bid, on_ticks.ask) == (Decimal("100.70"), Decimal("100.71"))
    assert on_ticks.last == Decimal("100.7055")
    low = quote(new_york(WEEK[0]), "LOW", prices=odd)
    assert (low.bid, low.ask) == (Decimal("0.5000"), Decimal("0.5001"))
    exact = quote(new_york(WEEK[0]), prices=odd, quotes_in_ticks=False)
    assert exact.bid == exact.ask == Decimal("100.7055")


def test_a_symbol_without_a_column_and_a_time_before_all_prices_have_no_quote() -> None:
    unknown = market().quote("NOSUCH", new_york(WEEK[0]))
    assert isinstance(unknown, RefusedPrice)
    assert (unknown.fault, unknown.count_at) == (PriceFault.MISSING, None)
    early = market().quote("VTI", new_york(WEEK[0], "09:00"))
    assert isinstance(early, RefusedPrice)


def test_a_split_restates_the_prices_from_its_session_on() -> None:
    split = Split(session=WEEK[1], symbol="VTI", ratio=Decimal(2))
    after = quote(new_york(WEEK[1]), events=(split,))
    assert (after.price, after.previous_close) == (Decimal("50.50"), Decimal("100.00"))
    shown = Split(session=WEEK[1], symbol="VTI", ratio=Decimal(2), restates_prices=False)
    assert quote(new_york(WEEK[1]), events=(shown,)).price == Decimal("101.00")


# Bad quotes


def bad(fault: PriceFault) -> SimulatedMarket:
    event = QuoteFault(session=WEEK[1], symbol="VTI", fault=fault, until=WEEK[2])
    return market(events=(event,))


def test_a_stale_quote_stays_what_it_was_with_its_old_time() -> None:
    stale = bad(PriceFault.STALE).quote("VTI", new_york(WEEK[1], "11:00"))
    assert isinstance(stale, Quote)
    assert (stale.price, stale.as_of) == (Decimal("101.00"), new_york(WEEK[1], "09:30"))


@pytest.mark.parametrize("fault", [PriceFault.MISSING, PriceFault.CROSSED])
def test_a_missing_or_crossed_quote_is_refused_with_the_last_good_price(fault: PriceFault) -> None:
    refused = bad(fault).quote("VTI", new_york(WEEK[1]))
    assert isinstance(refused, RefusedPrice)
    assert (refused.fault, refused.count_at) == (fault, Decimal("101.00"))
    assert refused.detail


def test_a_fault_covers_one_symbol_from_its_session_to_before_the_one_it_ends_in() -> None:
    faulty = bad(PriceFault.MISSING)
    assert isinstance(faulty.quote("VTI", new_york(WEEK[1], "09:29")), Quote)
    assert isinstance(faulty.quote("VTI", new_york(WEEK[2], "09:29")), RefusedPrice)
    assert isinstance(faulty.quote("VTI", new_york(WEEK[2], "09:30")), Quote)
    assert isinstance(faulty.quote("BND", new_york(WEEK[1])), Quote)


def test_quotes_can_be_broken_and_mended_by_hand() -> None:
    held = market()
    held.break_quotes("VTI", PriceFault.STALE, new_york(WEEK[0]))
    stale = held.quote("VTI", new_york(WEEK[1]))
    assert isinstance(stale, Quote)
    assert stale.as_of == new_york(WEEK[0])
    held.mend_quotes("VTI")
    fresh = held.quote("VTI", new_york(WEEK[1]))
    assert isinstance(fresh, Quote)
    assert fresh.as_of == new_york(WEEK[1])


def test_prices_answer_for_every_symbol_asked_at_the_time_of_the_clock() -> None:
    clock = HandClock(new_york(WEEK[1]))
    prices: Prices = SimulatedPrices(market(), clock)
    quotes = prices.quotes(["VTI", "NOSUCH"])
    assert isinstance(quotes["VTI"], Quote)
    assert isinstance(quotes["NOSUCH"], RefusedPrice)
    assert quotes["VTI"].as_of == clock.at


def test_an_event_on_a_day_that_is_no_session_is_refused() -> None:
    event = QuoteFault(session=date(2024, 3, 9), symbol="VTI", fault=PriceFault.STALE)
    with pytest.raises(ValueError, match="2024-03-09 is no session"):
        market(events=(event,))
