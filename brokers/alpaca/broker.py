"""One Alpaca account that takes orders: everything its reader can, and two things more."""

from datetime import timedelta
from urllib.parse import quote

from brokers.alpaca import answers, wire
from brokers.alpaca.connection import Connection
from brokers.alpaca.reader import AlpacaReader
from portfolio.orders import OrderIntent
from portfolio.ports import Deferred, Refused, SubmitOutcome


class AlpacaBroker:
    """An Alpaca account that can be traded. Reads are its reader's own.

    An order is sent once: no retry, a timeout on both its halves, and an answer for everything that
    can come back. A read never waits inside `submit`, so that the kill latch stays fresh.
    """

    def __init__(self, reader: AlpacaReader, connection: Connection) -> None:
        self._reader = reader
        self._connection = connection
        self.account_id = reader.account_id
        self.capabilities = reader.capabilities
        self.clock = reader.clock
        self.sessions = reader.sessions
        self.account = reader.account
        self.positions = reader.positions
        self.open_orders = reader.open_orders
        self.orders_since = reader.orders_since
        self.find_order = reader.find_order
        self.fills_since = reader.fills_since
        self.flows_since = reader.flows_since
        self.instruments = reader.instruments

    def submit(self, client_order_id: str, intent: OrderIntent) -> SubmitOutcome:
        """Send one order, once. Never raises; without room in our own request limit it is deferred.

        The judgement is on this send alone: after an earlier ambiguous one a refusal proves nothing.
        """
        if intent.account != self.account_id:
            return Refused(
                code="trimtab",
                message=f"an order for {intent.account} was given to {self.account_id}",
                halts=True,
            )
        try:
            body = wire.order_body(client_order_id, intent)
        except (ValueError, TypeError, ArithmeticError) as problem:
            return Refused(code="trimtab", message=f"not sent: {problem}")
        wait = self._connection.budget.try_spend(reserve=True)
        if wait:
            return Deferred(retry_at=self._connection.now() + timedelta(seconds=wait))
        answer = self._connection.exchange("POST", "/orders", body)
        outcome = answers.submit_outcome(answer, client_order_id)
        if isinstance(outcome, Refused):
            self._reader.forget_instrument(intent.symbol)
        return outcome

    def cancel(self, broker_order_id: str) -> str:
        """Ask to cancel; "" means that Alpaca took the request, not that the order is canceled.

        Asked once and never held back by our own limit. Returns why it was refused; raises
        `Unavailable` when nobody knows whether the request arrived: asking again is harmless.
        """
        self._connection.budget.spend()
        path = f"/orders/{quote(broker_order_id, safe='')}"
        return answers.cancel_reply(self._connection.exchange("DELETE", path))
