"""Running Alembic inside the program: no alembic.ini, no env.py, one connection and transaction."""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring a journal's tables from where they are to `to`. The caller begins and commits."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: MigrationContext) -> object:
        return script._upgrade_revs(to, revision)

    if not connection.in_transaction():
        connection.begin()  # tells Alembic that the transaction is ours to end
    environment = EnvironmentContext(config, script, fn=steps)
    with environment:
        environment.configure(
            connection=connection,
            render_as_batch=connection.dialect.name == "sqlite",
            transactional_ddl=False,  # ours is open already
        )
        environment.run_migrations()
