"""The risk that is held, beside the risk that was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from daemon.screens.words import percent
from policies.policy import Policy
from policies.targets.risk_profile import one_in_twenty_loss
from policies.targets.sources import RiskProfile
from portfolio.drift import from_float
from portfolio.instruments import AssetClass

NEAR = Decimal("0.05")
"""Held growth this near to the profile's is told as in line with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Fractions of everything. `growth` is held in classes of risk level 3 and up, `unknown` in
    holdings without a class; `loss` is what one year in twenty takes of such a mix, unsigned.
    `profile` is the growth share that the household's own answers allow; None without a profile.
    """

    growth: Decimal
    unknown: Decimal
    loss: Decimal
    profile: Decimal | None = None

    @property
    def words(self) -> str:
        """In a sentence, with what the profile says of it."""
        text = (
            f"{percent(self.growth, 0)} in growth; one year in twenty loses about"
            f" {percent(self.loss, 0)} of such a mix"
        )
        if self.unknown > NEAR:
            text += (
                f"; the class of {percent(self.unknown, 0)} is not known: write asset_class into its"
                " [[slices]]"
            )
        if self.profile is None:
            return text
        apart = self.growth - self.profile
        if abs(apart) <= NEAR:
            return f"{text}; in line with the profile's {percent(self.profile, 0)}"
        return (
            f"{text}; {abs(apart) * 100:.0f} points {'above' if apart > 0 else 'under'} the profile"
        )


def risk_of(classes: Mapping[str, float], policy: Policy) -> Risk:
    """The risk of a mix by class, as `exposure` gives it."""
    growing = {kind.value.replace("_", " ") for kind in AssetClass if kind.is_growth}
    growth = from_float(sum(part for name, part in classes.items() if name in growing))
    weighing = policy.weighing
    source = None if weighing is None else weighing.source
    return Risk(
        growth=growth,
        unknown=from_float(classes.get("not known", 0.0)),
        loss=abs(one_in_twenty_loss(growth)),
        profile=source.growth if isinstance(source, RiskProfile) else None,
    )
