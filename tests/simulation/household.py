"""What a simulated household wants: its weights and its policy."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from policies.policy import DepositRule, Policy
from policies.taxes.guards import LotRule
from portfolio.money import Weight
from portfolio.target import Slice, build_target
from tests.simulation.chance import Dice, Traits
from tests.simulation.market import SYMBOLS


def weights_of(dice: Dice) -> Mapping[str, Decimal]:
    """Five weights in whole percents, none under four, that sum to one."""
    cuts = [dice.whole(4, 40) for _ in SYMBOLS]
    scaled = [max(4, round(cut * 100 / sum(cuts))) for cut in cuts]
    scaled[scaled.index(max(scaled))] += 100 - sum(scaled)
    return {s: Decimal(part) / 100 for s, part in zip(SYMBOLS, scaled, strict=True)}


def listed_anew(policy: Policy, old: str, new: str) -> Policy:
    """What a person writes after a rename: the slice of the old symbol buys the new one."""
    slices = [
        replace(node, symbol=new) if node.symbol == old else node for node in policy.target.slices
    ]
    return replace(policy, target=replace(policy.target, slices=tuple(slices)))


def policy_of(dice: Dice, weights: Mapping[str, Decimal], traits: Traits) -> Policy:
    """Whole shares or fractions, with a rest or without, as the dice fall."""
    return Policy(
        target=build_target(
            [Slice(name=s.lower(), weight=Weight(w), symbol=s) for s, w in weights.items()],
            cash_buffer=Weight(Decimal("0.005")),
        ),
        backstop=None,
        rest_sessions=dice.among((0, 0, 0, 1)),
        deposits=DepositRule(wait_sessions=dice.among((0, 1))),
        fractional=dice.chance(0.5),
        lots=LotRule(guards=traits.guards),
    )
