"""Judging quotes: which are good enough to trade on, and what the others are still good for."""

from dataclasses import replace
from datetime import datetime

from policies.explain import percent
from policies.policy import PriceRule
from portfolio.money import ZERO, Price
from portfolio.snapshot import PriceFault, Quote, RefusedPrice, Snapshot
from portfolio.target import Target


def wanted_symbols(snapshot: Snapshot, target: Target) -> tuple[str, ...]:
    """Symbols that a decision needs a quote of: what is bought, and the substitutes that are held."""
    every = target.every_symbol
    bought = target.symbols
    if len(every) == len(bought):
        return bought
    held = frozenset(snapshot.symbols_held())
    return (*bought, *(s for s in every[len(bought) :] if s in held))


def judge_prices(snapshot: Snapshot, rule: PriceRule, wanted: tuple[str, ...]) -> Snapshot:
    """The snapshot with every quote judged: those that fail have moved to `refused`.

    `wanted` are the symbols of the slices; one with neither quote nor refusal is refused as missing.
    """
    quotes: dict[str, Quote] = {}
    refused: dict[str, RefusedPrice] = dict(snapshot.refused)
    for symbol, quote in snapshot.quotes.items():
        fault = fault_of(quote, rule, snapshot.as_of)
        if fault is None:
            quotes[symbol] = quote
        else:
            refused[symbol] = fault
    for symbol in wanted:
        if symbol not in quotes and symbol not in refused:
            refused[symbol] = RefusedPrice(
                symbol=symbol, fault=PriceFault.MISSING, detail=f"{symbol} has no quote"
            )
    return replace(snapshot, quotes=quotes, refused=refused)


def is_a_number(quote: Quote) -> bool:
    """Whether every figure of a quote is a finite number: none else can be counted or kept."""
    figures = (quote.bid, quote.ask, quote.last, quote.previous_close, quote.average_daily_volume)
    return all(figure is None or figure.is_finite() for figure in figures)


def fault_of(quote: Quote, rule: PriceRule, at: datetime) -> RefusedPrice | None:
    """What is wrong with a quote at an instant; None when it may be traded on.

    The edges belong to the good: a quote exactly `max_age_seconds` old, or exactly `max_spread`
    wide, passes. A quote stamped later than `at` by more than the age is as wrong as an old one.
    A stale, wide or jumped quote still counts a holding at its middle; one that is no price does not.
    """
    symbol, bid, ask = quote.symbol, quote.bid, quote.ask
    if not (is_a_number(quote) and bid > ZERO and ask > ZERO):
        detail = f"{symbol} is quoted at {bid} bid, {ask} ask: not a price"
        return RefusedPrice(symbol=symbol, fault=PriceFault.NOT_A_PRICE, detail=detail)
    middle = quote.price
    if bid > ask:
        detail = f"{symbol} bid {bid} is above ask {ask}"
        return _refused(symbol, PriceFault.CROSSED, detail, middle)
    age = (at - quote.as_of).total_seconds()
    if abs(age) > rule.max_age_seconds:
        when = f"{age:,.0f} s old" if age > 0 else f"stamped {-age:,.0f} s in the future"
        detail = f"{symbol} quote is {when}, at most {rule.max_age_seconds} s is traded on"
        return _refused(symbol, PriceFault.STALE, detail, middle)
    spread = ask - bid
    if spread > rule.max_spread * middle:
        wide, most = percent(spread / middle), percent(rule.max_spread)
        detail = f"{symbol} spread is {wide}, at most {most} is traded on"
        return _refused(symbol, PriceFault.WIDE, detail, middle)
    close = quote.previous_close
    if close is not None and abs(middle - close) > rule.max_jump * close:
        far = f"{(middle / close - 1) * 100:+.1f} %"
        detail = (
            f"{symbol} is {far} from its previous close of {close}: "
            "held until a person has looked (a split?)"
        )
        return _refused(symbol, PriceFault.JUMPED, detail, middle)
    return None


def _refused(symbol: str, fault: PriceFault, detail: str, count_at: Price) -> RefusedPrice:
    return RefusedPrice(symbol=symbol, fault=fault, detail=detail, count_at=count_at)
