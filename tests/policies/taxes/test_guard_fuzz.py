"""Ten thousand plans from fixed seeds: no blocked buy ever leaves the order builder.

The answer is checked by days and groups counted here, not by the guards' own code.
"""

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

from policies.decide import decide
from policies.policy import Destination, MinimumTrade, Policy, Stop
from policies.taxes.guards import LotRule
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import AccountKind
from portfolio.decisions import Decision, Proposal, accepted
from portfolio.lots import Lot
from portfolio.memory import Memory, RecentLoss
from portfolio.money import Money, Quantity
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot, Snapshot
from tests.support.households import DAY, NOW, account, household, memory, quote, target

PLANS = 10_000
GROUPS = {"SPY": "SP500", "VOO": "SP500", "AGG": "BONDS", "BND": "BONDS"}
SYMBOLS = ("SPY", "VOO", "AGG", "BND", "VTI")
RULE = LotRule(
    guards=True, household=TaxHousehold(accounts={"ira": TaxAccount(taxable=False)}, groups=GROUPS)
)


def group(symbol: str) -> str:
    return GROUPS.get(symbol, symbol)


def some_policy(rng: random.Random) -> Policy:
    shares = [rng.randint(5, 60) for _ in SYMBOLS]
    shares[-1] += 100 - sum(shares) if sum(shares) <= 95 else 0
    scale = Decimal(100) / sum(shares)
    weights = [(s * scale).quantize(Decimal("0.01")) for s in shares[:-1]]
    weights.append(Decimal(100) - sum(weights))
    return Policy(
        target=target({s: str(w) for s, w in zip(SYMBOLS, weights, strict=True)}),
        destination=Destination(stop=rng.choice(list(Stop))),
        minimum_trade=MinimumTrade(amount=Money(Decimal(10))),
        fractional=rng.random() < 0.5,
        lots=RULE,
    )


def some_account(rng: random.Random, name: str, kind: AccountKind) -> AccountSnapshot:
    held = {s: rng.randint(1, 300) for s in SYMBOLS if rng.random() < 0.7}
    lots = []
    for symbol, units in held.items():
        first = rng.randint(1, units)
        for number, part in enumerate((first, units - first)):
            if part:
                lots.append(
                    Lot(
                        lot_id=f"{symbol}{number}",
                        symbol=symbol,
                        quantity=Quantity(Decimal(part)),
                        acquired_on=DAY - timedelta(days=rng.randint(1, 900)),
                        basis=Money(Decimal(part * rng.randint(60, 140))),
                        account=name,
                    )
                )
    return account(rng.randint(0, 20_000), held, name=name, kind=kind, lots=tuple(lots))


def some_memory(rng: random.Random) -> Memory:
    losses = tuple(
        RecentLoss(
            account=rng.choice(["main", "ira", "elsewhere"]),
            symbol=rng.choice(SYMBOLS),
            sold_on=DAY - timedelta(days=rng.randint(0, 33)),
            quantity=Quantity(Decimal(rng.randint(0, 3))),
            loss=Money(Decimal(10)),
        )
        for _ in range(rng.choice([0, 1, 1, 2]))
    )
    return memory(first_plan_done=("main", "ira"), recent_losses=losses)


def blocked_groups(past: Memory, day: date) -> set[str]:
    return {
        group(loss.symbol)
        for loss in past.recent_losses
        if loss.quantity > 0 and (day - loss.sold_on).days <= 30
    }


def lost_groups(plan: Proposal, snapshot: Snapshot) -> set[str]:
    """Groups of which the plan sells some lot below its cost, oldest lots first."""
    lots = {a.account.id: a.lots for a in snapshot.accounts}
    lost = set()
    for leg in plan.sells:
        intent = leg.intent
        if intent.account != "main":
            continue
        left = Decimal(intent.quantity)
        own = [x for x in lots["main"] if x.symbol == intent.symbol]
        for held in sorted(own, key=lambda x: x.acquired_on or date.min):
            if left <= 0:
                break
            assert intent.limit_price is not None
            assert held.basis is not None
            if held.basis > intent.limit_price * held.quantity:
                lost.add(group(intent.symbol))
            left -= min(left, held.quantity)
    return lost


def check(answer: Decision, snapshot: Snapshot, past: Memory) -> str:
    if not isinstance(answer, Proposal):
        return "hold"
    bought = {
        group(leg.intent.symbol)
        for leg in (*answer.legs, *answer.advice)
        if leg.intent.side is Side.BUY
    }
    barred = blocked_groups(past, DAY)
    assert not bought & barred, (bought, barred)
    assert not bought & lost_groups(answer, snapshot)
    if not barred:
        return "free"
    return "guarded"


def test_ten_thousand_plans_contain_no_blocked_buy() -> None:
    seen: Counter[str] = Counter()
    seed = 0
    while seen["free"] + seen["guarded"] < PLANS:
        rng = random.Random(seed := seed + 1)
        snapshot = household(
            some_account(rng, "main", AccountKind.TAXABLE),
            some_account(rng, "ira", AccountKind.TAX_FREE),
            quotes=tuple(quote(s, rng.randint(80, 120), spread="0.02") for s in SYMBOLS),
        )
        policy, past = some_policy(rng), some_memory(rng)
        answer = decide(snapshot, policy, past)
        seen[check(answer, snapshot, past)] += 1
        if not isinstance(answer, Proposal):
            continue
        # The same plan accepted, its loss realised meanwhile: the run's buys are planned afresh.
        run = accepted(answer, number=1, opened_cycle=1, expires_at=NOW + timedelta(days=1))
        losses = tuple(
            RecentLoss(
                account="main",
                symbol=leg.intent.symbol,
                sold_on=DAY,
                quantity=leg.intent.quantity,
                loss=Money(Decimal(1)),
            )
            for leg in answer.sells[:1]
        )
        under_way = memory(
            first_plan_done=("main", "ira"),
            recent_losses=(*past.recent_losses, *losses),
            run=run,
        )
        seen[check(decide(snapshot, policy, under_way), snapshot, under_way)] += 1
    assert seen["guarded"] > 2000
    assert seen["free"] > 2000
