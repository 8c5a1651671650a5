"""What a reload puts in force while the daemon runs, and what it leaves to a restart."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.read import read_settings
from daemon.assembly import Assembly, assemble, reload
from daemon.requests.spool import prepare_spool
from daemon.waking.queue import WakeQueue
from daemon.worlds.alpaca import open_alpaca_world
from portfolio.events import ConfigurationChanged
from tests.support.local_alpaca import local_alpaca
from tests.support.processes import CONFIGURATION
from tests.support.rehearsals import CONFIGURATION as AT_ALPACA
from tests.support.rehearsals import KEY_FILE
from tests.support.simulated import WEEK, HandClock, new_york

FIGURES = """
[halts]
refused_orders = 2
clock_skew_seconds = 3
[orders]
cancel_minutes = 4
[reconcile]
cash_fits_usd = 2
"""


@pytest.fixture
def assembly(tmp_path: Path) -> Iterator[Assembly]:
    file, state = tmp_path / "trimtab.toml", tmp_path / "state"
    file.write_text(CONFIGURATION)
    state.mkdir()
    prepare_spool(state)
    made = assemble(read_settings(file), state, WakeQueue())
    yield made
    made.close()


def written(assembly: Assembly, more: str) -> None:
    assembly.settings.file.write_text(CONFIGURATION + more)
    reload(assembly)


def test_the_figures_of_halts_and_orders_are_in_force_at_once(assembly: Assembly) -> None:
    written(assembly, FIGURES)
    assert assembly.house.halting.refused_orders == 2
    assert assembly.house.halting.clock_skew == timedelta(seconds=3)
    assert assembly.house.order_life.cancel_after == timedelta(minutes=4)
    assert assembly.house.reconciling.cash_fits == 2
    (row,) = assembly.journal.events("configuration_changed")
    assert isinstance(row.event, ConfigurationChanged)
    assert row.event.changes == (
        "reconcile.cash_fits_usd was 1, is 2",
        "halts.refused_orders was 3, is 2",
        "halts.clock_skew_seconds was 5, is 3",
        "orders.cancel_minutes was 10, is 4",
    )


def test_how_often_prices_are_polled_is_in_force_at_once(assembly: Assembly) -> None:
    assert assembly.service.price_poll() == timedelta(seconds=60)
    written(assembly, "[schedule]\nprice_poll_seconds = 300\n")
    assert assembly.service.price_poll() == timedelta(minutes=5)
    written(assembly, "[schedule]\nprice_poll_seconds = 0\n")
    assert assembly.service.price_poll() is None


def test_what_takes_a_restart_is_named_and_nothing_else_changes_either(assembly: Assembly) -> None:
    written(assembly, FIGURES + "[backup]\nkeep = 3\n")
    (alarm,) = assembly.journal.open_alarms()
    assert alarm.text == (
        "The old configuration stays in force until a restart: it takes one to change backup."
    )
    assert assembly.house.halting.refused_orders == 3
    assert not assembly.journal.events("configuration_changed")


def test_in_service_how_often_a_page_is_told_again_is_in_force_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "alpaca.keys").write_text(KEY_FILE)
    (tmp_path / "alpaca.keys").chmod(0o600)
    file, state = tmp_path / "trimtab.toml", tmp_path / "state"
    state.mkdir()
    prepare_spool(state)
    with local_alpaca() as local:
        file.write_text(AT_ALPACA.replace("URL", local.url))
        made = assemble(read_settings(file), state, WakeQueue())
        assert made.chores is not None
        assert made.chores.notices.repeat == timedelta(minutes=15)
        text = file.read_text()
        file.write_text(text.replace("[notices]\n", "[notices]\nrepeat_minutes = 5\n"))
        reload(made)
        assert made.chores.notices.repeat == timedelta(minutes=5)
        made.close()


def test_the_limit_of_requests_is_that_of_the_connection(tmp_path: Path) -> None:
    (tmp_path / "alpaca.keys").write_text(KEY_FILE)
    (tmp_path / "alpaca.keys").chmod(0o600)
    file = tmp_path / "trimtab.toml"
    text = AT_ALPACA.replace("URL", "http://127.0.0.1:9")
    file.write_text(text.replace("[limits]\n", "[limits]\nmax_requests_per_minute = 20\n"))
    world = open_alpaca_world(
        read_settings(file),
        "brokerage",
        HandClock(new_york(WEEK[0], "10:00")),
        sending=True,
        interactive=False,
        on_trouble=lambda _: None,
    )
    for line in (world.reader._connection, world.prices._connection):  # type: ignore[attr-defined]
        takes = [line.budget.try_spend(reserve=True) for _ in range(21)]
        assert takes[:20] == [0.0] * 20
        assert takes[20] > 0
