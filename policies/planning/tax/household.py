"""A book as a planner's problem: accounts, slices and lots as arrays, with every guard already in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from policies.book import Book, Desk
from policies.planning.sizing import limit_of
from policies.planning.tax.curve import Curve, curve_of
from policies.planning.tax.problem import Chains, Drift, Problem
from policies.policy import Policy
from policies.taxes.guards import washed_by_sale
from policies.taxes.household import HouseholdTaxes
from policies.taxes.planning_rule import PlanningRule
from policies.taxes.terms import Term, days_to_long_term, result_of_sale
from portfolio.accounts import AccountKind
from portfolio.drift import Block
from portfolio.lots import Lot, oldest_first
from portfolio.money import ZERO, Money
from portfolio.orders import Side

BEYOND = 1.0
"""What a dollar of drift beyond the destination costs: more than any tax on it."""
IDLE = 0.002
"""What a dollar left uninvested costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLot:
    """One lot in the order it is sold: what may be sold of it, what it gains, and what bars it.

    `units` may be sold, worth `value`; `gain` is theirs, both in USD. `waits_days` until a gain is
    long-term, 0 when it is; an unknown date counts as short-term. `washes` says that at the sale's
    limit it may be sold at a loss, which a purchase of the slice would then wash.
    """

    lot: Lot
    units: Decimal
    value: float
    gain: float
    short: bool
    washes: bool
    waits_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """The problem, and which account, symbol and lot stand behind its numbers.

    `chains` maps (account, slice) to its lots; `keys` are the symbols that stand for the slices.
    """

    problem: Problem
    desks: tuple[Desk, ...]
    keys: tuple[str, ...]
    chains: Mapping[tuple[int, int], tuple[ChainLot, ...]]


def household_of(
    book: Book, taxes: HouseholdTaxes, rule: PlanningRule, *, edge: Mapping[str, Decimal]
) -> Household:
    """Set the problem up. `edge` is, by slice, how far from its goal the destination reaches, as a
    fraction of the managed value. Raises `NoTaxData`.

    Losses are only taken where a slice is over its goal: taking more is harvesting, which has its own
    rules. All brokers here relieve first in, first out. What is bought now in one account bars the
    sale of its losses in every other, and a purchase of the last 30 days does so too.
    """
    keys = tuple(book.values)
    desks = book.desks
    year = book.snapshot.day.year
    curve = curve_of(taxes.rates, year)
    so_far = taxes.so_far(book.memory.realised, year)
    held = np.array([float(book.values[k]) for k in keys])
    goal = np.array([float(book.goals[k]) for k in keys])
    room = np.array([float(edge[book.slice_of[k]] * book.managed) for k in keys])
    chains = {
        (a, c): lots
        for a, desk in enumerate(desks)
        for c, key in enumerate(keys)
        if (lots := _chain(book, desk, key, rule))
    }
    return Household(
        problem=Problem(
            names=keys,
            cash=np.array([float(d.spendable) for d in desks]),
            fifo=np.array([_is_taxed(book, d) for d in desks], dtype=np.bool_),
            may_buy=np.array([[_may_buy(book, d, k) for k in keys] for d in desks]),
            holding=_holding(book, rule, keys),
            kappa=np.full(len(keys), float(rule.trading_cost)),
            idle=IDLE,
            drift=Drift(
                held=held,
                goal=goal,
                low=goal - room,
                high=goal + room,
                keep=np.minimum(held, goal),
                inside=float(rule.drift_price),
                beyond=BEYOND,
            ),
            chains=_arrays(chains, (len(desks), len(keys)), curve, book.policy),
            curve=curve,
            base=(float(so_far.net_short), float(so_far.net_long)),
            most_traded=_budget(rule.most_turnover, 2 * book.managed),
            most_gain=float("inf") if rule.most_gain is None else float(rule.most_gain),
        ),
        desks=desks,
        keys=keys,
        chains=chains,
    )


def _budget(fraction: Decimal | None, of: Decimal) -> float:
    return float("inf") if fraction is None else float(fraction * of)


def _is_taxed(book: Book, desk: Desk) -> bool:
    return _kind(book, desk) is AccountKind.TAXABLE


def _kind(book: Book, desk: Desk) -> AccountKind:
    accounts = book.snapshot.accounts
    return next(a.account.kind for a in accounts if a.account.id == desk.account)


def _may_buy(book: Book, desk: Desk, key: str) -> bool:
    barred = desk.why_no_buy(key) or book.locks.buys.get(key)
    return not barred and key in book.snapshot.quotes


def _holding(book: Book, rule: PlanningRule, keys: Sequence[str]) -> Block:
    drags = [float(rule.location_drag.get(k, ZERO) * rule.location_years) for k in keys]
    return np.array([drags if _is_taxed(book, d) else [0.0] * len(keys) for d in book.desks])


def _chain(book: Book, desk: Desk, key: str, rule: PlanningRule) -> tuple[ChainLot, ...]:
    """What an account may sell of a slice, in order: substitutes first, the oldest lot first."""
    taxed = _is_taxed(book, desk)
    chain: list[ChainLot] = []
    for symbol in book.to_sell(key):
        left = desk.sellable.get(symbol, ZERO)
        if symbol in desk.barred or left <= ZERO or symbol not in book.snapshot.quotes:
            continue
        for lot in lots_in_order(book, desk, symbol):
            part = min(left, lot.quantity)
            if part <= ZERO or (taxed and not lot.basis_known):
                break
            link = _link(book, lot, part, taxed=taxed)
            if rule.long_term_only and link.short and link.gain > 0.0:
                break
            if link.washes and _would_be_washed(book, lot):
                break
            chain.append(link)
            left -= part
    return tuple(chain)


def lots_in_order(book: Book, desk: Desk, symbol: str) -> list[Lot]:
    """An account's lots of a symbol, the oldest first; of unknown date before all."""
    account = next(a for a in book.snapshot.accounts if a.account.id == desk.account)
    return oldest_first(lot for lot in account.lots if lot.symbol == symbol)


def _link(book: Book, lot: Lot, part: Decimal, *, taxed: bool) -> ChainLot:
    value = part * book.prices[lot.symbol]
    if not taxed:
        return ChainLot(
            lot=lot,
            units=part,
            value=float(value),
            gain=0.0,
            short=False,
            washes=False,
            waits_days=0,
        )
    today = book.snapshot.day
    found = result_of_sale(lot, lot.quantity * book.prices[lot.symbol], today)
    limit = limit_of(Side.SELL, book.snapshot.quotes[lot.symbol], book.policy.limit_offset)
    at_limit = result_of_sale(lot, lot.quantity * limit, today)
    gain = (found.gain or ZERO) * part / lot.quantity
    days = days_to_long_term(lot, today) or 0
    return ChainLot(
        lot=lot,
        units=part,
        value=float(value),
        gain=float(gain),
        short=found.term is not Term.LONG,
        washes=at_limit.gain is not None and at_limit.gain < ZERO,
        waits_days=days if gain > ZERO else 0,
    )


def _would_be_washed(book: Book, sold: Lot) -> bool:
    """Whether shares bought in the last 30 days, in any account, or an order to buy such would wash
    a loss on the lot."""
    rule = book.policy.lots
    if not rule.guards:
        return False
    if book.pending.why_no_loss(rule.household.group_of(sold.symbol)):
        return True
    held = [lot for account in book.snapshot.accounts for lot in account.lots]
    return washed_by_sale(sold, held, rule.household, book.snapshot.day) > ZERO


def _arrays(
    chains: Mapping[tuple[int, int], tuple[ChainLot, ...]],
    shape: tuple[int, int],
    curve: Curve,
    policy: Policy,
) -> Chains:
    longest = max((len(lots) for lots in chains.values()), default=1)
    full = (*shape, longest)
    value, gain, wait = np.zeros(full), np.zeros(full), np.zeros(full)
    short, washes = np.zeros(full, dtype=np.bool_), np.zeros(full, dtype=np.bool_)
    up_short, up_long = curve.slopes(1.0, 1.0)
    keeps = float(1 - policy.tax_planning.deferral_credit)
    for (a, c), lots in chains.items():
        for k, link in enumerate(lots):
            rate = link.gain / link.value
            value[a, c, k] = link.value
            gain[a, c, k] = rate * keeps if rate > 0.0 else rate
            short[a, c, k] = link.short
            washes[a, c, k] = link.washes
            if 0 < link.waits_days <= policy.lots.wait_days:
                wait[a, c, k] = max(0.0, up_short - up_long) * rate
    return Chains(value=value, gain=gain, short=short, wait=wait, washes=washes)


def dollars(amount: float) -> Money:
    """A float of the planner to the cent."""
    return Money(Decimal(f"{amount:.2f}"))
