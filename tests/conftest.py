"""What holds for every test: properties run without a clock, and no line leaves the machine."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("trimtab", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("trimtab")


def _is_here(address: Any) -> bool:
    """Whether an address is this machine's own: loopback, a name for it, or a path."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).partition("%")[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "")


@pytest.fixture(autouse=True, scope="session")
def _no_line_leaves_the_machine() -> Iterator[None]:
    """A test that would reach a broker, a feed or a service is refused before the first packet."""
    patch = pytest.MonkeyPatch()
    for verb in ("connect", "connect_ex"):
        really = getattr(socket.socket, verb)

        def guarded(self: socket.socket, address: Any, really: Any = really) -> Any:
            if not _is_here(address):
                raise OSError(f"tests reach this machine only, not {address}")
            return really(self, address)

        patch.setattr(socket.socket, verb, guarded)
    yield
    patch.undo()
