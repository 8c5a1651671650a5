"""Sizing a hedge: index futures, puts, a collar. Advice only: nothing here becomes an order.

Amounts are float64 in the household's currency, rates and volatilities are fractions a year with
continuous compounding, deltas are per unit and negative for a put. Sources: Black and Scholes (1973),
Merton (1973) for the dividend yield; the futures formula is Hull, "Options, Futures", chapter 3.
"""

import math
from dataclasses import dataclass

UNITS_OF_A_CONTRACT = 100
"""Units of the underlying in one US equity option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FuturesHedge:
    """`contracts` is negative when short; `exact` before rounding; `residual_beta` what stays."""

    contracts: int
    exact: float
    residual_beta: float


def futures_hedge(
    value: float,
    beta: float,
    *,
    wanted_beta: float,
    future: float,
    multiplier: float,
    to_nearest: bool = False,
) -> FuturesHedge:
    """Futures that bring a portfolio from `beta` to `wanted_beta`, rounded toward zero.

    `to_nearest` rounds to the nearest contract, as textbooks do; it may hedge a little too much.
    A future is worth its price times the multiplier and has a beta of one. Raises `ValueError` for
    a value, price or multiplier that is not above zero.
    """
    contract = _above_zero("the future", future) * _above_zero("the multiplier", multiplier)
    exact = (wanted_beta - beta) * _above_zero("the value", value) / contract
    contracts = round(exact) if to_nearest else math.trunc(exact)
    return FuturesHedge(
        contracts=contracts, exact=exact, residual_beta=beta + contracts * contract / value
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A European option by Black, Scholes and Merton. `price` and `delta` are per unit."""

    price: float
    delta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What an option is priced with: the underlying's price, and yearly fractions."""

    spot: float
    years: float
    volatility: float
    rate: float = 0.04
    dividend_yield: float = 0.012

    def __post_init__(self) -> None:
        """Raises `ValueError` for a price, time or volatility that is not above zero."""
        _above_zero("the price of the underlying", self.spot)
        _above_zero("the time", self.years)
        _above_zero("the volatility", self.volatility)


def put(market: Market, strike: float) -> Option:
    """The right to sell at `strike`; its delta lies in [-1, 0]."""
    calls = call(market, strike)
    carried = math.exp(-market.dividend_yield * market.years)
    discounted = strike * math.exp(-market.rate * market.years)
    return Option(
        price=calls.price - market.spot * carried + discounted, delta=calls.delta - carried
    )


def call(market: Market, strike: float) -> Option:
    """The right to buy at `strike`; its delta lies in [0, 1]."""
    spread = market.volatility * math.sqrt(market.years)
    drift = market.rate - market.dividend_yield + market.volatility**2 / 2
    above = (
        math.log(market.spot / _above_zero("the strike", strike)) + drift * market.years
    ) / spread
    carried = math.exp(-market.dividend_yield * market.years)
    discounted = strike * math.exp(-market.rate * market.years)
    price = market.spot * carried * _normal(above) - discounted * _normal(above - spread)
    return Option(price=price, delta=carried * _normal(above))


@dataclass(frozen=True, slots=True, kw_only=True)
class PutHedge:
    """Protective puts on one underlying.

    `contracts` puts a floor under the hedged part; `neutral_contracts` would take its delta away.
    `cost` is the premium, `cost_fraction` of the whole value. `exposure_before` and `_after` are the
    beta-weighted money at risk with the puts' delta; `uncovered` is the hedged money that whole
    contracts leave out. `collar_strike` is the call whose premium would pay for the put.
    """

    contracts: int
    neutral_contracts: int
    premium: float
    delta: float
    cost: float
    cost_fraction: float
    exposure_before: float
    exposure_after: float
    uncovered: float
    collar_strike: float


def put_hedge(
    value: float, beta: float, market: Market, *, hedged_part: float, strike: float
) -> PutHedge:
    """Whole puts that protect `hedged_part` (0 to 1) of a value of this beta; floors, never over.

    Contracts are floor(beta x value x part / (100 x price)); delta-neutral divides by |delta| too.
    """
    exposure = beta * _above_zero("the value", value)
    wanted = exposure * hedged_part / (UNITS_OF_A_CONTRACT * market.spot)
    option = put(market, strike)
    contracts = max(0, math.floor(wanted))
    neutral = max(0, math.floor(wanted / abs(option.delta))) if option.delta else 0
    cost = contracts * UNITS_OF_A_CONTRACT * option.price
    return PutHedge(
        contracts=contracts,
        neutral_contracts=neutral,
        premium=option.price,
        delta=option.delta,
        cost=cost,
        cost_fraction=cost / value,
        exposure_before=exposure,
        exposure_after=exposure_of(exposure, contracts, option.delta, market.spot),
        uncovered=(wanted - contracts) * UNITS_OF_A_CONTRACT * market.spot,
        collar_strike=zero_cost_call(market, option.price),
    )


def exposure_of(equities: float, contracts: float, delta: float, spot: float) -> float:
    """Beta-weighted equities plus what the contracts add: contracts x 100 x delta x price."""
    return equities + contracts * UNITS_OF_A_CONTRACT * delta * spot


def covered_calls(units: float) -> int:
    """Calls that a holding covers: whole hundreds, never one more (no naked short)."""
    return max(0, math.floor(units / UNITS_OF_A_CONTRACT))


def zero_cost_call(market: Market, premium: float) -> float:
    """The strike at which a call brings `premium`; found by bisection to a hundred-millionth.

    A call's price falls with its strike. Raises `ValueError` when even a strike of nearly nothing
    brings less.
    """
    low, high = market.spot * 1e-6, market.spot
    if call(market, low).price < premium:
        raise ValueError(f"no call brings {premium:.2f} a unit")
    while call(market, high).price > premium and high < market.spot * 1e6:
        high *= 2
    while high - low > 1e-8 * market.spot:
        middle = (low + high) / 2
        low, high = (middle, high) if call(market, middle).price > premium else (low, middle)
    return (low + high) / 2


TAX_FLAGS = (
    "A put on shares held for a year or less resets their holding period (IRC 1233).",
    "A put bought on the same day as the shares, for them, does not.",
    "Shares with an offsetting option are a straddle (IRC 1092): losses wait, holding stops.",
    "A collar is one straddle (Rev. Rul. 2002-66).",
    "A covered call with more than 30 days to run that is not deep in the money stays outside.",
    "A short call deep in the money, or a short against the box, may count as a sale (IRC 1259).",
    "An index put counts as the same as a fund that overlaps it by 70 % or more (Reg. 1.246-5).",
    "Index futures and broad index options are taxed 60/40 and at the year's end (IRC 1256).",
    "A call bought, or a put written, on something sold at a loss within 30 days makes a wash sale.",
)
"""What the tax law makes of a hedge; said beside every advice."""


def _normal(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def _above_zero(what: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"{what} must be above zero, not {value}")
    return value
