"""What counts to slices without being traded, the floor of cash, and what things consist of, put into a
policy; private to this room."""

from collections.abc import Mapping
from dataclasses import replace

from config.holdings import counts_of, with_holdings
from config.look_through import counted_by_class
from config.models import Document
from config.target_build import class_of
from policies.cash_floor import NO_FLOOR, CashFloor
from policies.policy import Policy
from portfolio.composition import Composition
from portfolio.money import ZERO, Money, Weight


def with_counting(policy: Policy, document: Document, made_of: Mapping[str, Composition]) -> Policy:
    """The policy with what is counted without being traded, the cash floor, the composition."""
    target = policy.target
    by_name = {node.name: node for node in target.slices}
    kinds = {n: kind for n in target.leaves if (kind := class_of(by_name[n], by_name)) is not None}
    in_drift = "drift" in document.look_through.use_in
    by_class = counted_by_class(made_of["drift"], target) if in_drift else {}
    return replace(
        policy,
        counts={**by_class, **counts_of(document.holdings)},
        cash_floor=_floor(document),
        composition=with_holdings(made_of["review"], document.holdings, kinds),
    )


def _floor(document: Document) -> CashFloor:
    node = next((node for node in document.slices if node.cash), None)
    if node is None:
        return NO_FLOOR
    return CashFloor(
        usd=Money(node.floor_usd or ZERO),
        spending_months=Weight(node.floor_spending_months or ZERO),
        monthly_spending=Money(node.monthly_spending_usd or ZERO),
    )
