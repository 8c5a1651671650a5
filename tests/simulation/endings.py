"""What must be true when a seed is over: convergence, agreement, a whole record, idle restarts."""

from collections import Counter
from decimal import Decimal

from daemon.journal.replay import rebuild
from tests.simulation.market import SYMBOLS
from tests.simulation.own_books import OURS
from tests.simulation.record import chain_is_whole, legs_as_told
from tests.simulation.world import CANARY, World

_ENDED = ("filled", "canceled", "expired", "rejected", "abandoned", "never_arrived")


def judge_end(world: World) -> None:
    """I3, I7, I8, I13 and I14 at the end of the horizon, with the faults long over."""
    _agrees(world)
    _is_at_rest(world)
    _record_is_whole(world)
    _pages_once(world)
    _keeps_the_secret(world)
    _asks_in_moderation(world)


def _agrees(world: World) -> None:
    """I3: our fills are the exchange's, and holdings are what both say."""
    checks = world.checks
    checks.check_fills()
    booked = {name for (name,) in checks.rows("SELECT execution_id FROM fill")}
    for execution in sorted(set(checks.books.fills) - booked):
        checks.violated("I3 fills", f"{execution} was never booked")
    filled = dict(checks.rows("SELECT client_order_id, filled_quantity FROM leg"))
    for order in checks.books.orders.values():
        if not order.is_ours:
            continue
        if Decimal(filled.get(order.name, "-1")) != order.filled:
            told = filled.get(order.name)
            checks.violated("I3 legs", f"{order.name} filled {order.filled}, we say {told}")
    held = {s: q for s, q in sorted(checks.books.held.items()) if q}
    rows = checks.rows("SELECT symbol, quantity FROM position ORDER BY symbol")
    known = {symbol: Decimal(quantity) for symbol, quantity in rows}
    if known != held:
        checks.violated("I3 positions", f"the exchange has {held}, we say {known}")


def _is_at_rest(world: World) -> None:
    """I7: nothing is left in the air, no halt, and every slice is inside its band."""
    checks = world.checks
    marks = ",".join("?" * len(_ENDED))
    live = checks.rows(
        f"SELECT client_order_id, state FROM leg WHERE state NOT IN ({marks})",  # noqa: S608
        *_ENDED,
    )
    late = world.network.late
    for name, state in live:
        checks.violated(
            "I7 liveness", f"{name} is still {state}, {len(late)} requests on their way"
        )
    if world.latch.reason() is not None:
        checks.violated("I7 liveness", f"still halted: {world.latch.reason()}")
    _is_inside_its_bands(world)


def _is_inside_its_bands(world: World) -> None:
    """As far as it may trade: what was sold at a loss is not bought back for thirty days.

    What stands above its weight and cannot be sold, or only as slowly as its market lets, pays for no
    other slice in time: so much of the others' lack is not held against them.
    """
    checks = world.checks
    if world.traits.guards and checks.books.sold:
        return
    equity, drifts, stuck = checks.equity(), dict[str, Decimal](), Decimal(0)
    for symbol in map(world.listed, SYMBOLS):
        price = checks.price(symbol)
        drift = checks.books.held.get(symbol, Decimal(0)) * price / equity - checks.weight(symbol)
        missing = abs(drift) * equity / price
        if not world.market_lets(checks.books.in_calm[symbol] + missing):
            stuck += max(drift, Decimal(0)) + checks.books.in_calm[symbol] * price / equity
        elif drift > 0 and _a_sale_would_be_washed(world, symbol):
            stuck += drift
        else:
            drifts[symbol] = drift
    for symbol, drift in drifts.items():
        width = max(min(Decimal("0.05"), checks.weight(symbol) / 4), Decimal("0.01"))
        # A reverse split can make one share worth more than a band is wide.
        share = checks.price(symbol) / equity
        off = drift if drift > 0 else min(drift + stuck, Decimal(0))
        if abs(off) > max(width * Decimal("1.15"), share * Decimal("1.15")):
            checks.violated("I7 liveness", f"{symbol} is {drift:+.4f} off, its band is {width:.4f}")


def _a_sale_would_be_washed(world: World, symbol: str) -> bool:
    """Whether it was bought in these days and its limit is below what it cost: guards keep such a loss.

    A limit is up to a hundredth from the quote.
    """
    books = world.checks.books
    below = world.checks.price(symbol) * Decimal("0.99") < books.dearest[symbol[:3]]
    return world.traits.guards and symbol in books.bought and below


def _record_is_whole(world: World) -> None:
    columns = "chain, seq, at, actor, kind, body, prev, hash"
    rows = world.checks.rows(f"SELECT {columns} FROM audit ORDER BY seq")  # noqa: S608
    if reason := chain_is_whole(rows):
        world.checks.violated("I8 chain", reason)
    for difference in rebuild(world.disk.open(world.clock, world.render)):
        world.checks.violated(
            "I8 replay", f"{difference.table} {difference.key} is not what is said"
        )


def _pages_once(world: World) -> None:
    """I14: each lost, stuck or late order has been told of exactly once."""
    rows = world.checks.rows("SELECT kind, body FROM audit ORDER BY seq")
    _, pages = legs_as_told(rows)
    due = Counter({k.removeprefix("due "): n for k, n in pages.items() if k.startswith("due ")})
    told = Counter({k.removeprefix("told "): n for k, n in pages.items() if k.startswith("told ")})
    for what in sorted(set(due) | set(told)):
        if due[what] != told[what]:
            text = f"{what}: {due[what]} to tell, told {told[what]} times"
            world.checks.violated("I14 pages", text)


def _keeps_the_secret(world: World) -> None:
    for table, column in (("audit", "body"), ("document", "body"), ("notice", "body")):
        found = world.checks.rows(
            f"SELECT count(*) FROM {table} WHERE instr({column}, ?) > 0",  # noqa: S608
            CANARY,
        )
        if found[0][0]:
            world.checks.violated("I13 secret", f"{found[0][0]} rows of {table} hold it")


def _asks_in_moderation(world: World) -> None:
    """I12: in no 60 seconds of a process's life more than a hundred reads and sends."""
    for asked in world.tally.lives:
        for first, last in zip(asked, asked[100:], strict=False):
            if (last - first).total_seconds() < 60:
                world.checks.violated(
                    "I12 requests", f"more than a hundred in the minute to {last}"
                )


def judge_restart(world: World, before: int) -> None:
    """I11: a start at quiescence adds nothing but its own rows."""
    rows = world.checks.rows("SELECT kind FROM audit WHERE seq > ?", before)
    more = [kind for (kind,) in rows if kind not in ("daemon_started", "daemon_stopped")]
    if more:
        world.checks.violated("I11 restart", f"a restart for nothing added {', '.join(more)}")
    names = [o.name for o in world.checks.books.orders.values() if o.name.startswith(OURS)]
    if len(names) != len(set(names)):
        world.checks.violated("I1 each order sent once", "an id stands for two orders")
