"""`trimtab gifts` on one screen: which lots, what they save, what the limits leave, and the letter."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table, words
from daemon.screens.words import money, percent, quantity
from daemon.taxes.gifting import Suggestion
from policies.taxes.gifts import GiftReject
from portfolio.gifts import Gift

_REJECTS = {
    GiftReject.UNKNOWN_BASIS: "their basis is not known",
    GiftReject.LOSS: "a loss: sell it, take the loss, give the money",
    GiftReject.NO_GAIN: "no gain: give money instead",
    GiftReject.SHORT_TERM: "a year or less: only the basis could be deducted",
}


def gift_screen(found: Suggestion, letter: str) -> RenderableType:
    """The lots and the numbers, then what to do."""
    plan = found.plan
    parts: list[RenderableType] = [
        words(f"A gift of {money(plan.wanted)}: a suggestion, nothing is sent", "title"),
        Text(),
    ]
    if plan.picks:
        parts += [_lots(found), Text()]
        parts.append(words(f"shares {money(plan.value)}   cash {money(plan.cash)}"))
        parts.append(
            words(f"gain never taxed {money(plan.gain)}, saving {money(found.saved)}", "good")
        )
        parts += [words(line) for line in _deduction(found)]
    else:
        parts.append(words("No long-term lot with a gain fits into it.", "care"))
    parts += [words(f"- {hint}", "quiet") for hint in found.hints]
    parts += [words(f"- It needs {paper}.", "quiet") for paper in found.papers]
    parts += [words(line, "quiet") for line in _rejected(found)]
    if plan.picks:
        parts += [
            Text(),
            words(
                f"Good until {found.good_until}, or a price moves by more than"
                f" {percent(found.max_price_move)}. To go ahead: the same command with --accept."
            ),
            Text(),
            words("The letter:", "title"),
            *(words(line) for line in letter.splitlines()),
        ]
    parts += [Text(), words(found.note, "care")]
    return Group(*parts)


def _lots(found: Suggestion) -> Table:
    table = quiet_table()
    for name in ("account", "lot"):
        table.add_column(name, overflow="fold")
    table.add_column("bought", no_wrap=True)
    for name in ("shares", "value", "gain", "of value"):
        table.add_column(name, justify="right", no_wrap=True)
    for pick in found.plan.picks:
        table.add_row(
            pick.account,
            f"{pick.symbol} {pick.lot_id}",
            "" if pick.acquired_on is None else str(pick.acquired_on),
            quantity(pick.shares),
            money(pick.value),
            money(pick.gain),
            percent(pick.gain / pick.value),
        )
    return table


def _deduction(found: Suggestion) -> Sequence[str]:
    if found.deduction is None:
        return (f"deduction at most {money(found.plan.value)}, before the limits of {found.year}",)
    said = f"deductible in {found.year}: {money(found.deduction.shares)}"
    if found.deduction.floor_reduction:
        said += f" after {money(found.deduction.floor_reduction)} under the floor"
    return (f"{said}, saving {money(found.deduction_saves)}",)


def _rejected(found: Suggestion) -> Sequence[str]:
    counted: dict[GiftReject, int] = {}
    for _, why in found.plan.rejected:
        counted[why] = counted.get(why, 0) + 1
    return [f"- {count} lots are left out: {_REJECTS[why]}" for why, count in counted.items()]


def open_gifts_screen(gifts: Sequence[Gift]) -> RenderableType:
    """Gifts that were accepted and have not left yet."""
    if not gifts:
        return words("No gift is under way. One is suggested by: trimtab gifts AMOUNT", "quiet")
    return Group(
        *(
            words(
                f"{gift.gift_id}: "
                + ", ".join(f"{quantity(p.shares)} {p.symbol} ({p.account})" for p in gift.shares)
                + f", {money(gift.value)}, accepted on {gift.accepted_on};"
                f" it ends when the shares have left, or with --cancel {gift.gift_id}"
            )
            for gift in gifts
        )
    )
