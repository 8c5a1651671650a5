"""What must fit together: weights, bands, names, brokers and their keys; private to this room.

Each check yields every problem it finds, as path, what was found, what to write instead. Tables that
did not validate on their own are None and are left out.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from config.bands import band_of, default_band
from config.models import AccountTable, Document, EventTable, NoticesTable, SliceTable
from config.places import Path
from config.problems import list_in_words, plain_number, quoted
from portfolio.money import ZERO, Weight
from portfolio.target import CASH, Band, BandRule

Finding = tuple[Path, str, str]
HUNDRED = Decimal(100)
DEEPEST = 8
MOST_SLICES = 2000
MOST_ACCOUNTS = 200

_FLOORS = ("floor_usd", "floor_spending_months", "monthly_spending_usd")
_KEYS_OF_BROKER = {
    "alpaca": ("keys_file", "account_number", "feed", "timeout_seconds", "server_url"),
    "simulated": ("starting_cash_usd", "starting_positions"),
    "held_elsewhere": ("cash_usd", "positions"),
}


def check_slices(
    slices: Sequence[SliceTable | None], document: Document | None
) -> Iterator[Finding]:
    """The tree: names, symbols, parents, roles, sums; then bands and cash when the tree stands."""
    if not slices:
        yield (
            ("slices",),
            "there is no slice",
            "Add [[slices]] with name, weight_percent and symbol",
        )
        return
    if len(slices) > MOST_SLICES:
        yield ("slices",), f"there are {len(slices)} slices", f"Write at most {MOST_SLICES}"
        return
    lost = list(_parents(slices))
    findings = [*_names(slices), *_symbols(slices), *lost, *_roles(slices), *_floors(slices)]
    yield from findings
    whole = [s for s in slices if s is not None]
    if len(whole) == len(slices) and not lost:
        sums = list(_sums(whole))
        yield from sums
        if not findings and not sums:
            yield from _bands(whole, document)
    if document is not None:
        yield from _cash(whole, document)


def _names(slices: Sequence[SliceTable | None]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for i, node in enumerate(slices):
        if node is None:
            continue
        if node.name in first:
            yield (
                ("slices", i, "name"),
                f'"{node.name}" is the name of slices[{first[node.name] + 1}] too',
                "Give each slice a name of its own",
            )
        first.setdefault(node.name, i)


def _symbols(slices: Sequence[SliceTable | None]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for i, node in enumerate(slices):
        if node is None or (node.symbol is None and not node.substitutes):
            continue
        if node.symbol is None:
            yield (
                ("slices", i, "substitutes"),
                f'slice "{node.name}" has substitutes, but no symbol that they stand for',
                "Add symbol = the one that is bought",
            )
        for place, symbol in enumerate((node.symbol, *node.substitutes)):
            if symbol is None:
                continue
            if symbol in first:
                yield (
                    ("slices", i, "substitutes" if place else "symbol"),
                    f'{symbol} is in slice "{first[symbol]}" already',
                    "Keep each symbol in one slice and add the weights up",
                )
            first.setdefault(symbol, node.name)


def _parents(slices: Sequence[SliceTable | None]) -> Iterator[Finding]:
    if any(node is None for node in slices):
        return
    parents = {node.name: node.parent for node in slices if node is not None}
    for i, node in enumerate(slices):
        if node is None or node.parent is None:
            continue
        if node.parent not in parents:
            yield (
                ("slices", i, "parent"),
                f'there is no slice called "{node.parent}"',
                f"Write {quoted(sorted(set(parents) - {node.name}))}, or add that slice",
            )
            continue
        at: str | None = node.parent
        for _ in range(DEEPEST):
            at = None if at is None else parents.get(at)
        if at is not None:
            yield (
                ("slices", i, "parent"),
                f'the parents of "{node.name}" go round in a circle or deeper than {DEEPEST} levels',
                "Name a parent that is nearer to the top",
            )


def _roles(slices: Sequence[SliceTable | None]) -> Iterator[Finding]:
    if any(node is None for node in slices):
        return
    groups = {node.parent for node in slices if node is not None}
    cash: list[str] = []
    for i, node in enumerate(slices):
        if node is None:
            continue
        roles = [
            said
            for said, is_so in (
                (f"symbol = {node.symbol}", node.symbol is not None),
                ("slices under it", node.name in groups),
                ("cash = true", node.cash),
            )
            if is_so
        ]
        if len(roles) > 1:
            has = list_in_words(roles, "and")
            yield ("slices", i), f'slice "{node.name}" has {has}', "Keep one of them"
        elif node.name == CASH and not node.cash:
            yield (
                ("slices", i, "name"),
                f'"{CASH}" is the name of the slice that is cash',
                "Add cash = true, or give it another name",
            )
        elif not roles:
            yield (
                ("slices", i),
                f'slice "{node.name}" holds nothing',
                f'Add symbol = "...", or slices with parent = "{node.name}", or cash = true',
            )
        if node.cash:
            cash.append(node.name)
            if len(cash) > 1:
                yield (
                    ("slices", i, "cash"),
                    f'slice "{cash[0]}" is the cash slice already',
                    "Keep one cash slice",
                )


def _sums(slices: Sequence[SliceTable]) -> Iterator[Finding]:
    members: dict[str | None, list[int]] = defaultdict(list)
    for i, node in enumerate(slices):
        members[node.parent].append(i)
    for parent, indexes in members.items():
        weights = [slices[i].weight_percent for i in indexes]
        off = sum(weights, ZERO) - HUNDRED
        if off == ZERO:
            continue
        where = "the slices without a parent" if parent is None else f'the slices under "{parent}"'
        parts = " + ".join(plain_number(w) for w in weights[:12]) + (" + …" if weights[12:] else "")
        shown_sum = f"{plain_number(sum(weights, ZERO))} %" + (f" ({parts})" if weights[1:] else "")
        yield (
            ("slices", indexes[-1], "weight_percent"),
            (
                f"{where} sum to {shown_sum}, "
                f"{plain_number(abs(off))} % too {'much' if off > 0 else 'little'}"
            ),
            "Change weight_percent so that they sum to exactly 100 %",
        )


def _bands(slices: Sequence[SliceTable], document: Document | None) -> Iterator[Finding]:
    """A band whose lower edge lies below nothing can never fire on that side."""
    by_name = {node.name: node for node in slices}
    general = None if document is None else document.rebalance
    base = Band() if general is None else default_band(general)
    general_is_given = general is not None and bool(
        general.model_fields_set & {"band_points", "band_relative_percent", "band_rule"}
    )
    for i, node in enumerate(slices):
        if node.cash and node.band_points is None and node.band_relative_percent is None:
            continue
        weight = _portfolio_percent(node, by_name)
        own = None if general is None else band_of(node, base, general)
        if own is None and not general_is_given:
            continue
        width = _width_percent(own or base, weight, with_floor=own is not None)
        if width <= weight:
            continue
        whose = "its band" if own is not None else "the band of [rebalance]"
        key = "band_points" if own is not None and node.band_points is not None else "band_rule"
        path: Path = ("slices", i, key) if own is not None else ("slices", i)
        yield (
            path,
            (
                f'slice "{node.name}" is {plain_number(weight)} % of the portfolio and {whose} '
                f"{plain_number(width)} points wide: it could never fire below"
            ),
            f"Give it band_points of less than {plain_number(weight)}, or band_relative_percent",
        )


def _width_percent(band: Band, weight: Decimal, *, with_floor: bool) -> Decimal:
    widths = []
    if band.points is not None:
        widths.append(band.points * HUNDRED)
    if band.relative is not None:
        widths.append(band.relative * weight)
    others = [width for width in (band.by_volatility, band.by_cost) if width is not None]
    widths += [other.half_width(Weight(weight / HUNDRED)) * HUNDRED for other in others]
    width = min(widths) if band.rule is BandRule.NARROWER else max(widths)
    return max(width, band.floor * HUNDRED) if with_floor and band.points is None else width


def _portfolio_percent(node: SliceTable, by_name: dict[str, SliceTable]) -> Decimal:
    weight, at = node.weight_percent, node
    while at.parent is not None:
        at = by_name[at.parent]
        weight = weight * at.weight_percent / HUNDRED
    return Weight(weight)


def _floors(slices: Sequence[SliceTable | None]) -> Iterator[Finding]:
    """A floor is the cash slice's, and months of spending need to know what a month costs."""
    for i, node in enumerate(slices):
        if node is None:
            continue
        named = [k for k in _FLOORS if getattr(node, k) is not None]
        if named and not node.cash:
            yield (
                ("slices", i, named[0]),
                f'slice "{node.name}" is not cash, so that it has no floor',
                "Write it in the slice with cash = true",
            )
        elif (node.floor_spending_months is None) != (node.monthly_spending_usd is None):
            missing = next(k for k in _FLOORS[1:] if k not in named)
            yield (
                ("slices", i, missing),
                "months of spending need both keys",
                "Add floor_spending_months = 6 and monthly_spending_usd = 4000",
            )


def _cash(slices: Sequence[SliceTable], document: Document) -> Iterator[Finding]:
    named = next((node.name for node in slices if node.cash), None)
    if named is not None and "cash_buffer_percent" in document.rebalance.model_fields_set:
        yield (
            ("rebalance", "cash_buffer_percent"),
            f'cash has a slice of its own, "{named}", so there is no buffer beside it',
            "Remove cash_buffer_percent, or remove that slice",
        )


def check_accounts(
    accounts: Sequence[AccountTable | None], *, has_simulation: bool
) -> Iterator[Finding]:
    """Ids, brokers, and keys that belong to another broker."""
    if len(accounts) > MOST_ACCOUNTS:
        yield ("accounts",), f"there are {len(accounts)} accounts", f"Write at most {MOST_ACCOUNTS}"
        return
    first: dict[str, int] = {}
    for i, account in enumerate(accounts):
        if account is None:
            continue
        if account.id in first:
            yield (
                ("accounts", i, "id"),
                f'"{account.id}" is the id of accounts[{first[account.id] + 1}] too',
                "Give each account an id of its own",
            )
        first.setdefault(account.id, i)
        yield from _foreign_keys(i, account)
    if any(account is None for account in accounts):
        return
    brokers = {account.broker for account in accounts if account is not None}
    if not brokers & {"alpaca", "simulated"}:
        yield (
            ("accounts",),
            "no account can be traded",
            'Add [[accounts]] with broker = "alpaca" or broker = "simulated"',
        )
    if {"alpaca", "simulated"} <= brokers:
        yield (
            ("accounts",),
            "one household mixes simulated accounts with real ones",
            "Write a configuration of its own for the simulated accounts",
        )
    if has_simulation and "simulated" not in brokers:
        yield (
            ("simulation",),
            'there is no account with broker = "simulated"',
            "Remove [simulation], or add such an account",
        )


def _foreign_keys(i: int, account: AccountTable) -> Iterator[Finding]:
    for broker, keys in _KEYS_OF_BROKER.items():
        if broker == account.broker:
            continue
        for key in keys:
            if key in account.model_fields_set:
                yield (
                    ("accounts", i, key),
                    (
                        f'it belongs to broker = "{broker}", and this account has '
                        f'broker = "{account.broker}"'
                    ),
                    "Remove it, or change the broker",
                )


def check_notices(notices: NoticesTable) -> Iterator[Finding]:
    """Each channel has what it needs, once."""
    for name, key in (("file", "file"), ("apprise", "apprise_file")):
        if name in notices.channels and getattr(notices, key) is None:
            yield (
                ("notices", key),
                f'channel "{name}" needs it',
                f'Add {key} = "FILE", or take "{name}" out of channels',
            )
    for name, key in (("file", "file"), ("apprise", "second_apprise_file")):
        if name in notices.second_channels and getattr(notices, key) is None:
            yield (
                ("notices", key),
                f'second channel "{name}" needs it',
                f'Add {key} = "FILE", or take "{name}" out of second_channels',
            )
    if len(set(notices.channels)) < len(notices.channels):
        yield ("notices", "channels"), "a channel is listed twice", "List each channel once"


_EVENT_NEEDS = {
    "deposit": ("amount_usd",),
    "withdrawal": ("amount_usd",),
    "dividend": ("symbol", "amount_usd"),
    "lost_answer": (),
    "split": ("symbol", "ratio"),
    "rename": ("symbol", "to"),
}
_QUOTE_NEEDS = ("symbol",)
_EXAMPLES = {
    "amount_usd": "amount_usd = 1000",
    "symbol": 'symbol = "VTI"',
    "ratio": "ratio = 2",
    "to": 'to = "VTX"',
}


def check_simulation(
    document: Document,
) -> Iterator[Finding]:
    """Dates in order, and each event with what its kind needs."""
    market = document.simulation
    if market is None:
        return
    if market.start is not None and market.end is not None and market.end <= market.start:
        yield (
            ("simulation", "end"),
            f"{market.end} is not after the start, {market.start}",
            "Write a later date, or leave it out",
        )
    ids = [account.id for account in document.accounts if account.broker == "simulated"]
    for i, event in enumerate(market.events):
        yield from _event(("simulation", "events", i), event, ids)


def _event(path: Path, event: EventTable, ids: Sequence[str]) -> Iterator[Finding]:
    for key in _EVENT_NEEDS.get(event.kind, _QUOTE_NEEDS):
        if getattr(event, key) is None:
            yield (*path, key), f'an event of kind "{event.kind}" needs it', f"Add {_EXAMPLES[key]}"
    if event.kind not in ("deposit", "withdrawal"):
        return
    if event.account is None and len(ids) > 1:
        yield (
            (*path, "account"),
            "there are several accounts",
            f"Add account = {quoted(ids)}",
        )
    elif event.account is not None and event.account not in ids:
        yield (
            (*path, "account"),
            f'there is no simulated account "{event.account}"',
            f"Write {quoted(ids)}",
        )
