"""What several rooms of the daemon's tests share."""

from collections.abc import Iterator

import pytest

from tests.support.postgres_server import NAMED, is_there, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of one PostgreSQL for all tests of this process, each in a schema of its own."""
    if not is_there():
        pytest.skip(f"no PostgreSQL: neither an initdb on this machine nor an address in ${NAMED}")
    with postgres_server() as address:
        yield address
