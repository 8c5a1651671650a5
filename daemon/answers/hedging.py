"""Advice on a hedge from a fresh look at the household; nothing of it is recorded or sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from config.settings import HedgeSettings, Settings
from daemon.observe import observe
from daemon.wiring import open_house
from policies.hedging import (
    TAX_FLAGS,
    FuturesHedge,
    Market,
    PutHedge,
    covered_calls,
    futures_hedge,
    put_hedge,
)
from portfolio.money import ZERO
from portfolio.snapshot import Snapshot

NO_ADVICE = "This is arithmetic, no advice; trimtab never trades options or futures."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks: `volatility` and the rates are yearly fractions, prices are USD.

    `price` None takes the underlying's quote. `future` is an index future's price with its
    `multiplier`, None leaves futures out.
    """

    underlying: str
    volatility: Decimal
    price: Decimal | None = None
    protect: Decimal | None = None
    strike: Decimal | None = None
    months: int | None = None
    rate: Decimal = Decimal("0.04")
    dividend_yield: Decimal = Decimal("0.012")
    future: Decimal | None = None
    multiplier: Decimal = Decimal(50)
    wanted_beta: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeAdvice:
    """What a hedge would take and cost; `counted` are the holdings with a beta, by symbol, in USD.

    `yearly_cost` is the premium rolled for a year, a fraction of the portfolio.
    """

    value: float
    beta: float
    counted: Mapping[str, float]
    left_out: tuple[str, ...]
    strike: float
    months: int
    puts: PutHedge
    yearly_cost: float
    over_budget: bool
    covered: Mapping[str, int]
    futures: FuturesHedge | None
    flags: tuple[str, ...] = TAX_FLAGS
    note: str = NO_ADVICE


class NothingToHedge(Exception):
    """No holding has a beta and a price; the message says what to write."""


def advise(settings: Settings, state_dir: Path, asked: Asked) -> HedgeAdvice:
    """Look at the household and size the hedge. Raises `NothingToHedge` and what a look raises."""
    house = open_house(settings, state_dir)
    snapshot = observe(house)
    price = asked.price
    if price is None:
        quote = house.prices.quotes([asked.underlying]).get(asked.underlying)
        price = None if quote is None else getattr(quote, "price", None)
    if price is None:
        raise NothingToHedge(f"There is no price for {asked.underlying}; give one with --price.")
    return advice_on(snapshot, settings.hedge, asked, price)


def advice_on(
    snapshot: Snapshot, hedge: HedgeSettings, asked: Asked, price: Decimal
) -> HedgeAdvice:
    """The advice for one snapshot. Raises `NothingToHedge`."""
    counted = {s: v for s in hedge.betas if (v := snapshot.value(s)) is not None and v > ZERO}
    if not counted:
        raise NothingToHedge(
            "No holding has a beta; write, for example, betas = { VTI = 1.0 } under [hedge]."
        )
    value = float(sum(counted.values(), ZERO))
    beta = sum(float(v * hedge.betas[s]) for s, v in counted.items()) / value
    months = asked.months or hedge.months
    strike = float((asked.strike or hedge.strike) * price)
    market = Market(
        spot=float(price),
        years=months / 12,
        volatility=float(asked.volatility),
        rate=float(asked.rate),
        dividend_yield=float(asked.dividend_yield),
    )
    puts = put_hedge(
        value, beta, market, hedged_part=float(asked.protect or hedge.protect), strike=strike
    )
    yearly = puts.cost_fraction * 12 / months
    return HedgeAdvice(
        value=value,
        beta=beta,
        counted={s: float(v) for s, v in counted.items()},
        left_out=tuple(s for s in snapshot.symbols_held() if s not in counted),
        strike=strike,
        months=months,
        puts=puts,
        yearly_cost=yearly,
        over_budget=yearly > float(hedge.max_premium),
        covered={s: covered_calls(float(snapshot.quantity(s))) for s in counted},
        futures=_futures(value, beta, asked, hedge),
    )


def _futures(value: float, beta: float, asked: Asked, hedge: HedgeSettings) -> FuturesHedge | None:
    if asked.future is None:
        return None
    protect = float(asked.protect or hedge.protect)
    wanted = beta * (1 - protect) if asked.wanted_beta is None else float(asked.wanted_beta)
    return futures_hedge(
        value,
        beta,
        wanted_beta=wanted,
        future=float(asked.future),
        multiplier=float(asked.multiplier),
    )
