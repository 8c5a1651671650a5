"""What of a household could be harvested: holdings, partners, and what stands in the way."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from policies.book import Book, Desk
from policies.taxes.guards import self_buyers
from policies.taxes.harvest import (
    HarvestYear,
    Holding,
    Opportunity,
    opportunities,
)
from policies.taxes.harvest_rule import HarvestRule, PartnerFund
from policies.taxes.partners import choose_partner
from policies.taxes.rates import tax_of_year
from policies.taxes.terms import dividend_is_qualified, result_of_sale
from policies.taxes.wash import WINDOW_DAYS
from portfolio.accounts import AccountKind
from portfolio.lots import Lot, ReliefMethod
from portfolio.memory import RecentLoss
from portfolio.money import ZERO, Money, Price, Quantity
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot, Quote


def year_of(book: Book) -> HarvestYear:
    """The year so far as the book's memory has it, with what the household typed in."""
    taxes, day = book.policy.taxes, book.snapshot.day
    assert taxes is not None  # noqa: S101  asked only with rates
    result = taxes.so_far(book.memory.realised, day.year)
    return HarvestYear(day=day, rates=taxes.rates, result=result, rule=book.policy.harvest)


def gain_rates(book: Book) -> tuple[Decimal, Decimal]:
    """What a further dollar of short-term and of long-term gain is taxed this year."""
    year, sample = year_of(book), Decimal(1000)
    now = tax_of_year(year.rates, year.result, year.day.year)
    more = (
        tax_of_year(year.rates, year.result.with_sale(short=sample), year.day.year),
        tax_of_year(year.rates, year.result.with_sale(long=sample), year.day.year),
    )
    return (more[0] - now) / sample, (more[1] - now) / sample


def every_opportunity(book: Book) -> tuple[Opportunity, ...]:
    """Every taxable holding with a loss, also where nothing is declared; the best first."""
    return opportunities(holdings_of(book, book.policy.harvest), year_of(book))


def holdings_of(book: Book, rule: HarvestRule) -> tuple[Holding, ...]:
    """What could be harvested: each symbol of the target in each taxable account that can trade."""
    desks = {desk.account: desk for desk in book.desks}
    found = []
    for account in book.snapshot.accounts:
        desk = desks.get(account.account.id)
        if desk is None or account.account.kind is not AccountKind.TAXABLE:
            continue
        for position in account.positions:
            quote = book.snapshot.quotes.get(position.symbol)
            if position.symbol in book.slice_of and quote is not None:
                found.append(_holding(book, rule, account, desk, quote))
    return tuple(found)


def taxable_holdings(book: Book) -> tuple[tuple[str, str, tuple[Lot, ...], Price], ...]:
    """Account, symbol, lots of known basis and bid of every taxable holding with a quote."""
    found = []
    for account in book.snapshot.accounts:
        if account.account.kind is not AccountKind.TAXABLE:
            continue
        for position in account.positions:
            quote = book.snapshot.quotes.get(position.symbol)
            lots = tuple(lot for lot in account.lots if lot.symbol == position.symbol)
            if quote is not None and lots:
                found.append((account.account.id, position.symbol, lots, quote.bid))
    return tuple(found)


def _holding(
    book: Book, rule: HarvestRule, account: AccountSnapshot, desk: Desk, quote: Quote
) -> Holding:
    symbol = quote.symbol
    partner, refused = _partner(book, rule, desk, symbol)
    blocks = [*_in_the_way(book, desk, symbol)]
    if partner is None and not rule.hold_cash:
        said = "; ".join(refused) or f"no partner is known: add one under [harvest] for {symbol}"
        blocks.append(f"nothing may stand in for it ({said})")
    other = None if partner is None else book.snapshot.quotes.get(partner)
    return Holding(
        account=desk.account,
        symbol=symbol,
        lots=tuple(lot for lot in account.lots if lot.symbol == symbol),
        available=desk.sellable.get(symbol, Quantity(ZERO)),
        price=quote.bid,
        fifo=account.account.can_trade or book.policy.lots.method is ReliefMethod.FIFO,
        is_fund=book.instrument(symbol).is_fund or symbol in rule.partners,
        round_trip=_spread(quote) + _spread(other or quote),
        recent=_bought_lately(book, symbol),
        untaxed=_untaxed(book),
        dividend_loss=_dividend_loss(book, account, symbol),
        partner=partner,
        blocks=tuple(blocks),
    )


def _group(book: Book, symbol: str) -> str:
    return book.policy.lots.household.group_of(symbol)


def _taken_lately(book: Book, symbol: str) -> RecentLoss | None:
    """A loss of the symbol's identity group that was taken within 31 days, the latest one."""
    group, day = _group(book, symbol), book.snapshot.day
    return max(
        (
            loss
            for loss in book.memory.recent_losses
            if _group(book, loss.symbol) == group and loss.first_safe_day > day
        ),
        key=lambda loss: loss.sold_on,
        default=None,
    )


def _spread(quote: Quote) -> Decimal:
    return (quote.ask - quote.bid) / quote.price


def _in_the_way(book: Book, desk: Desk, symbol: str) -> list[str]:
    """What bars the sale itself, and a loss of the group that was taken within 31 days."""
    said = []
    if why := desk.barred.get(symbol) or book.locks.sales.get(symbol):
        said.append(f"{symbol} is not traded now: {why}")
    group = _group(book, symbol)
    if (loss := _taken_lately(book, symbol)) is not None:
        said.append(
            f"a loss of {loss.symbol} was taken on {loss.sold_on}; the next one from"
            f" {loss.first_safe_day} on"
        )
    buying = {leg.intent.symbol for leg in book.memory.live_legs if leg.intent.side is Side.BUY}
    buying |= {ticket.symbol for ticket in book.memory.tickets if ticket.side is Side.BUY}
    buying |= {
        o.symbol for a in book.snapshot.accounts for o in a.open_orders if o.side is Side.BUY
    }
    if bought := sorted(s for s in buying if _group(book, s) == group):
        said.append(f"an order to buy {bought[0]} is open and would wash the loss")
    rule = book.policy.lots
    said += [
        f"{account} buys {own} by itself, and what it washes is lost for good: turn it off, and take"
        " it out of buys_itself"
        for account, own in self_buyers(rule, symbol)
        if not rule.household.is_taxable(account)
    ]
    return said


def _untaxed(book: Book) -> frozenset[str]:
    taxable = AccountKind.TAXABLE
    return frozenset(a.account.id for a in book.snapshot.accounts if a.account.kind is not taxable)


def _partner(
    book: Book, rule: HarvestRule, desk: Desk, symbol: str
) -> tuple[str | None, tuple[str, ...]]:
    """The first fund of the same slice that will do; the rule's order comes before the slice's."""
    node = book.policy.target.slice_named(book.slice_of[symbol])
    known = {fund.symbol: fund for fund in rule.partners.get(symbol, ())}
    in_slice = [s for s in node.every_symbol if s != symbol]
    order = [s for s in known if s in in_slice] + [s for s in in_slice if s not in known]
    funds = [known.get(s, PartnerFund(symbol=s, expense=rule.expenses.get(s))) for s in order]
    choice = choose_partner(
        symbol,
        funds,
        rule,
        groups={s: _group(book, s) for s in (symbol, *order)},
        barred={s: why for s in order if (why := _why_not_bought(book, desk, s))},
        held_at_a_loss={s: why for s in order if (why := _own_loss(book, s))},
        expense=rule.expenses.get(symbol),
    )
    return choice.symbol, choice.refused


def _why_not_bought(book: Book, desk: Desk, symbol: str) -> str:
    if symbol not in book.snapshot.quotes:
        return "it has no price now"
    if why := desk.why_no_buy(symbol) or book.locks.buys.get(symbol, ""):
        return why
    loss = _taken_lately(book, symbol)
    return "" if loss is None else f"{loss.symbol} was sold at a loss on {loss.sold_on}"


def _own_loss(book: Book, symbol: str) -> str:
    """A purchase of what is held at a loss itself would keep that loss from being taken."""
    price, day = book.prices.get(symbol), book.snapshot.day
    for account in book.snapshot.accounts:
        if price is None or account.account.kind is not AccountKind.TAXABLE:
            continue
        for lot in account.lots:
            if lot.symbol != symbol:
                continue
            gain = result_of_sale(lot, lot.quantity * price, day).gain
            if gain is not None and gain < ZERO:
                return "it is held at a loss itself"
    return ""


def _bought_lately(book: Book, symbol: str) -> tuple[Lot, ...]:
    """Lots of the identity group that the household bought within 30 days, in any account."""
    group, since = _group(book, symbol), book.snapshot.day - timedelta(days=WINDOW_DAYS)
    return tuple(
        replace(lot, account=account.account.id)
        for account in book.snapshot.accounts
        for lot in account.lots
        if _group(book, lot.symbol) == group
        and lot.acquired_on is not None
        and lot.acquired_on >= since
        and lot.source.is_purchase
        and not lot.is_replacement
    )


def _dividend_loss(book: Book, account: AccountSnapshot, symbol: str) -> Money:
    """What a unit's recent dividends lose by a sale today, on average over the lots.

    Their lower rate needs more than 60 days of the 121 around the ex-date; the day on which the cash
    was booked stands for the ex-date, which nobody tells us.
    """
    taxes, day = book.policy.taxes, book.snapshot.day
    units = account.quantity(symbol)
    if taxes is None or units <= ZERO:
        return Money(ZERO)
    gap = _rate_gap(book)
    lost = ZERO
    for flow in book.memory.dividends:
        if (flow.account, flow.symbol) != (account.account.id, symbol):
            continue
        for lot in account.lots:
            if (
                lot.symbol == symbol
                and lot.acquired_on is not None
                and lot.acquired_on < flow.day
                and not dividend_is_qualified(lot.acquired_on, day, flow.day)
                and dividend_is_qualified(lot.acquired_on, None, flow.day)
            ):
                lost += flow.amount / units * lot.quantity * gap
    return Money(lost / units)


def _rate_gap(book: Book) -> Decimal:
    """Ordinary rate less long-term rate, for a dividend that is no longer qualified."""
    short, long = gain_rates(book)
    return max(ZERO, short - long)
