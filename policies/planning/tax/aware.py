"""A rebalance of a household with tax rates: planned for tax, sized, and compared with not caring."""

from dataclasses import replace
from decimal import Decimal

from policies.book import Book
from policies.planning.plan import Plan, plan_of, views
from policies.planning.stand_ins import with_stand_ins
from policies.planning.tax.estimate import estimate, with_lots
from policies.planning.tax.household import Household, dollars, household_of
from policies.planning.tax.location_note import location_note
from policies.planning.tax.naive import naive_trades
from policies.planning.tax.planner import Answer, plan, plan_exactly
from policies.planning.tax.problem import Problem, cost_of
from policies.planning.tax.residual import residual_note
from policies.planning.tax.sized import sized_parts
from policies.planning.wash_guard import without_own_washes
from policies.taxes.household import HouseholdTaxes
from policies.taxes.planning_rule import Planner, PlanningRule
from policies.taxes.rates import NoTaxData
from portfolio.decisions import Saving, TaxEstimate
from portfolio.money import ZERO, Money
from portfolio.orders import Side
from portfolio.target import Slice

_NARROWINGS = 3
FIFO_NOTE = "lots are sold first in, first out: the broker cannot be told which"


def tax_aware_plan(book: Book, taxes: HouseholdTaxes, rule: PlanningRule) -> Plan:
    """The plan that costs least in tax, trading and drift, between the band's edge and the target.

    Where there are no brackets for the year nothing is planned, and the plan says why.
    """
    try:
        household, answer = _solved(book, taxes, rule)
        parts, skipped = sized_parts(book, household, answer.trades)
        sells = [part for part in parts if part.side is Side.SELL]
        parts, instead = with_stand_ins(without_own_washes(book, sells), parts)
        sized = plan_of(book, parts, [*skipped, *instead])
        report = _report(household, answer)
        said = (*residual_note(book, household, answer), *location_note(book, rule))
        report = replace(report, notes=(*report.notes, *said))
        return with_taxes(sized, book, taxes, report)
    except NoTaxData as problem:
        return replace(plan_of(book, [], [str(problem)]), slices=views(book))


def told(made: Plan, book: Book, taxes: HouseholdTaxes) -> Plan:
    """A plan that was not made for tax, with what it comes to; as it is where no brackets are known."""
    try:
        return with_taxes(made, book, taxes)
    except NoTaxData:
        return made


def with_taxes(
    sized: Plan, book: Book, taxes: HouseholdTaxes, report: TaxEstimate | None = None
) -> Plan:
    """A plan with the lots of its sales and what they come to in tax. Raises `NoTaxData`.

    `report` brings what the planner knows; its savings are made to add up to the plan as it was
    sized, to whole shares.
    """
    legs = tuple(with_lots(book, leg) for leg in sized.legs)
    advice = tuple(with_lots(book, leg) for leg in sized.advice)
    found = estimate(book, taxes, (*legs, *advice))
    if report is not None and report.naive_tax is not None:
        *others, last = report.savings
        rest = report.naive_tax - found.tax - sum((s.amount for s in others), ZERO)
        found = replace(
            found,
            naive_tax=report.naive_tax,
            savings=(*others, replace(last, amount=Money(rest))),
            planner=report.planner,
            gap=report.gap,
            notes=report.notes,
        )
    return replace(sized, legs=legs, advice=advice, taxes=found)


def _solved(book: Book, taxes: HouseholdTaxes, rule: PlanningRule) -> tuple[Household, Answer]:
    """Plan with each slice's own destination; narrow those under a group that stays beyond its own."""
    names = [book.slice_of[key] for key in book.values]
    widths = dict(zip((n.name for n in book.policy.target.slices), book.half_widths, strict=True))
    edge = {name: rule.edge * widths[name] for name in names}
    household = household_of(book, taxes, rule, edge=edge)
    answer = _answer(household.problem, rule)
    for turn in range(_NARROWINGS):
        wide = [
            g
            for g in _groups(book)
            if _beyond(book, household, answer, g, rule.edge * widths[g.name])
        ]
        if not wide:
            break
        under = {leaf for group in wide for leaf in book.policy.target.members[group.name]}
        part = ZERO if turn == _NARROWINGS - 1 else Decimal("0.4")
        edge = {n: Decimal(width * part if n in under else width) for n, width in edge.items()}
        household = household_of(book, taxes, rule, edge=edge)
        answer = _answer(household.problem, rule)
    return household, answer


def _answer(problem: Problem, rule: PlanningRule) -> Answer:
    if rule.planner is Planner.EXACT:
        return plan_exactly(problem, seconds=float(rule.exact_seconds))
    return plan(problem)


def _groups(book: Book) -> list[Slice]:
    target = book.policy.target
    return [n for n in target.slices if len(target.members[n.name]) > 1]


def _beyond(book: Book, household: Household, answer: Answer, group: Slice, reach: Decimal) -> bool:
    members = frozenset(book.policy.target.members[group.name])
    drift, change = household.problem.drift, answer.trades.bought - answer.trades.sold.sum(axis=2)
    off = drift.held + change.sum(axis=0) - drift.goal
    own = [c for c, key in enumerate(household.keys) if book.slice_of[key] in members]
    return abs(float(off[own].sum())) > float(reach * book.managed) * 1.001 + 1.0


def _report(household: Household, answer: Answer) -> TaxEstimate:
    """What each technique saves, one after the other, from the naive rebalance to the plan."""
    problem = household.problem
    untaxed = ~problem.fifo
    naive = cost_of(problem, naive_trades(problem)).tax
    steps = [
        (
            "tax-advantaged accounts first",
            cost_of(problem, naive_trades(problem, untaxed_first=untaxed)).tax,
        )
    ]
    to_target = replace(
        problem, drift=replace(problem.drift, low=problem.drift.goal, high=problem.drift.goal)
    )
    steps.append(("holdings, lots and netting", plan(to_target).cost.tax))
    steps.append(("stopping inside the band", answer.cost.tax))
    savings, before = [], naive
    for technique, tax in steps:
        savings.append(Saving(technique=technique, amount=dollars(before - tax)))
        before = tax
    return TaxEstimate(
        year=0,
        short_gain=Money(ZERO),
        long_gain=Money(ZERO),
        tax=Money(ZERO),
        naive_tax=dollars(naive),
        savings=tuple(savings),
        planner=answer.path.value,
        gap=dollars(answer.gap),
        notes=(FIFO_NOTE,) if problem.fifo.any() else (),
    )
