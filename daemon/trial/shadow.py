"""The shadow: after each session, what the policy on trial would have done in it. It sends nothing.

It begins with what is really held at its first look and goes on with its own holdings: the journal's
looks are replayed from there, so that nothing of it must be remembered and a restart changes nothing.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from backtest.history import HistoryError
from config.problems import ConfigurationError
from config.read import settings_from
from daemon.trial.recorded import NothingToReplay, recorded_months
from daemon.trial.replay import one_side
from policies.policy import Policy
from portfolio.canonical import Document, document_of
from portfolio.drift import from_float
from portfolio.events import TrialChanged, TrialLooked, TrialOrder
from portfolio.money import CENT, Money, Weight
from portfolio.ports import JournalReader

FILE = "trial.toml"
"""In the state directory: the configuration on trial, put there and taken away by `trimtab trial`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTrial:
    """A policy on trial and its name, the household's of its configuration."""

    name: str
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadowed:
    """Rows for the journal and the documents they refer to."""

    events: tuple[TrialChanged | TrialLooked, ...] = ()
    documents: tuple[Document, ...] = ()


def on_trial(state_dir: Path) -> OnTrial | None:
    """The policy on trial; None without one, or with one that cannot be read."""
    file = state_dir / FILE
    try:
        text = file.read_text(encoding="utf-8")
        return OnTrial(name=FILE, policy=settings_from(text, file=file).policy)
    except (OSError, UnicodeDecodeError, ConfigurationError):
        return None


def under_way(journal: JournalReader) -> tuple[TrialChanged, int] | None:
    """The trial that the journal has last, with the number of its row; None when none is on."""
    last = journal.events("trial_changed", limit=1, newest_first=True)
    if not last or not isinstance(last[0].event, TrialChanged) or last[0].event.policy is None:
        return None
    return last[0].event, last[0].seq


def shadow(journal: JournalReader, trial: OnTrial | None, session: date) -> Shadowed:
    """What to record after a session: a trial that began or ended, or what it would have done."""
    known = under_way(journal)
    if trial is None:
        if known is None:
            return Shadowed()
        return Shadowed(
            events=(TrialChanged(name=known[0].name, policy=None, session=session, reason="ended"),)
        )
    document = document_of(trial.policy)
    if known is None or known[0].policy != document.ref:
        began = TrialChanged(
            name=trial.name,
            policy=document.ref,
            session=session,
            reason="begins with the next look",
        )
        return Shadowed(events=(began,), documents=(document,))
    looked = _looked(journal, trial, session, known[1])
    return Shadowed() if looked is None else Shadowed(events=(looked,))


def _looked(
    journal: JournalReader, trial: OnTrial, session: date, began: int
) -> TrialLooked | None:
    try:
        seen = recorded_months(journal, after=began)
        side = one_side(trial.name, trial.policy, seen)
    except (NothingToReplay, HistoryError):
        return None
    if seen.history.sessions[-1] != session:
        return None
    told = journal.events("trial_looked", after=began, limit=1, newest_first=True)
    last = told[0].event if told else None
    since = last.session if isinstance(last, TrialLooked) else date.min
    result, days = side.result, seen.history.sessions
    if since == session:
        return None
    new = [order for order in result.orders if days[order.row] > since]
    plans = [plan.reason for plan in result.plans if days[plan.row] > since]
    return TrialLooked(
        name=trial.name,
        session=session,
        orders=tuple(
            TrialOrder(
                session=days[o.row],
                account=o.account,
                symbol=o.symbol,
                side=o.side,
                quantity=o.quantity,
                price=o.price,
            )
            for o in new
        ),
        reason="; ".join(dict.fromkeys(plans)) or "nothing to trade",
        value=Money(from_float(float(result.values[-1])).quantize(CENT)),
        drift=Weight(from_float(float(result.drift[-1]))),
    )
