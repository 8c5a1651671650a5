"""Properties of every decision, over households nobody thought of."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decide import decide
from policies.limit_rule import Limits
from policies.limits import check_plan
from policies.planning.cash_first import fill_worthwhile, water_fill
from policies.planning.sizing import limit_of
from policies.policy import Destination, Policy, Stop
from portfolio.accounts import AccountKind
from portfolio.canonical import canonical
from portfolio.decisions import Decision, Proposal
from portfolio.instruments import Instrument
from portfolio.money import Price, exact_arithmetic
from portfolio.orders import Side
from portfolio.snapshot import Quote, Snapshot
from tests.support.households import account, d, household, memory, quote, target

SYMBOLS = ("A", "B", "C", "D")
cents = st.integers(1, 50_000).map(lambda c: Decimal(c) / 100)


@st.composite
def quotes(draw: st.DrawFn) -> tuple[Quote, ...]:
    made = []
    for symbol in (*SYMBOLS, "OLD"):
        middle = draw(st.integers(100, 100_000)) * Decimal("0.01")
        half = middle * draw(st.integers(0, 120)) / 10_000
        age = draw(st.sampled_from([1, 1, 1, 1, 90]))
        fine = replace(quote(symbol, middle, age=age))
        tick = Decimal("0.01")
        bid = max((middle - half).quantize(tick), tick)
        made.append(
            replace(fine, bid=Price(bid), ask=Price(max((middle + half).quantize(tick), bid)))
        )
    return tuple(made)


@st.composite
def households(draw: st.DrawFn) -> Snapshot:
    accounts = []
    for index in range(draw(st.integers(1, 3))):
        part = draw(st.sampled_from([1, 7]))
        held = {
            s: Decimal(draw(st.integers(0, 3000))) / part
            for s in (*SYMBOLS, "OLD")
            if draw(st.booleans())
        }
        accounts.append(
            account(
                draw(st.integers(-2_000, 100_000)),
                {s: q.quantize(Decimal("0.000000001")) for s, q in held.items()},
                name=f"a{index}",
                broker=draw(st.sampled_from(["simulated", "simulated", "held_elsewhere"])),
                kind=draw(st.sampled_from(list(AccountKind))),
            )
        )
    known = tuple(Instrument(symbol=s, fractionable=draw(st.booleans())) for s in SYMBOLS)
    return household(*accounts, quotes=draw(quotes()), instruments=known)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    parts = [cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], 100 - cuts[2]]
    return Policy(
        target=target(
            dict(zip(SYMBOLS, (str(p) for p in parts), strict=True)),
            buffer=draw(st.sampled_from(["0", "0.5", "5"])),
        ),
        destination=Destination(stop=draw(st.sampled_from(list(Stop)))),
        fractional=draw(st.booleans()),
        sells_allowed=draw(st.booleans()),
        min_improvement=draw(st.sampled_from([d(0), d("0.2")])),
        limit_offset=draw(st.sampled_from([d(0), d("0.005")])),
        backstop=None,
    )


def total_off(answer: Decision, when: str) -> Decimal:
    return sum((abs(getattr(v, when) - v.target) for v in answer.slices), Decimal(0))


@settings(max_examples=120, deadline=None)
@given(households(), policies())
def test_a_plan_spends_no_more_than_is_there_and_sells_no_more_than_is_held(
    snapshot: Snapshot, policy: Policy
) -> None:
    answer = decide(snapshot, policy, memory())
    if not isinstance(answer, Proposal):
        return
    for holder in snapshot.accounts:
        name = holder.account.id
        legs = [leg.intent for leg in answer.legs if leg.intent.account == name]
        assert not legs or holder.account.can_trade
        spent = sum((i.quantity * (i.limit_price or 0) for i in legs if i.side is Side.BUY), d(0))
        got = sum((i.quantity * (i.limit_price or 0) for i in legs if i.side is Side.SELL), d(0))
        assert spent <= max(d(0), holder.cash + got)
        free = {p.symbol: p.available for p in holder.positions}
        for intent in legs:
            assert intent.quantity > 0
            assert intent.symbol != "OLD"
            if intent.side is Side.SELL:
                assert intent.quantity <= free[intent.symbol]
    assert check_plan(answer, snapshot, Limits(), memory()).outcome != "denied"


@settings(max_examples=120, deadline=None)
@given(households(), policies())
def test_a_plan_never_makes_the_drift_larger(snapshot: Snapshot, policy: Policy) -> None:
    answer = decide(snapshot, policy, memory())
    if isinstance(answer, Proposal):
        dust = Decimal("1e-9")
        assert total_off(answer, "after") <= total_off(answer, "before") + dust


@settings(max_examples=60, deadline=None)
@given(households(), policies())
def test_a_decision_is_the_same_again_and_does_not_know_the_order_of_mappings(
    snapshot: Snapshot, policy: Policy
) -> None:
    turned = replace(
        snapshot,
        quotes=dict(sorted(snapshot.quotes.items(), reverse=True)),
        instruments=dict(sorted(snapshot.instruments.items(), reverse=True)),
    )
    first = canonical(decide(snapshot, policy, memory()))
    assert canonical(decide(snapshot, policy, memory())) == first
    assert canonical(decide(turned, policy, memory())) == first


@settings(max_examples=80, deadline=None)
@given(households(), policies())
def test_new_cash_alone_and_forbidden_sales_only_ever_buy(
    snapshot: Snapshot, policy: Policy
) -> None:
    resting = memory(sessions_since_run=0)
    still = replace(policy, rest_override=d(1000), sells_allowed=False)
    answer = decide(snapshot, still, resting)
    if isinstance(answer, Proposal):
        assert not answer.sells
        assert answer.reason.startswith("cash ")


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.sampled_from("ABCDEFGH"), cents, max_size=8),
    st.integers(0, 200_000).map(lambda c: Decimal(c) / 100),
    st.integers(1, 5000).map(lambda c: Decimal(c) / 100),
)
def test_water_never_overflows_and_leaves_the_gaps_level(
    gaps: dict[str, Decimal], amount: Decimal, minimum: Decimal
) -> None:
    with exact_arithmetic():
        filled = water_fill(gaps, amount)
        dust = Decimal("1e-20")
        assert sum(filled.values(), d(0)) <= min(amount, sum(gaps.values(), d(0))) + dust
        assert all(0 < part <= gaps[s] for s, part in filled.items())
        left = {s: gap - filled.get(s, d(0)) for s, gap in gaps.items()}
        if filled:
            level = max(left[s] for s in filled)
            assert all(abs(left[s] - level) <= dust for s in filled)
            assert all(left[s] <= level + dust for s in gaps if s not in filled)
        worth = fill_worthwhile(gaps, amount, minimum)
        assert all(minimum <= part <= gaps[s] for s, part in worth.items())
        assert sum(worth.values(), d(0)) <= amount + dust


@settings(max_examples=400, deadline=None)
@given(
    st.integers(2, 10_000_000).map(lambda c: Decimal(c) / 100),
    st.integers(0, 100),
    st.sampled_from([d(0), d("0.001"), d("0.005"), d("0.01")]),
)
def test_no_limit_leaves_the_collar_and_every_limit_can_fill(
    bid: Decimal, ticks: int, offset: Decimal
) -> None:
    given_quote = replace(quote("A", bid), bid=Price(bid), ask=Price(bid + Decimal(ticks) / 100))
    with exact_arithmetic():
        buy = limit_of(Side.BUY, given_quote, offset)
        sell = limit_of(Side.SELL, given_quote, offset)
        assert given_quote.ask <= buy <= given_quote.ask * d("1.01")
        assert given_quote.bid * d("0.99") <= sell <= given_quote.bid
