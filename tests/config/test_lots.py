"""Lots, wash sales, owners and identity groups in the configuration."""

from config.lot_rules import shipped_groups
from policies.taxes.wash import Tack, TaxAccount, WashRules
from portfolio.lots import ReliefMethod
from tests.support.configurations import SMALLEST, refused, settings

RATES = """
[taxes]
short_term_percent = 35
long_term_percent = 15
ordinary_percent = 24
"""


def test_the_guards_are_on_where_tax_rates_are_given_or_where_asked_for() -> None:
    assert not settings().policy.lots.guards
    assert settings(SMALLEST + RATES).policy.lots.guards
    assert not settings(SMALLEST + RATES + "[wash_sales]\nguards = false\n").policy.lots.guards
    assert settings(SMALLEST + "[wash_sales]\nguards = true\n").policy.lots.guards


def test_every_open_question_is_a_setting() -> None:
    text = """
[lots]
method = "hifo"
wait_days = 30
[wash_sales]
older_shares_replace = false
tack = "same_start"
same_day_orders_are_separate = false
spouse_ira_counts = false
shipped_groups = false
[identity_groups]
BIG = ["SPY", "VOO"]
"""
    rule = settings(SMALLEST + text).policy.lots
    assert (rule.method, rule.wait_days) == (ReliefMethod.HIFO, 30)
    assert rule.household.groups == {"SPY": "BIG", "VOO": "BIG"}
    assert rule.household.rules == WashRules(
        older_shares_replace=False,
        tack=Tack.SAME_START,
        same_day_orders_are_separate=False,
        spouse_ira_counts=False,
    )


def test_funds_on_one_index_are_one_group_and_partners_are_not() -> None:
    groups = shipped_groups()
    assert groups["SPY"] == groups["IVV"] == groups["VOO"] == groups["VFIAX"] == groups["FXAIX"]
    for one, other in (("VTI", "SCHB"), ("VTI", "ITOT"), ("VEA", "SCHF"), ("VNQ", "SCHH")):
        assert groups[one] != groups[other]


def test_another_owner_is_the_spouse_and_what_buys_by_itself_is_known() -> None:
    text = SMALLEST.replace(
        'broker = "simulated"',
        'broker = "simulated"\nkind = "tax_deferred"\nowner = "anna"\nbuys_itself = ["VTI"]',
    )
    read = settings(text)
    (account,) = read.accounts
    assert account.owner == "anna"
    assert read.policy.lots.household.accounts == {
        account.id: TaxAccount(taxable=False, spouse=True)
    }
    assert read.policy.lots.buys_itself == {account.id: ("VTI",)}


def test_a_symbol_in_two_groups_is_refused_with_its_place() -> None:
    (said,) = refused(SMALLEST + '[identity_groups]\nA = ["SPY"]\nB = ["SPY"]\n')
    assert "SPY is also in A" in said
