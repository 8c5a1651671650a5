"""A call made into a plan: wanted trades, sized and split, with the household before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from policies.book import Book
from policies.planning.accounts import buy_parts, sell_parts, why_unsold
from policies.planning.destination import wanted_trades
from policies.planning.rounding_up import enough_for_owed
from policies.planning.sizing import Part, as_leg, in_order
from policies.planning.stand_ins import stand_ins_first
from policies.planning.wash_guard import left_for_washes, unwashed_sales, without_own_washes
from policies.triggers.ask import Aim, Call
from portfolio.decisions import PlannedLeg, SliceView, TaxEstimate
from portfolio.drift import slice_drifts
from portfolio.money import ZERO, Money, Weight
from portfolio.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Orders and what they would do. `drift_before` and `drift_after` are total drift, fractions.

    `taxes` is there when the household has tax rates.
    """

    legs: tuple[PlannedLeg, ...]
    advice: tuple[PlannedLeg, ...]
    skipped: tuple[str, ...]
    slices: tuple[SliceView, ...]
    drift_before: Decimal
    drift_after: Decimal
    cost: Money
    taxes: TaxEstimate | None = None

    @property
    def improvement(self) -> Decimal:
        """The fraction of the total drift that the plan removes; 0 when there is none."""
        if self.drift_before == ZERO:
            return ZERO
        return (self.drift_before - self.drift_after) / self.drift_before


def make_plan(book: Book, call: Call) -> Plan:
    """Size a call: sales first, then buys from the cash there and the sales at their limits."""
    whole, book = book, _owing(book) if call.aim is Aim.RAISE else book
    wanted = wanted_trades(book, call)
    wanted_sells = {} if call.aim is Aim.INVEST else wanted.sells
    sells = sell_parts(book, wanted_sells)
    owes = call.aim is Aim.RAISE and bool(book.owed)
    if owes:
        sells = enough_for_owed(book, sells)
    unsold = [] if call.aim is Aim.INVEST else why_unsold(book, wanted_sells, sells)
    sells, kept = unwashed_sales(book, sells)
    if owes and kept:
        sells = enough_for_owed(book, sells, but=kept)
        sells, more = unwashed_sales(book, sells)
        kept += more
    guarded = without_own_washes(book, sells)
    first = stand_ins_first(guarded, wanted.buys, sells)
    buys, unbought = buy_parts(guarded, first.buys, first.funds) if first.buys else ([], [])
    washes = left_for_washes(guarded, first.buys)
    said = [*unsold, *(item.text for item in kept), *unbought, *washes, *first.said]
    return plan_of(whole, [*sells, *first.parts, *buys], said)


def _owing(book: Book) -> Book:
    """Only the accounts from which a person takes money, when one lacks some: no other can give it."""
    if not book.owed:
        return book
    return replace(book, desks=tuple(desk for desk in book.desks if desk.account in book.owed))


def plan_of(book: Book, parts: list[Part], skipped: list[str]) -> Plan:
    """The plan of sized parts: legs in order, advice apart, every slice before and after."""
    advisers = {desk.account for desk in book.desks if desk.advises}
    legs = in_order([as_leg(book, part) for part in parts])
    after = _moved(book, parts)
    return Plan(
        legs=tuple(leg for leg in legs if leg.intent.account not in advisers),
        advice=tuple(leg for leg in legs if leg.intent.account in advisers),
        skipped=tuple(sorted(set(skipped))),
        slices=views(book, after),
        drift_before=_total_drift(book, book.values),
        drift_after=_total_drift(book, after),
        cost=_spread_cost(book, legs),
    )


def views(book: Book, after: dict[str, Money] | None = None) -> tuple[SliceView, ...]:
    """Every slice before and after a plan, as weights of the managed value; alike without a plan."""
    then = book.drifts
    if after is not None:
        cash = _cash_after(book, after)
        by_leaf = {book.slice_of[s]: value for s, value in after.items()}
        values = [by_leaf.get(leaf, cash) for leaf in book.policy.target.leaves]
        then = slice_drifts(values, book.policy.target, book.half_widths)
    return tuple(
        SliceView(
            name=now.name,
            target=now.target,
            before=now.actual,
            after=Weight(later.actual),
            half_width=now.half_width,
        )
        for now, later in zip(book.drifts, then, strict=True)
    )


def _moved(book: Book, parts: list[Part]) -> dict[str, Money]:
    after = dict(book.values)
    for part in parts:
        sign = 1 if part.side is Side.BUY else -1
        key = book.key_of(part.symbol)
        after[key] = Money(after[key] + sign * part.quantity * book.prices[part.symbol])
    return after


def _cash_after(book: Book, after: Mapping[str, Money]) -> Money:
    return Money(book.managed - sum(after.values(), ZERO))


def _total_drift(book: Book, values: Mapping[str, Money]) -> Decimal:
    off = sum((abs(values[s] - goal) for s, goal in book.goals.items()), ZERO)
    cash = abs(_cash_after(book, values) - book.cash_goal)
    return (off + cash) / 2 / book.managed


def _spread_cost(book: Book, legs: tuple[PlannedLeg, ...]) -> Money:
    """Half the spread of every order; fees are the broker's and not known here."""
    quotes = book.snapshot.quotes
    return Money(
        sum(
            (
                leg.intent.quantity
                * (quotes[leg.intent.symbol].ask - quotes[leg.intent.symbol].bid)
                / 2
                for leg in legs
            ),
            ZERO,
        )
    )
