"""A tactical signal from a CSV file, live: it turns, and the daemon rebalances because of that."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from config.target_settings import TargetSettings
from daemon.answers.explain import explain
from daemon.cycle import run_cycle
from daemon.targets.sources import Targets
from policies import conditions
from policies.policy import Policy
from policies.targets.overlay import SignalKind, SignalRule
from portfolio.decisions import Hold, Proposal
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import approve, finish, sixty_forty

DAYS = (date(2026, 2, 3), date(2026, 2, 4), date(2026, 3, 3), date(2026, 4, 2), date(2026, 4, 3))
ENDS = [date(2025, m, 28) for m in range(1, 13)] + [date(2026, 1, 30)]
RISE = [str(100 + n) for n in range(13)]


def series(folder: Path, *later: tuple[str, str]) -> Path:
    """Month-ends that rise by one a month from 100 in January 2025, and what came later."""
    lines = [f"{end},{value}" for end, value in zip(ENDS, RISE, strict=True)]
    lines += [f"{end},{value}" for end, value in later]
    path = folder / "stocks.csv"
    path.write_text("period,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def rig_on(folder: Path) -> Rig:
    """60/40, held exactly, at flat prices; rebalanced by hand or when a signal changes."""
    policy = Policy(
        target=sixty_forty(),
        rest_sessions=0,
        fire=conditions.AnyOf(parts=(conditions.ByPerson(), conditions.SignalChanged())),
    )
    flat = ["100"] * len(DAYS)
    rig = build_rig(
        folder,
        table(DAYS, STK=flat, BND=flat),
        policy,
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rule = SignalRule(
        name="trend", kind=SignalKind.TREND, series=("stocks.csv",), classes=("stocks",)
    )
    rig.house.targets = Targets(
        settings=TargetSettings(
            classes={"stocks": ("stocks",), "bonds": ("bonds",)},
            kept=("cash",),
            signals=(rule,),
            series={"stocks.csv": series(folder)},
        ),
        base=policy,
        state_dir=folder,
    )
    return rig


def by_hand(rig: Rig) -> None:
    """`trimtab run-now`, approved, to its end."""
    run_cycle(rig.house, rig.watch, Wake(kind=WakeKind.PERSON, detail="run-now"))
    approve(rig)
    finish(rig)


def test_a_signal_that_turns_moves_the_target_and_sets_off_a_rebalance(tmp_path: Path) -> None:
    rig = rig_on(tmp_path)
    rig.go_to(DAYS[0])
    by_hand(rig)
    # z = +1 for stocks alone, worth 2.5 points, made to sum to zero: 1.25 points each way
    assert rig.house.policy.target.weights["stocks"] == Decimal("0.6125")
    assert isinstance(rig.look(DAYS[1]).decision, Hold)

    series(tmp_path, ("2026-02-27", "90"))
    assert isinstance(rig.look(DAYS[2]).decision, Hold)  # one reading against it is not enough
    assert rig.house.policy.target.weights["stocks"] == Decimal("0.6125")

    series(tmp_path, ("2026-02-27", "90"), ("2026-03-31", "85"))
    outcome = rig.look(DAYS[3])
    assert isinstance(outcome.decision, Proposal)
    assert outcome.decision.reason == "signal changed: trend"
    assert rig.house.policy.target.weights["stocks"] == Decimal("0.5875")
    # 611 shares are held (12 bonds sold pay for 11 at their limits), 587.5 are wanted
    (sale,) = outcome.decision.sells
    assert (sale.intent.symbol, sale.intent.quantity) == ("STK", 23)
    assert explain(rig.journal, outcome.cycle).holds_good

    approve(rig)
    finish(rig)
    assert isinstance(rig.look(DAYS[4]).decision, Hold)  # answered: the run read it as it is now
