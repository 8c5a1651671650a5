"""The people of a simulated world: they approve late, halt, resume, trade by hand, move money."""

from decimal import Decimal
from typing import TYPE_CHECKING

from daemon.machine import lease
from daemon.requests.spool import Request, RequestKind
from policies.policy import Policy
from portfolio.money import CENT, Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from tests.simulation.chance import Dice
from tests.simulation.household import listed_anew
from tests.simulation.market import SYMBOLS

if TYPE_CHECKING:
    from tests.simulation.world import World


class People:
    """What people do at a tick. Their wishes wait in the spool until the daemon has served them."""

    def __init__(self, world: "World", dice: Dice) -> None:
        self._world = world
        self._dice = dice
        self.spool: list[Request] = []
        self.waits: dict[str, int] = {}
        """Proposal hash to the tick at which somebody answers."""
        self.resumes_at: int | None = None
        self.touched: set[str] = set()
        """Symbols that people have traded by hand."""
        self.moved_cash = False
        self.resumed = False
        """Whether the daemon has served a resume in this tick."""
        self.approved: dict[str, str] = {}
        self._orders = 0
        self.rewritten = False
        """Whether the configuration has the new name of what was renamed."""

    def requests(self) -> list[Request]:
        """What waits; the daemon's half of the spool."""
        return list(self.spool)

    def done(self, request: Request) -> None:
        if request in self.spool:
            self.spool.remove(request)
        self.resumed = self.resumed or request.kind == "resume"

    def resumes(self) -> bool:
        """Whether somebody wants a halt to end, or wanted it in this tick."""
        return self.resumed or any(request.kind == "resume" for request in self.spool)

    def act(self) -> None:
        """Everything that people do before this tick."""
        world = self._world
        self._answer_proposals()
        self._resume_later()
        self._read_of_a_rename()
        if world.is_calm:
            self._cancel_own_orders()
            return
        if world.happens("halt request", 0.05):
            self._ask("halt", reason="looking at something")
        if world.happens("own order", 0.2):
            self._own_order(far=True)
        if world.happens("own trade", 0.1):
            self._own_order(far=False)
        if world.happens("deposit", 0.1):
            amount = Money(Decimal(self._dice.among((500, 3000, 9000))))
            world.broker.exchange.deposit(amount, world.clock.now())
        if world.happens("withdrawal", 0.1):
            self._withdraw()
        if world.happens("clears fence", 0.2):
            symbol = self._dice.among(SYMBOLS)
            if world.listed(symbol) == symbol:
                self._ask("clear_fence", subject=f"main/{symbol}", reason="I looked")
        if world.happens("second daemon", 0.2):
            self._start_a_second_daemon()

    def pull_the_plug(self, where: str) -> None:
        """Someone touches the halt file, at any point of what the daemon is doing."""
        self._world.tally.kills += 1
        self._world.latch.set("someone", f"stop at {where}")
        self._world.trace("killed")

    def _ask(self, kind: RequestKind, *, subject: str = "", reason: str = "") -> None:
        at = self._world.clock.now()
        self.spool.append(Request(kind=kind, by="ann", reason=reason, subject=subject, at=at))

    def _answer_proposals(self) -> None:
        world = self._world
        row = world.disk.raw.execute(
            "SELECT proposal_hash FROM approval WHERE outcome IS NULL"
        ).fetchone()
        if row is None:
            return
        (proposal,) = row
        if proposal not in self.waits:
            late = self._dice.whole(1, 30) if world.happens("late approval") else 0
            self.waits[proposal] = world.tick + late
        if world.tick < self.waits[proposal] and not world.is_calm:
            return
        if world.happens("rejection", 0.5):
            self._ask("reject", subject=proposal, reason="not now")
        else:
            self.approved[proposal] = "asked"
            self._ask("approve", subject=proposal[:12], reason="looks right")

    def _resume_later(self) -> None:
        world = self._world
        if not world.checks.is_latched():
            self.resumes_at = None
            return
        if self.resumes_at is None:
            self.resumes_at = world.tick + (1 if world.is_calm else self._dice.whole(1, 6))
        if world.tick >= self.resumes_at or world.is_calm:
            self._ask("resume", reason="it was nothing")

    def _read_of_a_rename(self) -> None:
        """A page says that a holding vanished; some time later the configuration has its new name."""
        world = self._world
        if self.rewritten or not any(world.listed(s) != s for s in world.renames):
            return
        if not (world.is_calm or self._dice.chance(0.1)):
            return
        self.rewritten = True
        world.next_policy = self.in_new_words(world.next_policy)

    def in_new_words(self, policy: Policy) -> Policy:
        """A policy with the new names of what was renamed, once somebody knows of them."""
        for old in SYMBOLS if self.rewritten else ():
            policy = listed_anew(policy, old, self._world.listed(old))
        return policy

    def _own_order(self, *, far: bool) -> None:
        world = self._world
        symbol, now = world.listed(self._dice.among(SYMBOLS)), world.clock.now()
        if not world.market.is_open(now):
            return
        side = self._dice.among((Side.BUY, Side.SELL))
        price = world.market.count_price(symbol, now)
        away = Decimal("0.9" if (side is Side.BUY) == far else "1.1")
        self._orders += 1
        intent = OrderIntent(
            account="main",
            symbol=symbol,
            side=side,
            quantity=Quantity(Decimal(self._dice.whole(1, 12))),
            limit_price=Price((price * away).quantize(CENT)),
        )
        self.touched.add(symbol)
        self.moved_cash = True
        world.broker.exchange.submit(f"by-hand-{self._orders}", intent, now)

    def _cancel_own_orders(self) -> None:
        for order in self._world.broker.open_orders():
            if not order.is_ours:
                self._world.broker.cancel(order.broker_order_id)

    def _withdraw(self) -> None:
        amount = Money(Decimal(self._dice.among((200, 2000))))
        try:
            self._world.broker.exchange.withdraw(amount, self._world.clock.now())
        except ValueError:
            return  # there is not so much
        self.moved_cash = True

    def _start_a_second_daemon(self) -> None:
        taken = lease.acquire(self._world.directory)
        if isinstance(taken, lease.Lease):
            taken.release()
            if self._world.is_alive:
                self._world.checks.violated("two daemons", "a second daemon was let in")
