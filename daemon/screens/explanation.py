"""A cycle explained on one screen: what was seen, each gate, the plan, each order and fill."""

from rich.console import Group, RenderableType
from rich.text import Text

from daemon.answers.explain import Explanation
from daemon.screens.decision import decision_screen
from daemon.screens.orders import fills_table, legs_table
from daemon.screens.portfolio import accounts_table, depths_in, slices_table
from daemon.screens.sentences import tell
from daemon.screens.style import quiet_table, words
from daemon.screens.words import instant, money, quantity, short_hash
from portfolio.decisions import Proposal
from portfolio.snapshot import Snapshot


def explanation_screen(explanation: Explanation, *, columns: int) -> RenderableType:
    """From the journal alone; the last lines say whether the inputs still give the same answer."""
    record = explanation.record
    parts: list[RenderableType] = [
        words(f"Cycle {record.cycle}", "title").append(
            f"  {instant(record.at)}  session {record.session}  woken by {_wake(explanation)}",
            style="plain",
        )
    ]
    if explanation.inputs is not None:
        parts += [_head("Seen"), _seen(explanation.inputs.snapshot)]
    accounts, depths = 1, {}
    if explanation.inputs is not None:
        accounts = len(explanation.inputs.snapshot.accounts)
        depths = depths_in(explanation.inputs.policy.target)
    if explanation.target:
        parts.append(words(f"target: {explanation.target}"))
    if record.decision.slices:
        planned = isinstance(record.decision, Proposal)
        parts += [
            _head("Slices"),
            slices_table(
                record.decision.slices, columns=columns, show_after=planned, depths=depths
            ),
        ]
    decided = decision_screen(record.decision, record.verdict, accounts=accounts)
    parts += [_head("Decided"), decided]
    if explanation.answers:
        parts.append(_head("What followed"))
        for answer in explanation.answers:
            told = tell(answer.event)
            parts.append(words(f"{instant(answer.at)}  {told.text}", told.tone))
    if explanation.legs:
        parts += [_head("Orders"), legs_table(explanation.legs, accounts=accounts)]
        fills = [
            fill for leg in explanation.legs for fill in explanation.fills[leg.client_order_id]
        ]
        if fills:
            parts += [_head("Fills"), fills_table(fills, accounts=accounts)]
    parts += [_head("Decided again from the recorded inputs"), *_again(explanation)]
    return Group(*parts)


def _head(text: str) -> Text:
    return Text(f"\n{text}", style="title")


def _wake(explanation: Explanation) -> str:
    wake = explanation.record.wake
    return f"{wake.kind}: {wake.detail}" if wake.detail else wake.kind.value


def _seen(snapshot: Snapshot) -> RenderableType:
    equity = snapshot.equity()
    state = "open" if snapshot.is_open else "closed"
    parts: list[RenderableType] = [
        words(
            f"value {'unknown' if equity is None else f'{money(equity)} USD'},"
            f" cash {money(snapshot.cash)} USD, market {state}"
        )
    ]
    if len(snapshot.accounts) > 1:
        parts += [accounts_table(snapshot), Text()]
    table = quiet_table()
    for head in ("symbol", "units", "bid", "ask", "value", "quote"):
        justify = "left" if head in ("symbol", "quote") else "right"
        table.add_column(head, justify=justify, no_wrap=head != "quote")  # type: ignore[arg-type]
    for symbol in sorted({*snapshot.quotes, *snapshot.refused, *snapshot.symbols_held()}):
        quote, refused = snapshot.quotes.get(symbol), snapshot.refused.get(symbol)
        value = snapshot.value(symbol)
        told = "" if quote is None else instant(quote.as_of)
        table.add_row(
            symbol,
            quantity(snapshot.quantity(symbol)),
            "" if quote is None else money(quote.bid),
            "" if quote is None else money(quote.ask),
            "unknown" if value is None else money(value),
            words(told) if refused is None else words(f"refused: {refused.detail}", "care"),
        )
    parts.append(table)
    parts += [
        words(f"{account.account.id} may not trade: {account.blocked}", "alarm")
        for account in snapshot.accounts
        if account.blocked
    ]
    return Group(*parts)


def _again(explanation: Explanation) -> list[RenderableType]:
    record = explanation.record
    if explanation.holds_good:
        refs = f"snapshot {short_hash(record.snapshot)}, policy {short_hash(record.policy)}"
        if explanation.retold:
            return [
                words(f"The same orders and the same numbers ({refs}).", "good"),
                words("This version tells them otherwise than the one that decided:", "plain"),
                *(words(f"  {text}") for text in explanation.retold),
            ]
        return [words(f"The same decision, to the last digit ({refs}).", "good")]
    return [
        words("NOT the same decision:", "alarm"),
        *(words(f"  {text}", "alarm") for text in explanation.differences),
        *(words(f"  only told otherwise: {text}") for text in explanation.retold),
    ]
