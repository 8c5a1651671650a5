"""Money that came or went by itself: which deposits still wait, and which a person is asked about."""

from collections.abc import Mapping

from policies.policy import CashAction, DepositRule, Policy, Withdrawing
from portfolio.memory import CashFlow, FlowKind, Memory
from portfolio.money import ZERO, Money
from portfolio.snapshot import Snapshot


def sessions_waited(flow: CashFlow, memory: Memory) -> int:
    """Sessions since a flow was seen, at least: 0 in the session that saw it.

    The memory counts from the newest flow; an older one has waited one session more for each later
    session in which another was seen, and may have waited longer than that.
    """
    if flow.seen_session is None:
        return 0
    seen = {f.seen_session for f in memory.flows if f.seen_session is not None}
    later = sum(1 for session in seen if session > flow.seen_session)
    return (memory.sessions_since_flow or 0) + later


def still_waits(flow: CashFlow, rule: DepositRule, memory: Memory) -> bool:
    """Whether a flow is a deposit that may still be on its way elsewhere."""
    return flow.kind is FlowKind.DEPOSIT and sessions_waited(flow, memory) < rule.wait_sessions


def waiting_deposits(snapshot: Snapshot, rule: DepositRule, memory: Memory) -> Mapping[str, Money]:
    """Deposits that wait, by account, never more than the account's cash.

    They are left out of the weights as long as they wait: else a large deposit would look like drift
    and set off the very trades that the wait is to prevent.
    """
    waiting: dict[str, Money] = {}
    cash = {a.account.id: max(a.cash, Money(ZERO)) for a in snapshot.accounts}
    for flow in memory.flows:
        if still_waits(flow, rule, memory) and flow.account in cash:
            so_far = waiting.get(flow.account, ZERO)
            waiting[flow.account] = Money(min(so_far + flow.amount, cash[flow.account]))
    return waiting


def large_deposits(managed: Money, rule: DepositRule, memory: Memory) -> tuple[CashFlow, ...]:
    """Deposits above the asking level that no person has released, whether or not they still wait."""
    level = ZERO if rule.action is CashAction.ASK else rule.ask_above * managed
    return tuple(
        flow
        for flow in memory.flows
        if flow.kind is FlowKind.DEPOSIT
        and flow.amount > level
        and flow.flow_id not in memory.approved_flows
    )


def withdrawal_pending(memory: Memory) -> bool:
    """Whether money was taken out and no run has answered it yet."""
    return any(flow.kind is FlowKind.WITHDRAWAL for flow in memory.flows)


def held_cash(memory: Memory, rule: DepositRule) -> Money:
    """New money that stays in cash until a rebalance: by the rule of deposits, or that of income."""
    held = ZERO
    if rule.action is CashAction.HOLD:
        held += sum(
            (
                flow.amount
                for flow in memory.flows
                if flow.kind is FlowKind.DEPOSIT and not still_waits(flow, rule, memory)
            ),
            ZERO,
        )
    if rule.income is CashAction.HOLD:
        held += memory.income
    return Money(held)


def answered_flows(memory: Memory, policy: Policy, *, rebalances: bool) -> tuple[str, ...]:
    """The flows that a run which opens now answers: all but those that wait or are held."""
    rule = policy.deposits
    return tuple(
        flow.flow_id
        for flow in memory.flows
        if not still_waits(flow, rule, memory)
        and (rebalances or flow.kind is not FlowKind.DEPOSIT or rule.action is not CashAction.HOLD)
    )


def kept_cash(snapshot: Snapshot, policy: Policy, memory: Memory) -> Mapping[str, Money]:
    """Money that a person will take out, by account: out of reach of every plan.

    Before the lead of its day only the cash that is there is kept; from then on all of it counts, so
    that what is missing is raised.
    """
    cash = {a.account.id: max(a.cash, Money(ZERO)) for a in snapshot.accounts}
    kept: dict[str, Money] = {}
    for wish in memory.reserved:
        if wish.account not in cash:
            continue
        so_far = kept.get(wish.account, Money(ZERO))
        due = (wish.by - snapshot.day).days <= policy.withdrawals.begins_days_before
        room = wish.amount if due else min(wish.amount, max(cash[wish.account] - so_far, ZERO))
        kept[wish.account] = Money(so_far + room)
    return kept


def raises_at_once(policy: Policy) -> bool:
    """Whether money that was taken out is raised whatever the rest."""
    return policy.withdrawals.action is not Withdrawing.WAIT
