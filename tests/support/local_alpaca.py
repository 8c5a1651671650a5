"""A local Alpaca on a real socket, and the hands of the world that move it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests

from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.server import LocalAlpaca, serving
from brokers.alpaca_server.settings import ServerSettings
from brokers.simulated.price_file import PriceTable
from brokers.simulated.settings import SimulatedSettings
from portfolio.money import Money, Price, Quantity
from tests.support.simulated import FLAT, WEEK, HandClock, new_york

KEYS = {"APCA-API-KEY-ID": "PKLOCALLOCALLOCAL1", "APCA-API-SECRET-KEY": "local-secret"}


@dataclass(kw_only=True)
class Local:
    """The server, its clock, and plain requests to it."""

    desk: Desk
    clock: HandClock
    server: LocalAlpaca
    url: str

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request, exactly once, with keys unless other headers are given."""
        more.setdefault("headers", KEYS)
        return requests.request(method, f"{self.url}{path}", timeout=20, **more)

    def json(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of an answer that must be good."""
        answer = self.ask(method, path, **more)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path: str, **query: str) -> Any:
        return self.json("GET", path, params=query)

    def order(self, **body: object) -> Any:
        """A market order for the day, or what the body says."""
        wanted = {"symbol": "VTI", "side": "buy", "type": "market", "time_in_force": "day", **body}
        return self.json("POST", "/v2/orders", json=wanted)

    def refused(self, **body: object) -> tuple[int, Mapping[str, object]]:
        """Status and body of an order that is not taken."""
        wanted = {"symbol": "VTI", "side": "buy", "type": "market", "time_in_force": "day", **body}
        answer = self.ask("POST", "/v2/orders", json=wanted)
        assert not answer.ok
        return answer.status_code, answer.json()

    def break_(self, **switches: object) -> Any:
        """Move fault switches."""
        return self.json("POST", "/_faults", json=switches)

    def held(self) -> Mapping[str, Decimal]:
        return {row["symbol"]: Decimal(row["qty"]) for row in self.get("/v2/positions")}

    def go(self, day: int, clock: str) -> None:
        """Move time to a day of the week, and let the exchange live up to it."""
        self.clock.at = new_york(WEEK[day], clock)
        self.server.live()


@contextmanager
def local_alpaca(
    table: PriceTable = FLAT,
    *,
    requests_per_minute: int = 100_000,
    keys: tuple[str, str] | None = None,
    with_faults: bool = True,
    **changes: Any,
) -> Iterator[Local]:
    """A server over the week of prices: 10,000 in cash, 20 BND that cost 48, Monday 10:00."""
    clock = HandClock(new_york(WEEK[0], "10:00"))
    simulated: dict[str, Any] = {
        "prices": table,
        "cash": Money(Decimal("10000.00")),
        "positions": {"BND": Quantity(Decimal(20))},
        "average_costs": {"BND": Price(Decimal("48.00"))},
    }
    settings = ServerSettings(
        requests_per_minute=requests_per_minute, keys=keys, with_faults=with_faults
    )
    desk = Desk(settings, SimulatedSettings(**(simulated | changes)), clock)
    with serving(desk) as (server, url):
        yield Local(desk=desk, clock=clock, server=server, url=url)
