"""The first schema: the record, what is made from it, the outbox and the ticks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_EXACT = sa.Text().with_variant(sa.Numeric(), "postgresql")
_NOT_DELIVERED = sa.text("delivered_at IS NULL")


def upgrade() -> None:
    """Make every table of an empty database."""
    _record()
    _decisions()
    _orders()
    _holdings()
    _signals()
    _outside()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _sqlite_triggers() if is_sqlite else _postgresql_triggers():
        op.execute(statement)


def _words(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _exact(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _EXACT, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _whole(name: str, *, autoincrement: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), autoincrement=autoincrement, nullable=False)


def _record() -> None:
    """The chain and the documents it refers to."""
    op.create_table(
        "audit",
        _whole("seq", autoincrement=False),
        _words("chain"),
        _words("at"),
        _words("actor"),
        _words("kind"),
        _words("body"),
        _words("prev"),
        _words("hash"),
        sa.CheckConstraint("seq >= 1", name="ck_audit_seq_from_one"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_kind_seq", "audit", ["kind", "seq"], unique=False)
    op.create_table(
        "document",
        _words("ref"),
        _words("body"),
        sa.PrimaryKeyConstraint("ref", name="pk_document"),
    )


def _decisions() -> None:
    """Looks, approvals and runs."""
    op.create_table(
        "cycle",
        _whole("cycle", autoincrement=False),
        _whole("seq"),
        _instant("at"),
        _day("session"),
        _words("decision"),
        _words("snapshot"),
        _words("policy"),
        _words("memory"),
        _words("limits"),
        sa.ForeignKeyConstraint(["snapshot"], ["document.ref"], name="fk_cycle_snapshot_document"),
        sa.ForeignKeyConstraint(["policy"], ["document.ref"], name="fk_cycle_policy_document"),
        sa.ForeignKeyConstraint(["memory"], ["document.ref"], name="fk_cycle_memory_document"),
        sa.ForeignKeyConstraint(["limits"], ["document.ref"], name="fk_cycle_limits_document"),
        sa.PrimaryKeyConstraint("cycle", name="pk_cycle"),
    )
    op.create_index("ix_cycle_at", "cycle", ["at"], unique=False)
    op.create_table(
        "approval",
        _whole("seq", autoincrement=False),
        _whole("cycle"),
        _words("proposal_hash"),
        _instant("requested_at"),
        _instant("expires_at"),
        _words("outcome", nullable=True),
        _words("ended_by", nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_approval"),
    )
    op.create_index("ix_approval_proposal_hash", "approval", ["proposal_hash"], unique=False)
    op.create_table(
        "run",
        _whole("number", autoincrement=False),
        _whole("seq"),
        _words("proposal_hash"),
        _words("accepted_by"),
        _words("body"),
        _words("outcome", nullable=True),
        _day("ended_in", nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_run"),
    )


def _orders() -> None:
    """Legs, fills and flows."""
    op.create_table(
        "leg",
        _words("client_order_id"),
        _whole("seq"),
        _whole("run"),
        _whole("cycle"),
        _whole("number"),
        _words("account"),
        _words("symbol"),
        _words("side"),
        _exact("quantity"),
        _exact("limit_price", nullable=True),
        _words("time_in_force"),
        _words("reason"),
        _words("state"),
        _instant("planned_at"),
        _whole("sends"),
        _instant("sent_at", nullable=True),
        _words("broker_order_id", nullable=True),
        _exact("filled_quantity"),
        _exact("filled_average_price", nullable=True),
        _words("note"),
        sa.PrimaryKeyConstraint("client_order_id", name="pk_leg"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_leg_run", "leg", ["run"], unique=False)
    op.create_index("ix_leg_state", "leg", ["state"], unique=False)
    op.create_table(
        "fill",
        _whole("seq", autoincrement=False),
        _words("account"),
        _words("execution_id"),
        _words("client_order_id", nullable=True),
        _words("broker_order_id"),
        _words("symbol"),
        _words("side"),
        _exact("quantity"),
        _exact("price"),
        _exact("fee"),
        _instant("at"),
        sa.PrimaryKeyConstraint("seq", name="pk_fill"),
        sa.UniqueConstraint("account", "execution_id", name="uq_fill_account_execution_id"),
    )
    op.create_index("ix_fill_client_order_id", "fill", ["client_order_id"], unique=False)
    op.create_table(
        "flow",
        _whole("seq", autoincrement=False),
        _words("account"),
        _words("flow_id"),
        _words("kind"),
        _exact("amount"),
        _day("day"),
        _words("symbol", nullable=True),
        _exact("ratio", nullable=True),
        _day("seen_session", nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_flow"),
        sa.UniqueConstraint("account", "flow_id", name="uq_flow_account_flow_id"),
    )


def _holdings() -> None:
    """What should be held."""
    op.create_table(
        "position",
        _words("account"),
        _words("symbol"),
        _exact("quantity"),
        sa.PrimaryKeyConstraint("account", "symbol", name="pk_position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lot",
        _words("account"),
        _words("symbol"),
        _whole("number", autoincrement=False),
        _words("lot_id"),
        _exact("quantity"),
        _day("acquired_on", nullable=True),
        _exact("unit_cost", nullable=True),
        sa.PrimaryKeyConstraint("account", "symbol", "number", name="pk_lot"),
        sqlite_with_rowid=False,
    )


def _signals() -> None:
    """Fences, alarms and halts."""
    op.create_table(
        "fence",
        _words("account"),
        _words("symbol"),
        _words("reason"),
        _whole("seq"),
        _instant("until", nullable=True),
        sa.PrimaryKeyConstraint("account", "symbol", "reason", name="pk_fence"),
    )
    op.create_table(
        "alarm",
        _words("name"),
        _words("scope"),
        _whole("seq"),
        _words("level"),
        _words("text"),
        sa.PrimaryKeyConstraint("name", "scope", name="pk_alarm"),
    )
    op.create_table(
        "halt",
        _whole("seq", autoincrement=False),
        _instant("at"),
        _words("by"),
        _words("reason"),
        _instant("resumed_at", nullable=True),
        _words("resumed_by", nullable=True),
        _words("resumed_reason", nullable=True),
        sa.PrimaryKeyConstraint("seq", name="pk_halt"),
    )


def _outside() -> None:
    """What stands beside the chain: the outbox and the ticks."""
    op.create_table(
        "notice",
        _whole("number"),
        _words("key"),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        _words("title"),
        _words("body"),
        _instant("queued_at"),
        _whole("tries"),
        _instant("next_try_at"),
        _instant("delivered_at", nullable=True),
        _words("last_error"),
        sa.PrimaryKeyConstraint("number", name="pk_notice"),
        sa.UniqueConstraint("key", name="uq_notice_key"),
    )
    op.create_index(
        "ix_notice_due",
        "notice",
        ["next_try_at"],
        unique=False,
        sqlite_where=_NOT_DELIVERED,
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "tick", _whole("number"), _instant("at"), sa.PrimaryKeyConstraint("number", name="pk_tick")
    )
    op.create_index("ix_tick_at", "tick", ["at"], unique=False)


_RECORD = ("audit", "document")

_SQLITE_AUDIT_INSERT = """
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
"""
_SQLITE_DOCUMENT_INSERT = """
CREATE TRIGGER document_no_replace BEFORE INSERT ON document
WHEN EXISTS (SELECT 1 FROM document WHERE ref = NEW.ref)
BEGIN SELECT RAISE(ABORT, 'document is append-only'); END
"""
_POSTGRESQL_REFUSE = """
CREATE FUNCTION trimtab_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$
"""


def _sqlite_triggers() -> list[str]:
    refusals = [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in _RECORD
        for verb in ("UPDATE", "DELETE")
    ]
    return [*refusals, _SQLITE_AUDIT_INSERT, _SQLITE_DOCUMENT_INSERT]


def _postgresql_triggers() -> list[str]:
    refusals = [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION trimtab_append_only()"
        for table in _RECORD
    ]
    return [_POSTGRESQL_REFUSE, *refusals]
