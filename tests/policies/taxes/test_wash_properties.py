"""What holds of wash sales in any history: nothing vanishes, nothing is counted twice."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from policies.taxes.events import Acquired, Sold, TaxEvent
from policies.taxes.ledger import TaxBook, replay
from policies.taxes.wash import Tack, TaxAccount, TaxHousehold, WashRules
from portfolio.lots import Lot
from portfolio.money import ZERO, Money, Quantity, exact_arithmetic
from tests.support.unit_shares import Shares

GROUPS = {"SPY": "SP500", "VOO": "SP500"}
FAMILY = TaxHousehold(
    accounts={"T": TaxAccount(), "S": TaxAccount(spouse=True), "IRA": TaxAccount(taxable=False)},
    groups=GROUPS,
)
BEGIN = date(2025, 1, 1)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
THOUSAND = settings(max_examples=1000, deadline=None, suppress_health_check=SLOW)
MANY = settings(max_examples=200, deadline=None, suppress_health_check=SLOW)


@dataclass(frozen=True)
class Trade:
    day: int
    account: str
    symbol: str
    units: int
    price: int
    is_sale: bool


TRADES = st.lists(
    st.builds(
        Trade,
        day=st.integers(0, 100),
        account=st.sampled_from(["T", "T", "S", "IRA"]),
        symbol=st.sampled_from(["SPY", "SPY", "VOO", "VTI"]),
        units=st.integers(1, 9),
        price=st.integers(50, 150),
        is_sale=st.booleans(),
    ),
    min_size=2,
    max_size=14,
)


def possible(trades: list[Trade]) -> list[Trade]:
    """In order of time, sales cut to what is held."""
    held: dict[tuple[str, str], int] = {}
    kept = []
    for trade in sorted(trades, key=lambda t: t.day):
        key = (trade.account, trade.symbol)
        units = min(trade.units, held.get(key, 0)) if trade.is_sale else trade.units
        if units:
            held[key] = held.get(key, 0) + (-units if trade.is_sale else units)
            kept.append(Trade(trade.day, *key, units, trade.price, trade.is_sale))
    return kept


def facts(trades: list[Trade], scale: Decimal = Decimal(1)) -> list[TaxEvent]:
    events: list[TaxEvent] = []
    for number, trade in enumerate(trades):
        on = BEGIN + timedelta(days=trade.day)
        units, money = trade.units * scale, Money(trade.units * trade.price * scale)
        if trade.is_sale:
            events.append(
                Sold(
                    on=on,
                    sale=f"S{number}",
                    account=trade.account,
                    symbol=trade.symbol,
                    quantity=Quantity(units),
                    proceeds=money,
                )
            )
        else:
            lot = Lot(
                lot_id=f"B{number}",
                symbol=trade.symbol,
                quantity=Quantity(units),
                acquired_on=on,
                basis=money,
                account=trade.account,
            )
            events.append(Acquired(on=on, lot=lot))
    return events


def sums(book: TaxBook) -> tuple[Decimal, Decimal, Decimal]:
    """Recognised, disallowed, lost for good."""
    return (
        sum((p.recognised or ZERO for p in book.slices), ZERO),
        sum((p.disallowed for p in book.slices), ZERO),
        sum((p.permanently_lost for p in book.slices), ZERO),
    )


def near(found: Decimal, exact: Fraction) -> bool:
    """To the eighteen places of a division."""
    return abs(Fraction(found) - exact) < Fraction(1, 10**14)


@THOUSAND
@given(TRADES)
def test_the_ledger_agrees_with_a_share_by_share_reading_of_the_law(wished: list[Trade]) -> None:
    trades = possible(wished)
    plain = Shares(untaxed=frozenset({"IRA"}), groups=GROUPS)
    for number, trade in enumerate(trades):
        on, money = BEGIN + timedelta(days=trade.day), Fraction(trade.units * trade.price)
        if trade.is_sale:
            plain.sell(trade.account, trade.symbol, on, trade.units, money)
        else:
            plain.buy(trade.account, trade.symbol, on, number, trade.units, money)
    book = replay(facts(trades), FAMILY)
    recognised, disallowed, lost = sums(book)
    assert near(recognised, plain.recognised)
    assert near(disallowed, plain.disallowed)
    assert near(lost, plain.lost)
    for place in {(lot.account, lot.symbol) for lot in book.lots}:
        lots = book.lots_of(*place)
        shares = [s for s in plain.held if (s.account, s.symbol) == place]
        assert sum(lot.quantity for lot in lots) == len(shares)
        assert near(
            sum((lot.basis or ZERO for lot in lots), ZERO),
            sum((s.cost for s in shares), Fraction(0)),
        )
        tacked = sum(lot.quantity * lot.tacked_days for lot in lots)
        assert tacked == sum(s.tacked for s in shares)


EVERY_READING = st.builds(
    WashRules,
    older_shares_replace=st.booleans(),
    tack=st.sampled_from(Tack),
    same_day_orders_are_separate=st.booleans(),
    replacement_must_be_held=st.booleans(),
    one_order_washes_itself=st.booleans(),
)


@MANY
@given(TRADES, st.integers(1, 10**9), EVERY_READING)
@example(
    [Trade(0, "T", "SPY", 3, 100, False), Trade(1, "T", "SPY", 1, 50, True)],
    333_333_333,
    WashRules(),
)
def test_recognised_is_raw_profit_with_what_is_deferred_and_what_is_lost(
    wished: list[Trade], billionths: int, rules: WashRules
) -> None:
    """Exactly, to the last digit, also of odd fractions of shares, however the law is read."""
    scale = Decimal(billionths).scaleb(-9)
    trades = possible(wished)
    book = replay(facts(trades, scale), replace(FAMILY, rules=rules))
    with exact_arithmetic():
        taxed = [t for t in trades if t.account != "IRA"]
        cash = sum((t.units * t.price * scale * (1 if t.is_sale else -1) for t in taxed), ZERO)
        open_lots = [lot for lot in book.lots if lot.account != "IRA"]
        kept = sum((lot.cost_before_washes or ZERO for lot in open_lots), ZERO)
        deferred = sum((lot.basis or ZERO for lot in open_lots), ZERO) - kept
        recognised, _, lost = sums(book)
        raw = cash + kept
        in_sold = sum(
            ((p.lot.cost_before_washes or ZERO) - (p.lot.basis or ZERO) for p in book.slices), ZERO
        )
        assert recognised == raw + deferred + lost
        assert recognised >= raw
        assert sum((p.gain or ZERO for p in book.slices), ZERO) == raw + in_sold
    assert not book.notes


@MANY
@given(TRADES)
def test_no_more_is_disallowed_than_was_lost_and_no_share_replaces_twice(
    wished: list[Trade],
) -> None:
    trades = possible(wished)
    book = replay(facts(trades), FAMILY)
    for piece in book.slices:
        assert piece.gain is not None
        assert 0 <= piece.permanently_lost <= piece.disallowed <= max(ZERO, -piece.gain)
        assert piece.gain < 0 or piece.disallowed == 0
    bought = {f"B{n}": t.units for n, t in enumerate(trades) if not t.is_sale}
    used: dict[str, Decimal] = {}
    for lot in (*book.lots, *(p.lot for p in book.slices)):
        if lot.is_replacement:
            used[lot.order] = used.get(lot.order, ZERO) + lot.quantity
    assert all(units <= bought[order] for order, units in used.items())
    lost_units = sum(p.lot.quantity for p in book.slices if p.gain is not None and p.gain < 0)
    open_units = sum(loss.quantity for loss in book.open_losses)
    assert sum(used.values(), ZERO) <= lost_units - open_units


@MANY
@given(TRADES)
def test_without_a_purchase_in_the_window_nothing_is_disallowed(wished: list[Trade]) -> None:
    """All purchases first, on days of their own long before the sales."""
    buys = [t for t in wished if not t.is_sale]
    later = [
        Trade(t.day + 131, t.account, t.symbol, t.units, t.price, True) for t in wished if t.is_sale
    ]
    book = replay(facts(possible([*buys, *later])), FAMILY)
    assert sums(book)[1:] == (0, 0)


@MANY
@given(st.integers(1, 20), st.integers(1, 20), st.integers(10, 200), st.integers(10, 200), TRADES)
def test_a_replacement_in_the_ira_never_lowers_what_is_recognised(
    units: int, bought: int, cost: int, price: int, rest: list[Trade]
) -> None:
    """The same history with the rebuy in the IRA; its shares are not sold in either."""

    def recognised(account: str) -> Decimal:
        trades = [
            Trade(0, "T", "SPY", units, cost, False),
            Trade(40, "T", "SPY", units, price, True),
            Trade(50, account, "VOO", bought, price, False),
        ]
        more = [t for t in rest if t.symbol == "VTI"]
        return sums(replay(facts(possible([*trades, *more])), FAMILY))[0]

    assert recognised("IRA") >= recognised("T")
