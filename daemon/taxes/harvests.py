"""The losses of a household from a fresh look: what each is worth, and what stands in its way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from config.settings import Settings
from config.tax_rules import with_partners, with_shipped_partners
from daemon.house import House
from daemon.memory import remember
from daemon.observe import observe
from daemon.wiring import open_house
from policies.allocation import Unknown
from policies.book import Book, open_book
from policies.planning.harvest_view import (
    every_opportunity,
    gain_rates,
    taxable_holdings,
    year_of,
)
from policies.prices import judge_prices, wanted_symbols
from policies.taxes.gains import (
    GainRoom,
    GainSuggestion,
    TaxableHolding,
    Wait,
    gains_at_zero,
    room_at_zero,
    worth_waiting,
)
from policies.taxes.guards import buys_by_itself
from policies.taxes.harvest import Opportunity, later_tax_of, marginal_rates
from policies.taxes.harvest_rule import HarvestRule, days_left, why_not_declared
from portfolio.accounts import AccountKind
from portfolio.money import exact_arithmetic
from portfolio.target import build_target
from portfolio.wakes import Wake, WakeKind

NO_ADVICE = "An estimate: no advice, and no filing."
UNSEEN = (
    "Wash sales are known only for the accounts listed here; a purchase in any other account of the"
    " household within 30 days takes the loss back."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvests:
    """Opportunities, best first; `off` says why none of them is traded, empty when they may be.

    `room` is what the 0 % bracket of long-term gains has left, `gains` what could fill it, `waits`
    the short-term gains that are near their long term. Rates are those of a further dollar.
    """

    day: date
    off: str
    declaration_days_left: int | None
    short_rate: Decimal
    long_rate: Decimal
    opportunities: tuple[Opportunity, ...]
    warnings: tuple[str, ...]
    room: GainRoom
    gains: tuple[GainSuggestion, ...]
    waits: tuple[Wait, ...]
    note: str = NO_ADVICE


def as_json(found: Harvests) -> dict[str, object]:
    """For a program: every field, and of each opportunity its loss and benefit."""
    whole = {name: getattr(found, name) for name in Harvests.__dataclass_fields__}
    fields = Opportunity.__dataclass_fields__
    whole["opportunities"] = [
        {**{name: getattr(o, name) for name in fields}, "loss": o.loss, "benefit": o.benefit}
        for o in found.opportunities
    ]
    return whole


class NoRates(Exception):
    """Without tax rates a loss has no worth; the message says what to write."""


def harvests_now(settings: Settings, state_dir: Path) -> Harvests:
    """Look, and value every loss. Raises `NoRates`, `NothingKnown` and what a look raises."""
    policy = settings.policy
    if policy.taxes is None:
        raise NoRates(
            "A loss has no worth without tax rates: write ordinary_income_usd, or the three flat"
            f" rates, under [taxes] in {settings.file}."
        )
    return harvests_of(open_house(_with_partners(settings), state_dir), policy.harvest)


def _with_partners(settings: Settings) -> Settings:
    """The settings with the shipped partners in their slices, as a declaration would have it."""
    policy = settings.policy
    rule = with_shipped_partners(policy.harvest)
    slices = with_partners(policy.target.slices, replace(rule, declared_on=date.max))
    target = build_target(slices)
    return replace(settings, policy=replace(policy, target=target, harvest=rule))


def harvests_of(house: House, declared: HarvestRule) -> Harvests:
    """Look at a house, and value every loss; `declared` says whether any of them may be traded."""
    snapshot, policy = observe(house), house.policy
    memory = remember(house, Wake(kind=WakeKind.PERSON, detail="harvest"), snapshot.session)
    with exact_arithmetic():
        # A person asks at any hour: the last quotes will do.
        any_age = replace(policy.prices, max_age_seconds=10 * 86_400)
        judged = judge_prices(snapshot, any_age, wanted_symbols(snapshot, policy.target))
        book = open_book(judged, policy, memory)
        if isinstance(book, Unknown):
            raise NoRates("; ".join(book.reasons))
        return _of_book(book, declared)


def _of_book(book: Book, declared: HarvestRule) -> Harvests:
    day, lots = book.snapshot.day, book.policy.lots
    year = year_of(book)
    found = every_opportunity(book)
    short, long = marginal_rates(year)
    on_short, on_long = gain_rates(book)
    taxable = tuple(
        TaxableHolding(account=a, symbol=s, lots=held, price=price)
        for a, s, held, price in taxable_holdings(book)
    )
    return Harvests(
        day=day,
        off=why_not_declared(declared, day),
        declaration_days_left=days_left(declared, day),
        short_rate=short,
        long_rate=long,
        opportunities=found,
        warnings=tuple(_warnings(book, found)),
        room=room_at_zero(year.rates, year.result, day.year),
        gains=gains_at_zero(taxable, year.rates, year.result, day, later_tax_of(year)),
        waits=worth_waiting(
            taxable, day, short_rate=on_short, long_rate=on_long, within_days=lots.wait_days
        ),
    )


def _warnings(book: Book, found: Iterable[Opportunity]) -> Iterable[str]:
    yield UNSEEN
    if any(a.account.kind is AccountKind.TAXABLE for a in book.snapshot.accounts):
        yield "Lots are sold first in, first out: the broker cannot be told which."
    by_symbol: Mapping[str, None] = dict.fromkeys(o.symbol for o in found)
    for symbol in by_symbol:
        yield from buys_by_itself(book.policy.lots, symbol)
