"""Budgets of the tax year and the household's declaration, told once and cleared when they are over."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.taxes.turnover import turnover_of
from daemon.upkeep.tax_alarms import declaration_told, look_at_taxes
from policies.taxes.budgets import Budgets
from policies.taxes.harvest_rule import HarvestRule
from policies.taxes.household import HouseholdTaxes
from portfolio.events import SessionClosed
from portfolio.money import Money
from tests.support.harvests import DAYS, FELL, RATES, policy, rig_of
from tests.support.house import Rig
from tests.support.stories import finish


def alarms(rig: Rig) -> dict[tuple[str, str], str]:
    return {(a.name, a.scope): a.text for a in rig.journal.open_alarms()}


def budgeted(rig: Rig, **budgets: Decimal) -> None:
    taxes = HouseholdTaxes(rates=RATES, budgets=Budgets(**budgets))  # type: ignore[arg-type]
    rig.house.policy = replace(rig.house.policy, taxes=taxes)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 12, 2), ""),
        (date(2026, 12, 3), "ends in 30 days"),
        (date(2027, 1, 2), "ends in 0 days"),
        (date(2027, 1, 3), "Harvesting is off: the declaration of 2026-01-02 ended on 2027-01-02"),
    ],
)
def test_a_declaration_is_told_of_from_thirty_days_before_its_end(day: date, said: str) -> None:
    told = declaration_told(HarvestRule(declared_on=date(2026, 1, 2)), day)
    assert (told == "") if said == "" else (said in told)
    assert declaration_told(HarvestRule(), day) == ""


def test_the_declaration_is_told_once_and_cleared_when_it_is_renewed(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, policy(harvest=HarvestRule(declared_on=date(2025, 3, 10))))
    look_at_taxes(rig.house)
    look_at_taxes(rig.house)
    assert "ends in 8 days" in alarms(rig)["harvest declaration", ""]
    raised = [r for r in rig.journal.events("alarm") if r.event.name == "harvest declaration"]  # type: ignore[union-attr]
    assert len(raised) == 1
    rig.house.policy = replace(rig.house.policy, harvest=HarvestRule(declared_on=date(2026, 3, 2)))
    look_at_taxes(rig.house)
    assert alarms(rig) == {}


def test_a_tax_budget_is_told_once_and_cleared_when_it_is_raised(tmp_path: Path) -> None:
    """A harvest of about 6,000 of loss lies under every budget; typed-in gains do not."""
    rig = rig_of(tmp_path)
    rig.look(FELL)
    finish(rig)
    budgeted(rig, gains=Decimal(1_000))
    look_at_taxes(rig.house)
    assert alarms(rig) == {}
    gains = HouseholdTaxes(
        rates=RATES,
        typed_year=2026,
        typed=replace(HouseholdTaxes(rates=RATES).typed, short=Money(Decimal(8_000))),
        budgets=Budgets(gains=Money(Decimal(2_000))),
    )
    rig.house.policy = replace(rig.house.policy, taxes=gains)
    look_at_taxes(rig.house)
    look_at_taxes(rig.house)
    assert list(alarms(rig)) == [("tax budget", "gain budget")]
    assert "of 2,000.00 USD" in alarms(rig)["tax budget", "gain budget"]
    rig.house.policy = replace(
        rig.house.policy, taxes=replace(gains, budgets=Budgets(gains=Money(Decimal(90_000))))
    )
    look_at_taxes(rig.house)
    assert alarms(rig) == {}


def test_turnover_is_the_smaller_side_over_the_average_value(tmp_path: Path) -> None:
    """Only bought so far: nothing is turned over. Then some 590 shares at 90 go for others."""
    rig = rig_of(tmp_path)
    assert turnover_of(rig.journal, 2026) is None
    for day, equity in ((DAYS[0], "100000"), (FELL, "94000")):
        close = SessionClosed(
            session=day, equity=Money(Decimal(equity)), cash=Money(Decimal(0)), weights={}
        )
        rig.journal.append(close)
    assert turnover_of(rig.journal, 2026) == 0
    stocks = Decimal(rig.journal.positions("main")["VTI"])
    rig.look(FELL)
    finish(rig)
    found = turnover_of(rig.journal, 2026)
    assert found == pytest.approx(stocks * 90 / 97_000, abs=Decimal("0.01"))
    assert turnover_of(rig.journal, 2027) is None


def test_a_turnover_budget_is_told_of(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    close = SessionClosed(
        session=DAYS[0], equity=Money(Decimal(100_000)), cash=Money(Decimal(0)), weights={}
    )
    rig.journal.append(close)
    rig.look(FELL)
    finish(rig)
    budgeted(rig, turnover=Decimal("0.5"))
    rig.go_to(FELL + timedelta(days=1))
    look_at_taxes(rig.house)
    (told,) = alarms(rig).values()
    assert told.startswith("The turnover budget of 2026 is used up: 5")
    assert told.endswith("of 50.0 % of the portfolio.")
