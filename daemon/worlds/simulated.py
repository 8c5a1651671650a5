"""The built-in brokers of a household, from its settings: one market, one paper account each."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.market import SimulatedMarket, SimulatedPrices
from brokers.simulated.price_file import PriceTable, read_prices, require_symbols
from brokers.simulated.settings import Fees, SimulatedSettings
from brokers.simulated.store import IN_MEMORY
from brokers.simulated.world_events import (
    Deposit,
    Dividend,
    LostAnswer,
    QuoteFault,
    Rename,
    Split,
    TradingHalt,
    Withdrawal,
    WorldEvent,
)
from config.settings import EventKind, Settings, SimulatedEvent, Simulation
from daemon.machine.clocks import SteppedClock
from portfolio.instruments import AssetClass, Instrument
from portfolio.money import ONE, ZERO, Money
from portfolio.snapshot import PriceFault

BUILT_IN = Path(__file__).parents[2] / "brokers" / "simulated" / "data"

_QUOTE_FAULTS = {
    EventKind.STALE_QUOTE: PriceFault.STALE,
    EventKind.MISSING_QUOTE: PriceFault.MISSING,
    EventKind.CROSSED_QUOTE: PriceFault.CROSSED,
}
_PROXIES = {
    "US_STOCKS": Instrument(
        symbol="US_STOCKS",
        name="US stocks, an index proxy",
        asset_class=AssetClass.EQUITY,
        is_fund=True,
    ),
    "US_TREASURIES_10Y": Instrument(
        symbol="US_TREASURIES_10Y",
        name="ten-year US Treasuries, an index proxy",
        asset_class=AssetClass.BOND,
        is_fund=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWorld:
    """A stepped clock, the market, and the paper accounts, brought up to where they were left."""

    clock: SteppedClock
    market: SimulatedMarket
    prices: SimulatedPrices
    brokers: Mapping[str, SimulatedBroker]

    def advance(self) -> None:
        """Let every account live up to the clock."""
        for broker in self.brokers.values():
            broker.advance()

    def close(self) -> None:
        """Give the accounts' files back."""
        for broker in self.brokers.values():
            broker.close()


def open_simulated_world(
    settings: Settings, simulation: Simulation, state_dir: Path | None, *, read_only: bool = False
) -> SimulatedWorld:
    """Open the household's simulated accounts; in memory without a state directory.

    Raises `PriceFileError` when the prices cannot be read or lack a symbol of the target, and
    `AccountFileError` for an account's file that cannot be used.
    """
    table = _table(simulation)
    renamed = {event.to for event in simulation.events}
    require_symbols(table, [s for s in settings.policy.target.symbols if s not in renamed])
    per_account = {
        account.id: _account_settings(simulation, table, account.id)
        for account in settings.accounts
        if account.broker == "simulated"
    }
    market = SimulatedMarket(next(iter(per_account.values())))
    first = market.first_session
    if simulation.start is not None:
        first = next(iter(market.between(simulation.start, table.sessions[-1])), first)
    clock = SteppedClock(first.opens_at)
    brokers = {
        account: SimulatedBroker(
            account,
            account_settings,
            market,
            clock,
            IN_MEMORY if state_dir is None else state_dir / f"paper-{account}.sqlite",
            read_only=read_only and state_dir is not None,
        )
        for account, account_settings in per_account.items()
    }
    left_at = max(b.exchange.read(clock.now(), lambda books: books.at) for b in brokers.values())
    clock.advance_to(max(left_at, clock.now()))
    return SimulatedWorld(
        clock=clock, market=market, prices=SimulatedPrices(market, clock), brokers=brokers
    )


def _table(simulation: Simulation) -> PriceTable:
    return read_prices(simulation.prices_file or BUILT_IN / "us_stocks_treasuries.csv")


def _account_settings(simulation: Simulation, table: PriceTable, account: str) -> SimulatedSettings:
    opening = simulation.openings.get(account)
    built_in = simulation.prices_file is None
    return SimulatedSettings(
        prices=table,
        start=simulation.start,
        cash=Money(ZERO) if opening is None else opening.cash,
        positions={} if opening is None else opening.positions,
        events=tuple(
            _world_event(event, table)
            for event in simulation.events
            if event.account in (None, account)
        ),
        spread=simulation.spread,
        average_daily_volume=simulation.daily_volume,
        max_volume_share=simulation.fill_share,
        fees=Fees(per_order=simulation.fee_per_order, fraction=simulation.fee_fraction),
        bill_rates=BUILT_IN / "us_bills.csv" if simulation.cash_interest and built_in else None,
        instant_settlement=simulation.settlement_sessions == 0,
        instruments=_PROXIES if built_in else {},
    )


def _world_event(event: SimulatedEvent, table: PriceTable) -> WorldEvent:
    """The event in the words of the market, on the first session from its date."""
    place = table.position_at_or_after(event.on)
    if place is None:
        raise ValueError(f"the prices end on {table.sessions[-1]}, an event is set for {event.on}")
    session = table.sessions[place]
    ends = place + event.sessions
    until = table.sessions[ends] if ends < len(table.sessions) else None
    amount, symbol = event.amount or Money(ZERO), event.symbol or ""
    match event.kind:
        case EventKind.DEPOSIT:
            return Deposit(session=session, amount=amount)
        case EventKind.WITHDRAWAL:
            return Withdrawal(session=session, amount=amount)
        case EventKind.DIVIDEND:
            return Dividend(session=session, symbol=symbol, per_share=amount)
        case EventKind.SPLIT:
            return Split(session=session, symbol=symbol, ratio=event.ratio or ONE)
        case EventKind.RENAME:
            return Rename(session=session, symbol=symbol, to=event.to or symbol)
        case EventKind.TRADING_HALT:
            return TradingHalt(session=session, symbol=symbol, until=until)
        case EventKind.LOST_ANSWER:
            return LostAnswer(session=session)
        case EventKind.STALE_QUOTE | EventKind.MISSING_QUOTE | EventKind.CROSSED_QUOTE:
            fault = _QUOTE_FAULTS[event.kind]
            return QuoteFault(session=session, symbol=symbol, fault=fault, until=until)
