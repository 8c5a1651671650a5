"""Lots, wash sales and identity groups into the settings of the rooms, and what does not fit."""

import csv
from collections.abc import Iterator
from importlib.resources import files
from typing import TYPE_CHECKING

from policies.taxes.guards import LotRule
from policies.taxes.wash import Tack, TaxAccount, TaxHousehold, WashRules
from portfolio.accounts import AccountKind
from portfolio.lots import ReliefMethod

if TYPE_CHECKING:
    from config.models import Document
    from config.places import Path

SELF = "self"
"""The owner of an account when nobody is named; everybody else counts as the spouse."""


def check_groups(document: "Document") -> "Iterator[tuple[Path, str, str]]":
    """A symbol counts as the same as the others of one group only."""
    seen: dict[str, str] = {}
    for group, symbols in document.identity_groups.items():
        for symbol in symbols:
            if symbol in seen:
                yield (
                    ("identity_groups", group),
                    f"{symbol} is also in {seen[symbol]}",
                    "Keep it in one of them",
                )
            seen[symbol] = group


def lot_rule(document: "Document", *, has_rates: bool) -> LotRule:
    """The rule of lots; the guards are on where asked for, else where tax rates are given."""
    wash = document.wash_sales
    return LotRule(
        method=ReliefMethod(document.lots.method),
        wait_days=document.lots.wait_days,
        guards=has_rates if wash.guards is None else wash.guards,
        household=tax_household(document),
        buys_itself={a.id: tuple(a.buys_itself) for a in document.accounts if a.buys_itself},
    )


def tax_household(document: "Document") -> TaxHousehold:
    """Accounts by kind and owner, and identity groups: typed in over shipped."""
    wash = document.wash_sales
    typed = {s: group for group, symbols in document.identity_groups.items() for s in symbols}
    return TaxHousehold(
        accounts={
            a.id: TaxAccount(taxable=a.kind == AccountKind.TAXABLE, spouse=a.owner != SELF)
            for a in document.accounts
        },
        groups={**(shipped_groups() if wash.shipped_groups else {}), **typed},
        rules=WashRules(
            older_shares_replace=wash.older_shares_replace,
            tack=Tack(wash.tack),
            same_day_orders_are_separate=wash.same_day_orders_are_separate,
            spouse_ira_counts=wash.spouse_ira_counts,
            replacement_must_be_held=wash.replacement_must_be_held,
            one_order_washes_itself=wash.one_order_washes_itself,
        ),
    )


def shipped_groups() -> dict[str, str]:
    """The list of `identity_groups.csv`: symbol to the index that its fund follows."""
    text = files("config").joinpath("identity_groups.csv").read_text(encoding="utf-8")
    return {row["symbol"]: row["group"] for row in csv.DictReader(text.splitlines())}
