"""One decision from a fresh look, recorded nowhere and sent nowhere: what `trimtab plan` shows."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from config.settings import Settings
from daemon.house import House
from daemon.memory import remember
from daemon.observe import observe
from daemon.review.by_hand import by_hand, with_counted
from daemon.wiring import open_house
from policies.decide import decide
from policies.limits import check_plan
from policies.planning.instead import deposit_instead
from policies.policy import Policy
from portfolio.decisions import Decision, Proposal, Verdict
from portfolio.memory import Memory
from portfolio.money import Money
from portfolio.snapshot import Snapshot
from portfolio.target import Target
from portfolio.wakes import Wake, WakeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would be decided now. `mode` is the configuration's; `will` says what would follow.

    `closed` says why nothing may go out at this hour; the decision is then the one that the last
    prices would lead to in an open session. `target` says where the weights come from, empty when
    they are the ones typed in. `deposit_instead` is the money with which nothing would have to be sold,
    where something would be.
    """

    mode: str
    snapshot: Snapshot
    memory: Memory
    decision: Decision
    verdict: Verdict | None
    will: str
    closed: str = ""
    target: str = ""
    deposit_instead: Money | None = None
    managed: Money | None = None
    """What the slices' weights are fractions of; None when it is not known."""
    tree: Target | None = None
    """The slices and what stands under what."""

    def as_json(self) -> dict[str, object]:
        """For a program; the snapshot is the answer's whole basis."""
        return {
            "mode": self.mode,
            "decision": self.decision,
            "verdict": self.verdict,
            "outcome": None if self.verdict is None else self.verdict.outcome,
            "then": self.will,
            "deposit_instead": self.deposit_instead,
            "as_if_open_because": self.closed,
            "target": self.target or "the weights as typed in",
            "snapshot": self.snapshot,
        }


def plan_now(settings: Settings, state_dir: Path) -> Planned:
    """Look and decide. Raises what a look raises: `Unavailable`, `CredentialsRefused`, ..."""
    house = open_house(settings, state_dir)
    snapshot = observe(house)
    policy, target = target_at(house, snapshot)
    memory = remember(house, Wake(kind=WakeKind.PERSON, detail="plan"), snapshot.session)
    decision = decide(snapshot, policy, memory)
    closed = _closed(decision)
    if closed:
        decision = decide(*_as_if_open(snapshot, policy), memory)
    verdict = None
    if isinstance(decision, Proposal):
        verdict = check_plan(decision, snapshot, settings.limits, memory, lots=settings.policy.lots)
    return Planned(
        mode=settings.mode.value,
        snapshot=snapshot,
        memory=memory,
        decision=decision,
        verdict=verdict,
        will=_what_would_follow(settings, decision, verdict, house.latch.reason()),
        closed=closed,
        target=target,
        deposit_instead=_deposit_instead(snapshot, policy, memory, decision),
        managed=with_counted(snapshot.equity(), by_hand(snapshot, policy)),
        tree=policy.target,
    )


def target_at(house: House, snapshot: Snapshot) -> tuple[Policy, str]:
    """The policy with the weights of the moment, and where they come from in one sentence.

    The house of a command that only looks takes it over.
    """
    if house.targets is None:
        return house.policy, ""
    from daemon.targets.sources import policy_now, target_words

    policy = house.policy = policy_now(house.targets, snapshot, house.journal)
    said = target_words(policy, snapshot.day)
    trouble = house.targets.trouble
    return policy, f"{said}; the source gives none now: {trouble}" if trouble else said


def _deposit_instead(
    snapshot: Snapshot, policy: Policy, memory: Memory, decision: Decision
) -> Money | None:
    if not isinstance(decision, Proposal) or not decision.sells:
        return None
    return deposit_instead(*_as_if_open(snapshot, policy), memory)


def _closed(decision: Decision) -> str:
    """Why the session lets nothing out right now; empty when it does."""
    return next((g.text for g in decision.gates if g.name == "session" and not g.passed), "")


def _as_if_open(snapshot: Snapshot, policy: Policy) -> tuple[Snapshot, Policy]:
    """The same household in the middle of its session, on the last prices however old they are."""
    session = snapshot.session
    middle = session.opens_at + (session.closes_at - session.opens_at) / 2
    age = abs(snapshot.as_of - session.opens_at) + timedelta(days=7)
    any_age = replace(policy.prices, max_age_seconds=int(age.total_seconds()))
    return replace(snapshot, is_open=True, as_of=middle), replace(policy, prices=any_age)


def _what_would_follow(
    settings: Settings, decision: Decision, verdict: Verdict | None, halted: str | None
) -> str:
    """What the daemon would do with this decision."""
    if verdict is None or not isinstance(decision, Proposal):
        return "Nothing would be traded."
    if settings.mode == "dry_run":
        return "This is a dry run: it would be told, and nothing sent."
    if halted is not None:
        return f"Everything is halted ({halted}): nothing would be sent."
    if verdict.outcome == "denied":
        return "The limits deny it: it would not be sent, and cannot be approved."
    accounts = {leg.intent.account for leg in decision.legs}
    automatic = all(settings.account(name).autonomy == "auto" for name in accounts)
    if verdict.outcome == "approved" and automatic:
        return "It is within the limits and the account is on auto: it would be sent."
    return "It would wait for a person: trimtab approve."
