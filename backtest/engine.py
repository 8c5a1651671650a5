"""The backtest: the decision of a live look, asked wherever it could want to trade.

Between trades the holdings stand still, so a block of days is judged at once by the kernels that a
live look uses (`policies.triggers.ahead`); only where one of them could call is a snapshot made and
`decide` asked. Limits are not asked and every proposal is accepted.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np

from backtest.books import held_in_all, opened
from backtest.changing import policies_by_row
from backtest.filling import fill_wave, note
from backtest.happenings import happenings_of
from backtest.history import History, HistoryError, exact
from backtest.looks import Engine, decided, memory_at, session_of
from backtest.setup import Fill, Opening, Setup
from backtest.taxed import TaxLedger, ledger_of, tax_rows
from backtest.trace import Held, Planned, TaxOutcome, Trace
from policies.cash_floor import CashFloor
from policies.flows import answered_flows, still_waits, withdrawal_pending
from policies.policy import Policy
from policies.targets.sources import signals_of
from policies.triggers.ahead import Rows, Standing, could_call, outlook_of
from policies.triggers.ask import Aim
from policies.triggers.asking import latched_after
from portfolio.decisions import Decision, Hold, PlannedLeg, Proposal, accepted
from portfolio.drift import Block
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import CENT, FRACTION_OF_SHARE, ZERO, Money, Quantity, exact_arithmetic
from portfolio.orders import Side

FIRST_BLOCK, LARGEST_BLOCK = 64, 4096
MOST_WAVES = 12
"""A run has two waves, sales and buys; more are orders that were cut and tried again."""


def walk(policy: Policy, history: History, setup: Setup) -> Trace:
    """Run a policy over a history; raises `HistoryError` when a symbol of the target has no prices."""
    missing = [s for s in policy.target.symbols if s not in history.symbols]
    if missing:
        raise HistoryError(
            f"{history.source} has no column for {', '.join(missing)}; its columns are "
            f"{', '.join(history.symbols[:20])}"
        )
    policy = without_harvests(policy)
    with exact_arithmetic():
        engine = _engine(policy, history, setup)
        _walk(engine)
        if engine.tax is not None:
            engine.trace.taxes = _settled(engine, engine.tax)
    return engine.trace


def _settled(engine: Engine, tax: TaxLedger) -> TaxOutcome:
    last = engine.history.sessions[-1]
    tax.turn(last)
    closes = zip(engine.history.symbols, engine.history.prices[-1].tolist(), strict=True)
    return tax.outcome(last, dict(closes))


def decision_at_end(policy: Policy, history: History, setup: Setup, held: Held) -> Decision:
    """What a policy would do at the last close with what is `held` then, in the first account that
    can trade, with nothing under way, rested, and every date before that session answered.
    """
    account = next(o.account for o in setup.openings if o.account.can_trade)
    units = zip(history.symbols, held.units[-1].tolist(), strict=True)
    opening = Opening(
        account=account,
        cash=Money(exact(float(held.cash[-1])).quantize(CENT)),
        positions={s: Quantity(exact(u).quantize(FRACTION_OF_SHARE)) for s, u in units if u > 0},
    )
    policy = without_harvests(policy)
    with exact_arithmetic():
        alone = replace(setup, openings=(opening,), flows=(), interest=(), changes=())
        policy = list(policies_by_row(policy, history, setup).values())[-1]
        engine = _engine(policy, history, alone)
        last = len(history) - 1
        engine.done_through = history.sessions[last - 1]
        return decided(engine, last)


def without_harvests(policy: Policy) -> Policy:
    """The policy as a backtest walks it, without past lots, wash sales and a floor of cash."""
    if policy.harvest.declared_on is None and policy.cash_floor == CashFloor():
        return policy
    off = replace(policy.harvest, declared_on=None)
    return replace(policy, harvest=off, cash_floor=CashFloor())


def _engine(policy: Policy, history: History, setup: Setup) -> Engine:
    looks = np.ones(len(history), dtype=np.bool_) if setup.looks is None else setup.looks
    in_force = {
        row: without_harvests(changed)
        for row, changed in policies_by_row(policy, history, setup).items()
    }
    policy = in_force[0]
    first = in_force[max(row for row in in_force if row <= int(looks.argmax()))]
    columns = [history.symbols.index(s) for s in policy.target.symbols]
    own = history.prices[:, columns]
    odd = np.zeros(len(history), dtype=np.bool_)
    if history.largest_jump > float(policy.prices.max_jump):
        odd[1:] = (np.abs(own[1:] / own[:-1] - 1) > float(policy.prices.max_jump)).any(axis=1)
    return Engine(
        policy=policy,
        in_force=in_force,
        history=history,
        setup=setup,
        outlook=outlook_of(policy, history.days, looks),
        happenings=happenings_of(history, setup),
        columns=columns,
        odd_rows=odd & looks,
        books={o.account.id: opened(o) for o in setup.openings},
        trace=Trace(
            columns=history.symbols,
            started_empty=not any(units for o in setup.openings for units in o.positions.values()),
        ),
        done_through=history.sessions[0] - timedelta(days=1),
        target_done=dict(first.target.weights),
        signals_done=signals_of(first.weighing),
        tax=ledger_of(policy, history, setup),
    )


def _walk(engine: Engine) -> None:
    due = {} if engine.tax is None else tax_rows(engine.history, engine.setup)
    rows = sorted({*engine.happenings.rows, *engine.in_force, *due})
    note(engine, 0)
    row = 0
    while row < len(engine.history):
        if row and row in engine.in_force:
            engine.policy = engine.in_force[row]
            looks = engine.outlook.looks
            engine.outlook = outlook_of(engine.policy, engine.history.days, looks)
        _take_in(engine, row)
        if row in due:
            _pay_tax(engine, row, due[row])
        place = bisect_right(rows, row)
        stop = rows[place] if place < len(rows) else len(engine.history)
        row = _until(engine, row, stop)


def _take_in(engine: Engine, row: int) -> None:
    """Book the cash that moves by itself at the beginning of a row, and remember it."""
    moved = engine.happenings.at(row, engine.books)
    if moved.income:
        engine.income += moved.income
        engine.trace.income[row] = float(moved.income)
    for flow in moved.flows:
        engine.flows.append(flow)
        engine.trace.flows[row] = engine.trace.flows.get(row, 0.0) + float(flow.amount)
    if moved.income or moved.flows:
        note(engine, row)


def _pay_tax(engine: Engine, row: int, year: int) -> None:
    """What is due of the years before leaves; the decision sees a withdrawal, the figures a cost."""
    if engine.tax is None:
        return
    day = engine.history.sessions[row]
    engine.tax.turn(day)
    amount = engine.tax.pay(year)
    if amount > ZERO:
        engine.happenings.accrue(row, engine.books)
        engine.books[engine.tax.payer].cash -= amount
        engine.flows.append(
            CashFlow(
                flow_id=f"tax-{year}",
                account=engine.tax.payer,
                kind=FlowKind.WITHDRAWAL,
                amount=Money(-amount),
                day=day,
                seen_session=day,
            )
        )
        note(engine, row)


def _until(engine: Engine, row: int, stop: int) -> int:
    """Take every look of the rows [row, stop) that could trade; returns `stop`."""
    while row < stop:
        due = _next_due(engine, row, stop)
        _settle_dates(engine, row, due)
        if due < stop:
            _look(engine, due)
        row = due + 1 if due < stop else stop
    return stop


def _settle_dates(engine: Engine, row: int, due: int) -> None:
    """Skipped looks hold, and answer every date up to their session."""
    skipped = np.flatnonzero(engine.outlook.looks[row:due])
    if skipped.size:
        engine.done_through = engine.history.sessions[row + int(skipped[-1])]


def _next_due(engine: Engine, row: int, stop: int) -> int:
    """The first row in [row, stop) that must be looked at in full; `stop` when none."""
    if engine.run is not None or _deposit_waits(engine, row):
        return row
    held = held_in_all(engine.books)
    target = engine.policy.target
    if any(held.get(s) for s in target.every_symbol[len(target.symbols) :]):
        return row  # the block kernels know one symbol for each slice
    units = np.array([float(held.get(s, ZERO)) for s in engine.policy.target.symbols])
    cash = float(sum(book.cash for book in engine.books.values()))
    size = FIRST_BLOCK
    while row < stop:
        end = min(stop, row + size)
        asked = _could_call(engine, row, end, units, cash) | engine.odd_rows[row:end]
        if asked.any():
            return row + int(asked.argmax())
        _settle_dates(engine, row, end)
        row, size = end, min(size * 2, LARGEST_BLOCK)
    return stop


def _could_call(engine: Engine, row: int, end: int, units: Block, cash: float) -> Rows:
    prices = engine.history.prices[row:end, engine.columns]
    values = np.empty((end - row, len(engine.columns) + 1))
    values[:, :-1] = prices * units
    values[:, -1] = cash
    ended = engine.last_sale_ended
    now = Standing(
        cash=cash,
        sessions_since_run=None if ended is None else row - ended,
        done_through=engine.done_through.toordinal(),
        owed=withdrawal_pending(memory_at(engine, row)),
        ended_on=None if ended is None else int(engine.history.days[ended]),
        latched=engine.latched,
        target_done=engine.target_done,
        signals_done=engine.signals_done,
    )
    return could_call(engine.outlook, row, values, prices, now)


def _deposit_waits(engine: Engine, row: int) -> bool:
    if not engine.flows:
        return False
    memory = memory_at(engine, row)
    return any(still_waits(flow, engine.policy.deposits, memory) for flow in engine.flows)


def _look(engine: Engine, row: int) -> None:
    """One look, and what follows from it in the same session."""
    if engine.run is not None:
        wave, engine.wave = engine.wave, ()
        _follow(engine, row, wave)
        return
    engine.trace.looks += 1
    if engine.tax is not None:
        engine.tax.turn(engine.history.sessions[row])
    decision = decided(engine, row)
    engine.latched = latched_after(decision.gates, engine.latched)
    if isinstance(decision, Hold):
        if decision.settles_calendar:
            engine.done_through = engine.history.sessions[row]
        return
    if not decision.legs:
        return
    _open_run(engine, row, decision)
    if engine.setup.fill is Fill.SAME_CLOSE:
        _follow(engine, row, decision.first_wave)
    else:
        engine.wave = decision.first_wave


def _open_run(engine: Engine, row: int, proposal: Proposal) -> None:
    engine.runs += 1
    last = min(row + engine.policy.run_sessions - 1, len(engine.history) - 1)
    if engine.setup.fill is Fill.NEXT_CLOSE:
        last += 1  # its first session is the one that fills
    day = engine.history.sessions[min(last, len(engine.history) - 1)]
    expires_at = session_of(day).closes_at
    engine.run = accepted(
        proposal, number=engine.runs, opened_cycle=engine.runs, expires_at=expires_at
    )
    engine.decided = row
    engine.legs = []
    aim = next(g.scope for g in reversed(proposal.gates) if g.name == "size" and g.passed)
    rebalances = aim == Aim.REBALANCE
    done = answered_flows(memory_at(engine, row), engine.policy, rebalances=rebalances)
    if rebalances:
        engine.target_done = dict(engine.policy.target.weights)
        engine.signals_done = signals_of(engine.policy.weighing)
        engine.income = ZERO
    engine.flows = [flow for flow in engine.flows if flow.flow_id not in done]
    engine.trace.plans.append(Planned(row=row, run=engine.runs, aim=aim, reason=proposal.reason))


def _follow(engine: Engine, row: int, wave: Sequence[PlannedLeg]) -> None:
    """Fill a wave, then let the run go on until it is complete or waits for another session."""
    fill_wave(engine, row, wave)
    for _ in range(MOST_WAVES):
        decision = decided(engine, row)
        engine.trace.looks += 1
        if isinstance(decision, Hold):
            if decision.run_complete is not None:
                _end_run(engine, row)
            return
        fill_wave(engine, row, decision.first_wave)


def _end_run(engine: Engine, row: int) -> None:
    run = engine.run
    if run is None:
        return
    if any(allowance.side is Side.SELL for allowance in run.allowances):
        engine.last_sale_ended = row
    engine.done_through = max(engine.done_through, engine.history.sessions[engine.decided])
    engine.run = None
