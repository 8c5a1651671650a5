"""Wash sales share by share: each share its own record, no lots, no division. Slow and plain.

An independent reading of Reg. 1.1091-1 to hold the ledger against; only buys, and sales first in
first out, of whole shares.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

WINDOW = 30


@dataclass
class Share:
    account: str
    symbol: str
    bought: date
    order: int
    cost: Fraction
    tacked: int = 0
    used: bool = False


@dataclass
class Loss:
    sold: date
    order: int
    amount: Fraction
    held: int
    group: str
    washed: bool = False


@dataclass
class Shares:
    untaxed: frozenset[str]
    groups: dict[str, str]
    held: list[Share] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    recognised: Fraction = Fraction(0)
    disallowed: Fraction = Fraction(0)
    lost: Fraction = Fraction(0)

    def group(self, symbol: str) -> str:
        return self.groups.get(symbol, symbol)

    def buy(
        self, account: str, symbol: str, on: date, order: int, count: int, amount: Fraction
    ) -> None:
        fresh = [Share(account, symbol, on, order, amount / count) for _ in range(count)]
        self.held += fresh
        for loss in self.losses:
            self._wash(loss, fresh)

    def sell(self, account: str, symbol: str, on: date, count: int, amount: Fraction) -> None:
        own = [s for s in self.held if (s.account, s.symbol) == (account, symbol)]
        own.sort(key=lambda s: (s.bought, s.order))
        sold = own[:count]
        assert len(sold) == count
        gone = {id(s) for s in sold}
        self.held = [s for s in self.held if id(s) not in gone]
        if account in self.untaxed:
            return
        for share in sold:
            gain = amount / count - share.cost
            self.recognised += gain
            if gain < 0:
                held_days = (on - share.bought).days + share.tacked
                loss = Loss(on, share.order, -gain, held_days, self.group(symbol))
                self.losses.append(loss)
                self._wash(loss, sorted(self.held, key=lambda s: (s.bought, s.order)))

    def _wash(self, loss: Loss, candidates: list[Share]) -> None:
        for share in candidates:
            if loss.washed:
                return
            if (
                share.used
                or share.order == loss.order
                or self.group(share.symbol) != loss.group
                or abs((share.bought - loss.sold).days) > WINDOW
            ):
                continue
            share.used = loss.washed = True
            self.recognised += loss.amount
            self.disallowed += loss.amount
            if share.account in self.untaxed:
                self.lost += loss.amount
            else:
                share.cost += loss.amount
                share.tacked += loss.held
