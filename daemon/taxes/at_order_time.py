"""The wash-sale guards once more, right before an order goes out: by what the journal says then."""

from collections.abc import Iterator

from daemon.house import House
from daemon.taxes.ledger import exchange_day
from daemon.taxes.memory import wash_exceptions
from policies.planning.wash_guard import why_washed
from policies.taxes.guards import is_excepted, why_no_buy
from policies.taxes.ledger import TaxBook
from policies.taxes.open_orders import OpenTrades
from policies.taxes.preview import SalePreview, preview_sale
from policies.taxes.reporting import recent_losses
from portfolio.lots import Lot
from portfolio.money import ZERO
from portfolio.orders import OrderIntent, Side


def why_wash(house: House, intent: OrderIntent) -> str:
    """Why an order would make a wash sale now; empty when it would not, or a person excepted it.

    Asked of the household's ledger and of every order of ours that may still fill.
    """
    rule = house.policy.lots
    if not rule.guards or house.lots is None:
        return ""
    day = exchange_day(house.clock.now())
    if is_excepted(rule, wash_exceptions(house.journal, day), intent.account, intent.symbol, day):
        return ""
    book = house.lots.book(rule.household)
    group = rule.household.group_of(intent.symbol)
    others = tuple(_open_orders(house, group))
    if intent.side is Side.SELL:
        bought = next((o for o in others if o.side is Side.BUY), None)
        buying = {} if bought is None else {group: f"{bought.symbol} in {bought.account}"}
        preview = _preview(house, book, intent)
        return why_washed(rule, intent.symbol, preview, OpenTrades(buying=buying))
    if why := why_no_buy(rule, intent.symbol, recent_losses(book, day), day):
        return why
    for order in others:
        if order.side is Side.SELL and _preview(house, book, order).at_loss > ZERO:
            losing = {group: f"{order.symbol} in {order.account}"}
            return OpenTrades(losing=losing).why_no_buy(group)
    return ""


def _open_orders(house: House, group: str) -> Iterator[OrderIntent]:
    household = house.policy.lots.household
    for leg in house.journal.legs(live=True):
        if leg.open_quantity > ZERO and household.group_of(leg.intent.symbol) == group:
            yield leg.intent


def _preview(house: House, book: TaxBook, intent: OrderIntent) -> SalePreview:
    lots: dict[str, list[Lot]] = {}
    for lot in book.lots:
        lots.setdefault(lot.account, []).append(lot)
    return preview_sale(
        lots,
        house.policy.lots.household,
        exchange_day(house.clock.now()),
        account=intent.account,
        symbol=intent.symbol,
        quantity=intent.quantity,
        price=intent.limit_price or ZERO,
    )
