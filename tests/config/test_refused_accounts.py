"""Modes, accounts, markets and notices that are refused, and secrets that are not shown."""

import pytest

from tests.support.configurations import SMALLEST, changed, refused, settings

# Mode


def test_an_unknown_mode_is_told_the_one_that_is_probably_meant() -> None:
    assert refused(changed('"dry_run"', '"Paper"')) == [
        (
            'core.toml, line 1, mode: "Paper" is no mode; "paper" is probably meant. '
            'Write "dry_run" or "paper".'
        )
    ]
    assert refused(changed('"dry_run"', '["dry_run", "paper"]')) == [
        'core.toml, line 1, mode: a list is no mode. Write "dry_run" or "paper".'
    ]


def test_live_is_refused_with_the_reason() -> None:
    assert refused(changed('"dry_run"', '"live"')) == [
        (
            'core.toml, line 1, mode: "live" is refused: this version has been proved against its own '
            'exchange only. Write "paper" or "dry_run".'
        )
    ]


# Accounts


def test_an_unknown_broker_is_refused() -> None:
    assert refused(changed('"simulated"', '"robin"')) == [
        (
            'core.toml, line 8, accounts[1].broker: "robin" is not known here. '
            'Write "simulated", "alpaca" or "held_elsewhere".'
        )
    ]


def test_a_household_that_nobody_can_trade_is_refused() -> None:
    assert refused(changed('"simulated"', '"held_elsewhere"')) == [
        (
            "core.toml, line 6, accounts: no account can be traded. "
            'Add [[accounts]] with broker = "alpaca" or broker = "simulated".'
        )
    ]


def test_play_money_and_real_accounts_do_not_mix_and_ids_are_unique() -> None:
    more = '[[accounts]]\nid = "play"\nbroker = "alpaca"\nstarting_cash_usd = 3\n'
    assert refused(SMALLEST + more) == [
        (
            "core.toml, line 6, accounts: one household mixes simulated accounts with real ones. "
            "Write a configuration of its own for the simulated accounts."
        ),
        (
            'core.toml, line 20, accounts[2].id: "play" is the id of accounts[1] too. '
            "Give each account an id of its own."
        ),
        (
            'core.toml, line 22, accounts[2].starting_cash_usd: it belongs to broker = "simulated", '
            'and this account has broker = "alpaca". Remove it, or change the broker.'
        ),
    ]


def test_a_simulation_without_a_simulated_account_is_refused() -> None:
    text = changed('"simulated"', '"alpaca"') + "[simulation]\n"
    assert refused(text) == [
        (
            'core.toml, line 19, simulation: there is no account with broker = "simulated". '
            "Remove [simulation], or add such an account."
        )
    ]


def test_a_server_that_is_not_this_machine_is_refused() -> None:
    text = changed('"simulated"', '"alpaca"\nserver_url = "https://api.alpaca.markets"')
    assert refused(text) == [
        (
            "core.toml, line 9, accounts[1].server_url: a text that is not shown is no address on this "
            'machine. Write, for example, "http://127.0.0.1:8080".'
        )
    ]


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost.example.com",
        "http://127.0.0.1:80@example.com",
        "http://[::1].example.com/",
        "https://127.0.0.1/v2",
        "ftp://127.0.0.1",
    ],
)
def test_an_address_that_only_looks_like_this_machine_is_refused(address: str) -> None:
    text = changed('"simulated"', f'"alpaca"\nserver_url = "{address}"')
    (problem,) = refused(text)
    assert "is no address on this machine" in problem


# The simulated market


def test_a_market_that_ends_before_it_starts_is_refused() -> None:
    text = SMALLEST + "[simulation]\nstart = 2008-01-02\nend = 2008-01-02\n"
    assert refused(text) == [
        (
            "core.toml, line 21, simulation.end: 2008-01-02 is not after the start, 2008-01-02. "
            "Write a later date, or leave it out."
        )
    ]


def test_a_rename_needs_its_new_symbol() -> None:
    event = '[[simulation.events]]\non = 2008-01-02\nkind = "rename"\nsymbol = "VTI"\n'
    assert refused(SMALLEST + event) == [
        (
            'core.toml, line 19, simulation.events[1].to: an event of kind "rename" needs it. '
            'Add to = "VTX".'
        )
    ]


def test_an_event_needs_what_its_kind_needs() -> None:
    split = '[[simulation.events]]\non = 2008-01-02\nkind = "split"\n'
    deposit = '[[simulation.events]]\non = 2008-01-02\nkind = "deposit"\naccount = "other"\n'
    assert refused(SMALLEST + split + deposit) == [
        (
            'core.toml, line 19, simulation.events[1].symbol: an event of kind "split" needs it. '
            'Add symbol = "VTI".'
        ),
        (
            'core.toml, line 19, simulation.events[1].ratio: an event of kind "split" needs it. '
            "Add ratio = 2."
        ),
        (
            "core.toml, line 22, simulation.events[2].amount_usd: an event of kind "
            '"deposit" needs it. Add amount_usd = 1000.'
        ),
        (
            "core.toml, line 25, simulation.events[2].account: there is no simulated account "
            '"other". Write "play".'
        ),
    ]


def test_a_date_in_quotes_is_refused() -> None:
    assert refused(SMALLEST + '[simulation]\nstart = "2008-01-02"\n') == [
        (
            'core.toml, line 20, simulation.start: "2008-01-02" is not a date. '
            "Write a date without quotes, for example 2007-10-01."
        )
    ]


# Notices


def test_a_channel_without_what_it_needs_is_refused() -> None:
    assert refused(SMALLEST + '[notices]\nchannels = ["file", "apprise", "file"]\n') == [
        (
            'core.toml, line 19, notices.file: channel "file" needs it. '
            'Add file = "FILE", or take "file" out of channels.'
        ),
        (
            'core.toml, line 19, notices.apprise_file: channel "apprise" needs it. '
            'Add apprise_file = "FILE", or take "apprise" out of channels.'
        ),
        "core.toml, line 20, notices.channels: a channel is listed twice. List each channel once.",
    ]


# Secrets


def test_a_secret_in_the_file_is_refused_and_never_shown() -> None:
    key, secret, address = "PKABCDEFGHIJKLMNOP12", "aB3" * 14, "mailto://me:hunter2@example.com"
    text = changed(
        'broker = "simulated"',
        f'broker = "alpaca"\napi_secret = "{secret}"\nkeys_file = "{key}"\n{secret} = 1',
    )
    text += f'[notices]\nchannels = ["{address}"]\nfile = "{address}"\n'
    problems = refused(text.replace('"VTI"', f'"{key}"').replace('"BND"', f'"{secret}"'))
    told = "\n".join(problems)
    assert len(problems) == 7
    for hidden in (key, secret, "hunter2"):
        assert hidden not in told
        assert hidden[:8] not in told
    assert (
        'core.toml, line 9, accounts[1].api_secret: there is no setting "api_secret", and a secret '
        "has no place in this file. Put the keys into a file that you alone can read, and write "
        'keys_file = "FILE" under [[accounts]].'
    ) in problems
    assert (
        "core.toml, line 10, accounts[1].keys_file: the text looks like a key itself, so it is not "
        "shown. Put the secret into a file of its own and write the file's name here."
    ) in problems


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8080", "https://localhost", "http://[::1]:1/"]
)
def test_a_stand_in_on_this_machine_is_accepted(origin: str) -> None:
    read = settings(changed('"simulated"', f'"alpaca"\nserver_url = "{origin}"'))
    assert read.alpaca["play"].server_url == origin


# Too many


def test_lists_have_an_end() -> None:
    assert refused("slices = []\n" + SMALLEST.split("[[slices]]")[0]) == [
        (
            "core.toml, line 1, slices: there is no slice. "
            "Add [[slices]] with name, weight_percent and symbol."
        )
    ]
    slices = '[[slices]]\nname = "x"\nweight_percent = 0\n' * 2000
    assert "core.toml, line 10, slices: there are 2002 slices. Write at most 2000." in refused(
        SMALLEST + slices
    )
    accounts = '[[accounts]]\nid = "x"\nbroker = "simulated"\n' * 200
    assert refused(SMALLEST + accounts) == [
        "core.toml, line 6, accounts: there are 201 accounts. Write at most 200."
    ]


def test_a_second_cash_slice_is_refused() -> None:
    text = changed('symbol = "BND"', "cash = true", changed('symbol = "VTI"', "cash = true"))
    assert refused(text) == [
        (
            'core.toml, line 18, slices[2].cash: slice "stocks" is the cash slice already. '
            "Keep one cash slice."
        )
    ]


def test_a_deposit_into_one_of_several_accounts_names_it() -> None:
    more = '[[accounts]]\nid = "second"\nbroker = "simulated"\n'
    event = '[[simulation.events]]\non = 2008-01-02\nkind = "deposit"\namount_usd = 5\n'
    assert refused(SMALLEST + more + event) == [
        (
            "core.toml, line 22, simulation.events[1].account: there are several accounts. "
            'Add account = "play" or "second".'
        )
    ]
