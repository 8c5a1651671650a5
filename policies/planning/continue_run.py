"""An accepted plan under way: finish its sales, then buy from the cash that is really there."""

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal

from policies.allocation import Unknown
from policies.book import Book, Desk
from policies.explain import listed, money
from policies.planning.accounts import buy_limits
from policies.planning.cash_first import fill_worthwhile
from policies.planning.left_over import left_over
from policies.planning.plan import Plan, plan_of, views
from policies.planning.remaining import Remaining, budget_left, remaining
from policies.planning.sizing import LeftOut, Part, TopUp, affordable, top_up
from policies.planning.wash_guard import unwashed_sales
from portfolio.decisions import Allowance, Decision, Gate, Hold, Proposal, Run
from portfolio.money import ZERO, Money, Price, Quantity, round_down
from portfolio.orders import Side
from portfolio.snapshot import Snapshot


def end_of_time(snapshot: Snapshot, run: Run, book: Book | Unknown) -> Hold | None:
    """The hold that ends a run at its expiry, whatever is left of it; None before."""
    if snapshot.as_of < run.expires_at:
        return None
    until = run.expires_at.astimezone(UTC)
    text = f"run {run.number} ends unfinished: its time was up at {until:%Y-%m-%d %H:%M} UTC"
    return Hold(
        household=snapshot.household,
        as_of=snapshot.as_of,
        reason=text,
        gates=(Gate(name="run", passed=False, text=text),),
        slices=() if isinstance(book, Unknown) else views(book),
        run_complete=run.number,
    )


def continue_run(book: Book, run: Run, gates: tuple[Gate, ...], stopped: str) -> Decision:
    """The next orders of a run, a wait, or its end; `stopped` says why nothing may be sent.

    Sales come first: while one is live nothing else is planned; those that ended unfilled are planned
    again as far as the slice is still over its target. Buys are planned afresh from the cash there,
    inside the run's allowances and its budget. A symbol with a rejected order is not tried again.
    Whatever of the plan is left out is told, with the reason.
    """
    left = remaining(run, book.memory.run_legs)
    live_sells = [
        leg.intent.symbol
        for leg in book.memory.run_legs
        if leg.intent.side is Side.SELL and not leg.state.is_terminal
    ]
    if live_sells:
        return _wait(book, run, gates, f"sales under way: {listed(sorted(live_sells))}")
    waits: list[LeftOut] = []
    parts, washed = unwashed_sales(book, _sells(book, left, waits))
    sides = (Side.SELL,) if parts else (Side.SELL, Side.BUY)
    if not parts:
        parts = _buys(book, run, left, waits)
    said = {item.order for item in (*waits, *washed)}
    rest = (item for item in left_over(book, left, parts, sides) if item.order not in said)
    gone = [item.text for item in (*washed, *rest)]
    waiting = [item.text for item in waits]
    if parts and stopped:
        return _wait(book, run, gates, stopped)
    if parts:
        return _proposal(book, run, plan_of(book, parts, [*waiting, *gone]), gates)
    live = [leg.client_order_id for leg in book.memory.run_legs if not leg.state.is_terminal]
    if live:
        waiting.append(f"orders under way: {listed(sorted(live))}")
    if waiting:
        return _wait(book, run, gates, "; ".join(sorted(set(waiting))))
    gates = (*gates, *(Gate(name="left over", passed=False, text=text) for text in gone))
    return _complete(book, run, gates)


def _sells(book: Book, left: tuple[Remaining, ...], waits: list[LeftOut]) -> list[Part]:
    parts: list[Part] = []
    over = {s: book.gap(s) for s in book.values}
    desks = {desk.account: desk for desk in book.desks}
    for item in left:
        allowance = item.allowance
        if allowance.side is Side.BUY or item.rejected or item.done:
            continue
        symbol, desk = allowance.symbol, desks.get(allowance.account)
        key, price = book.key_of(symbol), book.prices.get(symbol)
        if desk is None or price is None:
            continue
        room = min(item.quantity, desk.sellable.get(symbol, Quantity(ZERO)))
        exits = book.goals[key] == ZERO
        wanted = room if exits else min(room, over[key] / price)
        quantity = round_down(max(wanted, ZERO), book.step(symbol))
        if quantity <= ZERO or (quantity * price < book.minimum and not exits):
            continue
        if why := desk.barred.get(symbol) or desk.advises:
            waits.append(_waiting(allowance, why))
            continue
        over[key] -= quantity * price
        parts.append(
            Part(
                account=allowance.account,
                symbol=symbol,
                side=Side.SELL,
                quantity=Quantity(quantity),
            )
        )
    return parts


def _buys(book: Book, run: Run, left: tuple[Remaining, ...], waits: list[LeftOut]) -> list[Part]:
    parts: list[Part] = []
    budget = budget_left(run, book.memory.run_legs)
    short = {s: -book.gap(s) for s in book.values}
    for desk in sorted(book.desks, key=lambda d: (-d.spendable, d.account)):
        rooms = _rooms(desk, left, short, book, waits)
        bought = _buy_at(book, rooms, short, min(desk.spendable, budget))
        for symbol, (quantity, cost) in bought.items():
            budget = Money(budget - cost)
            short[book.key_of(symbol)] -= quantity * book.prices[symbol]
            parts.append(
                Part(account=desk.account, symbol=symbol, side=Side.BUY, quantity=quantity)
            )
    return parts


def _rooms(
    desk: Desk,
    left: tuple[Remaining, ...],
    short: Mapping[str, Decimal],
    book: Book,
    waits: list[LeftOut],
) -> dict[str, Quantity]:
    """Units that a desk may still buy of each symbol; a barred one that is short is waited for."""
    rooms: dict[str, Quantity] = {}
    filled: set[str] = set()
    """Slices that have their symbol: one slice is not filled by two at once."""
    for item in left:
        allowance = item.allowance
        if allowance.side is Side.SELL or allowance.account != desk.account:
            continue
        symbol, key = allowance.symbol, book.key_of(allowance.symbol)
        if item.rejected or key not in short or short[key] < book.minimum or key in filled:
            continue
        if symbol in book.locks.buys or symbol not in book.prices:
            continue
        if symbol in desk.no_buys:
            continue  # a wash sale: waiting inside the run would be waiting for a month
        why = desk.barred.get(symbol) or desk.advises
        if not why:
            rooms[symbol] = item.quantity
            filled.add(key)
        elif not item.live and desk.spendable >= book.minimum:
            waits.append(_waiting(allowance, why))
    return rooms


def _waiting(allowance: Allowance, why: str) -> LeftOut:
    return LeftOut(account=allowance.account, symbol=allowance.symbol, side=allowance.side, why=why)


def _buy_at(
    book: Book,
    rooms: Mapping[str, Quantity],
    short: Mapping[str, Decimal],
    funds: Money,
) -> dict[str, tuple[Quantity, Money]]:
    """Quantities and their cost at the limit, within one account's funds and allowances."""
    gaps = {
        s: Money(min(short[book.key_of(s)], room * book.prices[s])) for s, room in rooms.items()
    }
    limits = buy_limits(book, gaps)
    costs = {s: gaps[s] * limits[s] / book.prices[s] for s in limits}
    bought: dict[str, Quantity] = {}
    left: Decimal = funds
    for symbol, amount in fill_worthwhile(costs, funds, book.minimum).items():
        quantity = min(affordable(book, symbol, amount, limits[symbol]), rooms[symbol])
        if quantity * book.prices[symbol] >= book.minimum:
            bought[symbol] = quantity
            left -= quantity * limits[symbol]
    open_gaps: dict[str, Decimal] = {
        s: gaps[s] - bought.get(s, ZERO) * book.prices[s] for s in limits
    }
    rest = TopUp(money=Money(left), limits=limits, held=dict(bought))
    for symbol, quantity in top_up(book, rest, open_gaps).items():
        total = bought.get(symbol, ZERO) + quantity
        bought[symbol] = Quantity(min(total, round_down(rooms[symbol], book.step(symbol))))
    return {s: (q, _cost(q, limits[s])) for s, q in bought.items() if q > ZERO}


def _cost(quantity: Quantity, limit: Price) -> Money:
    return Money(quantity * limit)


def _proposal(book: Book, run: Run, plan: Plan, gates: tuple[Gate, ...]) -> Proposal:
    side = "sales" if plan.legs and plan.legs[0].intent.side is Side.SELL else "buys"
    text = f"run {run.number} goes on: {len(plan.legs)} {side}"
    return Proposal(
        household=book.snapshot.household,
        as_of=book.snapshot.as_of,
        reason=text,
        gates=(*gates, Gate(name="run", passed=True, text=text)),
        slices=plan.slices,
        legs=plan.legs,
        advice=plan.advice,
        skipped=plan.skipped,
        managed_value=book.managed,
        estimated_cost=plan.cost,
        run=run.number,
    )


def _wait(book: Book, run: Run, gates: tuple[Gate, ...], why: str) -> Hold:
    text = f"run {run.number} waits: {why}"
    return _hold(book, gates, text, None)


def _complete(book: Book, run: Run, gates: tuple[Gate, ...]) -> Hold:
    text = f"run {run.number} is complete: {money(Money(max(book.cash, ZERO)))} in cash"
    return _hold(book, gates, text, run.number)


def _hold(book: Book, gates: tuple[Gate, ...], text: str, complete: int | None) -> Hold:
    return Hold(
        household=book.snapshot.household,
        as_of=book.snapshot.as_of,
        reason=text,
        gates=(*gates, Gate(name="run", passed=complete is not None, text=text)),
        slices=views(book),
        run_complete=complete,
    )
