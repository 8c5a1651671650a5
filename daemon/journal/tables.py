"""The journal's tables. Private to this room: everyone else speaks the `Journal` port.

`audit` and `document` are the record; every other table is made from them and can be rebuilt.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Dialect,
    Index,
    Numeric,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from portfolio.canonical import decimal_text

SQLModel.metadata.naming_convention = {  # so that a migration can name what it changes
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = SQLModel.metadata

_CLUSTERED = {"sqlite_with_rowid": False}
"""Rows kept in their key's own tree: one page fewer to sync at each commit."""


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept digit by digit: TEXT on SQLite, NUMERIC without a scale on PostgreSQL.

    SQLModel's own decimal column is a float on SQLite. Refuses floats and what is not finite.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column of this database."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """To the database."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"{value!r} is {type(value).__name__}, not an exact decimal")
        shortest = decimal_text(value)
        return Decimal(shortest) if dialect.name == "postgresql" else shortest

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else Decimal(value)


class AuditRow(SQLModel, table=True):
    """One link of the chain. A database has one chain, so that its key alone forbids a fork."""

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq_from_one"),
        Index("ix_audit_kind_seq", "kind", "seq"),
    )
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    chain: str
    at: str
    actor: str
    kind: str
    body: str
    prev: str
    hash: str


class DocumentRow(SQLModel, table=True):
    """A value that events refer to, stored once under the digest of its text."""

    __tablename__ = "document"
    ref: str = Field(primary_key=True)
    body: str


class CycleRow(SQLModel, table=True):
    """Where a look stands in the chain; its decision is read from there."""

    __tablename__ = "cycle"
    cycle: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int
    at: datetime = Field(index=True)
    session: date
    decision: str
    snapshot: str = Field(foreign_key="document.ref")
    policy: str = Field(foreign_key="document.ref")
    memory: str = Field(foreign_key="document.ref")
    limits: str = Field(foreign_key="document.ref")


class ApprovalRow(SQLModel, table=True):
    """A proposal that was put to a person; `outcome` is null while it waits."""

    __tablename__ = "approval"
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    cycle: int
    proposal_hash: str = Field(index=True)
    requested_at: datetime
    expires_at: datetime
    outcome: str | None = None
    ended_by: str | None = None


class RunRow(SQLModel, table=True):
    """An accepted plan; `outcome` is null while it is under way, and one only can be."""

    __tablename__ = "run"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int
    proposal_hash: str
    accepted_by: str
    body: str
    outcome: str | None = None
    ended_in: date | None = None


class LegRow(SQLModel, table=True):
    """One order of ours as it stands."""

    __tablename__ = "leg"
    __table_args__ = (
        Index("ix_leg_run", "run"),
        Index("ix_leg_state", "state"),
        _CLUSTERED,
    )
    client_order_id: str = Field(primary_key=True)
    seq: int
    run: int
    cycle: int
    number: int
    account: str
    symbol: str
    side: str
    quantity: Decimal = Field(sa_type=ExactDecimal)
    limit_price: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    time_in_force: str
    reason: str
    state: str
    planned_at: datetime
    sends: int
    sent_at: datetime | None = None
    broker_order_id: str | None = None
    filled_quantity: Decimal = Field(sa_type=ExactDecimal)
    filled_average_price: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    note: str


class FillRow(SQLModel, table=True):
    """One execution, booked once for its id and account."""

    __tablename__ = "fill"
    __table_args__ = (UniqueConstraint("account", "execution_id"),)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account: str
    execution_id: str
    client_order_id: str | None = Field(default=None, index=True)
    broker_order_id: str
    symbol: str
    side: str
    quantity: Decimal = Field(sa_type=ExactDecimal)
    price: Decimal = Field(sa_type=ExactDecimal)
    fee: Decimal = Field(sa_type=ExactDecimal)
    at: datetime


class FlowRow(SQLModel, table=True):
    """One movement without an order, booked once for its id and account."""

    __tablename__ = "flow"
    __table_args__ = (UniqueConstraint("account", "flow_id"),)
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    account: str
    flow_id: str
    kind: str
    amount: Decimal = Field(sa_type=ExactDecimal)
    day: date
    symbol: str | None = None
    ratio: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    seen_session: date | None = None


class PositionRow(SQLModel, table=True):
    """What an account should hold. Gone when zero, negative when more was sold than we knew of."""

    __tablename__ = "position"
    __table_args__ = _CLUSTERED
    account: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    quantity: Decimal = Field(sa_type=ExactDecimal)


class LotRow(SQLModel, table=True):
    """One lot; `number` keeps the order of acquisition within the symbol."""

    __tablename__ = "lot"
    __table_args__ = _CLUSTERED
    account: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    lot_id: str
    quantity: Decimal = Field(sa_type=ExactDecimal)
    acquired_on: date | None = None
    unit_cost: Decimal | None = Field(default=None, sa_type=ExactDecimal)


class FenceRow(SQLModel, table=True):
    """One reason not to trade a symbol. Several reasons stand beside each other."""

    __tablename__ = "fence"
    account: str = Field(primary_key=True)
    symbol: str = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    seq: int
    until: datetime | None = None


class AlarmRow(SQLModel, table=True):
    """An alarm that is not cleared."""

    __tablename__ = "alarm"
    name: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    seq: int
    level: str
    text: str


class HaltRow(SQLModel, table=True):
    """A halt, and who ended it."""

    __tablename__ = "halt"
    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime
    by: str
    reason: str
    resumed_at: datetime | None = None
    resumed_by: str | None = None
    resumed_reason: str | None = None


WAITING = text("delivered_at IS NULL")
"""The index of notices holds only these; the schema says so to PostgreSQL, whose dialect would
otherwise be loaded by every daemon."""


class NoticeRow(SQLModel, table=True):
    """A message in the outbox."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_due", "next_try_at", sqlite_where=WAITING),)
    number: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    urgent: bool
    title: str
    body: str
    queued_at: datetime
    tries: int
    next_try_at: datetime
    delivered_at: datetime | None = None
    last_error: str


class TickRow(SQLModel, table=True):
    """The daemon was here. Outside the chain, pruned."""

    __tablename__ = "tick"
    number: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)


def _table(row: type[SQLModel]) -> Table:
    table: Table = row.__table__  # type: ignore[attr-defined]
    return table


AUDIT, DOCUMENT, CYCLE = _table(AuditRow), _table(DocumentRow), _table(CycleRow)
APPROVAL, RUN, LEG = _table(ApprovalRow), _table(RunRow), _table(LegRow)
FILL, FLOW, POSITION, LOT = _table(FillRow), _table(FlowRow), _table(PositionRow), _table(LotRow)
FENCE, ALARM, HALT = _table(FenceRow), _table(AlarmRow), _table(HaltRow)
NOTICE, TICK = _table(NoticeRow), _table(TickRow)

PROJECTIONS = (CYCLE, APPROVAL, RUN, LEG, FILL, FLOW, POSITION, LOT, FENCE, ALARM, HALT)
"""What can be thrown away and made again from the chain."""
