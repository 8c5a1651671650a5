"""The tests themselves cannot trade: no line leaves this machine."""

import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("paper-api.alpaca.markets", 443)])
def test_a_test_reaches_nobody_else(address: tuple[str, int]) -> None:
    with socket.socket() as line:
        for verb in (line.connect, line.connect_ex):
            with pytest.raises(OSError, match="this machine only"):
                verb(address)


def test_a_test_reaches_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as line:
            assert line.getpeername() == server.getsockname()
        with socket.socket() as line:
            assert line.connect_ex(("localhost", server.getsockname()[1])) == 0
