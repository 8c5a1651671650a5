"""`trimtab harvest`: what it lists, for people and for programs, from a fresh look."""

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.screens.harvesting import harvest_screen
from daemon.screens.style import console
from daemon.taxes.harvests import Harvests, as_json, harvests_of
from policies.taxes.harvest_rule import HarvestRule
from tests.daemon.cli.test_hedging import HOUSEHOLD, written
from tests.support.command_line import trimtab
from tests.support.harvests import FELL, policy, rig_of
from tests.support.stories import finish

FLAT = """\
[taxes]
short_term_percent = 35
long_term_percent = 15
ordinary_percent = 24
"""


def shown(found: Harvests) -> str:
    screen = console(width=160)
    with screen.capture() as captured:
        screen.print(harvest_screen(found))
    return captured.get()


def test_a_loss_is_listed_with_benefit_cost_and_partner(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    rig.go_to(FELL)
    found = harvests_of(rig.house, rig.house.policy.harvest)
    (item,) = found.opportunities
    assert (item.symbol, item.partner, item.blocks) == ("VTI", "SCHB", ())
    text = shown(found)
    assert "worth taking" in text
    assert "SCHB" in text
    assert "On: all accounts are declared, for 303 more days" in text
    assert "no advice, and no filing" in text


def test_undeclared_the_list_is_there_and_says_why_nothing_is_traded(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, policy(harvest=HarvestRule()))
    rig.go_to(FELL)
    found = harvests_of(rig.house, HarvestRule())
    assert len(found.opportunities) == 1
    assert "Off: the household has not declared" in shown(found)


def test_what_blocks_a_loss_is_said_with_its_day(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    rig.look(FELL)
    finish(rig)
    found = harvests_of(rig.house, rig.house.policy.harvest)
    assert all(item.symbol != "VTI" for item in found.opportunities)
    assert found.short_rate < rig.house.policy.taxes.rates.federal.ordinary  # type: ignore[union-attr]


def test_the_list_for_a_program_names_every_number(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    rig.go_to(FELL)
    found: Any = as_json(harvests_of(rig.house, rig.house.policy.harvest))
    (item,) = found["opportunities"]
    for name in ("benefit", "loss", "saving", "later_tax", "cost", "partner", "blocks"):
        assert name in item


def test_the_command_looks_at_the_household_of_the_configuration(tmp_path: Path) -> None:
    file = written(tmp_path, HOUSEHOLD + FLAT)
    said = trimtab("harvest", "-c", file, "-s", tmp_path, "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["opportunities"] == []
    assert "declared_all_accounts" in found["off"]


def test_without_rates_it_says_what_to_write(tmp_path: Path) -> None:
    said = trimtab("harvest", "-c", written(tmp_path, HOUSEHOLD), "-s", tmp_path)
    assert said.code == 78
    assert "under [taxes]" in said.err


@pytest.mark.parametrize("amount", ["0", "-5", "much"])
def test_a_gift_of_nothing_is_refused(tmp_path: Path, amount: str) -> None:
    said = trimtab("gifts", "-c", written(tmp_path, HOUSEHOLD), "-s", tmp_path, "--", amount)
    assert said.code == 2
    assert "is no amount" in said.err


def test_a_gift_is_suggested_from_the_household_of_the_configuration(tmp_path: Path) -> None:
    file = written(tmp_path, HOUSEHOLD + FLAT)
    said = trimtab("gifts", "5000", "-c", file, "-s", tmp_path)
    assert said.code == 0, said.err
    assert "no advice, and no filing" in said.out
