"""What a household says of its taxes: rates, what was realised elsewhere, and its budgets."""

from dataclasses import dataclass, field

from policies.taxes.budgets import Budgets
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import TaxRates
from portfolio.memory import RealisedYear


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdTaxes:
    """The household's taxes. `typed` are gains and losses of `typed_year` that no account here shows,
    and the losses carried into that year; in any other year they count as nothing."""

    rates: TaxRates
    typed_year: int | None = None
    typed: CapitalResult = field(default_factory=CapitalResult)
    budgets: Budgets = field(default_factory=Budgets)

    def typed_in(self, year: int) -> CapitalResult:
        """What was typed in for a year; nothing when it was for another one."""
        return self.typed if self.typed_year == year else CapitalResult()

    def so_far(self, realised: RealisedYear | None, year: int) -> CapitalResult:
        """The year before any plan: what was typed in for it, and what the accounts here realised."""
        typed = self.typed_in(year)
        if realised is None or realised.year != year:
            return typed
        return typed.with_sale(short=realised.short, long=realised.long)
