"""What the demo plays: its configuration as any user could have written it, and its scripted days."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from brokers.simulated.price_file import PriceTable

FIRST, LAST = date(2007, 10, 1), date(2009, 9, 30)
DEPOSIT_ON, DEPOSIT_USD = date(2008, 6, 2), 4_000
STALE_ON, STALE_SYMBOL = date(2008, 9, 17), "US_STOCKS"
STOP_FROM = date(2008, 10, 1)
"""The first rebalance on or after this day is cut off between its sells and its buys."""
HALT_BEFORE = date(2009, 2, 27)
RESUME_BEFORE = date(2009, 3, 5)
"""In between the edge is crossed, and nothing is sent."""
LOST_ANSWER_ON = date(2009, 4, 1)
"""The first order after it is taken and never answered; the process is killed while it waits."""

ACCOUNT = "play"
CONFIGURATION = "demo.toml"
NOTICES = "notices.log"
SYMBOL_LIMIT = 12
"""At most this many columns of a person's own prices become slices."""
SESSION_LIMIT = 560
"""At most this many sessions of them are played, the latest ones."""

_HEAD = """\
# The demo's configuration: any of your own would look the same. Nothing here is real money.
mode = "paper"

[household]
name = "demo"

[[accounts]]
id = "play"
broker = "simulated"
kind = "tax_deferred"
autonomy = "auto"                    # the first plan still waits for a person
starting_cash_usd = 100_000
"""
_TAIL = """\
[notices]
channels = ["file"]
file = "notices.log"
amounts = true                       # play money

[schedule]
price_poll_seconds = 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A demo to be played: the configuration's text, its days, and whether scenes are scripted."""

    configuration: str
    first: date
    last: date
    sessions: int
    scripted: bool


def own_script(table: PriceTable) -> Script:
    """The shipped story: 60/40 over two years from October 2007."""
    slices = _slice("stocks", "US_STOCKS", Decimal(60)) + _slice(
        "bonds", "US_TREASURIES_10Y", Decimal(40)
    )
    text = f"""{_HEAD}
{slices}
[rebalance]
calendar = ["yearly on 2 january"]
minimum_trade_usd = 500              # no order for a single odd unit
{_TAIL}
[simulation]
prices = "us_60_40"
start = {FIRST}
end = {LAST}
session_seconds = 0.05

[[simulation.events]]
on = {DEPOSIT_ON}
kind = "deposit"
amount_usd = {DEPOSIT_USD}

[[simulation.events]]
on = {STALE_ON}
kind = "stale_quote"
symbol = "{STALE_SYMBOL}"

[[simulation.events]]
on = {LOST_ANSWER_ON}
kind = "lost_answer"
"""
    days = [day for day in table.sessions if FIRST <= day <= LAST]
    return Script(
        configuration=text, first=days[0], last=days[-1], sessions=len(days), scripted=True
    )


def script_for(table: PriceTable, prices: Path) -> Script:
    """Anyone's prices, unscripted: 60/40 for two columns, else equal weights over the first twelve."""
    symbols, days = table.symbols[:SYMBOL_LIMIT], table.sessions[-SESSION_LIMIT:]
    weights = _weights(len(symbols))
    slices = "\n".join(_slice(s, s, w) for s, w in zip(symbols, weights, strict=True))
    text = f"""{_HEAD}
{slices}
[rebalance]
calendar = ["yearly on 2 january"]
fractional = true                    # a price of yours may be far above the size of a slice
{_TAIL}
[simulation]
prices = "{_toml(str(prices.resolve()))}"
start = {days[0]}
session_seconds = 0.05
"""
    return Script(
        configuration=text,
        first=days[0],
        last=days[-1],
        sessions=len(days),
        scripted=False,
    )


def _weights(count: int) -> list[Decimal]:
    """Percents that sum to exactly 100, as equal as two places allow; 60 and 40 for two."""
    if count == 2:
        return [Decimal(60), Decimal(40)]
    each = (Decimal(100) / count).quantize(Decimal("0.01"))
    return [Decimal(100) - each * (count - 1)] + [each] * (count - 1)


def _slice(name: str, symbol: str, weight: Decimal) -> str:
    return f"""\
[[slices]]
name = "{_toml(name)}"
weight_percent = {weight}
symbol = "{_toml(symbol)}"
"""


def _toml(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
