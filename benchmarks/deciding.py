"""How long one decision takes, for a hold and for a proposal that trades every position."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Peer, Row, spread
from benchmarks.households import Household, household
from benchmarks.timing import cpu_milliseconds
from policies.decide import decide
from portfolio.decisions import Decision

GOALS_MS = {10: 1, 100: 3, 1000: 20}


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """`decide` by processor time, beside the bare sums that no decision can do without."""
    rows: list[Row] = []
    for positions in effort.positions:
        for drifted in (False, True):
            asked = household(positions, drifted=drifted)
            kind, legs = told(_decided(asked))
            progress(f"decide, {kind} of {positions} positions")
            goal = GOALS_MS.get(positions)
            rows.append(
                Figure(
                    name=f"decide, {kind}, {positions} positions",
                    unit="ms",
                    measured=spread(_milliseconds(partial(_decided, asked), effort)),
                    goal=None if goal is None else Goal(level=goal),
                    peer=Peer(
                        name="values and weights",
                        measured=spread(_milliseconds(partial(bare_sums, asked), effort)),
                    ),
                    notes=(f"processor time; {legs} orders",) if legs else (),
                )
            )
    return rows


def told(decision: Decision) -> tuple[str, int]:
    """ "hold" or "proposal", and the number of orders in it."""
    return decision.kind, len(decision.legs) if decision.kind == "proposal" else 0


def bare_sums(asked: Household) -> list[Decimal]:
    """The floor: each position's value and weight and its distance from the target, in Decimal."""
    snapshot, target = asked.snapshot, asked.policy.target
    values = {
        p.symbol: p.quantity * (snapshot.quotes[p.symbol].bid + snapshot.quotes[p.symbol].ask) / 2
        for account in snapshot.accounts
        for p in account.positions
    }
    whole = sum(values.values(), snapshot.cash)
    return [value / whole - target.weights[symbol] for symbol, value in values.items()]


def _decided(asked: Household) -> Decision:
    return decide(asked.snapshot, asked.policy, asked.memory)


def _milliseconds(call: Callable[[], object], effort: Effort) -> list[float]:
    return cpu_milliseconds(call, runs=effort.runs, seconds=effort.seconds)
