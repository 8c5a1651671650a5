"""Why nothing was traded: the answer from the journal, for a symbol or for the whole household."""

from collections.abc import Iterator
from datetime import datetime

from daemon.journal.codec import read_policy, read_snapshot
from daemon.screens.sentences import order_words
from daemon.screens.words import instant, money, percent, quantity, short_hash
from policies.explain import points
from policies.policy import Policy
from portfolio.decisions import Gate, Hold, Proposal
from portfolio.events import ApprovalEnded, Halted
from portfolio.money import Money
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord
from portfolio.snapshot import Snapshot


class NothingKnown(Exception):
    """There was no look at or before that time, or nobody holds or wants that symbol."""


def why_not(
    journal: JournalReader, symbol: str | None = None, at: datetime | None = None
) -> tuple[str, ...]:
    """Sentences, the weightiest first, for the last look at or before `at` (None: the latest).

    Raises `NothingKnown`.
    """
    looks = journal.cycles(limit=1, before=at)
    if not looks:
        when = "yet" if at is None else f"at or before {instant(at)}"
        raise NothingKnown(f"There was no look {when}, so nothing was decided.")
    record = looks[0]
    snapshot = read_snapshot(journal, record.snapshot)
    policy = read_policy(journal, record.policy)
    head = f"Cycle {record.cycle}, {instant(record.at)}, session {record.session}."
    halted = tuple(_halted(journal, record))
    if symbol is None:
        return (head, *halted, *_household(journal, record), *_refusals(snapshot))
    known = set(policy.target.every_symbol) | set(snapshot.symbols_held())
    if symbol not in known:
        listed = ", ".join(sorted(known)) or "none"
        raise NothingKnown(f"{symbol} is neither held nor in a slice; known are: {listed}.")
    return (head, *halted, *_of_symbol(journal, record, snapshot, policy, symbol))


def gates_at(
    journal: JournalReader, symbol: str | None = None, at: datetime | None = None
) -> tuple[Gate, ...]:
    """Every gate of that look, for a symbol without those of other symbols and slices.

    Each has its value, level, margin and unit, and the next day on which it may be otherwise. Empty
    when there was no look.
    """
    looks = journal.cycles(limit=1, before=at)
    if not looks:
        return ()
    gates = looks[0].decision.gates
    if symbol is None:
        return gates
    policy = read_policy(journal, looks[0].policy)
    target = policy.target
    leaf = target.leaf_of(symbol)
    own = {symbol, *(() if leaf is None else _above(policy, leaf))}
    others = {*target.every_symbol, *target.weights} - own
    return tuple(gate for gate in gates if gate.scope not in others)


def _halted(journal: JournalReader, record: CycleRecord) -> Iterator[str]:
    """The halt in force at the time of the look, if there was one."""
    said = [r for r in journal.events("halted", "resumed") if r.at <= record.at]
    if said and isinstance(said[-1].event, Halted):
        halt = said[-1].event
        yield f"Everything was halted by {halt.by}: {halt.reason}. Nothing is sent before a resume."


def _household(journal: JournalReader, record: CycleRecord) -> Iterator[str]:
    decision = record.decision
    if isinstance(decision, Hold):
        yield f"It held: {decision.reason}."
        yield from (_gate_words(gate) for gate in decision.gates if not gate.passed)
        return
    yield f"It proposed to trade: {decision.reason}."
    several = _several(journal)
    yield from (f"Planned: {order_words(leg, several=several)}." for leg in decision.legs)
    yield from (f"Left out: {text}." for text in decision.skipped)
    yield from _fate(journal, record, decision)


def _of_symbol(
    journal: JournalReader, record: CycleRecord, snapshot: Snapshot, policy: Policy, symbol: str
) -> Iterator[str]:
    refused = snapshot.refused.get(symbol)
    if refused is not None:
        yield f"{symbol} had no price to trade on ({refused.fault}): {refused.detail}."
    slices = [node for node in policy.target.slices if node.symbol == symbol]
    if not slices:
        yield f"{symbol} is in no slice: it is left alone, counted and shown."
        return
    decision = record.decision
    legs = () if isinstance(decision, Hold) else decision.legs
    own = [leg for leg in legs if leg.intent.symbol == symbol]
    if own and isinstance(decision, Proposal):
        several = _several(journal)
        yield from (f"It was in the plan: {order_words(leg, several=several)}." for leg in own)
        yield from _fate(journal, record, decision)
        return
    failed = [gate for gate in decision.gates if not gate.passed]
    yield from (_gate_words(gate) for gate in failed if gate.scope == symbol)
    yield f"{_verb(decision)}: {decision.reason}."
    scopes = {*_above(policy, slices[0].name), ""}
    yield from (_gate_words(gate) for gate in failed if gate.scope in scopes)
    if isinstance(decision, Proposal):
        yield from (f"Left out: {text}." for text in decision.skipped if symbol in text)
    yield from _traded(journal, snapshot, symbol)
    yield from _weight_words(record, slices[0].name, snapshot, symbol)


def _traded(journal: JournalReader, snapshot: Snapshot, symbol: str) -> Iterator[str]:
    """What was traded of it in the session, though not by this look."""
    session = snapshot.session
    for leg in journal.legs(since=session.opens_at):
        ours = leg.intent.symbol == symbol and leg.planned_at < session.closes_at
        if ours and leg.filled_quantity and leg.filled_average_price is not None:
            amount = money(Money(leg.filled_quantity * leg.filled_average_price))
            yield (
                f"In this session it was traded: {leg.intent.side} {quantity(leg.filled_quantity)} "
                f"{symbol} for {amount} (run {leg.run}, cycle {leg.cycle})."
            )


def _verb(decision: Hold | Proposal) -> str:
    return "It held" if isinstance(decision, Hold) else "The plan was about other slices"


def _above(policy: Policy, name: str) -> Iterator[str]:
    """A slice and every slice above it."""
    at: str | None = name
    while at is not None:
        yield at
        at = policy.target.slice_named(at).parent


def _weight_words(record: CycleRecord, name: str, snapshot: Snapshot, symbol: str) -> Iterator[str]:
    for view in record.decision.slices:
        if view.name == name:
            yield (
                f"{name} was {percent(view.before)} against a target of {percent(view.target)}; "
                f"its band is {points(view.half_width):.1f} points to either side."
            )
    value = snapshot.value(symbol)
    if value is not None:
        yield f"Held: {quantity(snapshot.quantity(symbol))} {symbol}, counted at {money(value)}."


def _gate_words(gate: Gate) -> str:
    later = f"; possible again from {gate.next_possible}" if gate.next_possible else ""
    return f"{gate.name}: {gate.text}{later}."


def _refusals(snapshot: Snapshot) -> Iterator[str]:
    for symbol, refused in sorted(snapshot.refused.items()):
        yield f"{symbol} had no price to trade on ({refused.fault}): {refused.detail}."


def _several(journal: JournalReader) -> bool:
    return len(journal.identity().account_numbers) > 1


def _fate(journal: JournalReader, record: CycleRecord, decision: Proposal) -> Iterator[str]:
    """What became of a proposal."""
    if record.verdict is not None and record.verdict.outcome != "approved":
        yield f"The limits: {record.verdict.outcome}. " + "; ".join(record.verdict.reasons) + "."
    own = decision.proposal_hash()
    pending = journal.pending_approval()
    if pending is not None and pending.proposal_hash == own:
        yield (
            f"It waits for a person until {instant(pending.expires_at)}: "
            f"trimtab approve {short_hash(own)}."
        )
    for recorded in journal.events("approval_ended", after=record.seq):
        ended = recorded.event
        if isinstance(ended, ApprovalEnded) and ended.proposal_hash == own:
            reason = ended.reason or "no reason given"
            yield f"The proposal was {ended.outcome} on {instant(recorded.at)}: {reason}."
    legs = [leg for leg in journal.legs(since=record.at) if leg.cycle == record.cycle]
    for leg in legs:
        filled = f"{quantity(leg.filled_quantity)} of {quantity(leg.intent.quantity)}"
        note = f" ({leg.note})" if leg.note else ""
        yield f"Order {leg.client_order_id}: {leg.state}, {filled} filled{note}."
    if not legs and journal.identity().mode == "dry_run":
        yield "This is a dry run: nothing is ever sent."
