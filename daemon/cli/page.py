"""The page that `trimtab --help` prints. Scripts and people ask for it often, so it loads nothing."""

import os
import textwrap
from collections.abc import Iterator

HELP = """Keeps a portfolio on course: watches the accounts, decides, trades on paper, explains.

Begin with `trimtab demo`; then `trimtab adopt` reads your own account and sends nothing.

Exit codes: 0 done, 1 the answer is no, 2 wrong use, 69 broker away, 73 and 74 state or disk not
writable, 75 already running, 76 journal refused, 77 keys refused, 78 configuration.

Example: trimtab check --config trimtab.toml
"""

COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("running", "demo", "watch a real daemon at work in a simulated market"),
    "init": ("setting_up", "init", "write a commented configuration"),
    "adopt": ("adopting", "adopt", "read an account, propose slices for it, send nothing"),
    "check": ("setting_up", "check", "what would stop a run, in one table"),
    "run": ("running", "run", "run the daemon until it is told to stop"),
    "run-now": ("running", "run_now", "ask the running daemon for a look"),
    "plan": ("looking", "plan", "one decision from a fresh look, sent nowhere"),
    "status": ("looking", "status", "slices in their bands, last decision, what waits"),
    "approve": ("answering", "approve", "grant the proposal that waits"),
    "reject": ("answering", "reject", "turn it down"),
    "raise": ("raising", "raise_cash", "keep and raise money for a withdrawal"),
    "explain": ("looking", "explain", "a cycle from the journal, decided again"),
    "why-not": ("looking", "why_not", "why nothing was traded"),
    "review": ("reviewing", "review", "a month, quarter or year: how it stands, did, and why"),
    "history": ("looking", "history", "what happened, a line each"),
    "halt": ("answering", "halt", "stop all sending at once"),
    "resume": ("answering", "resume", "clear a halt, with a reason"),
    "backtest": ("backtesting", "backtest", "what this configuration would have done over prices"),
    "compare": ("comparing", "compare", "what each of several policies does and costs"),
    "lots": ("lots", "lots_app", "every lot: basis, term, days to long-term; import them"),
    "ticket": ("ticketing", "ticket_app", "orders for you where trimtab cannot trade"),
    "taxes": ("taxes", "taxes_app", "a history of trades: lots, wash sales, what was realised"),
    "harvest": ("harvesting", "harvest", "losses worth taking, and what blocks each"),
    "gifts": ("gifting", "gifts", "which shares to give to charity: a suggestion"),
    "hedge": ("hedging", "hedge", "size a hedge with puts, a collar or futures: advice only"),
    "trial": ("trying", "trial", "a changed policy over recorded months, then beside the daemon"),
    "profile": (
        "profiling",
        "profile",
        "what risk you want and can bear, and the mix that follows",
    ),
    "promote": ("promoting", "promote", "from a dry run to paper, in a new linked journal"),
    "notify": ("upkeep", "notify", "try the channels of notices"),
    "alpaca-server": ("rehearsing", "alpaca_server", "stand in for Alpaca on this machine"),
    "ack": ("upkeep", "ack", "say that a page was seen, so that it is not told again"),
    "unfence": ("upkeep", "unfence", "trade a fenced symbol again, once you have looked"),
    "backup": ("backing_up", "backup", "a verified copy of the journal, also while it is written"),
    "restore": ("backing_up", "restore", "put a backup in the journal's place"),
    "audit": ("auditing", "audit_app", "verify the chain, replay it, compare it with the broker"),
}
"""Name: module, function, one line. Help lists this table, so that it need load nothing."""

GROUPS: dict[str, tuple[str, ...]] = {
    "To begin": ("demo", "init", "adopt", "profile", "check", "promote"),
    "The daemon": ("run", "run-now", "status", "plan", "raise", "approve", "reject", "ticket"),
    "Why": ("explain", "why-not", "history", "review"),
    "To stop and to mend": (
        "halt",
        "resume",
        "ack",
        "unfence",
        "notify",
        "backup",
        "restore",
        "audit",
    ),
    "Which rule": ("backtest", "compare", "trial", "hedge"),
    "Taxes": ("lots", "harvest", "gifts", "taxes"),
    "To rehearse": ("alpaca-server",),
}
"""The commands by what a person wants; a test holds that each is in one of them."""

_OPTIONS = {
    "-V, --version": "Print the version.",
    "-h, --help": "Show this message and exit.",
}
_WIDEST = 98


def help_page(width: int | None = None) -> str:
    """The page, its paragraphs wrapped to the terminal, at most 98 columns wide."""
    return "\n".join(_lines(min(width or _columns() - 2, _WIDEST))) + "\n"


def _lines(width: int) -> Iterator[str]:
    yield "Usage: trimtab [OPTIONS] COMMAND [ARGS]..."
    for paragraph in HELP.strip().split("\n\n"):
        yield ""
        yield textwrap.fill(paragraph, width, initial_indent="  ", subsequent_indent="  ")
    yield from ("", "Options:", *_pairs(_OPTIONS))
    widest = max(len(name) for name in COMMANDS)
    for heading, names in GROUPS.items():
        lines = {name: COMMANDS[name][2] for name in names}
        yield from ("", f"{heading}:", *_pairs(lines, widest))


def _pairs(lines: dict[str, str], widest: int = 0) -> Iterator[str]:
    widest = max(widest, *(len(name) for name in lines))
    return (f"  {name:<{widest}}  {line}" for name, line in lines.items())


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS", "")) or os.get_terminal_size().columns
    except (ValueError, OSError):
        return 80
