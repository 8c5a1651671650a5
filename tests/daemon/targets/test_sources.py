"""Sources of weights in a whole house: recorded, replayed, held to bounds, and never silently lost."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.holdings import HandValued
from config.target_settings import SourceKind, TargetSettings
from daemon.answers.explain import explain
from daemon.journal.codec import read_policy
from daemon.targets.change import ALARM
from daemon.targets.profiles import Answered, save_answers
from daemon.targets.sources import Targets
from daemon.targets.valuations import valuations_of
from policies import conditions
from policies.policy import Policy
from policies.targets.glide_path import Node
from policies.targets.risk_profile import Circumstances
from policies.targets.sources import GlidePath
from portfolio.changes import TargetChanged
from portfolio.decisions import Hold, Proposal
from portfolio.events import Alarm
from portfolio.money import Money, Weight
from portfolio.target import Slice, build_target
from tests.support.feeds import weights_text
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, approve, finish

CLASSES = {"stocks": ("stocks",), "bonds": ("bonds",)}


def rig_with(tmp_path: Path, settings: TargetSettings, **slices: Any) -> Rig:
    """60/40 of STK and BND at flat prices, held exactly."""
    base = Policy(
        target=build_target(
            [
                Slice(name="stocks", weight=Weight(Decimal("0.6")), symbol="STK", **slices),
                Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BND"),
            ]
        )
    )
    flat = ["100"] * len(DAYS)
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=flat, BND=flat),
        base,
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.house.targets = Targets(
        settings=replace(settings, classes=CLASSES, growth=("stocks",), kept=("cash",)),
        base=base,
        state_dir=tmp_path,
    )
    return rig


def restart(rig: Rig) -> None:
    """What a new process knows: the configuration and the journal."""
    old = rig.house.targets
    assert old is not None
    rig.house.targets = Targets(settings=old.settings, base=old.base, state_dir=old.state_dir)
    rig.house.policy = old.base
    rig.recover()


def weights(rig: Rig) -> Mapping[str, Decimal]:
    return {name: w for name, w in rig.house.policy.target.leaf_weights.items() if w}


def changes(rig: Rig) -> list[TargetChanged]:
    found = [r.event for r in rig.journal.events("target_changed")]
    return [event for event in found if isinstance(event, TargetChanged)]


def open_trouble(rig: Rig) -> list[str]:
    return [alarm.text for alarm in rig.journal.open_alarms() if alarm.name == ALARM]


# A glide path


def falling(day: date) -> TargetSettings:
    """All stocks until ten days before a day, none on it."""
    nodes = (
        Node(years=Decimal("0.0274"), growth=Decimal(1)),
        Node(years=Decimal(0), growth=Decimal(0)),
    )
    return TargetSettings(kind=SourceKind.GLIDE_PATH, until=day, nodes=nodes)


def test_a_glide_path_changes_the_target_and_writes_each_change_down_with_its_reason(
    tmp_path: Path,
) -> None:
    rig = rig_with(tmp_path, falling(DAYS[10]))
    rig.look(DAYS[0])
    assert weights(rig)["stocks"] == 1  # ten days before
    assert changes(rig) == []  # the first target is no change of one
    rig.look(DAYS[5])
    assert weights(rig)["stocks"] == Decimal("0.5")
    (change,) = changes(rig)
    assert (change.session, change.before["stocks"], change.after["stocks"]) == (
        DAYS[5],
        1,
        Decimal("0.5"),
    )
    assert change.reason.startswith("glide path: 50.0 % growth")


def test_a_changed_target_is_due_until_a_rebalance_has_followed_it(tmp_path: Path) -> None:
    """The first plan follows bands; from then on only a change of the target is asked for."""
    rig = rig_with(tmp_path, falling(DAYS[10]))
    assert rig.house.targets is not None
    rig.look(DAYS[0])
    approve(rig)
    finish(rig)
    fire = conditions.TargetChanged(level=Weight(Decimal("0.01")))
    rig.house.targets.base = replace(rig.house.targets.base, fire=fire, rest_sessions=0)
    outcome = rig.look(DAYS[5])
    assert isinstance(outcome.decision, Proposal)
    assert "target" in outcome.decision.reason
    approve(rig)
    finish(rig)
    rig.clock.advance_to(rig.clock.now() + timedelta(minutes=1))
    assert isinstance(rig.look().decision, Hold)


def test_the_recorded_source_gives_the_recorded_weights_again(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, falling(DAYS[10]))
    cycle = rig.look(DAYS[5]).cycle
    found = explain(rig.journal, cycle)
    assert found.holds_good
    assert "glide path: 50.0 % growth" in found.target


def test_weights_that_do_not_follow_from_their_recorded_source_are_noticed(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, falling(DAYS[10]))
    rig.look(DAYS[5])
    assert rig.house.targets is not None
    forged = rig.house.policy
    assert forged.weighing is not None
    source = forged.weighing.source
    assert isinstance(source, GlidePath)
    source = replace(source, until=DAYS[8])
    rig.house.policy = replace(forged, weighing=replace(forged.weighing, source=source))
    rig.house.targets = None
    cycle = rig.look().cycle
    found = explain(rig.journal, cycle)
    assert [text for text in found.differences if text.startswith("target stocks: recorded 0.5")]


def test_the_same_weights_keep_one_record_from_day_to_day_and_over_a_restart(
    tmp_path: Path,
) -> None:
    rig = rig_with(tmp_path, falling(DAYS[11] + timedelta(days=300)))
    first = rig.look(DAYS[0]).cycle
    restart(rig)
    second = rig.look(DAYS[4]).cycle
    records = [rig.journal.cycle(number) for number in (first, second)]
    assert records[0] is not None
    assert records[1] is not None
    assert records[0].policy == records[1].policy
    assert changes(rig) == []


def test_typed_weights_that_are_edited_are_a_change_too(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, TargetSettings())
    rig.look(DAYS[0])
    rig.house.targets = None
    rig.house.policy = replace(
        rig.house.policy,
        target=build_target(
            [
                Slice(name="stocks", weight=Weight(Decimal("0.5")), symbol="STK"),
                Slice(name="bonds", weight=Weight(Decimal("0.5")), symbol="BND"),
            ]
        ),
    )
    rig.recover()
    rig.look(DAYS[1])
    (change,) = changes(rig)
    assert (change.after["stocks"], change.reason) == (Decimal("0.5"), "the weights as typed in")


# A file


def from_file(tmp_path: Path, **settings: Any) -> TargetSettings:
    return TargetSettings(kind=SourceKind.FILE, file=tmp_path / "weights.json", **settings)


def write(tmp_path: Path, as_of: date, **given: float) -> None:
    (tmp_path / "weights.json").write_bytes(weights_text(as_of.isoformat(), **given))


def test_a_file_that_is_not_there_leaves_the_typed_weights_and_says_so_once(
    tmp_path: Path,
) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path))
    rig.look(DAYS[0])
    rig.look(DAYS[1])
    assert weights(rig) == {"stocks": Decimal("0.6"), "bonds": Decimal("0.4")}
    (told,) = open_trouble(rig)
    assert "weights.json cannot be read" in told
    alarms = [r.event for r in rig.journal.events("alarm")]
    assert len([e for e in alarms if isinstance(e, Alarm) and e.name == ALARM]) == 1
    write(tmp_path, DAYS[2], stocks=65, bonds=35)
    rig.look(DAYS[2])
    assert weights(rig)["stocks"] == Decimal("0.65")
    assert open_trouble(rig) == []


def test_a_broken_file_keeps_the_last_good_weights_also_over_a_restart(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path))
    write(tmp_path, DAYS[0], stocks=65, bonds=35)
    rig.look(DAYS[0])
    (tmp_path / "weights.json").write_text("{")
    rig.look(DAYS[1])
    assert weights(rig)["stocks"] == Decimal("0.65")
    restart(rig)
    rig.look(DAYS[2])
    assert weights(rig)["stocks"] == Decimal("0.65")
    assert "not JSON" in open_trouble(rig)[0]


def test_weights_that_jump_further_than_a_day_may_are_not_taken(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path))
    write(tmp_path, DAYS[0], stocks=60, bonds=40)
    rig.look(DAYS[0])
    write(tmp_path, DAYS[1], stocks=71, bonds=29)
    rig.look(DAYS[1])
    assert weights(rig)["stocks"] == Decimal("0.6")
    assert "moved 11.0 points in a day, at most 10.0" in open_trouble(rig)[0]
    write(tmp_path, DAYS[2], stocks=70, bonds=30)
    rig.look(DAYS[2])
    assert weights(rig)["stocks"] == Decimal("0.7")


def test_two_steps_in_one_day_count_together(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path))
    write(tmp_path, DAYS[0], stocks=60, bonds=40)
    rig.look(DAYS[0])
    write(tmp_path, DAYS[1], stocks=66, bonds=34)
    rig.look(DAYS[1])
    write(tmp_path, DAYS[1], stocks=72, bonds=28)
    rig.go_to(DAYS[1], timedelta(hours=3))
    rig.look()
    assert weights(rig)["stocks"] == Decimal("0.66")


def test_old_weights_are_not_taken(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path, max_age=timedelta(days=30)))
    write(tmp_path, DAYS[0] - timedelta(days=31), stocks=65, bonds=35)
    rig.look(DAYS[0])
    assert weights(rig)["stocks"] == Decimal("0.6")
    assert "31 days old" in open_trouble(rig)[0]


def test_weights_of_the_future_are_not_taken(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path))
    write(tmp_path, DAYS[0] + timedelta(days=2), stocks=65, bonds=35)
    rig.look(DAYS[0])
    assert "in the future" in open_trouble(rig)[0]


def test_weights_beyond_a_slices_bounds_are_not_taken(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path), most=Weight(Decimal("0.65")))
    write(tmp_path, DAYS[0], stocks=66, bonds=34)
    rig.look(DAYS[0])
    assert weights(rig)["stocks"] == Decimal("0.6")
    assert "over its most 65" in open_trouble(rig)[0]


def test_a_slice_that_is_not_there_is_not_taken(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, from_file(tmp_path))
    write(tmp_path, DAYS[0], stocks=60, gold=40)
    rig.look(DAYS[0])
    assert "no slice 'gold'" in open_trouble(rig)[0]


# A plug-in


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A distribution with one entry point, installed where Python looks; gives its module's file."""
    site = tmp_path / "site"
    info = site / "mypolicy-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mypolicy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[trimtab.policies]\nmine = mypolicy:weights\n")
    monkeypatch.syspath_prepend(str(site))
    yield site / "mypolicy.py"
    sys.modules.pop("mypolicy", None)


def test_a_plug_in_sees_the_snapshot_and_its_weights_are_taken_and_recorded(
    tmp_path: Path, plugin: Path
) -> None:
    plugin.write_text(
        "def weights(snapshot, weights):\n"
        "    assert snapshot.quantity('STK') == 600 and weights['stocks'] > 0\n"
        "    return {'stocks': 62.5, 'bonds': 37.5}\n"
    )
    rig = rig_with(tmp_path, TargetSettings(kind=SourceKind.PLUGIN, plugin="mine"))
    cycle = rig.look(DAYS[0]).cycle
    assert open_trouble(rig) == []
    record = rig.journal.cycle(cycle)
    assert record is not None
    assert read_policy(rig.journal, record.policy).target.weights["stocks"] == Decimal("0.625")
    assert explain(rig.journal, cycle).holds_good


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise RuntimeError('out of order')", "failed: RuntimeError"),
        ("return {'stocks': 60, 'bonds': 41}", "sum to 101"),
        ("return {'stocks': float('nan'), 'bonds': 40}", "a weight of nan"),
        ("return {'stocks': 110, 'bonds': -10}", "a weight of 110"),
        ("return {'stocks': 100, 'gold': 0}", "no slice 'gold'"),
        ("return None", "not NoneType"),
    ],
)
def test_what_a_plug_in_says_passes_every_check(
    tmp_path: Path, plugin: Path, body: str, why: str
) -> None:
    plugin.write_text(f"def weights(snapshot, weights):\n    {body}\n")
    rig = rig_with(tmp_path, TargetSettings(kind=SourceKind.PLUGIN, plugin="mine"))
    rig.look(DAYS[0])
    assert weights(rig)["stocks"] == Decimal("0.6")
    assert why in open_trouble(rig)[0]


def test_a_plug_in_that_hangs_is_ended_with_a_page_and_the_last_weights_stay(
    tmp_path: Path, plugin: Path
) -> None:
    plugin.write_text("def weights(snapshot, weights):\n    return {'stocks': 65, 'bonds': 35}\n")
    deadline = timedelta(seconds=20)  # it answers in a fraction of one, also on a busy machine
    rig = rig_with(
        tmp_path,
        TargetSettings(kind=SourceKind.PLUGIN, plugin="mine", plugin_deadline=deadline),
    )
    rig.look(DAYS[0])
    assert weights(rig)["stocks"] == Decimal("0.65")
    mark = tmp_path / "asked"
    plugin.write_text(
        "import pathlib, time\n\n\ndef weights(snapshot, weights):\n"
        f"    with pathlib.Path({str(mark)!r}).open('a') as file:\n"
        "        file.write('x')\n"
        "    while True:\n        time.sleep(60)\n"
    )
    assert rig.house.targets is not None
    rig.house.targets.settings = replace(
        rig.house.targets.settings, plugin_deadline=timedelta(seconds=3)
    )
    rig.look(DAYS[1])
    assert weights(rig)["stocks"] == Decimal("0.65")
    (alarm,) = [a for a in rig.journal.open_alarms() if a.name == "target source"]
    assert alarm.level == "page"
    assert "gave no answer within 3 seconds and was ended" in alarm.text
    rig.look()  # not asked again at every look
    assert mark.read_text() == "x"
    plugin.write_text("def weights(snapshot, weights):\n    return {'stocks': 61, 'bonds': 39}\n")
    rig.house.targets.settings = replace(rig.house.targets.settings, plugin_deadline=deadline)
    rig.look(DAYS[2])
    assert weights(rig)["stocks"] == Decimal("0.61")
    assert open_trouble(rig) == []


def test_what_a_plug_in_prints_is_no_answer_and_an_early_end_is_said(
    tmp_path: Path, plugin: Path
) -> None:
    plugin.write_text(
        'def weights(snapshot, weights):\n    print(\'{"weights": [["stocks", "100"]]}\')\n'
        "    return {'stocks': 62, 'bonds': 38}\n"
    )
    rig = rig_with(tmp_path, TargetSettings(kind=SourceKind.PLUGIN, plugin="mine"))
    rig.look(DAYS[0])
    assert weights(rig)["stocks"] == Decimal("0.62")
    plugin.write_text("import os\n\n\ndef weights(snapshot, weights):\n    os._exit(0)\n")
    rig.look(DAYS[1])
    assert "ended without an answer" in open_trouble(rig)[0]


def test_a_plug_in_that_is_not_installed_is_said(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, TargetSettings(kind=SourceKind.PLUGIN, plugin="absent"))
    rig.look(DAYS[0])
    assert "no plug-in 'absent' is installed" in open_trouble(rig)[0]


# The risk profile


def test_answers_of_more_than_a_year_ago_are_told_once_until_they_are_given_again(
    tmp_path: Path,
) -> None:
    facts = Circumstances(horizon_years=Decimal(30))
    old = Answered(
        on=DAYS[0] - timedelta(days=365),
        counts_from=DAYS[0] - timedelta(days=365),
        answers="b" * 13,
        facts=facts,
    )
    save_answers(tmp_path, old)
    rig = rig_with(tmp_path, TargetSettings(kind=SourceKind.RISK_PROFILE))

    def told() -> list[Alarm]:
        return [a for a in rig.journal.open_alarms() if a.name == "risk profile"]

    rig.look(DAYS[0])
    assert told() == []  # 365 days old today: not more than a year yet
    rig.look(DAYS[1])
    rig.look(DAYS[2])
    (alarm,) = told()
    assert alarm.level == "info"
    assert alarm.text.endswith("They stay in force; answer again with: trimtab profile")
    assert len(rig.journal.events("alarm")) == 1
    save_answers(tmp_path, replace(old, on=DAYS[3], counts_from=DAYS[3]))
    rig.look(DAYS[3])
    assert told() == []


def test_an_old_value_by_hand_is_told_once_and_over_with_a_new_one(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, TargetSettings())
    old = HandValued(name="House", value=Money(Decimal(300_000)), as_of=date(2024, 1, 2))
    rig.house.by_hand = valuations_of((old,))
    rig.look(DAYS[0])
    rig.look(DAYS[1])
    (alarm,) = [a for a in rig.journal.open_alarms() if a.name == "valuation"]
    assert (alarm.scope, alarm.level) == ("House", "info")
    assert len(rig.journal.events("alarm")) == 1
    rig.house.by_hand = valuations_of((replace(old, as_of=DAYS[1]),))
    rig.look(DAYS[2])
    assert [a for a in rig.journal.open_alarms() if a.name == "valuation"] == []


def test_without_answers_the_typed_weights_stay_and_the_command_is_named(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, TargetSettings(kind=SourceKind.RISK_PROFILE))
    rig.look(DAYS[0])
    assert "trimtab profile" in open_trouble(rig)[0]


def test_answers_make_the_target_and_are_recorded_with_their_version(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "2026-01-02.json").write_text(
        json.dumps(
            {
                "version": 1,
                "on": "2026-01-02",
                "counts_from": "2026-01-02",
                "answers": "bbbbbbbbaabbb",
                "horizon_years": "30",
                "age": 35,
                "reserve_months": "6",
                "income_is_stable": True,
            }
        )
    )
    rig = rig_with(tmp_path, TargetSettings(kind=SourceKind.RISK_PROFILE))
    cycle = rig.look(DAYS[0]).cycle
    assert weights(rig)["stocks"] == Decimal("0.55")
    said = explain(rig.journal, cycle).target
    assert "55 % growth, bound by tolerance (average tolerance)" in said
    assert "one year in twenty may lose 11.7 % or more" in said
