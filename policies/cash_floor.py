"""The floor of the cash slice: money that is never invested, and that comes before every purchase."""

from dataclasses import dataclass
from decimal import ROUND_CEILING

from policies.explain import money
from portfolio.decisions import Gate
from portfolio.money import ONE, ZERO, Money, Weight
from portfolio.reweigh import STEP, exact_weights, reweighed
from portfolio.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFloor:
    """The larger of an amount and of so many months of spending; zero is no floor."""

    usd: Money = Money(ZERO)  # noqa: RUF009
    spending_months: Weight = Weight(ZERO)  # noqa: RUF009
    monthly_spending: Money = Money(ZERO)  # noqa: RUF009

    @property
    def amount(self) -> Money:
        """The floor in money.

        >>> from decimal import Decimal
        >>> CashFloor(spending_months=Decimal(6), monthly_spending=Decimal(4000)).amount
        Decimal('24000')
        """
        return Money(max(self.usd, self.spending_months * self.monthly_spending))

    @property
    def words(self) -> str:
        """The floor and where it comes from."""
        if self.amount > self.usd or not self.usd:
            months = (
                f"{self.spending_months.normalize():f} months of {money(self.monthly_spending)}"
            )
            return f"{money(self.amount)} ({months})"
        return money(self.amount)


NO_FLOOR = CashFloor()


def with_floor(target: Target, floor: CashFloor, managed: Money) -> Target:
    """The target with at least the floor in cash, the other slices keeping their proportions.

    All is cash when the floor is everything or more. The cash weight is rounded up on six places, so
    that its slice is never under the floor. Without a cash slice the target stays as it is.
    """
    cash = [node.name for node in target.slices if node.is_cash]
    if managed <= ZERO or not cash or floor.amount <= target.cash_weight * managed:
        return target
    share = (min(floor.amount, managed) / managed).quantize(STEP, rounding=ROUND_CEILING)
    rest = ONE - target.cash_weight
    leaves = target.leaf_weights
    others = {n: w for n, w in leaves.items() if n != cash[0]}
    if share >= ONE or rest <= ZERO:
        weights = {**dict.fromkeys(leaves, Weight(ZERO)), cash[0]: Weight(ONE)}
        return reweighed(target, weights)
    scaled = exact_weights(others)
    rounded = {n: Weight((w * (ONE - share)).quantize(STEP)) for n, w in scaled.items()}
    largest = max(rounded, key=lambda n: rounded[n])
    rounded[largest] = Weight(rounded[largest] + ONE - share - sum(rounded.values(), ZERO))
    return reweighed(target, {n: rounded.get(n, Weight(share)) for n in leaves})


def floor_gates(floor: CashFloor, cash: Money) -> tuple[Gate, ...]:
    """How cash stands against its floor; it passes at the floor. No gate without a floor."""
    if floor.amount <= ZERO:
        return ()
    text = f"cash {money(cash)} covers its floor of {floor.words}, which is never invested"
    if cash < floor.amount:
        text = (
            f"cash {money(cash)} is under its floor of {floor.words}: it is filled before any buy"
        )
    return (
        Gate(
            name="cash floor",
            passed=cash >= floor.amount,
            text=text,
            value=cash,
            level=floor.amount,
            margin=Money(abs(floor.amount - cash)),
            unit="USD",
        ),
    )
