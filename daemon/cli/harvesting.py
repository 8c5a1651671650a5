"""`trimtab harvest`: every loss, what it is worth, and what stands in its way. It only looks."""

from daemon.cli.where import (
    ConfigArgument,
    ConfigOption,
    JsonOption,
    StateOption,
    settings_at,
    state_at,
)


def harvest(
    configuration: ConfigArgument = None,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """List the losses of taxable holdings: benefit, cost, partner, and what blocks each.

    The daemon takes them once [harvest] declared_all_accounts is set: it asks, or trades within
    its own limits where the account is on auto. No advice, and no filing.

    Example: trimtab harvest --json
    """
    from daemon.cli.door import Refusal
    from daemon.cli.looking import print_json
    from daemon.exit_codes import ExitCode
    from daemon.screens.harvesting import harvest_screen
    from daemon.screens.style import console
    from daemon.taxes.harvests import NoRates, as_json, harvests_now

    try:
        found = harvests_now(
            settings_at(configuration, config), state_at(configuration or config, state)
        )
    except NoRates as problem:
        raise Refusal(str(problem), ExitCode.CONFIGURATION) from None
    if json:
        print_json(as_json(found))
        return
    console().print(harvest_screen(found))
