"""Where the household's slices would lie best, in one sentence, once their drag is typed in."""

from policies.book import Book
from policies.explain import money
from policies.taxes.location import Place, best_location, yearly_drag
from policies.taxes.planning_rule import PlanningRule
from portfolio.money import ZERO, Money, Weight, value_of


def location_note(book: Book, rule: PlanningRule) -> tuple[str, ...]:
    """What location costs a year now and at best (AL-2), for accounts that trade; empty without drag.

    Location alone never sells a taxed gain: the sentence is for knowing, and the planner weighs it in
    every trade that it makes anyway.
    """
    drags = {key: rule.location_drag.get(key, ZERO) for key in book.values}
    if not any(drags.values()):
        return ()
    trading = [a for a in book.snapshot.accounts if a.account.can_trade]
    held: dict[tuple[str, str], Money] = {}
    for account in trading:
        for position in account.positions:
            if position.symbol in book.prices:
                place = (account.account.id, book.key_of(position.symbol))
                worth = value_of(position.quantity, book.prices[position.symbol])
                held[place] = Money(held.get(place, ZERO) + worth)
    names = {account.account.id: account.account.kind for account in trading}
    places = tuple(
        Place(
            name=name,
            kind=kind,
            value=Money(sum((v for (where, _), v in held.items() if where == name), ZERO)),
        )
        for name, kind in names.items()
    )
    goals = sum(book.goals.values(), ZERO)
    target = {key: Weight(goal / goals) for key, goal in book.goals.items()}
    best = best_location(target, places, drags, dict.fromkeys(drags, ZERO))
    now, then = yearly_drag(held, places, drags), yearly_drag(best, places, drags)
    text = (
        f"location: what the taxable accounts hold pays {money(now)} of tax a year; the target at"
        f" its best places would pay {money(then)}"
    )
    return (text,)
