"""The decision: a snapshot, a policy and a memory in; a proposal or a hold out. Pure, on one screen."""

from dataclasses import replace

from policies.allocation import Unknown
from policies.book import Book, open_book
from policies.gates import (
    improvement_gate,
    settles_calendar,
    size_gate,
    standing_gates,
    why_hold,
    why_stopped,
)
from policies.planning.continue_run import continue_run, end_of_time
from policies.planning.harvesting import Harvest, ask_harvest
from policies.planning.plan import Plan, make_plan, views
from policies.planning.stops import destination_gate
from policies.planning.tax.aware import tax_aware_plan, told
from policies.policy import Policy
from policies.prices import judge_prices, wanted_symbols
from policies.taxes.planning_rule import Planner
from policies.triggers.ask import Aim, Asked, Call, ask_triggers
from portfolio.decisions import Decision, Gate, Hold, Proposal
from portfolio.memory import Memory
from portfolio.money import exact_arithmetic
from portfolio.snapshot import Snapshot


def decide(snapshot: Snapshot, policy: Policy, memory: Memory) -> Decision:
    """What to do now, with every gate that was asked and its margin.

    The same inputs give the same answer, whatever the order of their mappings. While a run is under
    way only that run is continued. A plan must remove `min_improvement` of the drift, unless it only
    spends new cash (the minimum trade judges that) or raises cash that is owed.
    """
    with exact_arithmetic():
        judged = judge_prices(snapshot, policy.prices, wanted_symbols(snapshot, policy.target))
        book = open_book(judged, policy, memory)
        if memory.run is not None and (over := end_of_time(judged, memory.run, book)):
            return over
        if isinstance(book, Unknown):
            return _unknown(judged, book)
        gates = standing_gates(book)
        if memory.run is not None:
            return continue_run(book, memory.run, gates, why_stopped(book))
        harvest = ask_harvest(book)
        gates = (*gates, *harvest.gates)
        if harvest.plan is not None and not why_stopped(book):
            return _harvests(book, harvest, harvest.plan, gates)
        asked = ask_triggers(book)
        gates = (*gates, *asked.gates)
        for call in () if why_stopped(book) else asked.calls:
            plan = _planned(book, call)
            judgement = (size_gate(plan, call), improvement_gate(plan, call))
            stops = () if plan.taxes and plan.taxes.planner else destination_gate(book, call)
            gates = (*gates, *judgement, *stops)
            if all(gate.passed for gate in judgement):
                return _proposal(book, call, plan, gates)
        return _hold(book, asked, gates)


def _planned(book: Book, call: Call) -> Plan:
    """A rebalance of a household with tax rates is planned for tax; other plans are told theirs."""
    taxes, rule = book.policy.taxes, book.policy.tax_planning
    if taxes is None or rule.planner is Planner.OFF:
        return make_plan(book, call)
    if call.aim is Aim.REBALANCE:
        return tax_aware_plan(book, taxes, rule)
    return told(make_plan(book, call), book, taxes)


def _proposal(book: Book, call: Call, plan: Plan, gates: tuple[Gate, ...]) -> Proposal:
    return Proposal(
        household=book.snapshot.household,
        as_of=book.snapshot.as_of,
        reason=call.reason,
        gates=gates,
        slices=plan.slices,
        legs=plan.legs,
        advice=plan.advice,
        skipped=plan.skipped,
        managed_value=book.managed,
        estimated_cost=plan.cost,
        taxes=plan.taxes,
    )


def _harvests(book: Book, harvest: Harvest, plan: Plan, gates: tuple[Gate, ...]) -> Proposal:
    if (taxes := book.policy.taxes) is not None:
        plan = told(plan, book, taxes)
    return replace(
        _proposal(book, Call(aim=Aim.RAISE, reason=harvest.reason), plan, gates),
        harvests=harvest.steps,
    )


def _hold(book: Book, asked: Asked, gates: tuple[Gate, ...]) -> Hold:
    return Hold(
        household=book.snapshot.household,
        as_of=book.snapshot.as_of,
        reason=why_hold(book, gates, asked.calls),
        gates=gates,
        slices=views(book),
        settles_calendar=settles_calendar(book, asked, gates),
    )


def _unknown(snapshot: Snapshot, unknown: Unknown) -> Hold:
    gates = tuple(Gate(name="price", passed=False, text=text) for text in unknown.reasons)
    return Hold(
        household=snapshot.household,
        as_of=snapshot.as_of,
        reason="; ".join(unknown.reasons),
        gates=gates,
    )
