"""`trimtab harvest` on one screen: every loss, its worth, its cost, its partner, what blocks it."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table, words
from daemon.screens.words import money, percent, quantity
from daemon.taxes.harvests import Harvests
from policies.taxes.harvest import Opportunity


def harvest_screen(found: Harvests) -> RenderableType:
    """The table first, then what stands in the way of each, then gains worth a thought."""
    parts: list[RenderableType] = [
        words(f"Losses on {found.day}: a further dollar saves", "title"),
        words(f"{percent(found.short_rate)} short-term, {percent(found.long_rate)} long-term"),
        words(f"Off: {found.off}", "care") if found.off else words(_declared(found), "good"),
        Text(),
    ]
    if found.opportunities:
        parts += [_table(found), Text()]
        parts += [line for item in found.opportunities for line in _blocks(item)]
    else:
        parts.append(words("No taxable holding of the target is at a loss.", "quiet"))
    parts += _gains(found)
    parts += [Text(), *(words(f"- {warning}", "quiet") for warning in found.warnings)]
    parts.append(words(found.note, "care"))
    return Group(*parts)


def _declared(found: Harvests) -> str:
    left = found.declaration_days_left
    return f"On: all accounts are declared, for {left} more days"


def _table(found: Harvests) -> Table:
    table = quiet_table()
    table.add_column("account", overflow="fold")
    table.add_column("holding", no_wrap=True)
    for name in ("units", "loss", "of value", "saves", "later tax", "costs", "benefit"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("partner", no_wrap=True)
    table.add_column("", no_wrap=True)
    for item in found.opportunities:
        table.add_row(
            item.account,
            item.symbol,
            quantity(item.quantity),
            money(item.loss),
            percent(item.loss_fraction),
            money(item.saving),
            money(item.later_tax),
            money(item.cost + item.other_costs),
            money(item.benefit),
            item.partner or "none",
            words("blocked", "care") if item.blocks else words("worth taking", "good"),
        )
    return table


def _blocks(item: Opportunity) -> list[Text]:
    return [words(f"{item.symbol} in {item.account}: {why}", "care") for why in item.blocks]


def _gains(found: Harvests) -> list[RenderableType]:
    parts: list[RenderableType] = []
    if found.gains:
        parts += [
            Text(),
            words(f"The 0 % bracket has room for {money(found.room.amount)} of gain:", "title"),
        ]
        parts += [
            words(
                f"sell and buy back {quantity(g.quantity)} {g.symbol} in {g.account}: a gain of"
                f" {money(g.gain)} for {money(g.tax)} of tax, {money(g.saved_later)} less later"
            )
            for g in found.gains
        ]
    if found.waits:
        parts += [Text(), words("Worth waiting for:", "title")]
        parts += [
            words(
                f"{quantity(w.quantity)} {w.symbol} in {w.account} is long-term on {w.first_day}"
                f" ({w.days} days): selling it then saves {money(w.saving)} USD"
            )
            for w in found.waits
        ]
    return parts
