"""The facts of money that a person announces to take out."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from portfolio.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CashReserved:
    """A person will take `amount` out of an account by a day; until then it is not invested.

    Withdrawals of the account that are seen after this row are taken off it. `asked_at` is when the
    person asked: one wish is written down once.
    """

    kind: Literal["cash_reserved"] = "cash_reserved"
    account: str
    amount: Money
    by_day: date
    by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationCancelled:
    """A person no longer takes it out. `number` is the sequence number of the row that reserved it."""

    kind: Literal["reservation_cancelled"] = "reservation_cancelled"
    number: int
    by: str
