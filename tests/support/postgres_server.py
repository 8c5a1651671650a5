"""A PostgreSQL of one's own on loopback for as long as a test runs, or the one that is named."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NAMED = "TRIMTAB_TEST_POSTGRES"
_PLACES = ("/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin")


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; None when this machine has none."""
    for folder in _PLACES:
        if (Path(folder) / "initdb").exists():
            return Path(folder)
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


def is_there() -> bool:
    """Whether a PostgreSQL can be had."""
    return bool(os.environ.get(NAMED)) or programs() is not None


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of a server: the one that the environment names, else one made for the occasion."""
    named = os.environ.get(NAMED)
    if named:
        yield named
        return
    folder = programs()
    assert folder is not None, "no PostgreSQL on this machine"
    home = Path(tempfile.mkdtemp(prefix="trimtab-pg-"))
    try:
        _give_away(home)
        data = home / "data"
        # As the daemon needs it: every commit synced. fsync stays on.
        _run([str(folder / "initdb"), "-A", "trust", "-U", "trimtab", "-E", "UTF8", str(data)])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home}"
        control = [str(folder / "pg_ctl"), "-D", str(data), "-w"]
        _run([*control, "-l", str(home / "log"), "-o", options, "start"])
        try:
            yield f"postgresql://trimtab@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_schema(server: str) -> Iterator[str]:
    """The address of an empty schema, dropped at the end."""
    import psycopg
    from sqlalchemy import make_url

    url = make_url(server).set(drivername="postgresql")
    schema = f"trimtab_{uuid.uuid4().hex[:12]}"
    plain = url.render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        try:
            here = url.update_query_dict({"options": f"-csearch_path={schema}"})
            yield here.render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


def _user() -> str | None:
    """PostgreSQL does not run as root: another user of this machine, when we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _give_away(home: Path) -> None:
    if (user := _user()) is not None:
        shutil.chown(home, user)


def _run(command: Sequence[str]) -> None:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command,
        user=_user(),
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
