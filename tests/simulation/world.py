"""One simulated world: everything around the daemon, from one seed, in one thread.

The world survives the daemon's crashes: exchange, prices, disk, people, requests on their way. The
daemon that lives in it is production's own, from `process._run` down.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.entries import Entry
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world_events import Dividend, Rename, Split
from daemon.latch import FileLatch
from daemon.machine.clocks import SteppedClock
from daemon.machine.process import StopFlag
from daemon.notices.render import renderer
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.accounts import Account, Autonomy
from portfolio.money import CENT, Money, Price, Quantity
from portfolio.wakes import Wake, WakeKind
from tests.simulation.alarms import SimulatedAlarms
from tests.simulation.broker import FaultyBroker, Network, look_around
from tests.simulation.chance import OF_THE_WORLD, Dice, Menu, Traits, draw_menu, draw_traits
from tests.simulation.checks import Checks
from tests.simulation.cuts import Cuts
from tests.simulation.household import policy_of, weights_of
from tests.simulation.market import (
    DAYS,
    FIRST,
    SYMBOLS,
    TICKS,
    TICKS_A_SESSION,
    FaultyPrices,
    MovingMarket,
    flat_table,
    tick_instants,
)
from tests.simulation.people import People
from tests.simulation.plan import Crash, Plan, Tally
from tests.simulation.storage import the_disk

OLDEST_REPLICA = timedelta(minutes=10)
"""How far a replica of the broker's may be behind."""
STALE = frozenset(("stale all", "stale positions", "stale cash", "stale orders", "late fills"))
"""Faults for which the world keeps what it looked like."""
QUOTE_FAULTS = (
    *("stale price", "no price", "crossed price", "wide price"),
    *("unknown volume", "unknown close"),
)
RUNS = tuple(map(Decimal, ("0.96", "0.985", "1.015", "1.04")))
CANARY = "sk-canary-7Q2mX9vL"
"""A secret that stands behind every failure and must show up nowhere."""


class MachineClock:
    """The clock of the daemon's machine, which may be set wrongly."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.clock.now() + self._world.clock_is_off


class World:
    """Everything that is not the daemon."""

    def __init__(
        self,
        seed: int,
        directory: Path,
        *,
        menu: Menu | None = None,
        plan: Plan | None = None,
        traits: Traits | None = None,
    ) -> None:
        self.seed = seed
        self.directory = directory
        self.menu = draw_menu(seed) if menu is None else menu
        self.traits = draw_traits(seed) if traits is None else traits
        self.plan = plan
        self.ticks = TICKS if plan is None else plan.ticks
        self.calm_from = self.ticks * 6 // 10
        self.course = Dice(seed, "course")
        self.faults = Dice(seed, "faults")
        self.deaths = Dice(seed, "deaths")
        drawn = self.menu.rates.keys()
        self._quote_faults = [fault for fault in QUOTE_FAULTS if fault in drawn]
        self._quotes_go_stale = bool(drawn & {"stale price", "quote turns"})
        self._replicas_lag = bool(drawn & STALE)
        self.tally = Tally()
        self._lines: list[str] = []
        self.tick = -1
        self.people = People(self, Dice(seed, "people"))
        self.cuts = Cuts(self, Dice(seed, "cuts"))
        self._build(Dice(seed, "world"))
        self.network = Network()
        self.checks = Checks(self)
        self.broker.exchange.on_entries = self._entered
        self.next_crash: int | None = None
        self.next_kill: int | None = None
        self.clock_is_off = timedelta(0)
        self._fills_held, self._blocked = False, ""
        self.is_alive = False

    # making it

    def _build(self, dice: Dice) -> None:
        first = {s: Decimal(dice.whole(4000, 30000)) / 100 for s in SYMBOLS}
        weights = weights_of(dice)
        self.policy = self.next_policy = policy_of(dice, weights, self.traits)
        self.free_bytes = 10**12
        equity = Decimal(100_000)
        cash_part = Decimal(dice.among((0, 2, 5, 20, 60))) / 100
        held = weights_of(dice)
        positions = {
            s: Quantity((equity * (1 - cash_part) * held[s] / first[s]).to_integral_value())
            for s in SYMBOLS
        }
        thin = dice.chance(0.3)
        self.swing = dice.among((0.0005, 0.002, 0.006, 0.015))
        self.settings = SimulatedSettings(
            prices=flat_table(first),
            start=DAYS[FIRST],
            cash=Money(equity * cash_part),
            positions={s: q for s, q in positions.items() if q > 0},
            average_costs={s: Price(p) for s, p in first.items()},
            average_daily_volume=Quantity(Decimal(20_000 if thin else 5_000_000)),
            volume_every=timedelta(minutes=2),
            spread=Decimal(dice.among(("0", "0.0004", "0.002"))),
            events=self._corporate_actions(),
            instant_settlement=dice.chance(0.5),
            fractional=dice.chance(0.2),
            fill_takes=timedelta(seconds=dice.among((0, 0, 0, 1, 40, 400))),
            cancel_takes=timedelta(seconds=dice.among((0, 0, 2, 90))),
        )
        self.renames = {e.symbol: e for e in self.settings.events if isinstance(e, Rename)}
        self.has_credit = dice.chance(0.7) or self.traits.credit
        self.market = MovingMarket(self.settings)
        self.market.now_at = dict(first)
        self.instants = tick_instants(self.market, dice)
        opened_at = self.market.session_of(DAYS[FIRST]).opens_at
        self.clock = SteppedClock(opened_at)
        self.prices = FaultyPrices(self.market, self.clock)
        self.prices.turns = self._turn_of_a_quote
        self.prices.runs = self._run_of_a_price
        self.broker = SimulatedBroker("main", self.settings, self.market, self.clock)
        self.disk = the_disk(opened_at)
        self.disk.wipe()
        autonomy = Autonomy.AUTO if dice.chance(0.7) else Autonomy.PROPOSE
        self.accounts = (Account(id="main", broker="simulated", autonomy=autonomy),)
        most = self.traits.max_order
        self.limits = Limits(max_order=None if most is None else Money(Decimal(most)))
        self.latch = FileLatch(self.directory, self.daemon_clock)
        self.render = renderer(amounts=True, dry_run=False)

    def _corporate_actions(self) -> tuple[Dividend | Split | Rename, ...]:
        """Dividends, a split and a rename overnight, in the sessions before the faults end."""
        dice, found = Dice(self.seed, "actions"), list[Dividend | Split | Rename]()
        for day in DAYS[FIRST + 1 : FIRST + 3]:
            if dice.chance(self.menu.rate("dividend") * 2):
                amount = Money(Decimal(dice.whole(5, 300)) / 100)
                found.append(Dividend(session=day, symbol=dice.among(SYMBOLS), per_share=amount))
            if dice.chance(self.menu.rate("split")):
                ratio = Decimal(dice.among(("10", "2", "1.5", "0.1")))
                symbol = dice.among(SYMBOLS)
                found.append(Split(session=day, symbol=symbol, ratio=ratio, restates_prices=False))
                self.people.touched.add(symbol)
        split = {event.symbol for event in found if isinstance(event, Split)}
        if self.menu.rate("rename") and (left := [s for s in SYMBOLS if s not in split]):
            day, symbol = DAYS[FIRST + dice.whole(1, 2)], dice.among(left)
            found.append(Rename(session=day, symbol=symbol, to=f"{symbol}X"))
            self.people.touched |= {symbol, f"{symbol}X"}
        return tuple(found)

    def listed(self, symbol: str) -> str:
        """What a symbol is called now at the exchange."""
        event = self.renames.get(symbol)
        if event is None or self.market.today < DAYS.index(event.session):
            return symbol
        return event.to

    @property
    def daemon_clock(self) -> "MachineClock":
        """The clock of the machine that the daemon runs on."""
        return MachineClock(self)

    # what happens between us and the outside

    @property
    def is_calm(self) -> bool:
        """Whether the faults are over."""
        return self.tick >= self.calm_from

    def market_lets(self, units: Decimal) -> bool:
        """Whether the exchange's volume lets so many units of a symbol trade within a session.

        It says the same after a split: a thin market may take longer than the world has.
        """
        volume = self.settings.average_daily_volume or Decimal(0)
        return units <= volume * self.settings.max_volume_share

    def happens(self, fault: str, share: float = 1.0) -> bool:
        """Whether a fault strikes now."""
        if self.is_calm:
            return False
        rate = self.menu.rates.get(fault)
        if rate is None or not self.faults.chance(rate * share):
            return False
        self.tally.faults += 1
        self.tally.disturbances += fault not in OF_THE_WORLD
        self.trace(f"fault {fault}")
        return True

    def on_the_way(self, label: str, *, may_kill: bool = True) -> None:
        """A request leaves: it may be the last thing that we do, and it takes a moment."""
        self.hook(f"broker: before {label}", may_kill=may_kill)
        seconds = 0.02 + self.faults.between(0, 0.4)
        now = self.clock.now() + timedelta(milliseconds=int(seconds * 1000))
        self.clock.advance_to(now)
        if self.tally.lives and not label.startswith("cancel "):
            self.tally.lives[-1].append(now)
        if self.network.late:
            self.let_late_ones_arrive()

    def came_back(self, label: str) -> None:
        """An answer arrives; we may be gone before we have understood it."""
        self.hook(f"broker: after {label}")

    def hook(self, label: str, *, may_kill: bool = True) -> None:
        """A named point between two steps of the daemon: here it can die, or be told to halt."""
        number = self.tally.hooks = self.tally.hooks + 1
        self._lines.append(label)
        kill, crash, plan = self.next_kill, self.next_crash, self.plan
        if plan is not None and plan.keep_labels:
            self.tally.labels.append((number, label))
        if not self.is_alive:
            return
        if may_kill and (
            (kill is not None and kill <= number) or (plan and number in plan.kill_at)
        ):
            self.next_kill = None
            self.people.pull_the_plug(label)
        if (crash is not None and crash <= number) or (plan and number in plan.crash_at):
            self.next_crash = None
            raise Crash(label)
        if self.cuts.pass_by(number, label):
            raise Crash(label)

    def let_late_ones_arrive(self) -> None:
        """Requests that were on their way for long reach the exchange."""
        now = self.clock.now()
        due = [item for item in self.network.late if item[0] <= now]
        if not due:
            return
        self.network.late = [item for item in self.network.late if item[0] > now]
        for _, name, intent in due:
            self.network.arrived_late.add(name)
            FaultyBroker(self.broker, self.network, self).take(name, intent)

    def reload(self) -> Policy:
        """The daemon reads its configuration: from now on this is the policy."""
        self.policy = self.next_policy
        return self.policy

    def disk_says(self) -> str:
        """How the commit that is about to happen ends: "" is well."""
        for fault in ("commit fails", "commit unanswered"):
            if self.is_alive and self.happens(fault, 0.03):
                return fault
        return ""

    def secret_cause(self) -> Exception:
        """The low-level error behind a failure, with the secret in it."""
        return OSError(f"https://key:{CANARY}@broker.example refused")

    def trace(self, text: str) -> None:
        """One more line of what happened; the hash of all lines tells two runs apart."""
        self._lines.append(text)

    def trace_hash(self) -> str:
        """The hash of every line until now."""
        return hashlib.sha256("".join(f"{line}\n" for line in self._lines).encode()).hexdigest()

    def _entered(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.trace(repr(entry))
            self.checks.on_entry(entry)

    # time

    def step(self, alarms: SimulatedAlarms) -> list[Wake] | None:
        """Let time pass to the next tick; the wakes it brings, None when the horizon is reached."""
        if self.tick >= 0:
            self.checks.after_tick()
        if self.tick + 1 >= self.ticks:
            return None
        self.tick += 1
        self.trace(f"tick {self.tick}")
        self.checks.before_faults()
        self._pass_time_to(self.instants[self.tick])
        self.people.act()
        self._choose_deaths()
        self.cuts.choose()
        self.checks.before_tick()
        wakes = alarms.due(self.daemon_clock.now())
        if self.next_policy is not self.policy and self.course.chance(0.5):
            wakes.append(Wake(kind=WakeKind.CONFIGURATION))
        tick = Wake(kind=WakeKind.TICK)
        news = Wake(kind=WakeKind.ORDER_UPDATE, detail="stream")
        speaks = self.course.chance(0.5) and not self.menu.rate("mute stream")
        again = 3 if speaks and self.happens("news again") else 0
        echoes = [Wake(kind=WakeKind.ORDER_UPDATE, detail=f"again {n}") for n in range(again)]
        return [*wakes, *([news] if speaks else []), tick, *echoes]

    @property
    def is_over(self) -> bool:
        """Whether the horizon has been reached."""
        return self.tick + 1 >= self.ticks and self.clock.now() >= self.instants[self.ticks - 1]

    def is_quiet(self) -> bool:
        """Whether nothing is under way and nobody wants anything."""
        run = self.checks.rows("SELECT 1 FROM run WHERE outcome IS NULL")
        return not run and not self.people.spool

    def catch_up(self, stop: StopFlag) -> None:
        """Ticks that pass while nobody is there to hear them."""
        while self.tick + 1 < self.ticks and self.instants[self.tick + 1] <= self.clock.now():
            self.step(SimulatedAlarms())
        if self.is_over:
            stop.reason = "the horizon is reached"

    def down_for(self, seconds: int) -> None:
        """The process is gone; the world goes on without it."""
        self.trace(f"down for {seconds} s")
        self.clock.advance_to(self.clock.now() + timedelta(seconds=seconds))
        self.let_late_ones_arrive()
        self.broker.advance()

    def _pass_time_to(self, instant: datetime) -> None:
        if self._quotes_go_stale:
            self.prices.remember()
        self._keep_a_view_for(instant)
        for due in sorted(item[0] for item in self.network.late):
            if due <= instant:
                self.clock.advance_to(due)
                self.let_late_ones_arrive()
        self.clock.advance_to(instant)
        self.broker.advance()
        if self.tick and self.tick % TICKS_A_SESSION == 0:
            self.market.end_session()
            self._divide_prices()
        if self.tick % TICKS_A_SESSION < TICKS_A_SESSION - 2:
            self.market.move(self.course, 0.0004 if self.is_calm else self.swing)
        self._choose_faults()
        self.broker.advance()

    def _keep_a_view_for(self, instant: datetime) -> None:
        """What a replica that falls behind may still show then."""
        oldest, views = instant - OLDEST_REPLICA, self.network.views
        views[:] = [view for view in views if view.at >= oldest]
        if self._replicas_lag and self.tick > 0 and self.clock.now() >= oldest:
            views.append(look_around(self.broker))

    def _divide_prices(self) -> None:
        """A split that came with this session's open; the close before it is restated as well."""
        today = DAYS[self.market.today]
        for event in self.settings.events:
            if isinstance(event, Split) and event.session == today:
                symbol, before = event.symbol, (event.symbol, self.market.today - 1)
                price = self.market.now_at[symbol] / event.ratio
                self.market.now_at[symbol] = max(price.quantize(CENT), Decimal(1))
                if self.course.chance(0.5):
                    self.market.closed_at[before] = self.market.now_at[symbol]

    def _choose_faults(self) -> None:
        """The faults that last for a tick or more."""
        self.clock_is_off = timedelta(0)
        if self.happens("clock step", 0.1):
            seconds = self.faults.among((-3600, -60, -8, 8, 60, 3600))
            self.clock_is_off = timedelta(seconds=seconds)
        self.free_bytes = 10**8 if self.happens("disk low", 0.05) else 10**12
        self.network.counts_late = {
            number for number in self.network.counts_late if self._counts_still_late(number)
        }
        if self.happens("reload", 0.05):
            drawn = policy_of(self.faults, weights_of(self.faults), self.traits)
            self.next_policy = self.people.in_new_words(drawn)
        network, prices, market = self.network, self.prices, self.market
        network.joint = network.views[0] if network.views and self.happens("stale all") else None
        prices.silent = self.happens("no prices", 0.5)
        prices.faults = {}
        for symbol in SYMBOLS:
            for fault in self._quote_faults:
                if self.happens(fault, 0.5):
                    prices.faults[self.listed(symbol)] = fault
            if self.happens("jump", 0.02):
                factor = Decimal(self.faults.among(("0.5", "0.7", "1.4", "2")))
                market.now_at[symbol] = (market.now_at[symbol] * factor).quantize(Decimal("0.01"))
            if self.happens("trading halt", 0.1):
                market.halts.add(self.listed(symbol))
            elif self.is_calm or self.faults.chance(0.2):
                market.halts.discard(self.listed(symbol))
        self._trouble_orders()

    def _turn_of_a_quote(self) -> str:
        """What becomes of a quote between the look and the send."""
        if self.happens("no quote before a send", 0.5):
            return "no quote before a send"
        turns = self.happens("quote turns", 0.5)
        return self.faults.among(("stale price", "no price", "wide price")) if turns else ""

    def _run_of_a_price(self, symbol: str) -> None:
        """The market moves between the look and the send, further than a limit may lie from it."""
        if self.happens("price runs", 0.5):
            moved = self.market.now_at[symbol[:3]] * self.faults.among(RUNS)
            self.market.now_at[symbol[:3]] = moved.quantize(CENT)

    def _counts_still_late(self, broker_order_id: str) -> bool:
        """Until a while after the order's end; when the faults are over, so is this."""
        return not self.is_calm and not self.faults.chance(0.15)

    def _trouble_orders(self) -> None:
        exchange, now = self.broker.exchange, self.clock.now()
        if (held := self.happens("fills held", 0.5)) is not self._fills_held:
            exchange.switch(now, fills_held=held)
            self._fills_held = held
        if self.happens("blocked", 0.05):
            self._block("margin call")
        elif self.is_calm or self.faults.chance(0.3):
            self._block("")
        if self.is_calm:
            self.broker.faults.status_words.clear()
        for order in self.broker.open_orders():
            if not order.is_ours or order.quantity is None:
                continue
            if self.happens("rejected later", 0.5):
                exchange.reject(order.broker_order_id, "the exchange thought again", now)
            elif self.happens("part fill") and self.market.is_open(now):
                part = Quantity((order.quantity - order.filled_quantity) // 2)
                if part > 0 and self.market.bid_ask(order.symbol, now) is not None:
                    self._fill_part(order.broker_order_id, part)
            if self.faults.chance(0.4):
                self.broker.faults.status_words.pop(order.broker_order_id, None)

    def _block(self, reason: str) -> None:
        if reason != self._blocked:
            self.broker.exchange.switch(self.clock.now(), blocked=reason)
            self._blocked = reason

    def _fill_part(self, broker_order_id: str, part: Quantity) -> None:
        try:
            self.broker.exchange.fill_now(broker_order_id, part, self.clock.now())
        except ValueError:
            return  # the price has left it behind

    def _choose_deaths(self) -> None:
        """Crashes and halts of this tick, counted in hooks from now; one hook is the tick's edge."""
        if self.is_calm:
            self.next_crash = self.next_kill = None
            return
        if self.deaths.chance(self.menu.crash_rate):
            reach = self.deaths.among((1, 10, 40, 120))
            self.next_crash = self.tally.hooks + self.deaths.whole(1, reach)
        if self.deaths.chance(self.menu.rate("kill") * 0.15):
            reach = self.deaths.among((1, 10, 40, 120))
            self.next_kill = self.tally.hooks + self.deaths.whole(1, reach)
