"""What the switch asks of a payment processor.

Every request carries the id of the payment, chosen by the switch and stored in the book before it is sent: asked
again under the same id, a processor does nothing new and answers as before. So an answer that was lost is asked for
again, and nothing is ever reserved, taken or given back twice. A payment that was voided stays so: an `authorise`
that was still on its way is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ivr.card_number import Card
from ledger.money import Money


class NoAnswerError(Exception):
    """No answer came, or none that can be understood: what was asked may be done, or not."""


@dataclass(frozen=True, slots=True)
class Approved:
    """The amount is reserved."""

    last_four: str
    """All that is shown of a card."""


@dataclass(frozen=True, slots=True)
class Declined:
    """Nothing is reserved."""

    why: str
    """The processor's word for it, without anything of the card."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, now or before."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It is not done, and never will be under this id: nobody asks for it again.

    What may be done on another try (a limit, an outage of the bank) is no answer: `NoAnswerError`.
    """

    why: str
    """The processor's word for it, without anything of the card."""


class PaymentGateway(Protocol):
    """A processor. Each method raises `NoAnswerError` where it cannot tell what was done."""

    async def authorise(self, payment_id: str, card: Card, amount: Money) -> Approved | Declined:
        """Reserve an amount of a card."""

    async def capture(self, payment_id: str, amount: Money) -> Done | Rejected:
        """Take this much of what is reserved, once; the rest of it is free again."""

    async def void(self, payment_id: str) -> Done:
        """Reserve nothing under this id, now and later, whether it is known or not."""

    async def refund(self, payment_id: str, refund_id: str, amount: Money) -> Done | Rejected:
        """Give back of what was taken, once for each id of a refund."""
