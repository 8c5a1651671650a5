"""`trimtab plan` on one screen."""

from rich.console import Group, RenderableType
from rich.text import Text

from daemon.answers.plan import Planned
from daemon.screens.decision import decision_screen
from daemon.screens.portfolio import accounts_table, depths_in, slices_table
from daemon.screens.style import words
from daemon.screens.words import instant, money, quantity
from portfolio.decisions import Proposal


def plan_screen(planned: Planned, *, columns: int) -> RenderableType:
    """Value, slices before and after, gates, orders, costs, verdict, and what would follow."""
    snapshot, equity = planned.snapshot, planned.snapshot.equity()
    parts: list[RenderableType] = [
        words(f"A look at {instant(snapshot.as_of)}, nothing recorded, nothing sent", "title"),
        words(
            f"value {'unknown' if equity is None else f'{money(equity)} USD'}"
            f"   cash {money(snapshot.cash)} USD   market {'open' if snapshot.is_open else 'closed'}"
        ),
        *([words(f"target: {planned.target}")] if planned.target else []),
        Text(),
    ]
    if len(snapshot.accounts) > 1:
        parts += [accounts_table(snapshot), Text()]
    if planned.closed:
        told = (
            f"Right now nothing may go out: {planned.closed}. In an open session, at these prices:"
        )
        parts += [words(told, "title"), Text()]
    if planned.decision.slices:
        parts += [
            slices_table(
                planned.decision.slices,
                columns=columns,
                managed_value=planned.managed,
                show_after=isinstance(planned.decision, Proposal),
                depths={} if planned.tree is None else depths_in(planned.tree),
            ),
            Text(),
        ]
    parts.append(
        decision_screen(planned.decision, planned.verdict, accounts=len(snapshot.accounts))
    )
    if planned.deposit_instead is not None:
        instead = (
            f"A deposit of {money(planned.deposit_instead)} USD would make selling unnecessary."
        )
        parts += [Text(), words(instead)]
    unsliced = _unsliced(planned)
    if unsliced:
        parts += [Text(), words("In no slice, left alone:", "title"), *unsliced]
    parts += [Text(), words(planned.will, "title")]
    return Group(*parts)


def _unsliced(planned: Planned) -> list[Text]:
    gates = [g for g in planned.decision.gates if g.name == "left alone"]
    return [
        words(f"  {quantity(planned.snapshot.quantity(gate.scope))} {gate.text}", "quiet")
        for gate in gates
    ]
