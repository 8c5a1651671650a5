"""Gifts of shares: suggested from a look, accepted by a person, detected when they have left.

trimtab cannot transfer shares. A person does so at the broker; the daemon records what was chosen and
takes exactly those lots off the ledger when the holdings fall by exactly that much.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from daemon.house import House
from daemon.requests.spool import Request
from daemon.taxes.open_gifts import open_gifts
from policies.book import Book, open_book
from policies.policy import Policy
from policies.prices import judge_prices
from policies.taxes.gift_limits import Deduction, deduction_in_year, papers, rate_of_deduction
from policies.taxes.gifts import GiftLot, GiftPlan, GiftRule, plan_gift
from policies.taxes.harvest_value import use_of_loss
from policies.taxes.netting import CapitalResult
from policies.taxes.terms import Term, term_of
from portfolio.accounts import AccountKind
from portfolio.events import Alarm, Event
from portfolio.gifts import Gift, GiftShares, GiftState
from portfolio.lot_events import GiftMoved
from portfolio.lots import Lot
from portfolio.memory import Memory
from portfolio.money import ONE, ZERO, Money, Price, Quantity, exact_arithmetic, finite
from portfolio.snapshot import Snapshot

NO_ADVICE = "An estimate: no advice, and no filing. trimtab transfers nothing; your broker does."


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Lots for a gift, what they save, what the year's limits leave of it, and until when it holds.

    `deduction` is None where no income is configured. `saved` is the tax on the gain that nobody
    pays; `deduction_saves` what the deductible part takes off the income tax.
    """

    plan: GiftPlan
    year: int
    suggested_on: date
    good_until: date
    max_price_move: Decimal
    deduction: Deduction | None
    deduction_saves: Money
    papers: tuple[str, ...]
    hints: tuple[str, ...]
    note: str = NO_ADVICE

    @property
    def saved(self) -> Money:
        """Tax on the gain that is never paid."""
        return self.plan.tax_avoided


def suggest(
    snapshot: Snapshot, policy: Policy, memory: Memory, wanted: Money, *, year: int | None = None
) -> Suggestion:
    """What to give for an amount, from one look. Raises `ValueError` for an amount that is none."""
    with exact_arithmetic():
        judged = judge_prices(snapshot, policy.prices, policy.target.symbols)
        book = open_book(judged, policy, memory)
        over = _overweight(book) if isinstance(book, Book) else frozenset()
        lots = tuple(_lots(snapshot, over))
        rule, tax_year = policy.gifts, year or snapshot.day.year
        gain_rate = long_rate(policy, tax_year)
        worth = rate_of_deduction(rule.marginal_rate, year=tax_year, itemises=rule.itemises)
        plan = plan_gift(lots, wanted, gain_rate=gain_rate, deduction_rate=worth)
        deduction = _deduction(rule, plan, tax_year)
        deductible = plan.value if deduction is None else deduction.shares
        return Suggestion(
            plan=plan,
            year=tax_year,
            suggested_on=snapshot.day,
            good_until=snapshot.day + timedelta(days=rule.valid_days),
            max_price_move=rule.max_price_move,
            deduction=deduction,
            deduction_saves=Money(deductible * worth),
            papers=papers(plan.value),
            hints=tuple(_hints(policy, plan, deduction)),
        )


def _overweight(book: Book) -> frozenset[str]:
    return frozenset(s for s in book.slice_of if book.gap(book.key_of(s)) > book.minimum)


def _lots(snapshot: Snapshot, overweight: frozenset[str]) -> Iterable[GiftLot]:
    for account in snapshot.accounts:
        if account.account.kind is not AccountKind.TAXABLE:
            continue
        for lot in account.lots:
            price = snapshot.count_price(lot.symbol)
            if price is not None and lot.quantity > ZERO:
                yield GiftLot(
                    lot_id=lot.lot_id,
                    account=account.account.id,
                    symbol=lot.symbol,
                    quantity=lot.quantity,
                    price=price,
                    acquired_on=lot.acquired_on,
                    unit_cost=lot.unit_cost,
                    long_term=term_of(lot, snapshot.day) is Term.LONG,
                    overweight=lot.symbol in overweight,
                )


def long_rate(policy: Policy, year: int) -> Decimal:
    """What a further dollar of long-term gain costs; zero where no rates are known."""
    if policy.taxes is None:
        return ZERO
    result: CapitalResult = policy.taxes.typed_in(year)
    sample = Decimal(1000)
    saving = use_of_loss(policy.taxes.rates, year, result, long=-sample).saving
    return -saving / sample


def _deduction(rule: GiftRule, plan: GiftPlan, year: int) -> Deduction | None:
    if rule.income is None:
        return None
    return deduction_in_year(
        year=year,
        income=rule.income,
        shares=plan.value,
        carried_shares=rule.carried,
        itemises=rule.itemises,
    )


def _hints(policy: Policy, plan: GiftPlan, deduction: Deduction | None) -> Iterable[str]:
    if policy.taxes is None:
        yield "No tax rates are configured ([taxes]): the tax avoided is not counted."
    if not policy.gifts.itemises:
        yield (
            "The standard deduction deducts no shares: only the gain is saved. Several years' gifts"
            " in one, or a donor-advised fund, may let you itemise."
        )
    if deduction is None:
        yield "No income is configured ([gifts]): the limits of the deduction are not checked."
    elif deduction.carry_shares > ZERO:
        yield f"{deduction.carry_shares:,.2f} is carried into the next five years."
    if plan.cash > ZERO:
        yield f"Give {plan.cash:,.2f} in cash beside the shares, or less."
    if plan.picks:
        yield (
            "Buying the same shares back at once is allowed and lifts their basis; the purchase"
            " still counts against losses of the same within 30 days."
        )


def letter(plan: GiftPlan, household: str, on: date) -> str:
    """The text of a letter to the broker that asks for the transfer."""
    lines = [
        f"{on:%d %B %Y}",
        "",
        "Please transfer the following shares in kind, as a gift, to the charity named below.",
        "Take exactly these lots and no others:",
        "",
    ]
    for pick in plan.picks:
        bought = "" if pick.acquired_on is None else f", bought on {pick.acquired_on}"
        lines.append(
            f"  {pick.shares:f} shares of {pick.symbol} from account {pick.account}"
            f" (lot {pick.lot_id}{bought}, cost {pick.unit_cost:,.2f} a share)"
        )
    lines += [
        "",
        "Charity: ______________________   DTC number: ________   Account: ________________",
        "",
        f"Signed for {household}: ______________________",
    ]
    return "\n".join(lines)


def wish_of(plan: GiftPlan) -> str:
    """A plan as the subject of a request: lots, shares and prices on one line."""
    parts = (f"{p.account}/{p.symbol}/{p.lot_id}={p.shares:f}@{p.price:f}" for p in plan.picks)
    return "accept " + " ".join(parts)


def serve_gift(house: House, request: Request) -> None:
    """Do what a person asked about a gift; what no longer fits is told and changes nothing."""
    verb, _, rest = request.subject.partition(" ")
    if verb == "accept":
        _accept(house, request, rest)
        return
    gift = next((g for g in open_gifts(house.journal) if g.gift_id == rest), None)
    if gift is None:
        _tell(house, f"There is no open gift {rest!r}.")
    elif verb == "cancel":
        _move(house, gift, GiftState.CANCELED, by=request.by, reason=request.reason)
    elif verb == "transferred":
        _confirm(house, gift, request)


def _accept(house: House, request: Request, text: str) -> None:
    try:
        shares = tuple(_shares(house, part) for part in text.split())
    except ValueError as problem:
        _tell(house, f"A gift was not accepted: {problem}.")
        return
    if not shares:
        _tell(house, "A gift was not accepted: it names no shares.")
        return
    day = house.sessions.current_or_previous(house.clock.now()).day
    gift = Gift(gift_id=f"g{house.journal.head()[0] + 1}", accepted_on=day, shares=shares)
    _move(house, gift, GiftState.ACCEPTED, by=request.by, reason=request.reason)


def _shares(house: House, text: str) -> GiftShares:
    """One part of a wish, checked against the ledger and the price now. Raises `ValueError`."""
    place, _, amount = text.partition("=")
    account, symbol, lot_id = [*place.split("/", 2), "", ""][:3]
    units, _, price = amount.partition("@")
    shares, suggested = Quantity(finite(units)), Price(finite(price))
    held: Sequence[Lot] = house.journal.lots(account)
    if house.lots is not None:
        held = house.lots.book(house.policy.lots.household).lots_of(account, symbol)
    lots = {lot.lot_id: lot for lot in held if lot.symbol == symbol}
    lot = lots.get(lot_id)
    if lot is None or shares <= ZERO or shares > lot.quantity:
        raise ValueError(f"{account} does not hold {units} {symbol} in lot {lot_id}")
    now = getattr(house.prices.quotes([symbol]).get(symbol), "price", None)
    moved = house.policy.gifts.max_price_move
    if now is not None and abs(now / suggested - ONE) > moved:
        raise ValueError(f"{symbol} moved from {suggested:.2f} to {now:.2f}; ask for a new one")
    return GiftShares(
        account=account,
        symbol=symbol,
        lot_id=lot_id,
        shares=shares,
        price=suggested,
        unit_cost=lot.unit_cost,
    )


def _confirm(house: House, gift: Gift, request: Request) -> None:
    """A person says that it has left: the broker must show it, where there is one to ask."""
    for account in {part.account for part in gift.shares}:
        reader = house.readers.get(account)
        if reader is None:
            continue
        held = {p.symbol: p.quantity for p in reader.positions()}
        known = house.journal.positions(account)
        for symbol, units in gift.of(account).items():
            if held.get(symbol, ZERO) > known.get(symbol, ZERO) - units:
                _tell(house, f"Gift {gift.gift_id} has not left: {account} still holds {symbol}.")
                return
    _move(house, gift, GiftState.TRANSFERRED, by=request.by, reason=request.reason)


def left_as_gifts(
    house: House, account: str, held: Mapping[str, Decimal], expected: Mapping[str, Decimal]
) -> Sequence[Event]:
    """The gifts that explain why an account holds less than our records say, symbol by symbol."""
    gone: list[Event] = []
    for gift in open_gifts(house.journal):
        leaving = gift.of(account)
        fits = leaving and all(
            expected.get(symbol, ZERO) - held.get(symbol, ZERO) == units
            for symbol, units in leaving.items()
        )
        if fits and {part.account for part in gift.shares} == {account}:
            text = f"the holdings of {account} fell by exactly these shares"
            gone.append(
                GiftMoved(gift=gift, state=GiftState.TRANSFERRED, by="trimtab", reason=text)
            )
    return gone


def _move(house: House, gift: Gift, state: GiftState, *, by: str, reason: str) -> None:
    house.journal.append(GiftMoved(gift=gift, state=state, by=by, reason=reason), actor=by)


def _tell(house: House, text: str) -> None:
    house.journal.append(Alarm(name="gift", level="info", text=text))
