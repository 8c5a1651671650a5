"""From what is held to a proposed configuration: slices, what stays outside, and what to know first.

Pure: a snapshot in, an `Adoption` and its text out. Nothing is sent and nothing is written here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from config.problems import list_in_words, plain_number
from config.read import settings_from
from config.settings import Mode, Settings
from config.source import parse
from config.write import AnsweredSlice, InitAnswers, render_settings, render_values, values_from
from policies.limit_rule import Limits
from policies.policy import MinimumTrade
from portfolio.accounts import AccountKind
from portfolio.instruments import AssetClass, Instrument
from portfolio.lots import matching_position
from portfolio.money import ZERO, Money, Quantity, total
from portfolio.snapshot import Snapshot
from portfolio.target import CASH

HUNDRED = Decimal(100)
WHOLE_PERCENTS_FROM = Decimal(5)
"""With every slice at least this many percent, whole percents keep each well inside its band."""

MOST_BUFFER = Decimal(5)
"""Cash up to this many percent is kept as the buffer, more becomes a slice of its own."""

_GROUPS = {
    AssetClass.EQUITY: "stocks",
    AssetClass.REAL_ESTATE: "stocks",
    AssetClass.BOND: "bonds",
    AssetClass.CASH: "bonds",
}
OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A holding in no slice, and why. `value` is None when it has no price."""

    symbol: str
    value: Money | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownBasis:
    """Units whose cost or date nobody knows; a taxable account does not sell them."""

    account: str
    symbol: str
    quantity: Quantity
    taxable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What adopting an account would mean.

    `slices` sum to exactly 100 % under each parent. `managed_value` is what stands in them and the
    cash. `warnings` are sentences that a person should read first: slices under the minimum trade
    or beyond a limit, and symbols asked to be left that are not held.
    """

    slices: tuple[AnsweredSlice, ...]
    cash_buffer_percent: Decimal | None
    managed_value: Money
    left: tuple[Left, ...] = ()
    unknown_basis: tuple[UnknownBasis, ...] = ()
    warnings: tuple[str, ...] = ()


def propose_slices(
    snapshot: Snapshot,
    *,
    limits: Limits | None = None,
    minimum_trade: MinimumTrade | None = None,
    leave: Collection[str] = (),
) -> Adoption:
    """Slices as the household holds them now, so that nothing needs to be traded.

    Weights are whole percents, or tenths when a slice is under 5 %, by largest remainder. Symbols in
    `leave`, holdings without a price, sold short or too small for a tenth of a percent stay in no
    slice. Slices are grouped into stocks, bonds and other where the broker knows the classes.
    Raises `ValueError` when nothing is left to put into a slice.
    """
    limits, minimum_trade = limits or Limits(), minimum_trade or MinimumTrade()
    values, left = _values(snapshot, leave)
    cash = Money(max(snapshot.cash, Money(ZERO)))
    managed = Money(total(values.values()) + cash)
    for symbol, value in list(values.items()):
        if value / managed < Decimal("0.0005"):
            left.append(Left(symbol=symbol, value=value, reason="it is under 0.05 % of the whole"))
            del values[symbol]
    managed = Money(total(values.values()) + cash)
    if managed <= ZERO or (not values and cash <= ZERO):
        raise ValueError("the account holds nothing that could stand in a slice")
    unknown = _unknown_basis(snapshot, values)
    slices, buffer = _weighed(values, cash, snapshot.instruments)
    notes = _notes(unknown)
    return Adoption(
        slices=tuple(replace(s, note=notes.get(s.symbol or "", "")) for s in slices),
        cash_buffer_percent=buffer,
        managed_value=managed,
        left=tuple(sorted(left, key=lambda item: item.symbol)),
        unknown_basis=unknown,
        warnings=(
            *_owed(snapshot),
            *_not_held(snapshot, leave),
            *_under_the_minimum(values, managed, minimum_trade),
            *_beyond_limits(snapshot, values, managed, limits),
        ),
    )


def settings_for_looking(answers: InitAnswers, *, file: Path) -> Settings:
    """Settings good enough to read an account before there is a target: all cash, dry run.

    Raises `ConfigurationError` when the answers themselves cannot be used.
    """
    all_cash = AnsweredSlice(name=CASH, cash=True, weight_percent=HUNDRED)
    bare = replace(answers, slices=(all_cash,), mode=Mode.DRY_RUN, cash_buffer_percent=None)
    return settings_from(render_settings(bare), file=file)


def render_adoption(adoption: Adoption, answers: InitAnswers | Settings) -> str:
    """The configuration of an adoption, in dry run, with what to know about each slice beside it.

    `answers` say how the account is reached; existing settings give everything but the slices, which
    are replaced. The autonomy is theirs ("propose" unless they say otherwise).
    """
    if isinstance(answers, Settings):
        values, _ = parse(answers.file, answers.text)
    else:
        values = values_from(answers)
    given = values.get("rebalance")
    rebalance: dict[str, object] = dict(given) if isinstance(given, Mapping) else {}
    rebalance["cash_buffer_percent"] = adoption.cash_buffer_percent
    values |= {
        "mode": Mode.DRY_RUN.value,
        "slices": [
            {
                "name": s.name,
                "weight_percent": s.weight_percent,
                "parent": s.parent,
                "symbol": s.symbol,
                "cash": s.cash or None,
            }
            for s in adoption.slices
        ],
        "rebalance": rebalance,
    }
    notes = {s.name: s.note for s in adoption.slices if s.note}
    return render_values(values, notes=notes, head=_head(adoption))


def percents(
    values: Sequence[Decimal], *, step: Decimal, whole: Decimal = HUNDRED
) -> tuple[Decimal, ...]:
    """Shares of `values` (>= 0, sum above 0) as multiples of `step` that sum to exactly `whole`.

    The largest-remainder method: each share is rounded down, and the steps that are missing go to
    the largest remainders, the first of equals first. Each is within one step of its exact share.

    >>> percents([Decimal(1), Decimal(1), Decimal(1)], step=Decimal(1))
    (Decimal('34'), Decimal('33'), Decimal('33'))
    """
    all_values, steps = sum(values, ZERO), whole / step
    exact = [value * steps / all_values for value in values]
    floors = [int(share) for share in exact]
    order = sorted(range(len(values)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[: int(steps) - sum(floors)]:
        floors[i] += 1
    return tuple(n * step for n in floors)


def _values(snapshot: Snapshot, leave: Collection[str]) -> tuple[dict[str, Money], list[Left]]:
    """Value of each holding that can stand in a slice, largest first, and the ones left."""
    values: dict[str, Money] = {}
    left: list[Left] = []
    for symbol in snapshot.symbols_held():
        value = snapshot.value(symbol)
        instrument = snapshot.instruments.get(symbol)
        if symbol in leave:
            left.append(Left(symbol=symbol, value=value, reason="you asked for it"))
        elif value is None:
            left.append(Left(symbol=symbol, value=None, reason="it has no price"))
        elif value <= ZERO:
            left.append(Left(symbol=symbol, value=value, reason="it is sold short"))
        elif instrument is not None and not instrument.tradable:
            reason = "the broker does not trade it"
            left.append(Left(symbol=symbol, value=value, reason=reason))
        else:
            values[symbol] = value
    return dict(sorted(values.items(), key=lambda item: (-item[1], item[0]))), left


def _weighed(
    values: Mapping[str, Money], cash: Money, instruments: Mapping[str, Instrument]
) -> tuple[list[AnsweredSlice], Decimal | None]:
    """The slices with their percents, and the cash buffer; None when cash is a slice."""
    cash_percent = cash / (total(values.values()) + cash) * HUNDRED
    cash_is_slice = cash_percent > MOST_BUFFER or not values
    groups = _grouped(values, instruments)
    tops = {name: total(values[s] for s in members) for name, members in groups.items()}
    if cash_is_slice:
        tops[CASH] = cash
    slices: list[AnsweredSlice] = []
    for name, weight in zip(tops, _rounded(list(tops.values())), strict=True):
        members = groups.get(name, ())
        is_cash = name == CASH and not members
        is_group = len(members) > 1
        slices.append(
            AnsweredSlice(
                name=name,
                weight_percent=weight,
                symbol=None if is_group or is_cash else members[0],
                cash=is_cash,
            )
        )
        if is_group:
            inner = _rounded([values[s] for s in members])
            slices += [
                AnsweredSlice(name=s, weight_percent=w, symbol=s, parent=name)
                for s, w in zip(members, inner, strict=True)
            ]
    return slices, None if cash_is_slice else cash_percent.quantize(Decimal("0.1"))


def _grouped(
    values: Mapping[str, Money], instruments: Mapping[str, Instrument]
) -> dict[str, tuple[str, ...]]:
    """Group name to symbols; each symbol for itself when the classes say nothing.

    A group of one is called by its symbol.
    """
    groups: dict[str, list[str]] = {}
    for symbol in values:
        known = instruments.get(symbol)
        group = OTHER if known is None else _GROUPS.get(known.asset_class, OTHER)
        groups.setdefault(group, []).append(symbol)
    if len(groups) < 2 and len(values) > 1:
        return {symbol: (symbol,) for symbol in values}
    return {
        name if len(members) > 1 else members[0]: tuple(members) for name, members in groups.items()
    }


def _rounded(values: Sequence[Money]) -> tuple[Decimal, ...]:
    """Percents of a level: the coarsest step at which every part keeps its size, at least one step."""
    whole = total(values)
    smallest = min(values) / whole * HUNDRED
    if smallest >= WHOLE_PERCENTS_FROM:
        return percents(values, step=Decimal(1))
    step = Decimal("0.1") if smallest >= Decimal("0.5") else Decimal("0.01")
    return percents(values, step=step)


def _unknown_basis(snapshot: Snapshot, values: Mapping[str, Money]) -> tuple[UnknownBasis, ...]:
    found = []
    for account in snapshot.accounts:
        for position in account.positions:
            if position.symbol not in values:
                continue
            lots = matching_position(account.lots, position)
            units = sum((lot.quantity for lot in lots if not lot.basis_known), ZERO)
            if units > ZERO:
                found.append(
                    UnknownBasis(
                        account=account.account.id,
                        symbol=position.symbol,
                        quantity=Quantity(units),
                        taxable=account.account.kind is AccountKind.TAXABLE,
                    )
                )
    return tuple(found)


def _notes(unknown: Sequence[UnknownBasis]) -> dict[str, str]:
    notes: dict[str, list[str]] = {}
    for item in unknown:
        so = (
            "they are not sold"
            if item.taxable
            else "the account is not taxed, so it does not matter"
        )
        notes.setdefault(item.symbol, []).append(
            f'{plain_number(item.quantity)} units in "{item.account}" have no known cost and date: '
            f"{so}."
        )
    return {symbol: "\n".join(lines) for symbol, lines in notes.items()}


def _owed(snapshot: Snapshot) -> list[str]:
    return [
        f'"{account.account.id}" owes {-account.cash:.2f} USD in cash: the first plan would sell '
        "to pay it back."
        for account in snapshot.accounts
        if account.cash < ZERO
    ]


def _not_held(snapshot: Snapshot, leave: Collection[str]) -> list[str]:
    held = snapshot.symbols_held()
    return [
        f"{symbol} was to be left out and is not held; held are {list_in_words(held, 'and')}."
        for symbol in sorted(set(leave) - set(held))
    ]


def _under_the_minimum(
    values: Mapping[str, Money], managed: Money, minimum: MinimumTrade
) -> list[str]:
    least = max(minimum.amount, managed * minimum.fraction)
    return [
        f"{symbol} is worth {value:.2f} USD, less than the minimum trade of {least:.2f} USD: "
        "it would hardly ever be traded. Consider leaving it out."
        for symbol, value in values.items()
        if value < least
    ]


def _beyond_limits(
    snapshot: Snapshot, values: Mapping[str, Money], managed: Money, limits: Limits
) -> list[str]:
    warnings = []
    if len(values) > limits.max_plan_legs:
        warnings.append(
            f"{len(values)} symbols are more than the {limits.max_plan_legs} orders of one plan: "
            "a plan that touches them all is referred to you."
        )
    for symbol, value in values.items():
        instrument, quote = snapshot.instruments.get(symbol), snapshot.quotes.get(symbol)
        share = value / managed
        if (
            instrument is not None
            and not instrument.is_fund
            and instrument.asset_class is AssetClass.EQUITY
            and share > limits.warn_single_holding_fraction
        ):
            warnings.append(
                f"{symbol} is a single stock and {share * HUNDRED:.1f} % of the whole, above "
                f"{limits.warn_single_holding_fraction * HUNDRED:.0f} %."
            )
        volume = None if quote is None else quote.average_daily_volume
        if volume is None:
            warnings.append(f"{symbol} has no known volume: every order in it is referred to you.")
        elif snapshot.quantity(symbol) > volume * limits.max_volume_fraction:
            warnings.append(
                f"{symbol}: the {plain_number(snapshot.quantity(symbol))} units held are more than "
                f"{limits.max_volume_fraction * HUNDRED:.0f} % of a day's volume: a large order in "
                "it is referred to you."
            )
    return warnings


def _head(adoption: Adoption) -> str:
    lines = [
        "",
        "Adopted as it was held. Nothing was sent; the first plan waits for your approval.",
    ]
    if adoption.left:
        lines.append("In no slice, left alone and shown:")
        lines += [f"  {item.symbol}: {item.reason}" for item in adoption.left]
    if adoption.warnings:
        lines.append("To know before the first plan:")
        lines += [f"  {warning}" for warning in adoption.warnings]
    return "\n".join(lines)
