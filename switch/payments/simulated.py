"""A payment processor inside the switch, for trying everything out: the card number decides what happens.

Like the sandboxes of real processors it takes test numbers only (`TEST_CARDS`); every other card is declined, so that
nobody can pay with a real one. Any expiry and security code will do. It keeps payments by their id, with amounts and
the last four digits, and may write them to a journal, for a processor outlives the switch; a card is never kept.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final

from ivr.card_number import Card
from ledger.money import ZERO, Money
from switch.payments.gateway import Approved, Declined, Done, NoAnswerError, Rejected

THINKING_SECONDS: Final = 0.5
"""Until an answer comes: as long as a quick processor takes."""

SLOW_SECONDS: Final = 6.0
"""Until a slow answer comes: shorter than any time-out."""

SILENT_SECONDS: Final = 3600.0
"""Longer than anybody waits for an answer."""


class Behaviour(Enum):
    """What a test card does."""

    APPROVES = "approved"
    DECLINES = "declined: do not honor"
    LACKS_FUNDS = "declined: insufficient funds"
    IS_SLOW = "approved after six seconds"
    DUPLICATES = "approved; the request arrives twice"
    LOSES_ANSWER = "reserved, and no answer comes"
    LOSES_REQUEST = "nothing is reserved, and no answer comes"
    LOSES_ENDS = "approved; the first capture and refund are done without an answer, and the first void is lost"
    REFUSES_CAPTURE = "approved; the capture is refused for good"
    REFUSES_REFUND = "approved; every refund is refused for good"


TEST_CARDS: Final = {
    "4242424242424242": Behaviour.APPROVES,
    "5555555555554444": Behaviour.APPROVES,
    "378282246310005": Behaviour.APPROVES,
    "4000000000000002": Behaviour.DECLINES,
    "4000000000009995": Behaviour.LACKS_FUNDS,
    "4000000000000077": Behaviour.IS_SLOW,
    "4000000000000259": Behaviour.DUPLICATES,
    "4000000000000119": Behaviour.LOSES_ANSWER,
    "4000000000000127": Behaviour.LOSES_REQUEST,
    "4000000000000341": Behaviour.LOSES_ENDS,
    "4000000000000069": Behaviour.REFUSES_CAPTURE,
    "4000000000005126": Behaviour.REFUSES_REFUND,
}
"""By card number. All are valid by Luhn, and none was ever issued."""


_REFUSES: Final = {Behaviour.REFUSES_CAPTURE: "capture", Behaviour.REFUSES_REFUND: "refund"}
"""By behaviour: what of a payment is refused for good."""


class Standing(Enum):
    """Where a payment stands at the processor."""

    RESERVED = "reserved"
    TAKEN = "taken"
    VOID = "void"
    DECLINED = "declined"
    REFUSED = "refused"
    """It was reserved, and cannot be taken."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What the processor knows of a payment."""

    payment_id: str
    standing: Standing
    reserved: Money = ZERO
    taken: Money = ZERO
    refunded: Money = ZERO
    last_four: str = ""
    ends_badly: bool = False
    """Its first capture, refund or void is not answered."""
    refuses: str = ""
    """What of it is refused for good: `capture`, `refund`, or nothing."""
    refunds: tuple[str, ...] = ()
    """The ids of what was given back."""


class SimulatedProcessor:
    """Implements `PaymentGateway`."""

    def __init__(self, journal: Path | None = None) -> None:
        """Begin with what the journal has, if there is one."""
        self.payments: dict[str, Payment] = {}
        self._journal = journal
        self._attempts: Counter[str] = Counter()
        if journal is not None and journal.is_file():
            for line in journal.read_text(encoding="utf-8").splitlines():
                payment = _read(line)
                self.payments[payment.payment_id] = payment

    @property
    def reserved(self) -> Money:
        """What is reserved of all cards together."""
        return Money(sum(each.reserved.micros for each in self.payments.values()))

    @property
    def taken(self) -> Money:
        """What was taken of all cards together, and not given back."""
        return Money(sum(each.taken.micros - each.refunded.micros for each in self.payments.values()))

    async def authorise(self, payment_id: str, card: Card, amount: Money) -> Approved | Declined:
        """Reserve, as the card number says."""
        behaviour = TEST_CARDS.get(card.number)
        if behaviour is Behaviour.LOSES_REQUEST:
            await _say_nothing()
        for _ in range(2 if behaviour is Behaviour.DUPLICATES else 1):
            answer = self._authorised(payment_id, card.last_four, amount, behaviour)
        if behaviour is Behaviour.LOSES_ANSWER:
            await _say_nothing()
        await asyncio.sleep(SLOW_SECONDS if behaviour is Behaviour.IS_SLOW else THINKING_SECONDS)
        return answer

    async def capture(self, payment_id: str, amount: Money) -> Done | Rejected:
        """Take of what is reserved."""
        payment = self._known(payment_id)
        if payment.refuses == "capture":
            self._keep(replace(payment, standing=Standing.REFUSED, reserved=ZERO))
            await asyncio.sleep(THINKING_SECONDS)
            return Rejected("the account of the card is closed")
        if payment.standing is Standing.RESERVED and ZERO < amount <= payment.reserved:
            payment = replace(payment, standing=Standing.TAKEN, reserved=ZERO, taken=amount)
            self._keep(payment)
        if payment.standing is not Standing.TAKEN or payment.taken != amount:
            raise NoAnswerError(f"{payment_id}: {amount} cannot be taken, it is {payment.standing.value}")
        await self._end(payment, payment_id)
        return Done()

    async def void(self, payment_id: str) -> Done:
        """Reserve nothing; an unknown payment is void from now on."""
        payment = self.payments.get(payment_id, Payment(payment_id, Standing.VOID))
        if payment.standing is Standing.TAKEN:
            raise NoAnswerError(f"{payment_id}: it is taken")
        if payment.ends_badly and not self._attempts[payment_id]:
            await self._end(payment, payment_id)
        if payment.standing not in {Standing.DECLINED, Standing.REFUSED}:
            self._keep(replace(payment, standing=Standing.VOID, reserved=ZERO))
        await asyncio.sleep(THINKING_SECONDS)
        return Done()

    async def refund(self, payment_id: str, refund_id: str, amount: Money) -> Done | Rejected:
        """Give back of what was taken, once for each id."""
        payment = self._known(payment_id)
        if payment.refuses == "refund":
            await asyncio.sleep(THINKING_SECONDS)
            return Rejected("the account of the card is closed")
        if refund_id not in payment.refunds:
            if not ZERO < amount <= payment.taken - payment.refunded:
                raise NoAnswerError(f"{payment_id}: {amount} cannot be given back of {payment.taken}")
            given = (*payment.refunds, refund_id)
            self._keep(replace(payment, refunded=payment.refunded + amount, refunds=given))
        await self._end(payment, refund_id)
        return Done()

    def _authorised(
        self, payment_id: str, last_four: str, amount: Money, behaviour: Behaviour | None
    ) -> Approved | Declined:
        """Decide once for each id; the same again is answered as before."""
        payment = self.payments.get(payment_id)
        if payment is None:
            if behaviour in {None, Behaviour.DECLINES, Behaviour.LACKS_FUNDS}:
                payment = Payment(payment_id, Standing.DECLINED, last_four=last_four)
            else:
                payment = Payment(
                    payment_id,
                    Standing.RESERVED,
                    amount,
                    last_four=last_four,
                    ends_badly=behaviour is Behaviour.LOSES_ENDS,
                    refuses=_REFUSES.get(behaviour, ""),
                )
            self._keep(payment)
        if payment.standing is not Standing.RESERVED:
            why = behaviour.value if behaviour is not None else "declined: not a test card"
            return Declined(f"{payment.standing.value}: voided before" if payment.standing is Standing.VOID else why)
        return Approved(last_four)

    def _known(self, payment_id: str) -> Payment:
        payment = self.payments.get(payment_id)
        if payment is None:
            raise NoAnswerError(f"{payment_id}: there is no such payment")
        return payment

    async def _end(self, payment: Payment, asked_id: str) -> None:
        """Answer what was asked under an id; or not, the first time, where the card is for trying that out."""
        self._attempts[asked_id] += 1
        if payment.ends_badly and self._attempts[asked_id] == 1:
            await _say_nothing()
        await asyncio.sleep(THINKING_SECONDS)

    def _keep(self, payment: Payment) -> None:
        self.payments[payment.payment_id] = payment
        if self._journal is not None:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(_text(payment) + "\n")


async def _say_nothing() -> None:
    await asyncio.sleep(SILENT_SECONDS)
    raise NoAnswerError("no answer")


def _text(payment: Payment) -> str:
    amounts = {name: getattr(payment, name).micros for name in ("reserved", "taken", "refunded")}
    return json.dumps({**asdict(payment), **amounts, "standing": payment.standing.value})


def _read(line: str) -> Payment:
    facts = json.loads(line)
    amounts = {name: Money(facts[name]) for name in ("reserved", "taken", "refunded")}
    refunds = tuple(facts.get("refunds", ()))
    return Payment(**{**facts, **amounts, "standing": Standing(facts["standing"]), "refunds": refunds})
