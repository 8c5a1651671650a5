"""What a local Alpaca is told: whose account it keeps, which keys it takes, how often it answers."""

from dataclasses import dataclass

ACCOUNT_NUMBER = "PA3TRIMTAB01"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """One account at a local Alpaca.

    `keys` is the only pair of key id and secret that is taken; None takes every pair but those of
    live accounts. `requests_per_minute` is Alpaca's own limit, counted apart for trading and for
    market data. `with_faults` opens the switches under `/_faults`.
    """

    account_number: str = ACCOUNT_NUMBER
    keys: tuple[str, str] | None = None
    requests_per_minute: int = 200
    streams_at_once: int = 1
    with_faults: bool = False
