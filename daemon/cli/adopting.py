"""`trimtab adopt`: from keys to an explained first proposal, without editing a file."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.setting_up import ForceOption, KeysOption, KindOption, NumberOption, ToOption, save
from daemon.cli.where import DEFAULT_NAME, ConfigOption, JsonOption, StateOption

if TYPE_CHECKING:
    from config.adopt import Adoption
    from config.settings import Settings
    from config.write import InitAnswers
    from portfolio.snapshot import Snapshot


def adopt(
    keys_file: KeysOption = "",
    leave: Annotated[
        list[str] | None, typer.Option("--leave", help="A symbol to keep out; may be repeated.")
    ] = None,
    household: Annotated[str, typer.Option(help="A name for the household.")] = "core",
    account: Annotated[str, typer.Option(help="Your short name for the account.")] = "alpaca",
    kind: KindOption = "taxable",
    account_number: NumberOption = "",
    config: ConfigOption = None,
    state: StateOption = None,
    to: ToOption = Path(DEFAULT_NAME),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Read an account, propose slices from what it holds, write the configuration. Sends nothing.

    The slices are what is held now, in a dry run; change the weights to what you want and look again
    with `trimtab plan`. With --config the account of that configuration is read, else Alpaca's.

    Example: trimtab adopt --keys-file ~/.config/trimtab/alpaca.keys --leave TSLA
    """
    from config.adopt import propose_slices, render_adoption
    from config.settings import Settings

    source = _source(config, household, account, kind, keys_file, account_number)
    snapshot = _look(source, to)
    adoption = propose_slices(
        snapshot,
        limits=source.limits if isinstance(source, Settings) else None,
        leave=[symbol.upper() for symbol in leave or []],
    )
    save(render_adoption(adoption, source), to, force=force)
    _show(adoption, snapshot, to, state, json=json)


def _source(
    config: Path | None,
    household: str,
    account: str,
    kind: str,
    keys_file: str,
    account_number: str,
) -> "Settings | InitAnswers":
    """How the account is reached: an existing configuration, or the answers on the command line."""
    from config.read import read_settings
    from config.write import InitAnswers
    from daemon.cli.setting_up import one_of
    from portfolio.accounts import AccountKind

    if config is not None:
        return read_settings(config)
    return InitAnswers(
        household=household,
        account=account,
        broker="alpaca",
        slices=(),
        kind=one_of(AccountKind, "kind", kind),
        keys_file=str(Path(keys_file).expanduser().resolve()) if keys_file else None,
        account_number=account_number or None,
    )


def _look(source: "Settings | InitAnswers", to: Path) -> "Snapshot":
    """One snapshot of the account; nothing of ours is asked or kept."""
    from config.adopt import settings_for_looking
    from config.settings import Settings
    from daemon.observe import observe
    from daemon.wiring import open_house

    settings = source if isinstance(source, Settings) else settings_for_looking(source, file=to)
    with tempfile.TemporaryDirectory() as nowhere:
        return observe(open_house(settings, Path(nowhere)))


def _show(
    adoption: "Adoption", snapshot: "Snapshot", to: Path, state: Path | None, *, json: bool
) -> None:
    from config.read import read_settings
    from daemon.answers.plan import plan_now
    from daemon.cli.looking import print_json
    from daemon.screens.adoption import adoption_screen
    from daemon.screens.plan import plan_screen
    from daemon.screens.style import console, words
    from daemon.wiring import state_directory

    settings = read_settings(to)
    planned = plan_now(settings, state_directory(settings, state))
    if json:
        print_json({"adoption": adoption, "wrote": str(to), "plan": planned.as_json()})
        return
    screen = console()
    screen.print(adoption_screen(adoption, snapshot))
    screen.print(words(f"\nWrote {to}, in dry run. Nothing was sent.\n", "good"))
    screen.print(words("The first proposal would be:", "title"))
    screen.print(plan_screen(planned, columns=screen.width))
    screen.print(words(f"\nNext: edit the weights in {to}, then trimtab plan --config {to}"))
