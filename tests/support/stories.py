"""What the stories of tests/daemon share: the textbook's prices, and a person who answers."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.cycle import Outcome
from daemon.requests.acting import serve_request
from daemon.requests.spool import Request, RequestKind
from policies.policy import Policy
from portfolio.money import Weight
from portfolio.target import Slice, Target, build_target
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table

DAYS = tuple(date(2026, 3, 2) + timedelta(days=i) for i in range(12))
GROWTH = ("100", "109", "118", "128", "139", "151", "164", "178", "187.5", *["187.5"] * 3)
FALL = (*["100"] * 5, "98", "96", "95", "93.75", *["93.75"] * 3)


def sixty_forty() -> Target:
    return build_target(
        [
            Slice(name="stocks", weight=Weight(Decimal("0.6")), symbol="STK"),
            Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BND"),
        ]
    )


def textbook(folder: Path) -> Rig:
    """The household 60/40 on the day its plan waits for a yes: stocks have grown to three quarters."""
    rig = build_rig(
        folder,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.look(DAYS[8])
    return rig


def say(rig: Rig, kind: RequestKind, subject: str = "", reason: str = "a test") -> Outcome | None:
    request = Request(kind=kind, by="ann", reason=reason, subject=subject, at=rig.clock.now())
    return serve_request(rig.house, rig.watch, request)


def approve(rig: Rig) -> Outcome | None:
    pending = rig.journal.pending_approval()
    assert pending is not None
    return say(rig, "approve", pending.proposal_hash[:12])


def finish(rig: Rig) -> None:
    """Look again until the run is over, as the service does after each wave."""
    for _ in range(10):
        if rig.journal.open_run() is None:
            return
        rig.look(kind=WakeKind.ORDER_UPDATE)
    pytest.fail("the run does not end")
