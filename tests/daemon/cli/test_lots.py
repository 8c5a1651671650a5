"""`trimtab lots` and `trimtab ticket`: a person's lots into the journal, and trades done elsewhere."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.observe import observe
from daemon.requests.acting import serve_request
from daemon.requests.lots import ticket_subject
from daemon.requests.spool import Request, done, take_requests
from daemon.screens.sentences import tell
from daemon.taxes.ledger import JournalLedger
from policies.taxes.reporting import recent_losses
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import Account, AccountKind
from portfolio.decisions import Proposal
from portfolio.lot_events import LotsImported, TicketAnswered
from portfolio.lots import Lot
from portfolio.money import Money, Price, Quantity
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot
from tests.support.command_line import trimtab
from tests.support.house import Rig, build_rig, table
from tests.support.households import stocks_and_bonds

DAYS = tuple(date(2026, 3, 2) + timedelta(days=i) for i in range(12))
CONFIG = """
mode = "paper"
[household]
name = "core"
[[accounts]]
id = "main"
broker = "simulated"
[[accounts]]
id = "plan"
broker = "held_elsewhere"
kind = "tax_deferred"
owner = "anna"
tickets = true
cash_usd = 10_000
positions = { BND = 10 }
[[slices]]
name = "stk"
weight_percent = 60
symbol = "STK"
[[slices]]
name = "bnd"
weight_percent = 40
symbol = "BND"
"""
LOTS = """\
account,symbol,quantity,acquired,basis
main,STK,300,2020-05-04,24000
main,STK,300,2026-02-02,33000
main,BND,400,,
plan,BND,25,2024-01-02,2000
"""


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """600 stocks and 400 bonds at 100, an average cost of 95 for the stocks, and a plan elsewhere."""
    (tmp_path / "trimtab.toml").write_text(CONFIG)
    made = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        stocks_and_bonds(),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "95"},
    )
    plan = Account(
        id="plan",
        broker="held_elsewhere",
        kind=AccountKind.TAX_DEFERRED,
        owner="anna",
        tickets=True,
    )
    cash = Money(Decimal(10_000))
    made.house.accounts = (*made.house.accounts, plan)
    made.house.held_elsewhere = (AccountSnapshot(account=plan, cash=cash, settled_cash=cash),)
    made.house.lots = JournalLedger(made.journal)
    return made


def serve(rig: Rig, folder: Path) -> None:
    """What the running daemon does with its spool."""
    for request in take_requests(folder):
        serve_request(rig.house, rig.watch, request)
        done(request)


def say(folder: Path, *words: str | Path) -> str:
    """A command on this household that ends well."""
    said = trimtab(*words, "--config", folder / "trimtab.toml", "--state", folder)
    assert said.code == 0, said.err
    return said.out


def import_lots(rig: Rig, folder: Path, text: str = LOTS) -> str:
    (folder / "lots.csv").write_text(text)
    told = say(folder, "lots", "import", folder / "lots.csv")
    serve(rig, folder)
    return told


def ledger(rig: Rig, account: str = "main") -> list[tuple[str, Decimal, Decimal | None]]:
    assert rig.house.lots is not None
    book = rig.house.lots.book(rig.house.policy.lots.household)
    return [(lot.symbol, lot.quantity, lot.basis) for lot in book.lots_of(account)]


def test_before_an_import_lots_have_the_brokers_average_cost_and_no_date(rig: Rig) -> None:
    assert ledger(rig) == [("BND", 400, None), ("STK", 600, 57000)]


def test_imported_lots_replace_what_was_known_and_reach_the_next_look(
    rig: Rig, tmp_path: Path
) -> None:
    told = import_lots(rig, tmp_path)
    assert told.startswith("Handed over 4 lots of main, plan")
    assert ledger(rig) == [("STK", 300, 24000), ("STK", 300, 33000), ("BND", 400, None)]
    rig.look(DAYS[0])
    main, plan = observe(rig.house).accounts
    stocks = [lot for lot in main.lots if lot.symbol == "STK"]
    assert [lot.acquired_on for lot in stocks] == [date(2020, 5, 4), date(2026, 2, 2)]
    assert [(p.symbol, p.quantity) for p in plan.positions] == [("BND", 25)]
    assert all(isinstance(lot, Lot) for lot in plan.lots)


def test_an_import_is_booked_once_and_one_that_was_changed_on_the_way_not_at_all(
    rig: Rig, tmp_path: Path
) -> None:
    import_lots(rig, tmp_path)
    import_lots(rig, tmp_path)
    assert len(rig.journal.events("lots_imported")) == 1
    (tmp_path / "lots.csv").write_text(LOTS.replace("24000", "25000"))
    say(tmp_path, "lots", "import", tmp_path / "lots.csv")
    for file in (tmp_path / "imports").glob("*.json"):
        file.write_text(file.read_text().replace("25000", "1"))
    serve(rig, tmp_path)
    assert len(rig.journal.events("lots_imported")) == 1


def test_a_history_up_to_the_adoption_gives_the_holdings_their_lots(
    rig: Rig, tmp_path: Path
) -> None:
    """500 of the 600 stocks are explained; a hundred stay at the broker's average, the first in."""
    import_lots(
        rig,
        tmp_path,
        "date,type,account,symbol,quantity,amount\n"
        "2020-05-04,buy,main,STK,800,64000\n"
        "2024-05-04,sell,main,STK,300,30000\n"
        "2026-03-09,buy,main,STK,7,700\n",
    )
    assert ledger(rig) == [
        ("STK", 500, 40000),
        ("BND", 400, None),
        ("STK", 100, 9500),
    ]


def test_a_person_sees_terms_relief_and_what_does_not_agree(rig: Rig, tmp_path: Path) -> None:
    import_lots(rig, tmp_path, LOTS.replace("33000", "33600"))
    rig.look(DAYS[0])
    found = json.loads(say(tmp_path, "lots", "--json"))
    terms = {lot["acquired"]: (lot["term"], lot["days_to_long_term"]) for lot in found["lots"]}
    assert terms["2020-05-04"] == ("LT", 0)
    out = say(tmp_path, "lots")
    assert "plan (tax-deferred, anna)" in out
    assert "this broker cannot be told which, so mintax is not used" in out
    assert "STK: the lots cost 96.0000 a unit, the broker's average is 95.0000." in out
    assert "BND: the basis of 400 of 400 units is not known." in out
    assert "main (" not in say(tmp_path, "lots", "--account", "plan")


def test_lots_of_an_unknown_account_and_files_of_something_else_are_refused(
    rig: Rig, tmp_path: Path
) -> None:
    config = ("--config", tmp_path / "trimtab.toml", "--state", tmp_path)
    file = tmp_path / "lots.csv"
    for text, sentence in (
        (LOTS.replace("plan", "other"), "has no account 'other'"),
        ("a,b\n1,2\n", "the header must begin account,symbol,quantity"),
        (LOTS.replace("24000", "dear"), "row 1: 'dear' is not a number"),
        (LOTS.replace("2020-05-04", "May"), "'May' is no date"),
    ):
        file.write_text(text)
        said = trimtab("lots", "import", file, *config)
        assert said.code == 78
        assert sentence in said.err
    assert trimtab("lots", "--account", "other", *config).code == 2
    file.write_text(LOTS)
    assert "Nothing was taken" in trimtab("lots", "import", file, "--dry-run", *config).out
    assert not take_requests(tmp_path)


def with_a_ticket(rig: Rig) -> str:
    """The plan elsewhere has 10,000 in cash: a look proposes what to buy there; the ticket's name."""
    outcome = rig.look(DAYS[0])
    assert isinstance(outcome.decision, Proposal)
    tickets = [leg for leg in outcome.decision.advice if leg.intent.account == "plan"]
    assert tickets
    assert all(leg.intent.account != "plan" for leg in outcome.decision.legs)
    return f"{outcome.cycle}-1"


def test_a_ticket_is_shown_confirmed_once_and_its_lot_is_booked(rig: Rig, tmp_path: Path) -> None:
    name = with_a_ticket(rig)
    listed = json.loads(say(tmp_path, "ticket", "--json"))
    order = next(t["order"] for t in listed if t["ticket"] == name)
    assert f"Ticket {name}, plan" in say(tmp_path, "ticket")
    for _ in range(2):
        config = ("--config", tmp_path / "trimtab.toml", "--state", tmp_path)
        trimtab(
            "ticket",
            "confirm",
            name,
            "--price",
            "101",
            "--quantity",
            "5",
            "--on",
            "2026-03-02",
            *config,
        )
        serve(rig, tmp_path)
    assert ledger(rig, "plan") == [(order["symbol"], 5, 505)]
    assert name not in {t["ticket"] for t in json.loads(say(tmp_path, "ticket", "--json"))}


def test_a_declined_ticket_is_gone_and_books_nothing(rig: Rig, tmp_path: Path) -> None:
    name = with_a_ticket(rig)
    assert say(tmp_path, "ticket", "decline", name).startswith(f"Declined {name}")
    serve(rig, tmp_path)
    assert ledger(rig, "plan") == []
    said = trimtab(
        "ticket", "decline", name, "--config", tmp_path / "trimtab.toml", "--state", tmp_path
    )
    assert said.code == 1
    assert "see `trimtab ticket`" in said.err


def test_a_purchase_done_elsewhere_washes_a_loss_taken_here(rig: Rig, tmp_path: Path) -> None:
    """200 stocks lost 5 each; anna's plan buys 50 of them within the month: 250 are lost for good."""
    family = TaxHousehold(accounts={"plan": TaxAccount(taxable=False, spouse=True)})
    assert rig.house.lots is not None
    import_lots(
        rig,
        tmp_path,
        "date,type,account,symbol,quantity,amount\n"
        "2020-05-04,buy,main,STK,800,84000\n"
        "2026-02-20,sell,main,STK,200,20000\n",
    )
    (loss,) = recent_losses(rig.house.lots.book(family), DAYS[8])
    assert (loss.quantity, loss.loss, loss.first_safe_day) == (200, 1000, date(2026, 3, 23))
    say(tmp_path, "ticket", "record", "plan", "buy", "STK", "50", "100", "--on", "2026-03-09")
    serve(rig, tmp_path)
    (piece,) = rig.house.lots.book(family).slices
    assert (piece.disallowed, piece.permanently_lost, piece.recognised) == (250, 250, -750)
    (bought,) = rig.house.lots.book(family).lots_of("plan")
    assert (bought.quantity, bought.basis) == (50, 5000)


def test_a_trade_in_an_account_of_ours_is_no_ticket(rig: Rig, tmp_path: Path) -> None:
    said = trimtab(
        *("ticket", "record", "main", "buy", "STK", "1", "1"),
        *("--config", tmp_path / "trimtab.toml", "--state", tmp_path),
    )
    assert said.code == 2
    assert "'main' is no account held elsewhere (plan)" in said.err


def test_a_wash_is_allowed_for_more_than_it_costs_and_recorded(rig: Rig, tmp_path: Path) -> None:
    """The lot of 2026 stands 3,000 under its cost: at 40.8 %, put off by ten years, 540.52 of tax."""
    import_lots(rig, tmp_path)
    rig.look(DAYS[0])
    words = ("lots", "allow", "stk", "--account", "main", "--reason", "a plan of mine", "--json")
    refused = trimtab(
        *words, "--worth-usd", "500", "--config", tmp_path / "trimtab.toml", "--state", tmp_path
    )
    assert refused.code == 2
    assert "costs about 540.52 USD of tax" in refused.err
    found = json.loads(say(tmp_path, *words, "--worth-usd", "600"))
    assert (found["symbol"], found["cost"]) == ("STK", "540.52")
    serve(rig, tmp_path)
    (row,) = rig.journal.events("wash_allowed")
    assert row.event.kind == "wash_allowed"
    assert "allows wash sales of STK in main" in tell(row.event).text


def test_a_worth_that_is_no_number_is_refused(rig: Rig, tmp_path: Path) -> None:
    words = ("lots", "allow", "STK", "--account", "main", "--worth-usd", "inf", "--reason", "x")
    said = trimtab(*words, "--config", tmp_path / "trimtab.toml", "--state", tmp_path)
    assert said.code != 0
    assert "worth to you in USD" in said.err


def test_whose_wash_is_meant_must_be_said(rig: Rig, tmp_path: Path) -> None:
    words = ("lots", "allow", "STK", "--worth-usd", "1", "--reason", "x")
    said = trimtab(*words, "--config", tmp_path / "trimtab.toml", "--state", tmp_path)
    assert said.code != 0
    assert "Say which account with --account; there are: main, plan." in said.err


def test_lots_that_a_ticket_named_are_the_ones_that_leave_the_ledger(rig: Rig) -> None:
    rows = tuple(
        {"type": "transfer_in", "account": "plan", "symbol": "STK", "quantity": "10", "id": name}
        | {"acquired": day, "date": day, "amount": amount}
        for name, day, amount in (("a", "2020-01-02", "500"), ("b", "2021-01-04", "900"))
    )
    rig.journal.append(LotsImported(source="plan.csv", form="positions", rows=rows))
    answer = TicketAnswered(
        ticket="",
        account="plan",
        symbol="STK",
        side=Side.SELL,
        quantity=Quantity(Decimal(4)),
        price=Price(Decimal(100)),
        day=DAYS[1],
        done=True,
        lots={"b": Quantity(Decimal(4))},
    )
    request = Request(kind="ticket", by="ann", subject=ticket_subject(answer), at=rig.clock.now())
    serve_request(rig.house, rig.watch, request)
    assert ledger(rig, "plan") == [("STK", 10, 500), ("STK", 6, 540)]
