"""From the household to its accounts: sales where it is held, buys where the money is."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from policies.book import Book, Desk
from policies.explain import money, percent
from policies.planning.cash_first import fill_worthwhile, water_fill
from policies.planning.sizing import Part, TopUp, affordable, limit_of, top_up
from portfolio.money import ZERO, Money, Price, Quantity, round_down
from portfolio.orders import Side

_CENT = Decimal("0.01")


def sell_parts(book: Book, sells: Mapping[str, Money]) -> list[Part]:
    """Sales by account, pro rata to what each can sell.

    `sells` is money by the symbol that stands for a slice; its substitutes are sold first. Parts
    under the minimum trade go to the other accounts; a full exit from a slice of weight zero is sold
    whatever its size. What stays is told by `why_unsold`.
    """
    return [part for key, amount in sells.items() for part in _sell_slice(book, key, amount)]


def why_unsold(book: Book, sells: Mapping[str, Money], parts: Sequence[Part]) -> list[str]:
    """What `parts` leave of the sales that were wanted, with the reason."""
    skipped = [
        why
        for d in book.desks
        for symbol, why in d.capped.items()
        if book.gap(book.key_of(symbol)) > ZERO
    ]
    for key, amount in sells.items():
        sold = [p for p in parts if p.side is Side.SELL and book.key_of(p.symbol) == key]
        rest = amount - sum((p.quantity * book.prices[p.symbol] for p in sold), ZERO)
        if not sold:
            skipped.append(
                f"{key}: a sale of {money(amount)} is too small (minimum trade "
                f"{money(book.minimum)}, quantity step {book.step(key)})"
            )
        elif rest >= max(_CENT, book.step(key) * book.prices[key]):
            skipped.append(
                f"{key}: {money(Money(rest))} stay unsold: in the accounts that hold the rest it is "
                f"less than the minimum trade of {money(book.minimum)}"
            )
    return skipped


def _sell_slice(book: Book, key: str, amount: Money) -> list[Part]:
    parts: list[Part] = []
    exits = book.goals[key] == ZERO
    left: Decimal = amount
    for symbol in book.to_sell(key):
        if not exits and left < book.minimum:
            break
        for account, quantity in _split_sale(book, symbol, Money(left), exits=exits).items():
            parts.append(Part(account=account, symbol=symbol, side=Side.SELL, quantity=quantity))
            left -= quantity * book.prices[symbol]
    return parts


def _split_sale(book: Book, symbol: str, amount: Money, *, exits: bool) -> dict[str, Quantity]:
    room = {
        d.account: d.sellable[symbol]
        for d in book.desks
        if symbol not in d.barred and d.sellable.get(symbol, ZERO) > ZERO
    }
    everything = sum(room.values(), ZERO)
    if not room:
        return {}
    price, step = book.prices[symbol], book.step(symbol)
    exits = exits and amount >= everything * price
    quantity = everything if exits else amount / price
    smallest = ZERO if exits else book.minimum / price
    return pro_rata(room, round_down(quantity, step), step, smallest)


def pro_rata(
    room: Mapping[str, Quantity], quantity: Decimal, step: Decimal, smallest: Decimal
) -> dict[str, Quantity]:
    """Split a quantity over accounts in proportion to their room, on a step, never above the room.

    What rounding leaves over, and parts under `smallest`, go to the accounts with the most room.
    """
    everything = sum(room.values(), ZERO)
    quantity = min(quantity, everything)
    if quantity <= ZERO:
        return {}
    split = {a: round_down(quantity * part / everything, step) for a, part in room.items()}
    split = {a: q for a, q in split.items() if q > ZERO and q >= smallest}
    left = quantity - sum(split.values(), ZERO)
    for account in sorted(room, key=lambda a: (a not in split, -room[a], a)):
        has = split.get(account, ZERO)
        more = round_down(min(left, room[account] - has), step)
        if more > ZERO and has + more >= smallest:
            split[account] = has + more
            left -= more
    return {a: Quantity(q) for a, q in sorted(split.items())}


def money_of(book: Book, sells: list[Part]) -> dict[str, Money]:
    """What each account may spend: its spendable cash plus its own planned sales at their limits."""
    spendable: dict[str, Decimal] = {desk.account: desk.spendable for desk in book.desks}
    for part in sells:
        limit = limit_of(Side.SELL, book.snapshot.quotes[part.symbol], book.policy.limit_offset)
        spendable[part.account] += part.quantity * limit
    return {account: Money(amount) for account, amount in spendable.items()}


def buy_parts(
    book: Book, buys: Mapping[str, Money], funds: Mapping[str, Money]
) -> tuple[list[Part], list[str]]:
    """Buys by account within its own money, and what was left out with the reason.

    The money goes to the largest gaps first (`water_fill`); each symbol is bought where most money
    is left, so that there are few orders. Whole shares round down, and what is left over then buys
    single shares where they close most.
    """
    limits = buy_limits(book, buys)
    costs = {s: buys[s] * limits[s] / book.prices[s] for s in limits}
    left = {a: Money(max(amount, ZERO)) for a, amount in funds.items()}
    shares = water_fill(costs, sum(left.values(), ZERO))
    wanted = fill_worthwhile(costs, sum(left.values(), ZERO), book.minimum)
    bought: dict[tuple[str, str], Quantity] = {}
    for symbol in sorted(wanted, key=lambda s: (-wanted[s], s)):
        _spread(book, symbol, wanted[symbol], limits[symbol], left, bought)
    gaps: dict[str, Decimal] = dict(buys)
    for (_, symbol), quantity in bought.items():
        gaps[symbol] -= quantity * book.prices[symbol]
    for desk in book.desks:
        _top_up(book, desk, limits, left, bought, gaps)
    parts = [Part(account=a, symbol=s, side=Side.BUY, quantity=q) for (a, s), q in bought.items()]
    dropped = shares.keys() - {symbol for _, symbol in bought}
    return parts, [*_left_out(book, gaps, limits, left), *_dropped(book, shares, dropped, limits)]


def _dropped(
    book: Book,
    shares: Mapping[str, Money],
    dropped: Collection[str],
    limits: Mapping[str, Price],
) -> list[str]:
    """Purchases whose share of the money is too small for an order anywhere, and left to the others."""
    return [
        f"{symbol}: a purchase of {money(shares[symbol])} is too small (minimum trade "
        f"{money(book.minimum)}, a step costs {money(limits[symbol] * book.step(symbol))})"
        for symbol in sorted(dropped)
        if _CENT <= shares[symbol] < min(book.minimum, limits[symbol])
    ]


def buy_limits(book: Book, buys: Mapping[str, Money]) -> dict[str, Price]:
    """The limit of each symbol that can be bought at all."""
    quotes = book.snapshot.quotes
    limits = {
        s: limit_of(Side.BUY, quotes[s], book.policy.limit_offset) for s in buys if s in quotes
    }
    return {s: limit for s, limit in limits.items() if limit > ZERO}


def _spread(
    book: Book,
    symbol: str,
    amount: Money,
    limit: Price,
    left: dict[str, Money],
    bought: dict[tuple[str, str], Quantity],
) -> None:
    """Buy for an amount where the most money is; lowers `left` and fills `bought` in place."""
    open_to = [d.account for d in book.desks if not d.why_no_buy(symbol)]
    want: Decimal = amount
    for account in sorted(open_to, key=lambda a: (-left[a], a)):
        quantity = affordable(book, symbol, min(want, left[account]), limit)
        if quantity > ZERO and quantity * book.prices[symbol] >= book.minimum:
            bought[account, symbol] = quantity
            left[account] = Money(left[account] - quantity * limit)
            want -= quantity * limit


def _top_up(
    book: Book,
    desk: Desk,
    limits: Mapping[str, Price],
    left: dict[str, Money],
    bought: dict[tuple[str, str], Quantity],
    gaps: dict[str, Decimal],
) -> None:
    open_to = {s: limit for s, limit in limits.items() if not desk.why_no_buy(s)}
    held = {s: bought[desk.account, s] for s in open_to if (desk.account, s) in bought}
    rest = TopUp(money=left[desk.account], limits=open_to, held=held)
    for symbol, quantity in top_up(book, rest, gaps).items():
        key = (desk.account, symbol)
        bought[key] = Quantity(bought.get(key, ZERO) + quantity)
        left[desk.account] = Money(left[desk.account] - quantity * limits[symbol])


def _left_out(
    book: Book,
    gaps: Mapping[str, Decimal],
    limits: Mapping[str, Price],
    left: Mapping[str, Money],
) -> list[str]:
    skipped = [
        f"{symbol}: {money(gap)} stay unbought (an order is at least {money(book.minimum)},"
        f" a step costs {money(limits[symbol] * book.step(symbol))})"
        for symbol, gap in gaps.items()
        if symbol in limits and gap > ZERO and gap >= min(book.minimum, limits[symbol])
    ]
    residual = sum(left.values(), ZERO)
    if residual >= _CENT:
        skipped.append(
            f"{money(residual)} stay in cash ({percent(residual / book.managed)})"
            " beside the cash slice"
        )
    return skipped
