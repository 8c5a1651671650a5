"""Observing: one fresh snapshot of the household, from its brokers, its prices and its lot ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from daemon.house import House
from policies.policy import PriceRule
from policies.prices import fault_of, is_a_number
from portfolio.accounts import Account, Position
from portfolio.instruments import Instrument
from portfolio.keeping import keeps_latest_answer
from portfolio.lots import Lot, matching_position
from portfolio.money import ONE, ZERO, Money, Quantity
from portfolio.options import contract_of
from portfolio.ports import BrokerAccount, BrokerReader, Unavailable
from portfolio.snapshot import AccountSnapshot, PriceFault, Quote, RefusedPrice, Snapshot


def observe(house: House) -> Snapshot:
    """Ask every broker and the price source once. Raises `Unavailable` or `CredentialsRefused`.

    The accounts come first and the prices last, so that quotes are as fresh as they can be.
    """
    told: dict[str, Money] = {}
    accounts = tuple(_account(house, account, told) for account in house.accounts)
    symbols = _symbols(house, accounts)
    instruments: dict[str, Instrument] = {}
    for reader in house.readers.values():
        instruments.update(reader.instruments([s for s in symbols if s not in instruments]))
    answers = _in_numbers(house.prices.quotes(symbols))
    now = house.clock.now()
    session = house.sessions.current_or_previous(now)
    snapshot = Snapshot(
        household=house.name,
        as_of=now,
        session=session,
        is_open=session.is_open(now),
        accounts=accounts,
        quotes={s: a for s, a in sorted(answers.items()) if isinstance(a, Quote)},
        refused={s: a for s, a in sorted(answers.items()) if isinstance(a, RefusedPrice)},
        instruments=dict(sorted(instruments.items())),
        by_hand=house.by_hand(session.day),
    )
    check_equity(house, snapshot, told)
    return snapshot


def _in_numbers(
    answers: Mapping[str, Quote | RefusedPrice],
) -> Mapping[str, Quote | RefusedPrice]:
    """The answers; a quote with a figure that is no number costs its own symbol, not the look."""
    return {
        symbol: _no_number(answer)
        if isinstance(answer, Quote) and not is_a_number(answer)
        else answer
        for symbol, answer in answers.items()
    }


def _no_number(quote: Quote) -> RefusedPrice:
    """Not traded; a holding still counts at the last trade, else at the last close, if one is there."""
    known = (p for p in (quote.last, quote.previous_close) if p is not None and p.is_finite())
    return RefusedPrice(
        symbol=quote.symbol,
        fault=PriceFault.NOT_A_PRICE,
        detail=f"{quote.symbol} is quoted at {quote.bid} bid, {quote.ask} ask: not a price",
        count_at=next((price for price in known if price > ZERO), None),
    )


def check_equity(house: House, snapshot: Snapshot, told: Mapping[str, Money]) -> None:
    """See that each account's cash and holdings add up to the equity that its broker tells.

    What differs by more than `max_doubt` of it, a dollar, and half the spreads of the holdings, is no
    picture of one moment: raises `Unavailable`. Asked in a session, of accounts whose holdings all
    have a good quote; the others' worth is not known that exactly.
    """
    if not snapshot.is_open:
        return
    for account in snapshot.accounts:
        equity = told.get(account.account.id)
        worth = _worth(account, snapshot, house.policy.prices)
        if equity is None or worth is None:
            continue
        ours, slack = worth
        level = max(ONE, house.reconciling.max_doubt * abs(equity)) + slack
        if abs(ours - equity) > level:
            raise Unavailable(
                f"{account.account.id} tells an equity of {equity:.2f}, and its cash and holdings"
                f" are worth {ours:.2f}: {abs(ours - equity):.2f} apart, at most {level:.2f}"
            )


def _worth(
    account: AccountSnapshot, snapshot: Snapshot, rule: PriceRule
) -> tuple[Decimal, Decimal] | None:
    """Cash and holdings at their quotes, and half of all spreads; None without good quotes."""
    ours, slack = Decimal(account.cash), ZERO
    for position in account.positions:
        quote = snapshot.quotes.get(position.symbol)
        if quote is None or fault_of(quote, rule, snapshot.as_of) is not None:
            return None
        ours += position.quantity * quote.price
        slack += abs(position.quantity) * (quote.ask - quote.bid) / 2
    return ours, slack


def holdings(snapshot: Snapshot) -> Mapping[str, Mapping[str, Quantity]]:
    """Account → symbol → quantity, of the accounts that have a broker."""
    return {
        a.account.id: {p.symbol: p.quantity for p in a.positions}
        for a in snapshot.accounts
        if a.account.can_trade
    }


def _account(house: House, account: Account, told: dict[str, Money]) -> AccountSnapshot:
    """One account; what its broker tells of its equity goes into `told`."""
    reader = house.readers.get(account.id)
    if reader is None:
        typed = next(a for a in house.held_elsewhere if a.account.id == account.id)
        return _as_imported(house, typed)
    state = reader.account()
    told[account.id] = state.equity
    positions = tuple(
        sorted(positions_beside(reader, state, house.reconciling.max_doubt), key=lambda p: p.symbol)
    )
    return AccountSnapshot(
        account=account,
        cash=state.cash,
        settled_cash=state.settled_cash,
        positions=positions,
        lots=_lots_held(_lots_of(house, account.id), positions),
        open_orders=tuple(reader.open_orders()),
        blocked=state.blocked,
        lends=state.lends,
    )


@keeps_latest_answer
def _lots_held(ledger: Sequence[Lot], positions: tuple[Position, ...]) -> tuple[Lot, ...]:
    """The lots of all positions. A short one has none; it is fenced until a person has looked."""
    return tuple(
        lot for p in positions if p.quantity > ZERO for lot in _lots_of_position(ledger, p)
    )


def _lots_of_position(ledger: Sequence[Lot], position: Position) -> Sequence[Lot]:
    """The ledger counts an option in shares, the broker in contracts."""
    if contract_of(position.symbol) is not None:
        return [lot for lot in ledger if lot.symbol == position.symbol]
    return matching_position(ledger, position)


def _as_imported(house: House, typed: AccountSnapshot) -> AccountSnapshot:
    """An account held elsewhere: its imported lots and confirmed tickets, else as typed in."""
    lots = () if house.lots is None else tuple(_lots_of(house, typed.account.id))
    if not lots:
        return typed
    units: dict[str, Quantity] = {}
    for lot in lots:
        units[lot.symbol] = Quantity(units.get(lot.symbol, ZERO) + lot.quantity)
    positions = tuple(
        Position(symbol=symbol, quantity=held, available=held)
        for symbol, held in sorted(units.items())
    )
    return replace(typed, positions=positions, lots=lots)


def _lots_of(house: House, account: str) -> Sequence[Lot]:
    """With wash sales in their basis where the household's ledger is kept, else the account's own."""
    if house.lots is None:
        return house.journal.lots(account)
    return house.lots.book(house.policy.lots.household).lots_of(account)


def positions_beside(
    reader: BrokerReader, state: BrokerAccount, max_doubt: Decimal
) -> Sequence[Position]:
    """The holdings, which must be some where the equity is not all cash, to `max_doubt` of it.

    An empty answer never means by itself that everything is sold: raises `Unavailable` then.
    """
    positions = reader.positions()
    if not positions and abs(state.equity - state.cash) > max(ONE, max_doubt * state.equity):
        raise Unavailable(
            f"{reader.account_id} shows no holdings, and an equity of {state.equity} with"
            f" {state.cash} in cash"
        )
    return positions


def _symbols(house: House, accounts: Iterable[AccountSnapshot]) -> tuple[str, ...]:
    held = {p.symbol for a in accounts for p in a.positions}
    return tuple(sorted(held | set(house.policy.target.every_symbol)))
