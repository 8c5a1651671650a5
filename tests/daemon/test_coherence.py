"""Cash, holdings and prices must add up to what the broker says the account is worth."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.settings import Reconciling
from daemon.observe import check_equity, observe
from policies.policy import Policy
from portfolio.money import Money, Price
from portfolio.ports import BrokerAccount, Unavailable
from portfolio.snapshot import Snapshot
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, sixty_forty


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """600 STK and 400 BND, both at 100, no cash."""
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.go_to(DAYS[1])
    return rig


def told(amount: str) -> dict[str, Money]:
    return {"main": Money(Decimal(amount))}


def with_quote_of(symbol: str, snapshot: Snapshot, **changes: object) -> Snapshot:
    quote = replace(snapshot.quotes[symbol], **changes)  # type: ignore[arg-type]
    return replace(snapshot, quotes={**snapshot.quotes, symbol: quote})


@pytest.mark.parametrize(
    ("equity", "fits"),
    [
        ("100000", True),
        # Half a percent of what is told, and of 1,000 units half a spread of two cents: 20.
        ("100522.61", True),
        ("100522.62", False),
        ("99482.59", True),
        ("99482.58", False),
    ],
)
def test_half_a_percent_and_half_the_spreads_are_the_most_that_may_be_between(
    rig: Rig, equity: str, fits: bool
) -> None:
    snapshot = observe(rig.house)
    for symbol in ("STK", "BND"):
        bid, ask = Price(Decimal("99.98")), Price(Decimal("100.02"))
        snapshot = with_quote_of(symbol, snapshot, bid=bid, ask=ask)
    if fits:
        check_equity(rig.house, snapshot, told(equity))
        return
    with pytest.raises(Unavailable, match=rf"main tells an equity of {equity}.*worth 100000\.00"):
        check_equity(rig.house, snapshot, told(equity))


def test_the_share_is_a_setting(rig: Rig) -> None:
    rig.house.reconciling = Reconciling(max_doubt=Decimal("0.02"))
    check_equity(rig.house, observe(rig.house), told("102000"))
    with pytest.raises(Unavailable):
        check_equity(rig.house, observe(rig.house), told("102100"))


def test_a_holding_without_a_good_quote_leaves_the_worth_open_and_the_others_go_on(
    rig: Rig,
) -> None:
    snapshot = observe(rig.house)
    old = with_quote_of("STK", snapshot, as_of=snapshot.as_of - timedelta(seconds=61))
    check_equity(rig.house, old, told("150000"))
    edge = with_quote_of("STK", snapshot, as_of=snapshot.as_of - timedelta(seconds=60))
    with pytest.raises(Unavailable):
        check_equity(rig.house, edge, told("150000"))


def test_outside_a_session_quotes_and_equity_may_drift_apart(rig: Rig) -> None:
    closed = replace(observe(rig.house), is_open=False)
    check_equity(rig.house, closed, told("150000"))


def test_a_price_that_stands_still_beside_an_account_that_moves_is_not_traded_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frozen quote beside moving trades: fresh by its stamp, and wrong."""
    snapshot = observe(rig.house)
    frozen = with_quote_of("STK", snapshot, bid=Price(Decimal(110)), ask=Price(Decimal(110)))
    monkeypatch.setattr(rig.house.prices, "quotes", lambda _symbols: dict(frozen.quotes))
    with pytest.raises(Unavailable, match=r"100000\.00, .* are worth 106000\.00"):
        rig.look()
    assert not rig.journal.cycles(limit=1)


def test_half_an_answer_is_no_answer(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page of the holdings, and the equity of all of them."""
    whole: BrokerAccount = rig.broker.account()
    half = rig.broker.positions()[:1]
    monkeypatch.setattr(rig.broker, "positions", lambda: half)
    monkeypatch.setattr(rig.broker, "account", lambda: whole)
    with pytest.raises(Unavailable, match="apart, at most"):
        rig.look()
