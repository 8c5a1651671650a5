"""A rebalance of a household with tax rates, from the decision's own door."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from policies.decide import decide
from policies.planning.wash_guard import wash_denials
from policies.policy import Policy
from policies.taxes.planning_rule import Planner, PlanningRule
from policies.taxes.rates import FilingStatus, Income, IncomeRates
from portfolio.accounts import AccountKind
from portfolio.canonical import canonical
from portfolio.decisions import Decision, Hold, Proposal
from portfolio.lots import Lot
from portfolio.memory import RealisedYear, RecentLoss
from portfolio.money import Money, Quantity
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot, Snapshot
from tests.support.households import DAY, account, household, memory, quote
from tests.support.tax_households import NEW, bought, taxed, taxed_policy

QUOTES = (quote("STK", 250), quote("BND", 75))


def taxable(*lots: Lot, cash: int = 0) -> AccountSnapshot:
    held: dict[str, Decimal] = {}
    for lot in lots:
        held[lot.symbol] = held.get(lot.symbol, Decimal(0)) + lot.quantity
    return account(cash, held, lots=lots)


def grown(*others: AccountSnapshot, **result: int) -> tuple[Snapshot, Policy]:
    """350 stocks at 250 against 450 bonds at 75: 72 % where 60 are wanted, all of it gained."""
    main = taxable(bought("STK", 350, 100), bought("BND", 450, 70))
    return household(main, *others, quotes=QUOTES), taxed_policy(taxes=taxed(**result))


def proposal(decision: Decision) -> Proposal:
    assert isinstance(decision, Proposal), decision.reason
    return decision


def weight_after(plan: Proposal, name: str) -> Decimal:
    return next(view.after for view in plan.slices if view.name == name)


def test_taxed_gains_are_sold_only_to_inside_the_band() -> None:
    plan = proposal(decide(*grown(), memory()))
    (sell,) = plan.sells
    # 60 % and nine tenths of the band of 5 points
    assert Decimal("0.64") < weight_after(plan, "stk") < Decimal("0.646")
    assert plan.taxes is not None
    # 37 shares gained 150 each, at 15 %
    assert sell.intent.quantity == 37
    assert plan.taxes.long_gain == 5550
    assert plan.taxes.tax == Decimal("832.50")


def test_a_loss_realised_earlier_in_the_year_pays_for_the_gain() -> None:
    snapshot, policy = grown()
    lost = RealisedYear(
        year=snapshot.day.year, short=Money(Decimal(0)), long=Money(Decimal(-20_000))
    )
    plan = proposal(decide(snapshot, policy, memory(realised=lost)))
    assert plan.taxes is not None
    # The gain of 5,550 is netted away: what it costs is the loss, worth 12 cents a dollar later.
    assert plan.taxes.long_gain == 5550
    assert plan.taxes.tax == Decimal("666.00")


def test_a_result_of_another_year_counts_for_nothing() -> None:
    snapshot, policy = grown()
    old = RealisedYear(
        year=snapshot.day.year - 1, short=Money(Decimal(-20_000)), long=Money(Decimal(0))
    )
    assert decide(snapshot, policy, memory(realised=old)) == decide(snapshot, policy, memory())


def test_a_plan_that_stops_at_the_edge_is_worth_it_although_it_removes_little() -> None:
    # 65.1 % in stocks: mended to 64.5 %, an eighth of the drift, less than the fifth that is asked.
    main = taxable(bought("STK", 1302, 100), bought("BND", 2327, 70))
    plan = proposal(decide(household(main, quotes=QUOTES), taxed_policy(), memory()))
    assert weight_after(plan, "stk") < Decimal("0.65")
    (gate,) = (g for g in plan.gates if g.name == "improvement")
    assert gate.passed
    assert "taxes stop it there" in gate.text


def test_a_tax_deferred_account_mends_the_drift_before_any_gain_is_taxed() -> None:
    ira = account(0, {"STK": 100, "BND": 50}, name="ira", kind=AccountKind.TAX_DEFERRED)
    plan = proposal(decide(*grown(ira), memory()))
    assert {leg.intent.account for leg in plan.legs} == {"ira"}
    assert abs(weight_after(plan, "stk") - Decimal("0.6")) < Decimal("0.002")
    assert plan.taxes is not None
    assert plan.taxes.tax == 0
    first = plan.taxes.savings[0]
    assert first.technique == "tax-advantaged accounts first"
    assert first.amount > 0


def test_the_savings_add_up_to_what_not_caring_would_have_cost() -> None:
    for others in ((), (account(0, {"STK": 40}, name="ira", kind=AccountKind.TAX_FREE),)):
        taxes = proposal(decide(*grown(*others), memory())).taxes
        assert taxes is not None
        assert taxes.naive_tax is not None
        assert sum(s.amount for s in taxes.savings) == taxes.naive_tax - taxes.tax
        assert taxes.naive_tax > taxes.tax


def test_a_sale_names_the_lots_it_takes_with_their_terms() -> None:
    main = taxable(
        bought("STK", 20, 240, name="old"),
        bought("STK", 330, 260, NEW, name="new"),
        bought("BND", 450, 70),
    )
    plan = proposal(decide(household(main, quotes=QUOTES), taxed_policy(), memory()))
    (sell,) = plan.sells
    old, new = sell.lots
    assert (old.lot_id, old.quantity, old.term, old.gain) == ("old", 20, "long", 200)
    assert (new.lot_id, new.term) == ("new", "short")
    assert new.quantity == sell.intent.quantity - 20
    assert new.gain == -10 * new.quantity


def test_losses_are_free_to_sell_so_the_plan_goes_to_the_target() -> None:
    main = taxable(bought("STK", 350, 260), bought("BND", 450, 70))
    plan = proposal(decide(household(main, quotes=QUOTES), taxed_policy(), memory()))
    assert abs(weight_after(plan, "stk") - Decimal("0.6")) < Decimal("0.002")
    assert plan.taxes is not None
    assert plan.taxes.tax < 0


def test_a_loss_is_not_taken_while_its_shares_were_bought_in_the_last_30_days() -> None:
    lately = replace(bought("STK", 5, 255), acquired_on=memory().started_on, lot_id="lately")
    main = taxable(bought("STK", 345, 260), lately, bought("BND", 450, 70))
    answer = decide(household(main, quotes=QUOTES), taxed_policy(), memory())
    assert isinstance(answer, Hold)
    assert "no order is left" in next(g.text for g in answer.gates if g.name == "size")


def test_losses_of_the_year_let_gains_be_taken_to_the_target() -> None:
    snapshot, policy = grown(long=-20_000)
    plan = proposal(decide(snapshot, policy, memory()))
    # 20,000 lost already: the first 17,000 of gain use up what would only be carried at 12 %.
    assert plan.taxes is not None
    assert plan.taxes.tax < Decimal("0.15") * plan.taxes.long_gain


def test_a_household_without_rates_is_planned_as_before() -> None:
    snapshot, policy = grown()
    plan = proposal(decide(snapshot, replace(policy, taxes=None), memory()))
    assert plan.taxes is None
    assert all(leg.lots == () for leg in plan.legs)
    assert abs(weight_after(plan, "stk") - Decimal("0.6")) < Decimal("0.002")


def test_the_planner_may_be_switched_off() -> None:
    snapshot, policy = grown()
    off = replace(policy, tax_planning=PlanningRule(planner=Planner.OFF))
    plain = replace(policy, taxes=None)
    assert (
        proposal(decide(snapshot, off, memory())).legs
        == proposal(decide(snapshot, plain, memory())).legs
    )


def test_a_year_without_brackets_is_not_planned() -> None:
    snapshot, policy = grown()
    assert policy.taxes is not None
    by_income = IncomeRates(
        tables=(), income=Income(ordinary=Money(Decimal(90_000)), magi=Money(Decimal(90_000)))
    )
    rates = replace(policy.taxes.rates, federal=by_income, status=FilingStatus.JOINT)
    policy = replace(policy, taxes=replace(policy.taxes, rates=rates))
    answer = decide(snapshot, policy, memory())
    assert isinstance(answer, Hold)
    assert "no tax brackets for 2026" in answer.reason


def test_the_exact_planner_makes_the_same_plan_here() -> None:
    snapshot, policy = grown()
    exact = replace(policy, tax_planning=PlanningRule(planner=Planner.EXACT))
    assert (
        proposal(decide(snapshot, exact, memory())).legs
        == proposal(decide(snapshot, policy, memory())).legs
    )


def test_new_cash_is_used_before_anything_is_sold() -> None:
    main = taxable(bought("STK", 350, 100), bought("BND", 450, 70), cash=20_000)
    plan = proposal(decide(household(main, quotes=QUOTES), taxed_policy(), memory()))
    assert plan.sells == ()
    assert {leg.intent.symbol for leg in plan.buys} == {"BND"}


def test_the_same_inputs_give_the_same_plan() -> None:
    snapshot, policy = grown(
        account(500, {"STK": 30, "BND": 5}, name="ira", kind=AccountKind.TAX_DEFERRED)
    )
    answers = {canonical(decide(snapshot, policy, memory())) for _ in range(3)}
    assert len(answers) == 1


def test_each_account_buys_with_its_own_money() -> None:
    ira = account(0, {"STK": 20}, name="ira", kind=AccountKind.TAX_DEFERRED)
    plan = proposal(decide(*grown(ira), memory()))
    for name in ("main", "ira"):
        legs = [leg for leg in plan.legs if leg.intent.account == name]
        sold = sum(leg.intent.notional(leg.price) for leg in legs if leg.intent.side is Side.SELL)
        spent = sum(leg.intent.notional(leg.price) for leg in legs if leg.intent.side is Side.BUY)
        assert spent <= sold


def test_a_slice_whose_loss_is_recent_is_not_bought() -> None:
    lost = RecentLoss(
        account="main",
        symbol="BND",
        sold_on=DAY,
        quantity=Quantity(Decimal(10)),
        loss=Money(Decimal(50)),
    )
    snapshot, policy = grown()
    answer = decide(snapshot, policy, memory(recent_losses=(lost,)))
    assert not isinstance(answer, Proposal) or answer.buys == ()


def test_an_order_of_every_plan_passes_the_wash_guard_of_the_limits() -> None:
    ira = account(0, {"STK": 10, "BND": 300}, name="ira", kind=AccountKind.TAX_DEFERRED)
    main = taxable(bought("STK", 300, 251), bought("STK", 50, 100, NEW), bought("BND", 300, 74))
    snapshot = household(main, ira, quotes=QUOTES)
    plan = proposal(decide(snapshot, taxed_policy(), memory()))
    rule = taxed_policy().lots
    assert list(wash_denials(plan, snapshot, memory(), rule)) == []


def test_a_lot_that_is_nearly_long_term_waits() -> None:
    # A short-term gain of 9.2 % costs 3.2 % in tax, less than the 4 % that both slices' drift is
    # thought to cost: it is sold to the target. With 20 days to its long term, waiting saves another
    # 1.8 %, so it is sold only to inside the band.
    others = bought("BND", 450, 70)
    after = {}
    for name, day in (("new", NEW), ("soon", date(2025, 3, 30))):
        main = taxable(bought("STK", 350, 227, day), others)
        plan = proposal(decide(household(main, quotes=QUOTES), taxed_policy(), memory()))
        after[name] = weight_after(plan, "stk")
    assert after["new"] < Decimal("0.603")
    assert after["soon"] > Decimal("0.64")


def test_a_plan_says_what_the_place_of_things_costs_a_year() -> None:
    # 450 bonds at 75 are 33,750 in the taxable account; 1 % of it is 337.50 a year. The tax-deferred
    # account has 25,000 + 3,750: it could hold that much of the 60,000 of bonds that are wanted.
    ira = account(0, {"STK": 100, "BND": 50}, name="ira", kind=AccountKind.TAX_DEFERRED)
    snapshot, policy = grown(ira)
    rule = PlanningRule(location_drag={"BND": Decimal("0.01")})
    plan = proposal(decide(snapshot, replace(policy, tax_planning=rule), memory()))
    assert plan.taxes is not None
    (note,) = (n for n in plan.taxes.notes if n.startswith("location"))
    assert "pays 337.50 USD of tax a year" in note
    assert "would pay 312.50 USD" in note


def test_a_plan_that_a_gain_budget_stops_says_what_is_left_and_what_closing_it_costs() -> None:
    """20 shares gain the 3,000 of the budget; the edge, 64.5 % of 121,250, wants 37.175."""
    snapshot, policy = grown()
    rule = replace(policy.tax_planning, most_gain=Money(Decimal(3_000)))
    plan = proposal(decide(snapshot, replace(policy, tax_planning=rule), memory()))
    assert plan.taxes is not None
    (said,) = [note for note in plan.taxes.notes if "beyond the destination" in note]
    assert said.startswith("the budgets are too small to mend all: ")
    assert "stk +3.5 points (4,294 USD)" in said
    # 17.175 more shares that gained 150 each, at 15 %: 386.44, and 0.5 for the trading costs' share
    assert said.endswith("to close it would cost 387 USD of tax")


def test_a_plan_that_reaches_its_destination_leaves_nothing_to_say() -> None:
    plan = proposal(decide(*grown(), memory()))
    assert plan.taxes is not None
    assert not [note for note in plan.taxes.notes if "beyond the destination" in note]
