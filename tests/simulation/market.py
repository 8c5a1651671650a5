"""The market of a simulated world: prices that move within a session, and quotes that lie."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from brokers.simulated.market import SimulatedMarket
from brokers.simulated.price_file import PriceTable
from brokers.simulated.settings import SimulatedSettings
from portfolio.money import CENT, Price
from portfolio.ports import Clock, Unavailable
from portfolio.snapshot import PriceFault, Quote, RefusedPrice
from tests.simulation.chance import Dice

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")
DAYS = tuple(date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9, 10))
"""Five sessions are lived, one stands before them and one after; the weekend holds a clock change."""
FIRST, SESSIONS = 1, 5
TICKS_A_SESSION = 16
TICKS = SESSIONS * TICKS_A_SESSION


class MovingMarket(SimulatedMarket):
    """The built-in market with a price that moves within the session that is being lived."""

    def __init__(self, settings: SimulatedSettings) -> None:
        self.today = FIRST
        self.now_at: dict[str, Decimal] = {}
        self.closed_at: dict[tuple[str, int], Decimal] = {}
        super().__init__(settings)

    def _price(self, symbol: str, index: int) -> Price:
        if index >= self.today and symbol in self.now_at:
            return Price(self.now_at[symbol])
        return Price(self.closed_at.get((symbol, index)) or super()._price(symbol, index))

    def halted(self, symbol: str, at: datetime) -> bool:
        """Whether the exchange trades nothing in it."""
        return self.bid_ask(symbol, at) is None

    def bid_ask(self, symbol: str, at: datetime) -> tuple[Price, Price] | None:
        return None if symbol in self.halts else super().bid_ask(symbol, at)

    @property
    def halts(self) -> set[str]:
        """Symbols in which the exchange fills nothing now."""
        if not hasattr(self, "_halts"):
            self._halts: set[str] = set()
        return self._halts

    def move(self, dice: Dice, swing: float) -> None:
        """One step of every price, on whole cents and never under a dollar."""
        for symbol, price in self.now_at.items():
            step = Decimal(str(round(1 + dice.normal(swing), 6)))
            self.now_at[symbol] = max((price * step).quantize(CENT), Decimal(1))

    def end_session(self) -> None:
        """Keep the closing prices; the next session begins from them."""
        for symbol, price in self.now_at.items():
            self.closed_at[symbol, self.today] = price
        self.today += 1


def flat_table(prices: Mapping[str, Decimal]) -> PriceTable:
    """A table whose only use is its sessions and the prices before the first lived one."""
    row = tuple(Price(prices[symbol]) for symbol in SYMBOLS)
    return PriceTable(
        source="a simulated world", sessions=DAYS, symbols=SYMBOLS, rows=tuple(row for _ in DAYS)
    )


def tick_instants(market: SimulatedMarket, dice: Dice) -> tuple[datetime, ...]:
    """All ticks: close together in the morning, then wide, and twice after the close."""
    instants: list[datetime] = []
    for day in DAYS[FIRST : FIRST + SESSIONS]:
        session = market.session_of(day)
        at = session.opens_at + timedelta(seconds=dice.whole(5, 200))
        for _ in range(TICKS_A_SESSION - 5):
            instants.append(at)
            at += timedelta(seconds=dice.whole(45, 330))
        for hours in (1.2, 2.6, 4.0):
            spread = timedelta(seconds=dice.whole(0, 2400))
            instants.append(session.opens_at + timedelta(hours=hours) + spread)
        instants.append(session.closes_at + timedelta(seconds=61))
        instants.append(session.closes_at + timedelta(minutes=dice.whole(16, 40)))
    return tuple(instants)


class FaultyPrices:
    """Fulfils `ports.Prices`: the market's quotes, with the faults of this tick."""

    def __init__(self, market: MovingMarket, clock: Clock) -> None:
        self._market = market
        self._clock = clock
        self.faults: dict[str, str] = {}
        self.turns: Callable[[], str] = str
        """Asked at a look at one symbol, as before a send: what becomes of its quote, if anything."""
        self.runs: Callable[[str], None] = lambda _symbol: None
        """Told of such a look before it is answered: the price may run away."""
        self.old: dict[str, Quote] = {}
        self.silent = False
        self.served: dict[str, Quote | RefusedPrice] = {}

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote | RefusedPrice]:
        if self.silent:
            raise Unavailable("asked for quotes, no answer")
        wanted = list(symbols)
        turn = self.turns() if len(wanted) == 1 else ""
        if len(wanted) == 1:
            self.runs(wanted[0])
        if turn == "no quote before a send":
            raise Unavailable("asked for a quote, no answer")
        answers = {
            symbol: self._quote(symbol, turn or self.faults.get(symbol)) for symbol in wanted
        }
        self.served.update(answers)
        return answers

    def remember(self) -> None:
        """Keep the quotes of now, for the tick at which one of them stands still."""
        now = self._clock.now()
        for symbol in SYMBOLS:
            quote = self._market.quote(symbol, now)
            if isinstance(quote, Quote):
                self.old[symbol] = quote

    def _quote(self, symbol: str, fault: str | None) -> Quote | RefusedPrice:
        quote = self._market.quote(symbol, self._clock.now())
        if fault is None or isinstance(quote, RefusedPrice):
            return quote
        match fault:
            case "stale price":
                return self.old.get(symbol, quote)
            case "no price":
                detail = f"{symbol} is quoted at NaN"
                return _refused(symbol, PriceFault.NOT_A_PRICE, detail, None)
            case "crossed price":
                detail = f"{symbol} bid is above ask"
                return _refused(symbol, PriceFault.CROSSED, detail, quote.price)
            case "unknown volume":
                return replace(quote, average_daily_volume=None)
            case "unknown close":
                return replace(quote, previous_close=None)
            case _:
                ask = (quote.ask * Decimal("1.05")).quantize(CENT)
                return replace(quote, ask=Price(ask))


def _refused(symbol: str, fault: PriceFault, detail: str, count_at: Price | None) -> RefusedPrice:
    return RefusedPrice(symbol=symbol, fault=fault, detail=detail, count_at=count_at)
