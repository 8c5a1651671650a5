"""Commands that come before a run: init and check."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from daemon.cli.where import (
    DEFAULT_NAME,
    ConfigArgument,
    ConfigOption,
    JsonOption,
    StateOption,
    settings_at,
)

if TYPE_CHECKING:
    from config.write import AnsweredSlice

Kind = TypeVar("Kind", bound=StrEnum)

ToOption = Annotated[Path, typer.Option("--to", help="The file to write.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
KeysOption = Annotated[
    str,
    typer.Option("--keys-file", help="The file with key and secret, readable by you alone."),
]
NumberOption = Annotated[
    str, typer.Option("--account-number", help="Refuse every account but this one.")
]
KindOption = Annotated[
    str, typer.Option("--kind", help="How it is taxed: taxable, tax_deferred or tax_free.")
]


def init(
    household: Annotated[str, typer.Option(help="A name for the household.")] = "",
    broker: Annotated[str, typer.Option(help="simulated or alpaca.")] = "",
    mix: Annotated[str, typer.Option(help="The target: `VTI=60, BND=40`.")] = "",
    account: Annotated[str, typer.Option(help="Your short name for the account.")] = "",
    mode: Annotated[str, typer.Option(help="dry_run or paper.")] = "dry_run",
    kind: KindOption = "taxable",
    autonomy: Annotated[str, typer.Option(help="observe, propose or auto.")] = "propose",
    keys_file: KeysOption = "",
    account_number: NumberOption = "",
    prices: Annotated[str, typer.Option(help="simulated: us_60_40, or a CSV file.")] = "",
    to: ToOption = Path(DEFAULT_NAME),
    force: ForceOption = False,
) -> None:
    """Write a commented configuration: asks what is not given, or nothing when all is.

    Every other setting is in the file at its default, with a line that says why.

    Example: trimtab init --household core --broker alpaca --mix "VTI=60, BND=40"
    """
    from config.settings import Mode
    from config.write import InitAnswers, render_settings
    from daemon.cli.door import Refusal
    from portfolio.accounts import AccountKind, Autonomy

    asks = sys.stdin.isatty()
    name = household or _ask("household", "What shall the household be called", "core", asks=asks)
    place = broker or _ask("broker", "Which broker: simulated or alpaca", "simulated", asks=asks)
    default_mix = "VTI=60, BND=40" if place == "alpaca" else "US_STOCKS=60, US_TREASURIES_10Y=40"
    target = mix or _ask("mix", "Which mix, in percent", default_mix, asks=asks)
    if place == "alpaca" and not keys_file and asks:
        keys_file = typer.prompt("File with the keys (empty: environment)", default="")
    answers = InitAnswers(
        household=name,
        account=account or ("alpaca" if place == "alpaca" else "play"),
        broker=place,
        slices=_mix(target),
        mode=one_of(Mode, "mode", mode),
        kind=one_of(AccountKind, "kind", kind),
        autonomy=one_of(Autonomy, "autonomy", autonomy),
        keys_file=keys_file or None,
        account_number=account_number or None,
        prices=prices or None,
    )
    if place not in ("simulated", "alpaca"):
        raise Refusal(f"{place!r} is no broker that trimtab knows; write simulated or alpaca.")
    save(render_settings(answers), to, force=force)
    typer.echo(f"Wrote {to}. Next: trimtab check --config {to}, then trimtab plan --config {to}.")


def save(text: str, to: Path, *, force: bool) -> None:
    """Write a configuration that has been read back without a problem; never over another one."""
    from config.read import settings_from
    from daemon.cli.door import Refusal

    settings_from(text, file=to)
    if to.exists() and not force:
        raise Refusal(f"{to} is there already; name another file with --to, or say --force.")
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".{to.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(to)


def _ask(option: str, question: str, default: str, *, asks: bool) -> str:
    from daemon.cli.door import Refusal

    if not asks:
        raise Refusal(f"--{option} is missing, and there is no terminal to ask at.")
    return str(typer.prompt(question, default=default)).strip()


def _mix(text: str) -> "tuple[AnsweredSlice, ...]":
    from config.write import mix_from
    from daemon.cli.door import Refusal

    try:
        return mix_from(text)
    except ValueError as error:
        raise Refusal(str(error)) from None


def one_of(kinds: type[Kind], option: str, text: str) -> Kind:
    """A member of an enumeration by its value; a sentence when there is none."""
    from daemon.cli.door import Refusal

    try:
        return kinds(text)
    except ValueError:
        listed = ", ".join(member.value for member in kinds)
        raise Refusal(f"--{option} {text!r} is not known; write one of {listed}.") from None


def check(
    configuration: ConfigArgument = None,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """What would stop a run, in one table: configuration, keys, account, clock, calendar, disk...

    Sends nothing. Ends with 0 when nothing would stop it, else with the first obstacle's code.

    Example: trimtab check --config trimtab.toml
    """
    from daemon.cli.checking import run_checks
    from daemon.screens.checks import checks_table
    from daemon.screens.style import console, words

    checks = list(run_checks(lambda: settings_at(configuration, config), state))
    stops = [c for c in checks if c.standing == "stops"]
    if json:
        from daemon.cli.looking import print_json

        print_json(checks)
    else:
        screen = console()
        screen.print(checks_table(checks))
        many = "Nothing would stop a run." if not stops else "A run would be stopped."
        screen.print(words(many, "alarm" if stops else "good"))
    if stops:
        raise typer.Exit(stops[0].exit_code or 1)
