"""One request of ours outside of calls, asked until it is answered: REGISTER, OPTIONS, a BYE after a crash."""

from __future__ import annotations

import asyncio

from switch.agent.addresses import Address
from switch.agent.transactions import Transactions
from switch.leg.authorizer import Authorizer
from switch.sip.headers import CSeq
from switch.sip.message import Request, Response, respond


class Asking:
    """Waits for the final answer; meets a challenge on the way."""

    __slots__ = ("_authorizer", "_destination", "_request", "_transactions", "answer")

    def __init__(
        self,
        transactions: Transactions,
        loop: asyncio.AbstractEventLoop,
        request: Request,
        destination: Address,
        authorizer: Authorizer | None,
    ) -> None:
        self._transactions = transactions
        self._request = request
        self._destination = destination
        self._authorizer = authorizer
        self.answer: asyncio.Future[Response] = loop.create_future()

    def start(self) -> None:
        """Send it."""
        self._transactions.request(self._request, self._destination, self)

    def take_response(self, response: Response, source: Address) -> None:  # noqa: ARG002 - as ClientUser has it
        """Take the answer, or ask again with credentials (§22.2)."""
        if response.status < 200 or self.answer.done():
            return
        retry = None
        if self._authorizer is not None:
            number = self._request.cseq.number + 1
            retry = self._authorizer.again(self._request, response, number=number)
        if retry is None:
            self.answer.set_result(response)
            return
        self._request = retry
        self.start()

    def take_failure(self, cseq: CSeq) -> None:  # noqa: ARG002 - as ClientUser has it
        """Nobody answered: that counts as 408 (RFC 3261 §8.1.3.1)."""
        if not self.answer.done():
            self.answer.set_result(respond(self._request, 408, to_tag=None))
