"""The house while it runs: the objects that wiring put together, handed to every step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from config.safeguards import Halting, OrderLife
from config.settings import Reconciling
from daemon.taxes.ledger import JournalLedger
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.accounts import Account
from portfolio.ports import Broker, BrokerReader, Clock, Journal, KillLatch, Prices, Sessions
from portfolio.snapshot import AccountSnapshot
from portfolio.valuations import Valuation

if TYPE_CHECKING:
    from daemon.targets.sources import Targets


def no_hook(_label: str) -> None:
    """The production hook: crash points are only named."""


def goes_on() -> str:
    """Why the process is about to end: it is not."""
    return ""


def nothing_by_hand(_day: date) -> tuple[Valuation, ...]:
    """A household that values nothing by hand."""
    return ()


@dataclass(slots=True, kw_only=True)
class House:
    """One household under one daemon.

    `readers` maps an account id to its broker. `senders` holds only what may send: it is empty in a
    dry run, so that no object there has a way to submit. `held_elsewhere` are accounts valued by
    hand. `lots` is the household's lot ledger; without it lots are the journal's own. `hook` is
    called with a label around every commit and broker call, for crash tests.
    `stopping` says why the process is about to end, empty while it is not: nothing new is sent then,
    and with `cancels_on_stop` its open orders are asked to cancel.
    `reconciling` says when what a broker shows is believed, `halting` when everything stops by itself,
    `order_life` how long an order may take. They, `policy` and `limits` may be replaced between cycles,
    when the configuration changes. `targets` says where the policy's weights come from; None when they
    are the ones typed in. `by_hand` gives what a person values, as of a day.
    """

    name: str
    clock: Clock
    sessions: Sessions
    accounts: tuple[Account, ...]
    readers: Mapping[str, BrokerReader]
    senders: Mapping[str, Broker]
    prices: Prices
    journal: Journal
    latch: KillLatch
    policy: Policy
    limits: Limits
    held_elsewhere: tuple[AccountSnapshot, ...] = ()
    targets: "Targets | None" = None
    reconciling: Reconciling = field(default_factory=Reconciling)
    halting: Halting = field(default_factory=Halting)
    order_life: OrderLife = field(default_factory=OrderLife)
    hook: Callable[[str], None] = no_hook
    stopping: Callable[[], str] = goes_on
    cancels_on_stop: bool = False
    lots: JournalLedger | None = None
    by_hand: Callable[[date], tuple[Valuation, ...]] = nothing_by_hand

    @property
    def is_dry_run(self) -> bool:
        """Whether nothing can be sent."""
        return not self.senders

    @property
    def epoch(self) -> str:
        """The journal's epoch, part of every order id."""
        return self.journal.identity().epoch
