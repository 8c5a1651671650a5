"""The command that starts a local Alpaca for rehearsals."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from brokers.alpaca_server.desk import Desk


def alpaca_server(
    port: Annotated[
        int,
        typer.Option("--port", "-p", min=0, max=65535, help="Port on this machine; 0: a free one."),
    ] = 8713,
    prices: Annotated[
        Path | None,
        typer.Option("--prices", help="Prices, `date,SYMBOL,SYMBOL,...`; else invented ones."),
    ] = None,
    cash: Annotated[
        str, typer.Option("--cash", help="Dollars the account begins with.")
    ] = "100000",
    hold: Annotated[
        list[str] | None,
        typer.Option("--hold", help="A holding it begins with, SYMBOL=QUANTITY; may be repeated."),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--session-seconds",
            min=0.5,
            help="Play the file's sessions one after another, each in so many seconds.",
        ),
    ] = None,
    requests: Annotated[
        int, typer.Option("--requests-per-minute", min=1, help="Alpaca's own limit is 200.")
    ] = 200,
    faults: Annotated[
        bool, typer.Option("--faults", help="Open the fault switches under /_faults.")
    ] = False,
) -> None:
    """Stand in for Alpaca on this machine: its API, an honest exchange, and no money.

    Without --session-seconds the market is open now and every day, so that a rehearsal works at any
    hour. Any two keys are taken but those of live accounts. Everything is forgotten when it ends.

    Example: trimtab alpaca-server --port 8713 --hold VTI=100
    """
    from brokers.alpaca_server.opening import Rehearsal, open_desk
    from brokers.alpaca_server.settings import ServerSettings
    from portfolio.money import Money, Quantity

    rehearsal = Rehearsal(
        prices=prices,
        cash=Money(_number("--cash", cash)),
        positions={
            symbol: Quantity(_number("--hold", quantity))
            for symbol, _, quantity in (item.partition("=") for item in hold or ())
        },
        seconds_a_session=seconds,
        server=ServerSettings(requests_per_minute=requests, with_faults=faults),
    )
    _serve(open_desk(rehearsal), port)


def _number(name: str, text: str) -> Decimal:
    from daemon.cli.door import Refusal

    try:
        found = Decimal(text.replace("_", "").replace(",", ""))
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        raise Refusal(f"{name}: {text!r} is not an amount; write it like 100000 or VTI=12.5.")
    return found


def _serve(desk: "Desk", port: int) -> None:
    """Serve until a signal comes; what is needed to connect is printed first."""
    import signal
    import threading

    from brokers.alpaca_server.server import serving
    from daemon.cli.door import Refusal

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with serving(desk, port) as (_, url):
            typer.echo(
                f"A local Alpaca answers at {url} (stream {url.replace('http', 'ws')}/stream).\n"
                f'In the configuration: broker = "alpaca", server_url = "{url}", and any two keys.\n'
                f"Symbols: {', '.join(desk.market.table.symbols[:20])}\n"
                "Ctrl-C ends it, and forgets the account."
            )
            ended.wait()
    except OSError as problem:
        raise Refusal(f"Port {port} cannot be used: {problem.strerror or problem}.") from problem
