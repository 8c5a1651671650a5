"""Every value of ours comes back from its canonical text exactly."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.journal.codec import Undecodable, decode, decode_event
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.canonical import canonical
from portfolio.events import Alarm, Halted
from portfolio.lots import Lot
from portfolio.memory import Memory
from portfolio.snapshot import Snapshot
from tests.support.journals import event_kinds, values_of

THOROUGH = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("kind", event_kinds(), ids=lambda kind: kind.__name__)
@THOROUGH
@given(data=st.data())
def test_every_event_comes_back_from_its_text(kind: Any, data: st.DataObject) -> None:
    event = data.draw(values_of(kind))
    text = canonical(event)
    back = decode_event(event.kind, text)
    assert back == event
    assert canonical(back) == text


@pytest.mark.parametrize("form", [Snapshot, Policy, Memory, Limits], ids=lambda f: f.__name__)
@THOROUGH
@given(data=st.data())
def test_every_input_of_a_decision_comes_back_from_its_text(form: Any, data: st.DataObject) -> None:
    value = data.draw(values_of(form))
    text = canonical(value)
    assert decode(form, text) == value
    assert canonical(decode(form, text)) == text


def test_an_older_row_without_a_newer_field_gets_its_default() -> None:
    text = '{"kind":"alarm","level":"page","name":"clock skew","text":"5 s off"}'
    assert decode_event("alarm", text) == Alarm(name="clock skew", level="page", text="5 s off")


@pytest.mark.parametrize(
    ("form", "text", "why"),
    [
        (Decimal, "1.5", "bare fraction"),
        (Decimal, "NaN", "bare fraction"),
        (Decimal, '"Infinity"', "not a number"),
        (Decimal, "15", "not the text of a number"),
        (int, "true", "not int"),
        (bool, "1", "not bool"),
        (datetime, '"2026-03-11T14:00:00"', "instant with a time zone"),
        (Halted, '{"by":"a person","reason":"x","force":true}', "has no 'force'"),
        (Halted, '{"by":"a person"}', "reason"),
        (Halted, '{"by":1,"reason":"x"}', "Halted.by"),
        (Alarm, '{"level":"loud","name":"a","text":"b"}', "none of"),
        (Snapshot, "[]", "not a Snapshot"),
        (Snapshot, "{", "not canonical JSON"),
        (Limits, '{"max_plan_legs":"15"}', "Limits.max_plan_legs"),
    ],
)
def test_what_is_not_exactly_the_value_is_refused(form: Any, text: str, why: str) -> None:
    with pytest.raises(Undecodable, match=why):
        decode(form, text)


def test_an_event_nobody_knows_is_refused() -> None:
    with pytest.raises(Undecodable, match="no event is called 'weather'"):
        decode_event("weather", "{}")


def test_a_type_without_an_exact_way_back_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="no exact way back"):
        decode(float, '"1.5"')


def test_a_lot_recorded_with_its_cost_per_unit_is_read_with_its_basis() -> None:
    """Looks of before taxes were written so, and documents are never rewritten."""
    former = '{"acquired_on":null,"lot_id":"a","quantity":"4","symbol":"VTI","unit_cost":"250.1"}'
    assert decode(Lot, former).basis == Decimal("1000.4")
    assert decode(Lot, former.replace('"250.1"', "null")).basis is None
    assert decode(Lot, canonical(decode(Lot, former))) == decode(Lot, former)
