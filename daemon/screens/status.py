"""`trimtab status` on one screen."""

from rich.console import Group, RenderableType
from rich.text import Text

from daemon.answers.standing import Standing
from daemon.screens.decision import headline, plan_summary, plan_table
from daemon.screens.orders import legs_table
from daemon.screens.portfolio import accounts_table, depths_in, slices_table
from daemon.screens.style import words
from daemon.screens.words import instant, listed, money, short_hash
from portfolio.records import PendingApproval


def status_screen(standing: Standing, *, columns: int) -> RenderableType:
    """Who and how, the slices against their bands, the last decision, what waits, what is wrong."""
    parts: list[RenderableType] = [_title(standing), _daemon(standing)]
    if standing.halted is not None:
        parts.append(words(f"HALTED: {standing.halted}", "alarm"))
        parts.append(words("  Nothing is sent until: trimtab resume --reason WHY", "alarm"))
    if standing.last is None:
        parts.append(words("No look has been taken yet.", "quiet"))
        return Group(*parts)
    parts += [Text(), _value(standing), Text()]
    accounts = 1 if standing.seen is None else len(standing.seen.accounts)
    if standing.seen is not None and accounts > 1:
        parts += [accounts_table(standing.seen), Text()]
    parts += [_slices(standing, columns), Text()]
    parts.append(words(f"Last look: cycle {standing.last.cycle}, {instant(standing.last.at)}"))
    parts.append(headline(standing.last.decision))
    for one in standing.by_hand:
        tone = "care" if one.is_old or one.value is None else "plain"
        parts.append(words(f"By hand, never traded: {one.words}", tone))
    for wish in standing.reserved:
        kept = f"{money(wish.amount)} in {wish.account} by {wish.by}"
        parts.append(words(f"Kept for a withdrawal, not invested: {kept}", "care"))
    if standing.pending is not None:
        parts += [Text(), *_pending(standing.pending, accounts)]
    if standing.run is not None:
        run = standing.run
        parts.append(Text())
        parts.append(words(f"Run {run.number} is open until {instant(run.expires_at)}.", "trade"))
    if standing.live_legs:
        parts.append(legs_table(standing.live_legs, accounts=accounts))
    for alarm in standing.alarms:
        tone = "alarm" if alarm.level == "page" else "care"
        parts.append(words(f"Alarm, {alarm.name}: {alarm.text}", tone))
    return Group(*parts)


def _title(standing: Standing) -> Text:
    identity = standing.identity
    mode = {"dry_run": "dry run, nothing is sent"}.get(identity.mode, identity.mode)
    accounts = listed(list(identity.account_numbers)) if identity.account_numbers else ""
    text = words(identity.household, "title").append(f"  {mode}", style="plain")
    return text.append(f"  {accounts}", style="quiet") if accounts else text


def _daemon(standing: Standing) -> Text:
    ticked = "" if standing.last_tick is None else f", last tick {instant(standing.last_tick)}"
    schedule = f"; looks {standing.looks}" if standing.looks else ""
    if standing.pid is None:
        return words(f"daemon not running{ticked}", "care")
    return words(f"daemon running (pid {standing.pid}){ticked}{schedule}", "good")


def _value(standing: Standing) -> Text:
    seen, equity = standing.seen, standing.equity
    if seen is None or equity is None:
        return words("value unknown: a holding has no price", "care")
    text = words(f"value {money(equity)} USD   cash {money(seen.cash)} USD")
    if standing.unsliced:
        text.append(f"   in no slice, left alone: {listed(standing.unsliced, 6)}", style="quiet")
    return text


def _slices(standing: Standing, columns: int) -> RenderableType:
    if standing.last is None or not standing.last.decision.slices:
        return words("weights unknown at the last look", "care")
    return slices_table(
        standing.last.decision.slices,
        columns=columns,
        managed_value=standing.managed,
        depths={} if standing.target is None else depths_in(standing.target),
    )


def _pending(pending: PendingApproval, accounts: int) -> list[RenderableType]:
    short = short_hash(pending.proposal_hash)
    reasons = dict.fromkeys(pending.reasons or (pending.proposal.reason,))
    return [
        words(f"Waits for your yes until {instant(pending.expires_at)}, because", "care"),
        *(words(f"  {reason}", "care") for reason in reasons),
        Text(),
        plan_table(pending.proposal.legs, accounts=accounts),
        words(plan_summary(pending.proposal), "quiet"),
        Text(),
        words(f"Yes: trimtab approve {short}   No: trimtab reject {short}"),
    ]
