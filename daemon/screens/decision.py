"""A decision on one screen: the reason, every gate with its margin, the plan, the limits' verdict."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table, words
from daemon.screens.taxes import taxes_lines
from daemon.screens.words import money, number_of, percent, quantity, short_hash
from portfolio.decisions import Decision, Gate, Hold, PlannedLeg, Proposal, Verdict
from portfolio.orders import Side


def headline(decision: Decision) -> Text:
    """ "Hold" or "Proposal 0123456789", with the reason."""
    if isinstance(decision, Hold):
        head = Text().append("Hold", style="title")
    elif decision.reason.startswith(f"run {decision.run} "):
        return words(f"R{decision.reason[1:]}", "decision")
    elif decision.run is not None:
        head = Text().append(f"Run {decision.run} goes on", style="decision")
    else:
        head = Text().append(f"Proposal {short_hash(decision.proposal_hash())}", style="decision")
    return head.append(": ").append_text(words(decision.reason))


def gates_table(gates: Sequence[Gate]) -> Table:
    """One row a gate: its name, whether it lets a trade happen, its words with the margin."""
    table = quiet_table()
    table.add_column("gate", no_wrap=True)
    table.add_column("trade?", no_wrap=True)
    table.add_column("what it saw", overflow="fold")
    for gate in gates:
        answer = Text("yes", style="good") if gate.passed else Text("no", style="quiet")
        later = f" (next {gate.next_possible})" if gate.next_possible else ""
        table.add_row(gate.name, answer, words(gate.text + later))
    return table


def plan_table(legs: Sequence[PlannedLeg], *, accounts: int = 1) -> Table:
    """One row an order, sells first, with why it is there; with its account where there are several."""
    table = quiet_table()
    table.add_column("order", no_wrap=True)
    table.add_column("units", justify="right", no_wrap=True)
    table.add_column("symbol", no_wrap=True)
    if accounts > 1:
        table.add_column("in", no_wrap=True)
    table.add_column("limit", justify="right", no_wrap=True)
    table.add_column("about", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for leg in legs:
        intent = leg.intent
        side = Text(intent.side.value, style="care" if intent.side is Side.SELL else "good")
        limit = "market" if intent.limit_price is None else money(intent.limit_price)
        table.add_row(
            side,
            quantity(intent.quantity),
            intent.symbol,
            *([words(intent.account)] if accounts > 1 else []),
            limit,
            money(leg.value),
            words(leg.reason),
        )
    return table


def plan_summary(proposal: Proposal) -> str:
    """What the plan moves and costs, in one line."""
    return (
        f"{number_of(len(proposal.legs), 'order')}, {money(proposal.one_way)} USD one way"
        f" ({percent(proposal.turnover)} of {money(proposal.managed_value)}),"
        f" estimated cost {money(proposal.estimated_cost)} USD"
    )


def verdict_lines(verdict: Verdict) -> RenderableType:
    """The limits' answer: what refers, denies or warns, and how many limits are content."""
    tones = {"approved": "good", "referred": "care", "denied": "alarm"}
    told = {
        "approved": "within every limit",
        "referred": "asks a person",
        "denied": "cannot be approved",
    }[verdict.outcome]
    content = sum(check.outcome == "ok" for check in verdict.checks)
    head = Text().append(f"Limits: {told}", style=tones[verdict.outcome])
    head.append(f" ({content} of {len(verdict.checks)} checks pass)", style="quiet")
    told_once = dict.fromkeys((c.outcome, c.text) for c in verdict.checks if c.outcome != "ok")
    rows = [
        words(f"  {outcome}: {text}", "care" if outcome != "deny" else "alarm")
        for outcome, text in told_once
    ]
    return Group(head, *rows)


def decision_screen(
    decision: Decision, verdict: Verdict | None = None, *, accounts: int = 1
) -> RenderableType:
    """Reason, gates, orders, advice, what was left out, verdict: one under the other.

    `accounts` is how many the household has.
    """
    parts: list[RenderableType] = [headline(decision), Text(), gates_table(decision.gates)]
    if isinstance(decision, Proposal):
        if decision.legs:
            parts += [
                Text(),
                plan_table(decision.legs, accounts=accounts),
                Text(plan_summary(decision), style="quiet"),
            ]
        if decision.taxes is not None:
            parts += [Text(), taxes_lines(decision.taxes, decision.legs)]
        if decision.advice:
            advice = plan_table(decision.advice, accounts=accounts)
            parts += [Text("\nTold, never sent:", style="title"), advice]
        parts += [words(f"Left out: {text}", "quiet") for text in decision.skipped]
    if verdict is not None:
        parts += [Text(), verdict_lines(verdict)]
    return Group(*parts)
