"""`trimtab hedge` on one screen."""

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.answers.hedging import HedgeAdvice
from daemon.screens.style import quiet_table, words
from daemon.screens.words import listed, money, number_of


def hedge_screen(advice: HedgeAdvice, underlying: str) -> RenderableType:
    """What is at risk, the puts, the collar, the futures, and what the tax law makes of each."""
    parts: list[RenderableType] = [
        words(f"A hedge with {underlying}, advice only", "title"),
        words(
            f"{_usd(advice.value)} in {listed(list(advice.counted))}, beta {advice.beta:.2f}:"
            f" {_usd(advice.puts.exposure_before)} at risk"
        ),
    ]
    if advice.left_out:
        parts.append(words(f"Without a beta, not counted: {listed(advice.left_out)}", "quiet"))
    parts += [Text(), _table(advice)]
    if advice.over_budget:
        parts += [
            Text(),
            words(f"Rolled for a year it costs {advice.yearly_cost:.2%}: over the budget.", "care"),
        ]
    parts += [Text(), words("What the tax law makes of it:", "title")]
    parts += [words(f"- {flag}") for flag in advice.flags]
    parts += [Text(), words(advice.note, "care")]
    return Group(*parts)


def _table(advice: HedgeAdvice) -> Table:
    puts = advice.puts
    table = quiet_table()
    table.add_column("hedge", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("what it does")
    table.add_row(
        f"puts, {advice.months} months, strike {advice.strike:,.2f}",
        number_of(puts.contracts, "contract"),
        f"cost {_usd(puts.cost)} ({puts.cost_fraction:.2%}), a year {advice.yearly_cost:.2%};"
        f" {_usd(puts.uncovered)} of the wanted protection is left out",
    )
    table.add_row(
        "puts, delta-neutral",
        number_of(puts.neutral_contracts, "contract"),
        f"delta {puts.delta:.2f} each; with the floor's puts {_usd(puts.exposure_after)} stay at risk",
    )
    table.add_row(
        f"collar, call at {puts.collar_strike:,.2f}",
        number_of(puts.contracts, "call"),
        f"the call pays for the put; holdings cover {_covered(advice)}",
    )
    if advice.futures is not None:
        future = advice.futures
        table.add_row(
            "index futures",
            f"{future.contracts:+d}",
            f"exactly {future.exact:+.2f}; a beta of {future.residual_beta:.2f} stays",
        )
    return table


def _covered(advice: HedgeAdvice) -> str:
    some = [f"{count} of {symbol}" for symbol, count in advice.covered.items() if count]
    return listed(some) if some else "none of it"


def _usd(amount: float) -> str:
    return money(Decimal(repr(amount)))
