"""Wash sales: which losses are disallowed, and where they go (section 1091, Reg. 1.1091-1 and -2).

A loss is disallowed as far as the household acquires substantially identical shares within 30 days
before or after the sale. In a taxable account the loss is added to the basis of those shares and the
holding period of the sold ones is tacked on (section 1223); in an IRA it is lost for good (Rev. Rul.
2008-5). Losses go in the order of sale, replacing shares in the order of purchase; a share replaces
once, and never a share of its own order (Rev. Rul. 56-602).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from policies.taxes.terms import Term
from portfolio.lots import Lot, divided, share_of
from portfolio.money import ZERO, Money, Quantity
from portfolio.options import contract_of

WINDOW_DAYS = 30
"""Before and after the sale, in calendar days: 61 with the day itself."""


class Tack(StrEnum):
    """How the holding period of the sold shares is passed on."""

    ADD_DAYS = "add_days"
    SAME_START = "same_start"


@dataclass(frozen=True, slots=True, kw_only=True)
class WashRules:
    """Where the law is open, what is assumed; the defaults are the cautious reading.

    `older_shares_replace`: shares bought before the ones sold can replace them, if in the window.
    `tack`: ADD_DAYS adds the days the sold shares were held (section 1223(3)); SAME_START lets the
    replacement begin when they began. `same_day_orders_are_separate`: two orders of one day are two
    acquisitions, so that one replaces the other. `spouse_ira_counts`: a purchase in a spouse's IRA
    loses a loss as one's own does.

    `replacement_must_be_held`: only shares still held after the sale replace; False lets shares that
    were bought in the window and sold before it replace too, which moves the loss back into that
    sale. `one_order_washes_itself`: lots sold in one order may replace each other, an earlier one
    into a later one; the sum recognised stays, its terms may change.
    """

    older_shares_replace: bool = True
    tack: Tack = Tack.ADD_DAYS
    same_day_orders_are_separate: bool = True
    spouse_ira_counts: bool = True
    replacement_must_be_held: bool = True
    one_order_washes_itself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxAccount:
    """An account as wash sales see it: whether its gains are taxed, and whether it is the spouse's."""

    taxable: bool = True
    spouse: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxHousehold:
    """Whose losses and purchases count together, and what counts as substantially identical.

    `accounts` by id; one that is not named is taxable. `groups` maps a symbol to its identity group;
    a symbol without one is a group of its own. `separate_accounts` lets only purchases of the same
    account count, which is how a broker looks at it.
    """

    accounts: Mapping[str, TaxAccount] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    rules: WashRules = field(default_factory=WashRules)
    separate_accounts: bool = False

    def group_of(self, symbol: str) -> str:
        """The identity group of a symbol; a call's is that of what it is on.

        Section 1091(a) takes a contract or option to acquire for an acquisition.
        """
        if symbol not in self.groups and (contract := contract_of(symbol)) and contract.is_call:
            symbol = contract.underlying
        return self.groups.get(symbol, symbol)

    def with_names(self, old: str, new: str) -> "TaxHousehold":
        """The household where both symbols count as the same: that of `new`, else that of `old`.

        Groups that were typed in stay as they are.
        """
        group = self.groups.get(new) or self.groups.get(old) or new
        return replace(self, groups={old: group, new: group} | dict(self.groups))

    def is_taxable(self, account: str) -> bool:
        """Whether the account's gains and losses are taxed at all."""
        known = self.accounts.get(account)
        return known is None or known.taxable

    def replaces(self, account: str, sold_in: str) -> bool:
        """Whether a purchase in the account can disallow a loss of another one."""
        if self.separate_accounts and account != sold_in:
            return False
        known = self.accounts.get(account)
        return known is None or known.taxable or not known.spouse or self.rules.spouse_ira_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one lot gave in one sale. `lot` is the part sold, its basis with earlier wash sales.

    `gain` is before this sale's own wash; `disallowed` is what the wash takes back of a loss, and
    includes `permanently_lost`. What is not known is None.
    """

    sale: str
    account: str
    lot: Lot
    sold_on: date
    term: Term | None
    proceeds: Money
    basis: Money | None
    gain: Money | None
    disallowed: Money = Money(ZERO)  # noqa: RUF009  a NewType call, not a default factory
    permanently_lost: Money = Money(ZERO)  # noqa: RUF009

    @property
    def recognised(self) -> Money | None:
        """The gain or loss that counts this year, as far as the window has run."""
        return None if self.gain is None else Money(self.gain + self.disallowed)

    @property
    def deferred(self) -> Money:
        """The part of the disallowed loss that lives on in another lot's basis."""
        return Money(self.disallowed - self.permanently_lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoss:
    """The part of a slice's loss that nothing has replaced; `loss` is positive.

    A purchase up to `last_day` still washes it; the first safe day is the one after. `symbol` is what
    was sold, by the name that it is listed under now.
    """

    of: Slice
    symbol: str
    group: str
    quantity: Quantity
    loss: Money

    @property
    def last_day(self) -> date:
        """Thirty days after the sale, the last day on which a purchase disallows it."""
        return self.of.sold_on + timedelta(days=WINDOW_DAYS)

    @property
    def first_safe_day(self) -> date:
        """Thirty-one days after the sale."""
        return self.last_day + timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Held:
    """A lot while the ledger is brought forward, with its place in the order of booking."""

    lot: Lot
    number: int


@dataclass(slots=True, kw_only=True)
class Realised:
    """A slice while the ledger is brought forward."""

    piece: Slice


@dataclass(slots=True, kw_only=True)
class LossInPlay:
    """A loss while the ledger is brought forward: what of it is not replaced yet."""

    of: Realised
    symbol: str
    group: str
    quantity: Quantity
    loss: Money
    held_days: int
    number: int

    @property
    def on(self) -> date:
        """The day of the sale."""
        return self.of.piece.sold_on

    def as_open(self) -> OpenLoss:
        """What of it nothing has replaced yet, as a value."""
        return OpenLoss(
            of=self.of.piece,
            symbol=self.symbol,
            group=self.group,
            quantity=self.quantity,
            loss=self.loss,
        )

    def disallow(self, quantity: Quantity, *, lost: bool) -> Money:
        """Take back the loss on so many units, and say how much it is."""
        amount = share_of(self.loss, quantity, self.quantity)
        self.quantity = Quantity(self.quantity - quantity)
        self.loss = Money(self.loss - amount)
        piece = self.of.piece
        self.of.piece = replace(
            piece,
            disallowed=Money(piece.disallowed + amount),
            permanently_lost=Money(piece.permanently_lost + (amount if lost else ZERO)),
        )
        return amount


def can_replace(household: TaxHousehold, loss: LossInPlay, held: Held) -> bool:
    """Whether a lot of the loss's group replaces shares of the loss."""
    lot, sold, rules = held.lot, loss.of.piece.lot, household.rules
    if lot.is_replacement or not lot.source.is_purchase or lot.acquired_on is None:
        return False
    if abs((lot.acquired_on - loss.on).days) > WINDOW_DAYS or not household.replaces(
        lot.account, loss.of.piece.account
    ):
        return False
    if _acquisition(lot, rules) == _acquisition(sold, rules):
        return False
    if rules.older_shares_replace or sold.acquired_on is None:
        return True
    return (lot.acquired_on, held.number) > (sold.acquired_on, loss.number)


def _acquisition(lot: Lot, rules: WashRules) -> tuple[object, ...]:
    """What was bought at once: an order, or where orders of a day are one, the account's day."""
    if rules.same_day_orders_are_separate:
        return lot.account, lot.order
    return lot.account, lot.symbol, lot.acquired_on


def match(
    household: TaxHousehold,
    loss: LossInPlay,
    candidates: Iterable[Held],
    put: Callable[[Held, Lot, Lot | None], None],
) -> None:
    """Disallow the loss as far as the candidates go, in their order.

    `put` replaces a held lot by the part that is a replacement now, and the rest of it.
    """
    for held in candidates:
        if loss.quantity <= ZERO:
            return
        if not can_replace(household, loss, held):
            continue
        washed, rest = divided(held.lot, min(loss.quantity, held.lot.quantity))
        taxable = household.is_taxable(washed.account)
        amount = loss.disallow(washed.quantity, lost=not taxable)
        if taxable:
            washed = _carrying(household.rules, washed, loss, amount)
        else:
            washed = replace(washed, is_replacement=True)
        put(held, washed, rest)


def _carrying(rules: WashRules, lot: Lot, loss: LossInPlay, amount: Money) -> Lot:
    """The replacement with the loss in its basis and the holding period of the sold shares."""
    tacked = lot.tacked_days + loss.held_days
    if rules.tack is Tack.SAME_START and lot.acquired_on is not None:
        began = loss.on - timedelta(days=loss.held_days)
        tacked = max(lot.tacked_days, (lot.acquired_on - began).days)
    return replace(
        lot,
        basis=None if lot.basis is None else Money(lot.basis + amount),
        original_basis=lot.cost_before_washes,
        loss_basis=None if lot.loss_basis is None else Money(lot.loss_basis + amount),
        tacked_days=tacked,
        is_replacement=True,
    )
