"""An executable model of messages and their credits. It knows the prices and the rules, not the book.

The rules, in words:

* Credits are bought in bundles; what was paid for them is owed to their owner until they are used (S2-1).
* A message costs a credit for so many characters begun, taken of the oldest bundles. A part of a bundle takes its part
  of the money, whole micros downwards; the last credit takes the rest.
* It is looked at, then approved or rejected; only what is approved is delivered (S2-2). What is delivered is earned.
  What is rejected is given back, or earned where the provider keeps it.
* A message is sent to somebody at a facility of the sender's, who may call a number of the sender's, where bound to a
  list (S2-3).
* Done again under its id, a thing is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

DONE: Final = "done"
NO_FUNDS: Final = "INSUFFICIENT_FUNDS"
NO_CREDITS: Final = "NO_CREDITS"
WRONG_STATE: Final = "WRONG_STATE"
NOT_A_CONTACT: Final = "NOT_A_CONTACT"
NOT_THIS_FACILITY: Final = "NOT_THIS_FACILITY"
MOVES: Final = {
    ("submitted", "review"): "in-review",
    ("in-review", "approve"): "approved",
    ("in-review", "reject"): "rejected",
    ("approved", "deliver"): "delivered",
}


@dataclass(frozen=True, slots=True)
class Bought:
    """Somebody wants credits for a price: received through a channel, or taken from an account of the buyer's."""

    name: str
    owner: str
    credits: int
    micros: int
    source: str | None
    fee: int
    answer: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Somebody wants to send a message."""

    name: str
    owner: str
    characters: int
    is_their_facility: bool
    is_contact: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Stepped:
    """An agent takes a message a step on."""

    name: str
    step: str
    answer: str


@dataclass(slots=True)
class _Lot:
    credits: int
    micros: int


@dataclass(slots=True)
class _Message:
    owner: str
    state: str
    drawn: list[tuple[_Lot, int, int]]


@dataclass(slots=True)
class MailModel:
    """Bundles, messages, and what they have earned."""

    characters_per_credit: int
    keeps_rejected: bool
    fees: int = 0
    earned: int = 0
    lots: dict[str, dict[str, _Lot]] = field(default_factory=dict)
    messages: dict[str, _Message] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def judge(self, acts: Sequence[Bought | Sent | Stepped]) -> list[str]:
        """Look at every act in its order; returns what is wrong."""
        for act in acts:
            match act:
                case Bought():
                    allowed = self._buy(act)
                case Sent():
                    allowed = self._send(act)
                case Stepped():
                    allowed = self._step(act)
            if act.answer not in allowed:
                self.faults.append(f"mail: {act}, and the answer must be one of {sorted(allowed)}")
        return self.faults

    def owed(self, owner: str) -> int:
        """What credits of somebody are worth that were not used, those of messages on their way included."""
        waiting = [message for message in self.messages.values() if message.owner == owner]
        drawn = sum(micros for message in waiting for _, _, micros in message.drawn)
        return drawn + sum(lot.micros for lot in self.lots.get(owner, {}).values())

    def credits_left(self, owner: str) -> int:
        """Credits that no message has."""
        return sum(lot.credits for lot in self.lots.get(owner, {}).values())

    def _buy(self, act: Bought) -> set[str]:
        lots = self.lots.setdefault(act.owner, {})
        if act.answer == DONE and act.name not in lots:
            lots[act.name] = _Lot(act.credits, act.micros)
            self.fees += act.fee
        # What a running call has reserved of an account is not known here.
        return {DONE} if act.source is None or act.name in lots else {DONE, NO_FUNDS}

    def _send(self, act: Sent) -> set[str]:
        if act.name in self.messages:
            return {DONE}
        if not act.is_their_facility:
            return {NOT_THIS_FACILITY}
        wanted = -(-act.characters // self.characters_per_credit)
        refusals = set() if act.is_contact else {NOT_A_CONTACT}
        refusals |= {NO_CREDITS} if wanted > self.credits_left(act.owner) else set()
        if refusals:
            return refusals
        drawn = []
        for lot in self.lots[act.owner].values():
            taken = min(wanted, lot.credits)
            if taken:
                micros = lot.micros * taken // lot.credits
                lot.credits, lot.micros, wanted = lot.credits - taken, lot.micros - micros, wanted - taken
                drawn.append((lot, taken, micros))
        self.messages[act.name] = _Message(act.owner, "submitted", drawn)
        return {DONE}

    def _step(self, act: Stepped) -> set[str]:
        message = self.messages[act.name]
        to = MOVES.get((message.state, act.step))
        if to is None:
            is_repeat = any(step == act.step and after == message.state for (_, step), after in MOVES.items())
            return {DONE} if is_repeat else {WRONG_STATE}
        message.state = to
        is_used = to == "delivered" or (to == "rejected" and self.keeps_rejected)
        if is_used:
            self.earned += sum(micros for _, _, micros in message.drawn)
        elif to == "rejected":
            for lot, taken, micros in message.drawn:
                lot.credits, lot.micros = lot.credits + taken, lot.micros + micros
        if is_used or to == "rejected":
            message.drawn.clear()
        return {DONE}
