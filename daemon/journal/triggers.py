"""What makes the record append-only: the database itself refuses to change a row of it."""

from sqlalchemy import Connection

RECORD = ("audit", "document")

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


def create_triggers(connection: Connection) -> None:
    """Refuse UPDATE, DELETE, REPLACE and TRUNCATE on the record."""
    statements = _sqlite() if connection.dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        connection.exec_driver_sql(statement)


def _sqlite() -> list[str]:
    refusals = [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in RECORD
        for verb in ("UPDATE", "DELETE")
    ]
    return [*refusals, _SQLITE_AUDIT_INSERT, _SQLITE_DOCUMENT_INSERT]


def _postgresql() -> list[str]:
    refusals = [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION trimtab_append_only()"
        for table in RECORD
    ]
    return [_POSTGRESQL_REFUSE, *refusals]
