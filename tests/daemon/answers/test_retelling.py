"""A decision reached again by a later program: another one, or the same in other words."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.answers.retelling import compare
from policies.policy import Policy
from portfolio.decisions import Gate, LimitCheck, Proposal, Verdict
from portfolio.money import Quantity
from tests.support.house import build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, sixty_forty

COLLAR = LimitCheck(name="spread", outcome="ok", text="0.04 %, at most 2 %", scope="STK")


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Proposal, Verdict]:
    """The textbook's plan and what the limits say of it."""
    folder: Path = tmp_path_factory.mktemp("decided")
    rig = build_rig(
        folder,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    outcome = rig.look(DAYS[8])
    assert isinstance(outcome.decision, Proposal)
    assert outcome.verdict is not None
    return outcome.decision, outcome.verdict


def test_the_same_is_the_same(decided: tuple[Proposal, Verdict]) -> None:
    found = compare(decided, decided)
    assert (found.differences, found.retold) == ((), ())


def test_gates_in_another_order_and_one_more_are_no_other_decision(
    decided: tuple[Proposal, Verdict],
) -> None:
    plan, verdict = decided
    more = Gate(name="blackout", passed=True, text="no blackout")
    later = replace(plan, gates=(more, *reversed(plan.gates)))
    found = compare(decided, (later, verdict))
    assert found.differences == ()
    assert found.retold == ("gates: 'blackout' is asked anew", "gates: asked in another order")


def test_a_gate_that_is_gone_and_one_in_other_words_are_told(
    decided: tuple[Proposal, Verdict],
) -> None:
    plan, verdict = decided
    first, second, *rest = plan.gates
    reworded = replace(second, text=f"{second.text}, in short")
    found = compare(decided, (replace(plan, gates=(reworded, *rest)), verdict))
    assert found.differences == ()
    assert found.retold == (
        f"gates: {first.name!r} is asked no more",
        f"gates {second.name!r}: in other words",
    )


def test_a_check_that_a_later_program_added_is_no_other_verdict(
    decided: tuple[Proposal, Verdict],
) -> None:
    plan, verdict = decided
    later = Verdict(checks=(*verdict.checks, COLLAR))
    found = compare(decided, (plan, later))
    assert found.differences == ()
    assert found.retold == ("verdict checks: 'spread' of STK is asked anew",)


def test_a_check_that_turns_the_verdict_is_a_difference(decided: tuple[Proposal, Verdict]) -> None:
    plan, verdict = decided
    assert verdict.outcome == "referred"
    later = Verdict(checks=(*verdict.checks, replace(COLLAR, outcome="deny")))
    found = compare(decided, (plan, later))
    assert found.differences == ("verdict: recorded referred, computed denied",)


def test_another_quantity_is_another_order_whatever_the_words_say(
    decided: tuple[Proposal, Verdict],
) -> None:
    plan, verdict = decided
    leg = plan.legs[0]
    fewer = Quantity(leg.intent.quantity - 1)
    later = replace(leg, intent=replace(leg.intent, quantity=fewer), reason="for another reason")
    found = compare(decided, (replace(plan, legs=(later, *plan.legs[1:])), verdict))
    assert found.differences == (
        f"legs[0].intent.quantity: recorded {leg.intent.quantity}, computed {fewer}",
    )
    assert [text.partition(":")[0] for text in found.retold] == ["legs[0].reason"]


def test_another_number_at_a_gate_is_a_difference(decided: tuple[Proposal, Verdict]) -> None:
    plan, verdict = decided
    place = next(n for n, gate in enumerate(plan.gates) if gate.value is not None)
    gate = plan.gates[place]
    moved = replace(gate, value=(gate.value or Decimal(0)) + Decimal("0.1"))
    gates = (*plan.gates[:place], moved, *plan.gates[place + 1 :])
    (only,) = compare(decided, (replace(plan, gates=gates), verdict)).differences
    assert only.startswith(f"gates {gate.name!r}")
    assert ".value: recorded" in only
