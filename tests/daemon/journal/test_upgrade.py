"""A release up and one down: rows stay, an older program refuses politely, answers stay the same."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.answers.explain import explain
from daemon.demo.scorecard import differing_cycles
from daemon.journal import schema
from daemon.journal.audit import Verified, verify
from daemon.journal.errors import JournalTooNew, JournalTooOld
from daemon.journal.migrations import running
from daemon.journal.opening import open_journal_reader
from daemon.journal.replay import rebuild
from portfolio.events import Halted
from tests.daemon.journal.conftest import Place
from tests.daemon.journal.test_replay import STORY
from tests.support.journals import DOCUMENTS

OLDER = Path(__file__).parent / "stored" / "journal_older_order_of_gates.sqlite"
"""Made by a program of before the first release, which asked its gates in another order."""

NEXT_REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table("bench", sa.Column("name", sa.String(), primary_key=True))
    with op.batch_alter_table("leg") as legs:
        legs.add_column(sa.Column("desk", sa.String(), nullable=True))
"""


@contextmanager
def next_release(folder: Path) -> Iterator[None]:
    """The program of the next release, which knows one revision more than this one."""
    migrations = folder / "migrations"
    if not migrations.exists():
        shutil.copytree(Path(running.__file__).parent, migrations)
        (migrations / "versions" / "v0002_next.py").write_text(NEXT_REVISION)
    with pytest.MonkeyPatch.context() as changes:
        changes.setattr(running, "__file__", str(migrations / "running.py"))
        changes.setattr(schema, "CURRENT", "0002")
        yield


def test_the_next_release_upgrades_a_journal_and_this_one_then_leaves_it_alone(
    place: Place, tmp_path: Path
) -> None:
    journal = place.open()
    journal.append(*STORY, documents=DOCUMENTS)
    journal.anchor(place.clock.now())
    head = journal.head()
    place.close()

    with next_release(tmp_path):
        with pytest.raises(JournalTooOld, match=r"needs 0002: start the daemon once"):
            place.read()
        journal = place.open()
        assert schema.version_of(journal.database) == "0002"
        assert journal.head() == head
        assert isinstance(verify(journal), Verified)
        assert rebuild(journal) == ()
        journal.append(Halted(by="ann", reason="it goes on"))
        head = journal.head()
        place.close()

    for refused in (place.open, place.read):
        with pytest.raises(JournalTooNew, match=r"knows up to 0001: install the newer trimtab"):
            refused()

    with next_release(tmp_path):
        assert place.read().head() == head, "the older program has changed nothing"


def test_an_older_order_of_gates_is_the_same_decision_and_said_to_be_so(tmp_path: Path) -> None:
    file = Path(shutil.copy(OLDER, tmp_path / "journal.sqlite"))
    journal = open_journal_reader(file)
    looks = journal.cycles(limit=100)
    assert isinstance(verify(journal), Verified)
    assert differing_cycles(journal, looks) == ()
    told = {look.cycle: explain(journal, look.cycle).retold for look in looks}
    other_order = ("gates: asked in another order",)
    pace_by_account = (
        "verdict checks: 'pace' of main BND is asked anew",
        "verdict checks: 'pace' of main STK is asked anew",
        "verdict checks: 'pace' of BND is asked no more",
        "verdict checks: 'pace' of STK is asked no more",
    )
    other_words = ("verdict checks 'position sold' of main STK: in other words",)
    more_asked = (
        "verdict checks: 'repeats' of BND is asked anew",
        "verdict checks: 'cycles today' is asked anew",
    )
    assert told == {
        1: other_order,
        **dict.fromkeys((2, 3, 4), (*other_order, *pace_by_account, *other_words)),
        5: (),
        6: more_asked,
        7: (),
    }
    journal.close()
