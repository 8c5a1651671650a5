"""Adopting what is held: slices that need no trade, and everything a person should know first."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.adopt import (
    UnknownBasis,
    percents,
    propose_slices,
    render_adoption,
    settings_for_looking,
)
from config.settings import Mode
from config.write import InitAnswers
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.accounts import AccountKind, Autonomy
from portfolio.drift import leaf_values, slice_drifts
from portfolio.instruments import AssetClass, Instrument
from portfolio.money import Quantity
from portfolio.snapshot import Snapshot
from tests.support.configurations import FILE, SMALLEST, settings
from tests.support.households import account, household, lot, quote

ANSWERS = InitAnswers(household="core", account="main", broker="alpaca", slices=())


def held(cash: str, **values: str) -> Snapshot:
    """Holdings worth so much, in units of one dollar."""
    return household(account(cash, values), quotes=tuple(quote(s, 1) for s in values))


def weights(snapshot: Snapshot) -> dict[str, Decimal]:
    return {s.name: s.weight_percent for s in propose_slices(snapshot).slices}


# Weights


def test_what_is_held_becomes_slices_largest_first_in_whole_percents() -> None:
    adoption = propose_slices(held("500", BND="35200", VTI="64300"))
    assert [(s.name, s.symbol, s.weight_percent) for s in adoption.slices] == [
        ("VTI", "VTI", 65),
        ("BND", "BND", 35),
    ]
    assert adoption.cash_buffer_percent == Decimal("0.5")
    assert adoption.managed_value == Decimal(100_000)


def test_a_slice_under_five_percent_brings_tenths() -> None:
    assert weights(held("0", VTI="66600", BND="30010", GLD="3390")) == {
        "VTI": Decimal("66.6"),
        "BND": Decimal("30.0"),
        "GLD": Decimal("3.4"),
    }


def test_cash_above_five_percent_is_a_slice_and_below_it_the_buffer() -> None:
    adoption = propose_slices(held("20000", VTI="80000"))
    assert [(s.name, s.cash, s.weight_percent) for s in adoption.slices] == [
        ("VTI", False, 80),
        ("cash", True, 20),
    ]
    assert adoption.cash_buffer_percent is None
    assert propose_slices(held("5000", VTI="95000")).cash_buffer_percent == Decimal("5.0")


def test_an_account_of_cash_alone_is_all_cash() -> None:
    assert weights(household(account(1000))) == {"cash": Decimal(100)}


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any),
    st.sampled_from(["1", "0.1", "0.01"]),
)
def test_percents_sum_to_exactly_a_hundred_and_are_within_one_step(
    values: list[int], step: str
) -> None:
    shares = percents([Decimal(v) for v in values], step=Decimal(step))
    assert sum(shares) == 100
    for value, share in zip(values, shares, strict=True):
        exact = Decimal(value) * 100 / sum(values)
        assert abs(share - exact) < Decimal(step)
        assert share % Decimal(step) == 0
    ordered = sorted(zip(values, shares, strict=True))
    assert all(a[1] <= b[1] for a, b in pairwise(ordered) if a[0] < b[0])


CLASSES = st.sampled_from([AssetClass.EQUITY, AssetClass.BOND, AssetClass.OTHER, None])


@given(
    st.lists(st.tuples(st.integers(1, 10**6), CLASSES), min_size=1, max_size=16),
    st.integers(0, 10**6),
)
def test_an_adopted_account_is_inside_every_band(
    holdings: list[tuple[int, AssetClass | None]], cash: int
) -> None:
    values = {f"S{i}": str(value) for i, (value, _) in enumerate(holdings)}
    snapshot = household(
        account(cash, values),
        quotes=tuple(quote(s, 1) for s in values),
        instruments=tuple(
            Instrument(symbol=f"S{i}", asset_class=kind)
            for i, (_, kind) in enumerate(holdings)
            if kind is not None
        ),
    )
    adoption = propose_slices(snapshot)
    policy: Policy = settings(render_adoption(adoption, ANSWERS)).policy
    found = leaf_values(snapshot, policy.target)
    assert found is not None
    target = policy.target
    widths = [policy.band_of(s.name).half_width(target.weights[s.name]) for s in target.slices]
    for drift in slice_drifts(found, target, widths):
        assert abs(drift.drift) < drift.half_width, drift


# Groups


def test_known_classes_make_groups_and_a_group_of_one_is_called_by_its_symbol() -> None:
    snapshot = household(
        account(0, {"VTI": "40", "VEA": "20", "BND": "30", "GLD": "10"}),
        quotes=tuple(quote(s, 1) for s in ("VTI", "VEA", "BND", "GLD")),
        instruments=(
            Instrument(symbol="VTI", asset_class=AssetClass.EQUITY),
            Instrument(symbol="VEA", asset_class=AssetClass.REAL_ESTATE),
            Instrument(symbol="BND", asset_class=AssetClass.BOND),
        ),
    )
    adoption = propose_slices(snapshot)
    assert [(s.name, s.parent, s.weight_percent) for s in adoption.slices] == [
        ("stocks", None, 60),
        ("VTI", "stocks", 67),
        ("VEA", "stocks", 33),
        ("BND", None, 30),
        ("GLD", None, 10),
    ]


def test_without_classes_there_are_no_groups() -> None:
    assert set(weights(held("0", A="1", B="1", C="1"))) == {"A", "B", "C"}


# What stays outside


def test_holdings_left_out_are_in_no_slice_and_say_why() -> None:
    snapshot = household(
        account(
            0, {"VTI": "100000", "GME": "10", "DUST": "20", "OLD": "5", "OFF": "7", "SH": "-3"}
        ),
        quotes=tuple(quote(s, 1) for s in ("VTI", "GME", "DUST", "OFF", "SH")),
        instruments=(Instrument(symbol="OFF", tradable=False),),
    )
    adoption = propose_slices(snapshot, leave=["GME", "NONE"])
    assert [s.symbol for s in adoption.slices] == ["VTI"]
    assert [(item.symbol, item.reason) for item in adoption.left] == [
        ("DUST", "it is under 0.05 % of the whole"),
        ("GME", "you asked for it"),
        ("OFF", "the broker does not trade it"),
        ("OLD", "it has no price"),
        ("SH", "it is sold short"),
    ]
    assert adoption.warnings == (
        "NONE was to be left out and is not held; held are DUST, GME, OFF, OLD, SH and VTI.",
    )
    assert adoption.managed_value == Decimal(100_000)


def test_an_account_with_nothing_for_a_slice_is_refused() -> None:
    for snapshot in (household(account(0)), held("0", GME="10")):
        with pytest.raises(
            ValueError, match="the account holds nothing that could stand in a slice"
        ):
            propose_slices(snapshot, leave=["GME"])


# What to know first


def test_lots_of_unknown_basis_are_marked_where_tax_makes_it_matter() -> None:
    taxable = account(0, {"VTI": "10", "BND": "5"}, lots=(lot("VTI", 4), lot("BND", 5)))
    ira = account(0, {"VTI": "3"}, name="ira", kind=AccountKind.TAX_DEFERRED, lots=())
    snapshot = household(taxable, ira, quotes=(quote("VTI", 100), quote("BND", 100)))
    adoption = propose_slices(snapshot)
    assert adoption.unknown_basis == (
        UnknownBasis(account="main", symbol="VTI", quantity=Quantity(Decimal(6)), taxable=True),
        UnknownBasis(account="ira", symbol="VTI", quantity=Quantity(Decimal(3)), taxable=False),
    )
    assert adoption.slices[0].note == (
        '6 units in "main" have no known cost and date: they are not sold.\n'
        '3 units in "ira" have no known cost and date: the account is not taxed, '
        "so it does not matter."
    )


def test_a_slice_under_the_minimum_trade_is_named() -> None:
    adoption = propose_slices(held("0", VTI="900", BND="40"))
    assert adoption.warnings == (
        (
            "BND is worth 40.00 USD, less than the minimum trade of 50.00 USD: "
            "it would hardly ever be traded. Consider leaving it out."
        ),
    )


def test_what_lies_beyond_a_limit_is_named() -> None:
    snapshot = household(
        account(0, {"AAPL": "300", "VTI": "600", "THIN": "100"}),
        quotes=(quote("AAPL", 1), quote("VTI", 1, volume=None), quote("THIN", 1, volume="5000")),
        instruments=(
            Instrument(symbol="AAPL", asset_class=AssetClass.EQUITY),
            Instrument(symbol="VTI", asset_class=AssetClass.EQUITY, is_fund=True),
        ),
    )
    adoption = propose_slices(snapshot, limits=Limits(max_plan_legs=2))
    assert adoption.warnings == (
        (
            "3 symbols are more than the 2 orders of one plan: "
            "a plan that touches them all is referred to you."
        ),
        "VTI has no known volume: every order in it is referred to you.",
        "AAPL is a single stock and 30.0 % of the whole, above 10 %.",
        (
            "THIN: the 100 units held are more than 1 % of a day's volume: "
            "a large order in it is referred to you."
        ),
    )


def test_cash_that_is_owed_is_named() -> None:
    adoption = propose_slices(held("-250", VTI="1000"))
    assert adoption.cash_buffer_percent == 0
    assert adoption.warnings == (
        '"main" owes 250.00 USD in cash: the first plan would sell to pay it back.',
    )


# The configuration


def fourteen() -> Snapshot:
    values = {f"F{i:02}": str(1000 * (i + 1)) for i in range(14)}
    known = tuple(lot(s, v) for s, v in values.items() if s != "F13")
    return household(account("1000", values, lots=known), quotes=tuple(quote(s, 1) for s in values))


def test_fourteen_holdings_three_left_out_and_one_of_unknown_basis_are_adopted() -> None:
    adoption = propose_slices(fourteen(), leave=["F00", "F05", "F12"])
    text = render_adoption(adoption, ANSWERS)
    read = settings(text)
    assert read.mode is Mode.DRY_RUN
    assert read.accounts[0].autonomy is Autonomy.PROPOSE
    assert len(read.policy.target.symbols) == 11
    assert not set(read.policy.target.symbols) & {"F00", "F05", "F12"}
    assert "#   F05: you asked for it" in text
    assert (
        '[[slices]]\n# 14000 units in "main" have no known cost and date: they are not sold.\n'
        'name = "F13"\n'
    ) in text


def test_adoption_into_existing_settings_keeps_everything_but_slices_and_mode() -> None:
    before = settings(
        SMALLEST.replace('"dry_run"', '"paper"').replace(
            '"simulated"', '"simulated"\nautonomy = "auto"'
        )
        + "[rebalance]\nrest_sessions = 7\n[limits]\nmax_order_usd = 9_000\n"
        '[[simulation.events]]\non = 2008-01-02\nkind = "deposit"\namount_usd = 10.5\n'
    )
    adoption = propose_slices(held("100", ABC="50000", XYZ="49900"))
    after = settings(render_adoption(adoption, before))
    assert after.mode is Mode.DRY_RUN
    assert after.accounts == before.accounts
    assert after.limits == before.limits
    assert after.policy.rest_sessions == 7
    assert after.policy.target.symbols == ("ABC", "XYZ")
    assert after.policy.target.cash_weight == Decimal("0.001")
    assert after.simulation == before.simulation


def test_an_account_can_be_looked_at_before_there_is_a_target() -> None:
    read = settings_for_looking(ANSWERS, file=FILE)
    assert read.mode is Mode.DRY_RUN
    assert read.policy.target.symbols == ()
    assert read.alpaca["main"].keys_file is None
