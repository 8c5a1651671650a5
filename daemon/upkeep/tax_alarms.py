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


def look_at_taxes(house: House) -> None:
    """Tell once of each budget that is used up or nearly, and of a declaration near its end.

    What is over is cleared: a new year, a larger budget, a new date.
    """
    day = exchange_day(house.clock.now())
    said = declaration_told(house.policy.harvest, day)
    open_alarms = house.journal.open_alarms()
    for name, texts in (
        ("harvest declaration", {"": said} if said else {}),
        ("tax budget", budgets_told(house, day)),
    ):
        known = {a.scope: a.text for a in open_alarms if a.name == name}
        for scope, text in texts.items():
            if scope not in known:
                _raise(house, name, scope, text)
        for scope in known:
            if scope not in texts:
                house.journal.append(AlarmCleared(name=name, scope=scope))


def _raise(house: House, name: str, scope: str, text: str) -> None:
    if name == "tax budget":
        alarm = Alarm(name="tax budget", level="info", text=text, scope=scope)
    else:
        alarm = Alarm(name="harvest declaration", level="info", text=text, scope=scope)
    house.journal.append(alarm)


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
