"""The translation of the wire, without a wire."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.alpaca import activities, wire
from brokers.alpaca.wire import Row, Unreadable
from portfolio.instruments import AssetClass
from portfolio.memory import FlowKind
from portfolio.orders import OrderStatus, Side
from tests.support.alpaca_parts import CLIENT_ORDER_ID, intent
from tests.support.alpaca_server import written


@pytest.mark.parametrize("text", ['"0.100000000000000000001"', "0.100000000000000000001"])
def test_a_number_keeps_every_digit_whether_it_comes_as_text_or_as_a_number(text: str) -> None:
    row = wire.row("thing", wire.exact_json(f'{{"qty": {text}}}'))
    assert row.number("qty") == Decimal("0.100000000000000000001")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "lots", "", "1,5", True, None, [], 0.5])
def test_what_is_no_number_is_not_taken_for_one(value: object) -> None:
    with pytest.raises(Unreadable, match="field qty"):
        Row("order", {"id": "a1", "qty": value}).number("qty")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": NaN}'])
def test_json_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        wire.exact_json(text)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-10-08T15:10:18Z", 0),
        ("2026-10-08T15:10:18.5Z", 500_000),
        ("2026-10-08T15:10:18.0952164Z", 95_216),
        ("2026-10-08T15:10:18.094153596Z", 94_153),
        ("2026-10-08T15:10:18.999999999Z", 999_999),
        ("2026-10-08T11:10:18.094153596-04:00", 94_153),
    ],
)
def test_an_instant_of_up_to_nine_decimals_is_cut_to_the_microsecond(
    text: str, microsecond: int
) -> None:
    assert wire.instant(text) == datetime(2026, 10, 8, 15, 10, 18, microsecond, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-10-08T15:10:18", "yesterday", "2026-13-08T15:10:18Z"])
def test_an_instant_without_a_zone_or_a_meaning_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="submitted_at"):
        Row("order", {"submitted_at": text}).instant("submitted_at")


def test_our_order_is_a_body_of_strings() -> None:
    assert wire.order_body(CLIENT_ORDER_ID, intent(quantity="12.50", limit="321.10")) == {
        "symbol": "VTI",
        "qty": "12.5",
        "side": "buy",
        "type": "limit",
        "time_in_force": "day",
        "client_order_id": CLIENT_ORDER_ID,
        "limit_price": "321.1",
    }


def test_a_market_order_names_no_price() -> None:
    body = wire.order_body(CLIENT_ORDER_ID, intent(limit=None, side=Side.SELL))
    assert body["type"] == "market"
    assert "limit_price" not in body


@pytest.mark.parametrize("limit", ["290.129", "1.001", "0.12345", "0", "-1"])
def test_a_limit_between_two_ticks_or_not_above_zero_is_not_sent(limit: str) -> None:
    with pytest.raises(ValueError, match=r"sub-penny|no limit"):
        wire.order_body("x", intent(limit=limit))


@pytest.mark.parametrize(("limit", "sent"), [("290.10", "290.1"), ("0.1234", "0.1234"), ("1", "1")])
def test_a_limit_on_its_tick_goes_out_in_its_shortest_form(limit: str, sent: str) -> None:
    assert wire.order_body("x", intent(limit=limit))["limit_price"] == sent


@pytest.mark.parametrize("quantity", ["0.1234567899", "0.0000000009", "0", "-1"])
def test_a_quantity_that_would_be_cut_off_is_not_sent(quantity: str) -> None:
    """Alpaca cuts the tenth place without a word; then its order is not the one we wrote down."""
    with pytest.raises(ValueError, match=r"no order|nine places"):
        wire.order_body("x", intent(quantity=quantity))


def test_a_quantity_goes_out_without_an_exponent() -> None:
    assert wire.order_body("x", intent(quantity="1E+2"))["qty"] == "100"
    assert wire.order_body("x", intent(quantity="1E-9"))["qty"] == "0.000000001"


@given(st.decimals(min_value="0.000000001", max_value="99999999", places=9))
def test_any_quantity_of_nine_places_arrives_as_it_was_meant(quantity: Decimal) -> None:
    sent = json.loads(json.dumps(wire.order_body("x", intent(quantity=str(quantity)))))["qty"]
    assert Decimal(sent) == quantity
    assert "E" not in sent
    assert not (("." in sent) and sent.endswith(("0", ".")))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *[(w, OrderStatus.OPEN) for w in ("new", "accepted", "pending_new", "partially_filled")],
        *[(w, OrderStatus.OPEN) for w in ("done_for_day", "stopped", "suspended", "calculated")],
        *[(w, OrderStatus.OPEN) for w in ("held", "pending_replace", "accepted_for_bidding")],
        ("pending_review", OrderStatus.OPEN),
        ("pending_cancel", OrderStatus.PENDING_CANCEL),
        ("filled", OrderStatus.FILLED),
        ("canceled", OrderStatus.CANCELED),
        ("expired", OrderStatus.EXPIRED),
        ("rejected", OrderStatus.REJECTED),
        ("replaced", OrderStatus.REPLACED),
        ("cancelled", OrderStatus.UNKNOWN),
        ("teleported", OrderStatus.UNKNOWN),
    ],
)
def test_only_the_five_ends_are_terminal_and_a_new_word_is_unknown(
    word: str, status: OrderStatus
) -> None:
    assert wire.order_status(word) is status


def test_an_order_by_amount_has_no_quantity_even_when_filled() -> None:
    order = wire.order(wire.row("order", written("order_by_amount")))
    assert order.quantity is None
    assert order.filled_quantity == Decimal("0.078125")
    assert order.filled_average_price == 320
    assert order.limit_price is None
    assert order.submitted_at == datetime(2026, 10, 8, 15, 10, 18, 94_153, tzinfo=UTC)


def test_an_unknown_status_in_a_list_does_not_lose_the_list() -> None:
    orders = wire.orders(wire.exact_json(json.dumps(written("orders_with_strangers"))))
    assert [(o.broker_order_id, o.status, o.raw_status) for o in orders] == [
        ("a1", OrderStatus.OPEN, "partially_filled"),
        ("a2", OrderStatus.UNKNOWN, "waiting_for_the_tide"),
        ("a3-1", OrderStatus.OPEN, "new"),
        ("a3-2", OrderStatus.PENDING_CANCEL, "pending_cancel"),
    ]


def test_numbers_of_an_order_may_come_without_quotes() -> None:
    order = wire.orders(wire.exact_json(json.dumps(written("orders_with_strangers"))))[0]
    assert (order.quantity, order.filled_quantity) == (Decimal(10), Decimal("2.5"))
    assert (order.limit_price, order.filled_average_price) == (Decimal("72.8"), Decimal("72.81"))


@pytest.mark.parametrize("field", ["id", "status", "symbol", "side", "submitted_at"])
def test_an_order_that_lacks_what_matters_is_not_guessed(field: str) -> None:
    body = written("order_new")
    assert isinstance(body, dict)
    body |= {field: None, "created_at": None}
    with pytest.raises(Unreadable, match=field):
        wire.order(wire.row("order", body))


def test_a_position_is_sized_by_what_is_available() -> None:
    vti, bnd, gme = (wire.position(r) for r in wire.rows("position", written("positions")))
    assert vti.quantity == Decimal("123.456789012")
    assert vti.available == 100
    assert vti.average_cost == Decimal("241.123456")
    assert bnd.quantity == bnd.available == 280
    assert gme.quantity == -3
    assert gme.available == 0
    assert gme.average_cost is None


def test_the_account_never_counts_credit_as_cash() -> None:
    account = wire.account(wire.row("account", written("account")))
    assert account.number == "PA3TRIMTAB01"
    assert account.cash == Decimal("40210.37")
    assert account.settled_cash == Decimal("40110.11")
    assert account.equity == Decimal("100123.4567")
    assert account.blocked == ""
    assert account.lends


@pytest.mark.parametrize(
    ("multiplier", "lends"), [("1", False), (1, False), ("2", True), ("4", True), (None, True)]
)
def test_an_account_without_credit_is_taken_for_a_cash_account(
    multiplier: object, lends: bool
) -> None:
    body = written("account")
    assert isinstance(body, dict)
    assert wire.account(wire.row("account", body | {"multiplier": multiplier})).lends is lends


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "ACCOUNT_CLOSED_PENDING"}, "status is ACCOUNT_CLOSED_PENDING"),
        ({"account_blocked": True}, "the account is blocked"),
        ({"trading_blocked": True}, "trading is blocked"),
        ({"trade_suspended_by_user": True}, "suspended by the account's owner"),
        ({"currency": "EUR"}, "in EUR"),
    ],
)
def test_an_account_that_may_not_trade_says_why(change: dict[str, object], reason: str) -> None:
    body = written("account")
    assert isinstance(body, dict)
    assert reason in wire.account(wire.row("account", body | change)).blocked


def test_two_blockers_are_both_told() -> None:
    body = written("account")
    assert isinstance(body, dict)
    row = wire.row("account", body | {"trading_blocked": True, "account_blocked": True})
    assert wire.account(row).blocked == "the account is blocked; trading is blocked"


def test_an_asset_tells_how_it_trades_and_not_what_it_invests_in() -> None:
    vti = wire.instrument(wire.row("asset", written("asset_vti")))
    assert (vti.tradable, vti.fractionable, vti.is_fund) == (True, True, True)
    assert vti.asset_class is AssetClass.OTHER
    berkshire = wire.instrument(wire.row("asset", written("asset_inactive")))
    assert (berkshire.tradable, berkshire.fractionable, berkshire.is_fund) == (False, False, False)


def test_calendar_times_are_those_of_new_york_in_winter_summer_and_on_short_days() -> None:
    winter, short, summer = (wire.session(r) for r in wire.rows("day", written("calendar")))
    assert winter.opens_at == datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
    assert short.closes_at == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    assert summer.opens_at == datetime(2026, 7, 6, 13, 30, tzinfo=UTC)
    assert summer.closes_at == datetime(2026, 7, 6, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "amount", "kind"),
    [
        ("CSD", "1", FlowKind.DEPOSIT),
        ("CSW", "-1", FlowKind.WITHDRAWAL),
        ("JNLC", "1", FlowKind.DEPOSIT),
        ("JNLC", "-1", FlowKind.WITHDRAWAL),
        ("ACATC", "5", FlowKind.DEPOSIT),
        ("DIV", "1", FlowKind.DIVIDEND),
        ("DIVROC", "1", FlowKind.RETURN_OF_CAPITAL),
        ("CGD", "1", FlowKind.DIVIDEND),
        ("DIVFEE", "-1", FlowKind.FEE),
        ("INT", "1", FlowKind.INTEREST),
        ("INTNRA", "-1", FlowKind.INTEREST),
        ("FEE", "-1", FlowKind.FEE),
        ("PTC", "-1", FlowKind.FEE),
        ("SPLIT", "0", FlowKind.SPLIT),
        ("SSP", "0", FlowKind.SPLIT),
        ("SPIN", "0", FlowKind.CORPORATE_ACTION),
        ("JNLS", "0", FlowKind.OTHER),
        ("MOONDUST", "1", FlowKind.OTHER),
    ],
)
def test_each_kind_of_activity_has_its_meaning(code: str, amount: str, kind: FlowKind) -> None:
    assert activities.flow_kind(code, Decimal(amount)) is kind


def test_a_withdrawal_leaves_the_account_however_it_is_signed() -> None:
    row = Row("activity", {"activity_type": "CSW", "id": "1", "date": "2026-10-01"})
    for amount in ("40", "-40"):
        flow = activities.flow(Row("activity", {**row.fields, "net_amount": amount}), "brokerage")
        assert flow is not None
        assert flow.amount == -40


def test_a_split_without_both_rates_has_no_ratio() -> None:
    row = {"activity_type": "SPLIT", "id": "1", "date": "2026-10-01", "symbol": "GME"}
    flow = activities.flow(Row("activity", row), "brokerage")
    assert flow is not None
    assert flow.ratio is None
    detailed = activities.flow(
        Row("activity", row | {"details": {"old_rate": "10", "new_rate": "1"}}), "brokerage"
    )
    assert detailed is not None
    assert detailed.ratio == Decimal("0.1")


@pytest.mark.parametrize("change", [{"qty": "0"}, {"price": "0"}, {"price": "-1"}, {"side": "up"}])
def test_a_fill_of_nothing_or_for_nothing_is_not_booked(change: dict[str, str]) -> None:
    (first, *_) = wire.rows("activity", written("fills"))
    with pytest.raises(Unreadable, match=next(iter(change))):
        activities.fill(Row("activity", {**first.fields, **change}), "brokerage")


@pytest.mark.parametrize(
    "change", [{"date": "the 4th"}, {"open": "half past nine"}, {"close": None}, {"date": 20261125}]
)
def test_a_calendar_row_that_cannot_be_read_is_not_guessed(change: dict[str, object]) -> None:
    (first, *_) = wire.rows("day", written("calendar"))
    with pytest.raises(Unreadable, match=next(iter(change))):
        wire.session(Row("day", {**first.fields, **change}))


def test_a_truth_value_that_is_a_word_is_not_taken_for_one() -> None:
    body = written("account")
    assert isinstance(body, dict)
    with pytest.raises(Unreadable, match="trading_blocked holds 'no'"):
        wire.account(wire.row("account", body | {"trading_blocked": "no"}))
