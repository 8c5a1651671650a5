"""A household whose stocks fell after it bought them: for tests of harvesting and its reports."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from brokers.simulated.world_events import WorldEvent
from daemon.taxes.ledger import JournalLedger
from policies.limit_rule import Limits
from policies.policy import Policy
from policies.taxes.guards import LotRule
from policies.taxes.harvest_rule import HarvestRule
from policies.taxes.household import HouseholdTaxes
from policies.taxes.rates import FlatRates, TaxRates
from portfolio.accounts import Autonomy
from portfolio.money import ONE, Weight
from portfolio.target import Slice, build_target
from tests.support.house import Rig, build_rig, table
from tests.support.stories import approve, finish

DAYS = tuple(date(2026, 3, 2) + timedelta(days=i) for i in range(40))
FELL = DAYS[3]
RATES = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.24"))
)
GENEROUS = Limits(
    max_harvest_fraction=ONE,
    max_order_fraction=ONE,
    max_plan_fraction=ONE,
    max_day_fraction=Decimal(4),
)


def policy(**settings: object) -> Policy:
    target = build_target(
        [
            Slice(
                name="stocks", weight=Weight(Decimal("0.6")), symbol="VTI", substitutes=("SCHB",)
            ),
            Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BND"),
        ]
    )
    base = Policy(
        target=target,
        taxes=HouseholdTaxes(rates=RATES),
        harvest=HarvestRule(declared_on=date(2026, 1, 2)),
        lots=LotRule(guards=True),
    )
    return replace(base, **settings)  # type: ignore[arg-type]


def rig_of(
    folder: Path,
    rule: Policy | None = None,
    *,
    autonomy: Autonomy = Autonomy.AUTO,
    limits: Limits = GENEROUS,
    later: str = "45",
    events: tuple[WorldEvent, ...] = (),
) -> Rig:
    """600 VTI and 400 BND bought at 100; three days later VTI and SCHB are 10 % lower.

    From the 20th day on SCHB is at `later`.
    """
    fall = ["100", "100", "95", *["90"] * 37]
    half = ["50", "50", "47.5", *["45"] * 17, *[later] * 20]
    prices = table(DAYS, VTI=fall, SCHB=half, BND=["100"] * 40)
    rig = build_rig(
        folder,
        prices,
        rule or policy(),
        cash="100000",
        autonomy=autonomy,
        limits=limits,
        events=events,
    )
    rig.house.lots = JournalLedger(rig.journal)
    rig.look(DAYS[0])
    approve(rig)
    finish(rig)
    return rig


def held(rig: Rig) -> dict[str, Decimal]:
    return {symbol: Decimal(q) for symbol, q in rig.journal.positions("main").items()}
