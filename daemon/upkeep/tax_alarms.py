"""What a household with tax rates is told by itself: budgets near their end, a declaration as well."""

from collections.abc import Mapping
from datetime import date

from daemon.house import House
from daemon.taxes.ledger import exchange_day
from daemon.taxes.turnover import turnover_of
from policies.taxes.budgets import Budgets
from policies.taxes.harvest_rule import REMIND_DAYS, HarvestRule, days_left, why_not_declared
from policies.taxes.rates import NoTaxData
from policies.taxes.reporting import in_year, rows_of
from policies.taxes.year_to_date import over_budget, year_to_date
from portfolio.events import Alarm, AlarmCleared

_BUDGET = "tax budget"
_DECLARATION = "harvest declaration"


def look_at_taxes(house: House) -> None:
    """Tell once of each budget that is used up or nearly, and of a declaration near its end.

    What is over is cleared: a new year, a larger budget, a new date.
    """
    day = exchange_day(house.clock.now())
    due = [
        Alarm(name=_BUDGET, level="info", text=text, scope=scope)
        for scope, text in budgets_told(house, day).items()
    ]
    if said := declaration_told(house.policy.harvest, day):
        due.append(Alarm(name=_DECLARATION, level="info", text=said, scope=""))
    known = {
        (alarm.name, alarm.scope)
        for alarm in house.journal.open_alarms()
        if alarm.name in (_BUDGET, _DECLARATION)
    }
    for alarm in due:
        if (alarm.name, alarm.scope) not in known:
            house.journal.append(alarm)
    for name, scope in sorted(known - {(alarm.name, alarm.scope) for alarm in due}):
        house.journal.append(AlarmCleared(name=name, scope=scope))


def declaration_told(rule: HarvestRule, day: date) -> str:
    """A sentence from 30 days before the household's declaration ends, and after it; else empty."""
    left = days_left(rule, day)
    if left is None:
        return ""
    if why := why_not_declared(rule, day):
        return f"Harvesting is off: {why}."
    if left > REMIND_DAYS:
        return ""
    return (
        f"The declaration that all accounts are listed ends in {left} days: look whether it is still"
        " true, and give [harvest] declared_all_accounts a new date."
    )


def budgets_told(house: House, day: date) -> Mapping[str, str]:
    """The year's budgets of gains, tax and turnover that are near their end: name to sentence."""
    taxes = house.policy.taxes
    if taxes is None or house.lots is None or taxes.budgets == Budgets():
        return {}
    rows = in_year(rows_of(house.lots.book(house.policy.lots.household), day), day.year)
    try:
        typed = taxes.typed_in(day.year)
        found = year_to_date(rows, taxes.rates, year=day.year, typed=typed)
    except NoTaxData:
        return {}
    used = None
    if taxes.budgets.turnover is not None:
        used = turnover_of(house.journal, day.year)
    return dict(over_budget(found, taxes.budgets, turnover=used))
