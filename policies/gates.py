"""The gates that are no trigger: what stands in the way of trading, and what a plan must be worth."""

from datetime import date, timedelta
from decimal import Decimal

from policies.book import Book
from policies.cash_floor import floor_gates
from policies.explain import listed, money, percent
from policies.planning.plan import Plan
from policies.planning.wash_guard import wash_gates
from policies.triggers.ask import Aim, Asked, Call
from portfolio.decisions import Gate
from portfolio.money import ONE, ZERO


def standing_gates(book: Book) -> tuple[Gate, ...]:
    """Halt, session, prices, accounts, barred symbols, and the holdings that are in no slice."""
    return (
        _halt_gate(book),
        _session_gate(book),
        *_price_gates(book),
        *_account_gates(book),
        *_barred_gates(book),
        *wash_gates(book),
        *_lock_gates(book),
        *floor_gates(book.policy.cash_floor, book.cash),
        *_by_hand(book),
        *_left_alone(book),
    )


def why_stopped(book: Book) -> str:
    """Why nothing may be sent at all, whatever is due; empty when it may."""
    gates = (_halt_gate(book), _session_gate(book))
    return "; ".join(gate.text for gate in gates if not gate.passed)


def _halt_gate(book: Book) -> Gate:
    halted = book.memory.halted
    return Gate(
        name="halt", passed=not halted, text=f"halted: {halted}" if halted else "not halted"
    )


def _session_gate(book: Book) -> Gate:
    """Open, and neither in the session's first minutes nor in its last ones."""
    session, at, policy = book.snapshot.session, book.snapshot.as_of, book.policy
    begins = session.opens_at + timedelta(minutes=policy.quiet_open_minutes)
    ends = session.closes_at - timedelta(minutes=policy.quiet_close_minutes)
    text, passed = f"session of {session.day} is open", True
    if not book.snapshot.is_open:
        text, passed = f"the exchange is closed, the last session was {session.day}", False
    elif at < begins:
        text = f"no order in the first {policy.quiet_open_minutes} minutes of a session"
        passed = False
    elif at >= ends:
        text = f"no order in the last {policy.quiet_close_minutes} minutes of a session"
        passed = False
    return Gate(name="session", passed=passed, text=text)


def _price_gates(book: Book) -> tuple[Gate, ...]:
    refused = book.snapshot.refused
    # A substitute that nobody holds is not bought by a rebalance: its quote is nobody's concern.
    held = book.snapshot.quantities() if book.stand_ins else {}
    wanted = sorted(s for s in book.slice_of if s not in book.stand_ins or held.get(s))
    gates = tuple(
        Gate(name="price", passed=False, scope=symbol, text=refused[symbol].detail)
        for symbol in wanted
        if symbol in refused
    )
    good = len(wanted) - len(gates)
    summary = f"{good} of {len(wanted)} quotes are good"
    return (Gate(name="prices", passed=good > 0, text=summary), *gates)


def _account_gates(book: Book) -> tuple[Gate, ...]:
    gates = [
        Gate(name="account", passed=False, scope=desk.account, text=f"{desk.advises}: told only")
        for desk in book.desks
        if desk.advises
    ]
    gates += [
        Gate(
            name="account",
            passed=False,
            scope=a.account.id,
            text=f"{a.account.id} is held elsewhere: counted, never traded",
        )
        for a in book.snapshot.accounts
        if not a.account.is_planned
    ]
    return tuple(gates)


def _barred_gates(book: Book) -> tuple[Gate, ...]:
    return tuple(
        Gate(
            name="barred",
            passed=False,
            scope=symbol,
            text=f"{symbol} in {desk.account}: {why}",
            next_possible=_fence_falls(book, desk.account, symbol),
        )
        for desk in book.desks
        for symbol, why in sorted(desk.barred.items())
        if symbol in book.slice_of and symbol not in book.snapshot.refused
    )


def _lock_gates(book: Book) -> tuple[Gate, ...]:
    return tuple(
        Gate(name="lock", passed=False, scope=symbol, text=f"{symbol} is not {done}: {why}")
        for done, locks in (("sold", book.locks.sales), ("bought", book.locks.buys))
        for symbol, why in sorted(locks.items())
    )


def _fence_falls(book: Book, account: str, symbol: str) -> date | None:
    fence = book.memory.fence_of(account, symbol)
    return None if fence is None or fence.until is None else fence.until.date()


def _left_alone(book: Book) -> tuple[Gate, ...]:
    gates = []
    for symbol, quantity in sorted(book.snapshot.quantities().items()):
        if symbol in book.slice_of or quantity == ZERO:
            continue
        price = book.snapshot.count_price(symbol)
        worth = "of unknown value" if price is None else f"worth {money(quantity * price)}"
        text = f"{symbol} ({worth}) is in no slice: left alone{_counts_to(book, symbol)}"
        gates.append(Gate(name="left alone", passed=True, scope=symbol, text=text))
    return tuple(gates)


def _by_hand(book: Book) -> tuple[Gate, ...]:
    """Holdings that a person values: what they are worth, where they count, and whether that is old."""
    gates = []
    for one in book.snapshot.by_hand:
        text = f"{one.name} has no value: {one.why}"
        is_old = one.is_old(book.snapshot.day)
        if one.value is not None and one.as_of is not None:
            where = _counts_to(book, one.name) or ", only shown"
            text = f"{one.name} ({money(one.value)}, valued by hand on {one.as_of}) is never traded"
            text += where
            if is_old:
                days = (book.snapshot.day - one.as_of).days
                text += (
                    f"; the value is {days} days old, at most {one.max_age_days}: value it again"
                )
        passed = one.value is not None and not is_old
        gates.append(Gate(name="by hand", passed=passed, scope=one.name, text=text))
    return tuple(gates)


def _counts_to(book: Book, name: str) -> str:
    shares = book.policy.counts.get(name, {})
    if not shares:
        return ""
    parts = [
        leaf if share == ONE else f"{leaf} with {percent(share)}" for leaf, share in shares.items()
    ]
    return f", counted to {listed(parts, 4)}"


def size_gate(plan: Plan, call: Call) -> Gate:
    """Whether anything of the plan is left after sizing."""
    orders = len(plan.legs) + len(plan.advice)
    text = f"{call.aim.value}: {orders} orders"
    if not orders:
        why = listed(list(plan.skipped), 3) or "nothing that can be traded now is off its target"
        text = f"{call.aim.value}: no order is left, {why}"
    return Gate(
        name="size", passed=orders > 0, scope=call.aim.value, value=Decimal(orders), text=text
    )


def improvement_gate(plan: Plan, call: Call) -> Gate:
    """Whether the plan removes enough of the total drift; the level itself is enough."""
    value, level = plan.improvement * 100, call.min_improvement * 100
    exempt = call.aim is Aim.INVEST or call.must
    enough = plan.improvement >= call.min_improvement and plan.improvement > ZERO
    inside = call.breached and plan.taxes is not None and _inside_bands(plan, call)
    text = (
        f"{call.aim.value}: removes {value:.1f} % of the drift "
        f"({percent(plan.drift_before)} to {percent(plan.drift_after)}), asks for {level:.1f} %"
    )
    if exempt and not enough:
        text += "; waived, cash comes first"
    elif inside and not enough:
        text += "; waived, it ends inside the bands and taxes stop it there"
    return Gate(
        name="improvement",
        passed=enough or exempt or bool(inside),
        scope=call.aim.value,
        value=value,
        level=level,
        margin=level - value,
        unit="percent",
        text=text,
    )


def _inside_bands(plan: Plan, call: Call) -> bool:
    """Whether every slice that fired ends inside its band."""
    return all(
        abs(view.after - view.target) < view.half_width
        for view in plan.slices
        if view.name in call.breached
    )


_WANTS = (
    *("band", "portfolio drift", "largest drift", "tracking error", "calendar", "backstop"),
    *("target", "signal", "person", "cash above", "cash below", "cash"),
)
_BLOCKS = ("rest", "sales", "blackout", "look", "fire")


def settles_calendar(book: Book, asked: Asked, gates: tuple[Gate, ...]) -> bool:
    """Whether a hold answers every date up to this session.

    None was due or off, or a plan was made and was not worth it. A halt, a closed exchange, the rest,
    or a symbol that could not be traded leave the dates open for the next look.
    """
    if why_stopped(book):
        return False
    due = any(gate.passed for gate in gates if gate.name in ("calendar", "backstop"))
    if not (due and asked.wanted):
        return not asked.calls or not _in_the_way(gates)
    planned = any(call.aim is Aim.REBALANCE for call in asked.calls)
    return planned and not _in_the_way(gates)


def _in_the_way(gates: tuple[Gate, ...]) -> bool:
    return any(gate.name in ("price", "barred") for gate in gates)


def _blocks(gate: Gate) -> bool:
    return gate.name in _BLOCKS or gate.name.startswith("unless ")


def why_hold(book: Book, gates: tuple[Gate, ...], calls: tuple[Call, ...]) -> str:
    """One sentence for a hold: what stopped a call, else the band that is nearest to firing."""
    if stopped := why_stopped(book):
        return f"{stopped}; waiting: {calls[0].reason}" if calls else stopped
    failed = [g for g in gates if g.name in ("size", "improvement") and not g.passed]
    if failed:
        return failed[0].text
    wants = [g for g in gates if g.name in _WANTS and g.passed]
    blocks = [g for g in gates if _blocks(g) and not g.passed]
    if wants and blocks:
        return f"{wants[0].text}, but {blocks[0].text}"
    bands = [g for g in gates if g.name == "band"]
    nearest = min(bands, key=lambda g: g.margin or ZERO, default=None)
    return f"nothing is due: {nearest.text}" if nearest else "nothing is due: all is cash"
