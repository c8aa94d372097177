"""An executable model of the money that customer service takes in. It knows the prices of payments, not the book.

The rules, in words:

* Who is no customer with a number yet pays nothing in: what comes first is named (S1-17).
* A payment above the cap is refused, one at the cap is not (S3-1).
* A payment is booked once, however often it is asked for under its id: what was paid on the account, the fee of its
  channel as earned, both as received through the channel (S3-7). Nothing that was refused is booked.
* Of each payment that was booked the log of agents has one line, and none of another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

BOOKED: Final = "booked"
REPEATED: Final = "booked before"
OVER_CAP: Final = "OVER_CAP"
FIRST_STEP: Final = "create the account"


@dataclass(slots=True)
class Asked:
    """A payment that an agent was asked to take, and what the book answered each time.

    Attributes:
        is_customer: Whether the payer was made a customer before, with a number.
    """

    name: str
    customer: str
    account: str
    channel: str
    micros: int
    is_customer: bool
    answers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Booking:
    """An entry of the book: what it is called, what came to each account, and its note."""

    name: str
    moved: Mapping[str, int]
    memo: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A line of the log of agents: a payment that was booked."""

    customer: str
    account: str
    channel: str
    micros: int


@dataclass(slots=True)
class PaymentModel:
    """What payments cost, and what they must have come to."""

    fees: Mapping[str, int]
    cap: int | None
    earned: int = 0
    """Fees of what was booked, in micros."""
    faults: list[str] = field(default_factory=list)

    def judge(self, asked: Sequence[Asked], bookings: Sequence[Booking], log: Sequence[Counted]) -> list[str]:
        """Look at every payment; returns what is wrong."""
        booked = {booking.name: booking for booking in bookings}
        expected: Counter[Counted] = Counter()
        for each in asked:
            answers = self._answers(each)
            if each.answers != answers:
                self._fault(each, f"was answered {each.answers}, and must be {answers}")
            if answers[:1] != [BOOKED]:
                if each.name in booked:
                    self._fault(each, f"was refused, and is booked as {booked[each.name].moved}")
                continue
            fee = self.fees.get(each.channel, 0)
            self.earned += fee
            expected[Counted(each.customer, each.account, each.channel, each.micros)] += 1
            moved = {f"cash:{each.channel}": -each.micros - fee, each.account: each.micros}
            if fee:
                moved[f"income:fees:{each.channel}"] = fee
            booking = booked.get(each.name)
            if booking is None or booking.moved != moved:
                self._fault(each, f"is booked as {booking and booking.moved}, and must be as {moved}")
            elif each.customer not in booking.memo:
                self._fault(each, f"is booked without who paid: {booking.memo!r}")
        if Counter(log) != expected:
            self.faults.append(f"payment: the log of agents has {sorted(map(str, log))}, and must {expected}")
        return self.faults

    def _answers(self, asked: Asked) -> list[str]:
        """What the book must have answered, each time it was asked."""
        times = len(asked.answers)
        if not asked.is_customer:
            return [FIRST_STEP] * times
        if self.cap is not None and asked.micros > self.cap:
            return [OVER_CAP] * times
        return [BOOKED, *[REPEATED] * (times - 1)]

    def _fault(self, asked: Asked, words: str) -> None:
        self.faults.append(f"payment: {asked.micros} by {asked.channel} to {asked.account} {words}")
