"""What a good configuration means: units, bands, cash, defaults, paths, digest."""

import dataclasses
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from config.defaults_table import defaults_table
from config.lot_rules import shipped_groups
from config.models import Document
from config.read import read_settings
from config.settings import Channel, Mode
from policies.concentration import ConcentrationRule
from policies.dates import Period
from policies.limit_rule import Limits
from policies.policy import Policy, Stop
from policies.taxes.guards import LotRule
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import AccountKind, Autonomy
from portfolio.money import ONE, Weight
from portfolio.target import Band, BandRule
from tests.support.configurations import SMALLEST, changed, refused, settings

ROOT = Path(__file__).parents[2]

EVERYTHING = """
[[instruments]]
symbol = "BND"
lock = "do_not_sell"
[rebalance]
look = "weekly, at open"
calendar = ["quarterly on day 15 from february", "weekly on friday"]
calendar_min_drift_points = 1.5
backstop = "monthly"
backstop_min_drift_points = 3
band_points = 4
band_relative_percent = 20
band_rule = "wider"
band_floor_points = 2
destination = "part way 75 %"
rest_sessions = 7
rest_override_bands = 1.5
min_improvement_percent = 30
minimum_trade_usd = 75.50
minimum_trade_percent = 0.1
cash_buffer_percent = 2
fractional = true
sells_allowed = false
limit_offset_percent = 0.25
proposal_hours = 12
run_sessions = 3
quiet_open_minutes = 7
quiet_close_minutes = 20
[dividends]
action = "hold"
[withdrawals]
action = "ask"
lead_days = 3
[deposits]
action = "ask"
fill = "relative"
wait_sessions = 2
ask_above_percent = 7
[prices]
max_age_seconds = 30
max_spread_percent = 1
max_jump_percent = 20
[limits]
max_order_usd = 25_000
max_order_percent = 11
max_plan_percent = 21
max_plan_legs = 16
max_position_sold_percent = 51
max_day_percent = 52
max_volume_percent = 2
max_limit_from_quote_percent = 0.9
max_price_from_close_percent = 9
max_orders_per_symbol_per_cycle = 3
max_orders_per_day = 61
max_requests_per_minute = 101
max_cycles_per_symbol_per_session = 4
max_cycles_per_day = 6
warn_single_holding_percent = 12
warn_sector_percent = 30
max_issuer_percent = 15
max_sector_percent = 35
[taxes]
short_term_percent = 35
long_term_percent = 15
ordinary_percent = 24
state_percent = 5
niit = true
year = 2026
realised_short_usd = -100
realised_long_usd = 200
carried_short_usd = 300
carried_long_usd = 400
gain_budget_usd = 10_000
tax_budget_usd = 2_000
budget_warn_percent = 90
planner = "exact"
exact_seconds = 20
destination_edge_percent = 80
drift_price_percent = 3
trading_cost_percent = 0.1
deferral_credit_percent = 10
long_term_only = true
plan_gain_usd = 5_000
plan_turnover_percent = 15
location_drag_percent = { BND = 1.4 }
location_years = 2
[harvest]
declared_all_accounts = 2026-01-02
min_loss_fund_percent = 3
min_loss_single_percent = 8
min_loss_usd = 200
benefit_over_cost = 12
later_rate_percent = 20
horizon_years = 15
discount_percent = 5
step_up_percent = 25
tracking_percent = 0.01
max_per_day = 2
max_day_percent = 5
hold_cash = true
switch_back = false
max_expense_gap_percent = 0.1
min_correlation = 0.98
partners = { VTI = ["ITOT"] }
expenses_percent = { ITOT = 0.03 }
[[holdings]]
name = "House"
value_usd = 400_000
as_of = 2026-01-31
counts_to = "bonds"
region = "United States"
[gifts]
adjusted_gross_income_usd = 200_000
itemises = false
marginal_percent = 24
carried_gifts_usd = 1_000
valid_days = 3
max_price_move_percent = 2
"""


def test_the_smallest_configuration_has_every_default_of_the_rooms() -> None:
    read = settings()
    household = TaxHousehold(accounts={"play": TaxAccount()}, groups=shipped_groups())
    known = read.policy.composition  # of the shipped table: see test_holdings
    assert read.policy == Policy(
        target=read.policy.target, lots=LotRule(household=household), composition=known
    )
    assert read.limits == Limits(concentration=ConcentrationRule(composition=known))
    assert read.mode is Mode.DRY_RUN
    assert read.accounts[0].autonomy is Autonomy.PROPOSE
    assert read.accounts[0].kind is AccountKind.TAXABLE
    assert read.policy.target.cash_weight == Decimal("0.005")
    assert read.notices.channels == (Channel.CONSOLE,)
    assert read.notices.amounts is False
    assert settings(changed('mode = "dry_run"', "")).mode is Mode.DRY_RUN


def test_every_setting_of_policy_and_limits_can_be_written_in_its_own_unit() -> None:
    read = settings(SMALLEST + EVERYTHING)
    policy = read.policy
    assert [rule.period for rule in policy.calendar] == [Period.QUARTERLY, Period.WEEKLY]
    assert {rule.min_drift for rule in policy.calendar} == {Decimal("0.015")}
    assert policy.backstop is not None
    assert policy.backstop.min_drift == Decimal("0.03")
    assert policy.default_band == Band(
        points=Weight(Decimal("0.04")),
        relative=Decimal("0.2"),
        rule=BandRule.WIDER,
        floor=Weight(Decimal("0.02")),
    )
    assert (policy.destination.stop, policy.destination.part) == (Stop.PART_WAY, Decimal("0.75"))
    assert policy.target.weights["stocks"] == Decimal("0.588")
    assert policy.minimum_trade.amount == Decimal("75.5")
    assert policy.minimum_trade.fraction == Decimal("0.001")
    assert policy.deposits.ask_above == Decimal("0.07")
    assert policy.prices.max_jump == Decimal("0.2")
    assert policy.limit_offset == Decimal("0.0025")
    assert read.limits.max_order == Decimal(25_000)
    for value, default in (
        (policy, settings().policy),
        (policy.deposits, settings().policy.deposits),
        (policy.prices, settings().policy.prices),
        (policy.minimum_trade, settings().policy.minimum_trade),
        (policy.tax_planning, settings().policy.tax_planning),
        (policy.harvest, settings().policy.harvest),
        (policy.gifts, settings().policy.gifts),
        (read.limits, Limits()),
    ):
        unchanged = [
            field.name
            for field in dataclasses.fields(value)
            if getattr(value, field.name) == getattr(default, field.name)
            and field.name not in ("fire", "buys_allowed")  # they exclude others: see test_fire
            # no setting, but what a look adds; of a cash slice, not of a buffer: see test_holdings
            and field.name not in ("weighing", "cash_floor")
        ]
        assert unchanged == []


def test_never_switches_the_backstop_off() -> None:
    assert settings(SMALLEST + '[rebalance]\nbackstop = "never"\n').policy.backstop is None


@pytest.mark.parametrize(
    ("lines", "half_width"),
    [
        ("", "0.04975"),  # the narrower of 5 points and a quarter of 39.8 %... 9.95: 5 points
        ("band_points = 5", "0.05"),
        ("band_points = 0.5", "0.005"),  # typed in, so no floor lifts it
        ("band_points = 0.5\nband_floor_points = 1", "0.01"),
        ("band_relative_percent = 10", "0.0398"),
        ("band_relative_percent = 1", "0.01"),  # the default floor
        ("band_points = 5\nband_relative_percent = 5", "0.0199"),
        ('band_points = 5\nband_relative_percent = 5\nband_rule = "wider"', "0.05"),
        ('band_rule = "wider"', "0.0995"),
    ],
)
def test_a_band_is_as_wide_as_it_is_typed(lines: str, half_width: str) -> None:
    policy = settings(changed('"BND"', f'"BND"\n{lines}')).policy
    width = policy.band_of("bonds").half_width(policy.target.weights["bonds"])
    assert width == (Decimal("0.05") if lines == "" else Decimal(half_width))


def test_naming_one_width_in_general_drops_the_default_of_the_other() -> None:
    points = settings(SMALLEST + "[rebalance]\nband_points = 3\n").policy.default_band
    assert (points.points, points.relative) == (Decimal("0.03"), None)
    relative = settings(SMALLEST + "[rebalance]\nband_relative_percent = 30\n").policy.default_band
    assert (relative.points, relative.relative) == (None, Decimal("0.3"))


def test_cash_named_as_a_slice_takes_the_place_of_the_buffer() -> None:
    target = settings(changed('symbol = "BND"', "cash = true")).policy.target
    assert target.cash_weight == Decimal("0.4")
    assert target.leaves == ("stocks", "bonds")


def test_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "core.toml"
    path.parent.mkdir()
    path.write_text(
        changed(
            '"simulated"',
            '"alpaca"\nkeys_file = "alpaca.keys"',
            f'state_dir = "/var/x"\n{SMALLEST}',
        )
        + '[notices]\nchannels = ["file"]\nfile = "../n.txt"\n[schedule]\nwatched_folder = "in"\n'
    )
    read = read_settings(path)
    assert read.alpaca["play"].keys_file == path.parent / "alpaca.keys"
    assert read.notices.file == path.parent / "../n.txt"
    assert read.schedule.watched_folder == path.parent / "in"
    assert read.state_dir == Path("/var/x")
    assert read.file == path


def test_zero_seconds_switch_the_price_poll_off() -> None:
    assert settings().schedule.price_poll == timedelta(minutes=1)
    text = SMALLEST + "[schedule]\nprice_poll_seconds = 0\ntick_seconds = 10\n"
    assert settings(text).schedule.price_poll is None
    assert settings(text).schedule.tick == timedelta(seconds=10)


def test_the_digest_is_over_the_meaning_not_the_text() -> None:
    same = changed("= 60", "= 60.00  # a comment", '# head\nstate_dir = "x"\n' + SMALLEST)
    base = settings('state_dir = "x"\n' + SMALLEST)
    assert settings(same).digest == base.digest
    assert settings(SMALLEST + "[rebalance]\nrest_sessions = 10\n").digest == settings().digest
    assert settings(SMALLEST + "[rebalance]\nrest_sessions = 11\n").digest != settings().digest


def test_the_text_for_the_journal_has_no_secret_even_in_comments() -> None:
    text = f"# PKABCDEFGHIJKLMNOP12, mailto://me:hunter2@example.com, {'aB3' * 14}\n" + SMALLEST
    told = settings(text).text_without_secrets
    assert told == "# (not shown), (not shown) (not shown)\n" + SMALLEST
    assert "PKABC" not in repr(settings(text))


def tenths(count: int) -> st.SearchStrategy[list[int]]:
    cuts = st.lists(st.integers(0, 1000), min_size=count - 1, max_size=count - 1).map(sorted)
    return cuts.map(lambda c: [b - a for a, b in zip([0, *c], [*c, 1000], strict=True)])


@given(st.integers(1, 20).flatmap(tenths), st.integers(0, 500))
def test_any_weights_that_sum_to_a_hundred_are_kept_exactly(
    weights: list[int], buffer: int
) -> None:
    text = SMALLEST.split("[[slices]]")[0] + "".join(
        f'[[slices]]\nname = "s{i}"\nsymbol = "S{i}"\nweight_percent = {Decimal(w) / 10}\n'
        for i, w in enumerate(weights)
    )
    target = settings(
        text + f"[rebalance]\ncash_buffer_percent = {Decimal(buffer) / 100}\n"
    ).policy.target
    rest = ONE - Decimal(buffer) / 10_000
    for i, weight in enumerate(weights):
        assert target.weights[f"s{i}"] == Decimal(weight) / 1000 * rest
    assert sum(target.weights[leaf] for leaf in target.leaves) == ONE


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=12))
def test_any_other_weights_are_refused_by_how_much_they_are_off(weights: list[int]) -> None:
    off = Decimal(sum(weights) - 1000) / 10
    assume(off != 0)
    text = SMALLEST.split("[[slices]]")[0] + "".join(
        f'[[slices]]\nname = "s{i}"\nsymbol = "S{i}"\nweight_percent = {Decimal(w) / 10}\n'
        for i, w in enumerate(weights)
    )
    (problem,) = refused(text)
    side = "much" if off > 0 else "little"
    assert f", {abs(off).normalize():f} % too {side}. " in problem


# The page of defaults


def test_the_page_of_defaults_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "defaults.md").read_text(encoding="utf-8")
    assert page == defaults_table(), "run: python -m config.defaults_table > docs/defaults.md"


def test_every_key_says_what_it_is_for() -> None:
    page = defaults_table()
    for name in Document.model_fields:
        assert f"`{name}`" in page or f"[{name}]" in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 80
    assert all(row.split(" | ")[-1].strip("| ") for row in rows)
