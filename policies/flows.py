"""Money that came or went by itself: which deposits still wait, and which a person is asked about."""

from collections.abc import Mapping

from policies.policy import DepositRule
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
    level = rule.ask_above * managed
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
