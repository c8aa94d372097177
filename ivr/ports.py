"""What the story needs from below: people on the line, and a desk that knows, rings and bills.

The story (`ivr.story`) sees nothing else of the switch. `switch.call` implements these Protocols;
tests implement them with fakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Protocol, TypeAlias

from ivr.card_number import Card
from ivr.profile import Hears, Offer, Overlay
from ivr.reasons import Reason
from ledger.money import ZERO, Money
from prompts.catalog import ClipId


class HungUpError(Exception):
    """The party is gone. Raised from whatever the story awaits of that party."""


class Billing(Enum):
    """Who is asked to pay: the choice of the person inside."""

    COLLECT = "collect"
    """The called party: from its AdvancePay account if it has one, else on its phone bill."""
    DEBIT = "debit"
    """The person inside."""


class Kind(Enum):
    """How a call is announced and booked, decided at admission."""

    ADVANCE_PAY = "advancepay"
    DEBIT = "debit"
    COLLECT = "collect"
    FREE = "free"
    CARD = "card"
    """The number cannot be billed; if it accepts, it pays by card."""
    COURTESY = "courtesy"
    """The number cannot be billed; this once, its call is free and short."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person inside, identified by PIN."""

    person_id: str
    name: tuple[ClipId, ...]
    """The recorded name, or words in its place."""
    must_choose_pin: bool = False
    """A first call: the rest of the PIN is not chosen yet."""
    must_say_name: bool = False
    """The name is to be spoken before a call is placed."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a person inside has to call with."""

    money: Money | None
    """In the account that debit calls are taken from; None without one."""
    free: tuple[timedelta, ...]
    """Free talk that is left of each allowance."""


class Acceptance(Enum):
    """What makes a call accepted."""

    KEY = "key"
    PASSIVE = "passive"
    """Staying on the line until the greeting ends."""
    ANSWER = "answer"
    """The answer: nothing is announced, and nobody pays."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that may be placed: validated, rated, its first slice held."""

    number: str
    """E.164."""
    kind: Kind
    facility: tuple[ClipId, ...]
    first_minute: Money
    each_minute: Money
    is_privileged: bool
    """Never recorded, never monitored, whoever asked for that; the greeting says so."""
    limit: timedelta
    acceptance: Acceptance = Acceptance.KEY
    language: str | None = None
    """The language the called party is greeted in, None for the first of the profile."""
    offers: tuple[Offer, ...] = ()
    """How it may be paid by card, where the number cannot be billed; empty where somebody pays."""
    at_most: Money = ZERO
    """The most that a card is charged for this call, its fee and taxes included."""
    fee: Money = ZERO
    """What a payment by card costs: a part of `at_most`, or on top of a deposit."""


@dataclass(frozen=True, slots=True)
class DepositTerms:
    """What a deposit by card on the account line may be, and costs."""

    most: Money
    """Whole dollars."""
    fee: Money
    """On top, by the channel (S3-7)."""


class CardAnswer(Enum):
    """Why a card did not pay."""

    DECLINED = "declined"
    UNKNOWN = "unknown"
    """No answer came: whatever was reserved is given back."""


class Leaver(Enum):
    """Who ended the talk."""

    CALLER = "caller"
    CALLEE = "callee"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Warned:
    """So much talk is left: say it to both."""

    remaining: timedelta


@dataclass(frozen=True, slots=True)
class MoneyEnds:
    """The last unit that the money buys was granted: say to both that it ends, and how to top up."""

    remaining: timedelta


@dataclass(frozen=True, slots=True)
class OverlayDue:
    """It is time for the words of an overlay."""

    overlay: Overlay


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The talk is over."""

    reason: Reason
    by: Leaver


TalkEvent: TypeAlias = Warned | MoneyEnds | OverlayDue | TalkEnded


class Party(Protocol):
    """One person on the line. Every method raises `HungUpError` once the party is gone."""

    async def play(self, clips: Sequence[ClipId]) -> None:
        """Say it all; keys pressed meanwhile are kept for the next `ask`."""

    async def ask(
        self,
        clips: Sequence[ClipId],
        *,
        is_complete: Callable[[str], bool],
        end: str,
        first: float,
        between: float,
    ) -> str:
        """Say it, and take keys until they are complete; the first key ends the words (barge-in).

        Returns when `is_complete(keys)`, when the `end` key came (it is not returned; `""` for no
        such key), when no first key came within `first` seconds after the words, or no further key
        within `between` seconds. Returns the keys, `""` for none.
        """

    def forget_keys(self) -> None:
        """Keep no key that was pressed until now: whatever it meant, it answers nothing that is still to be said."""

    async def left(self) -> None:
        """Return when the party is gone; this and `machine` do not raise then."""

    async def machine(self) -> None:
        """Return when the party is heard to be a machine; never, where nobody listens for one."""


class Talk(Protocol):
    """Two people talking while the meter runs."""

    async def event(self) -> TalkEvent:
        """The next thing that happens."""

    async def overlay(self, clips: Sequence[ClipId], heard_by: Hears = Hears.BOTH) -> None:
        """Say it over the conversation, in place of what is said over it already; returns at once."""


class Desk(Protocol):
    """What the switch does for one call of the story."""

    async def station_refusal(self) -> Reason | None:
        """Why nobody may call from this station now: it is off, or locked after bad PINs; None if it may."""

    async def identify(self, pin: str) -> Person | None:
        """The person of this PIN at this facility, None if there is none (counted: see `station_refusal`).

        A person who has not chosen the rest of the PIN yet gives its first part alone.
        """

    async def choose_pin(self, digits: str) -> bool:
        """Keep the digits that the identified person chose, durably; False: others were chosen before, and hold."""

    async def record_name(self, longest: float) -> Person | None:
        """Sound the tone and record the name of the identified person, to its end or a `#`; None: nothing was heard."""

    async def balance(self) -> Balance:
        """What the identified person has to call with."""

    async def lock(self) -> None:
        """Refuse PINs at this station for a while."""

    async def admit(self, person: Person, dialled: str, billing: Billing) -> Admission | Reason:
        """Validate the number as dialled, decide who pays, hold the first slice; or say why not."""

    def hold_audio(self) -> AbstractAsyncContextManager[None]:
        """The caller hears hold audio inside this block."""

    async def ring(self, admission: Admission) -> Party | Reason:
        """Ring the called party until it answers; or say why it did not.

        Cancelled, it cancels the ringing.
        """

    async def block(self, admission: Admission) -> None:
        """Block calls from this facility to this number, durably, by keypad."""

    async def dismiss(self) -> None:
        """Hang up on the called party; the caller stays."""

    async def use_courtesy(self, admission: Admission) -> bool:
        """Take the one courtesy call of the number, durably; False where another call had it."""

    def today(self) -> date:
        """The local day at the facility, by which a card is expired or not."""

    def asking_for_card(self) -> AbstractAsyncContextManager[None]:
        """The called party enters a card inside this block: whoever shows the call shows no key of it."""

    async def pay_call(self, admission: Admission, card: Card) -> Admission | CardAnswer | Reason:
        """Have `at_most` of an admission authorised, and hold the first slice of it (S1-11)."""

    async def buy_account(self, admission: Admission, card: Card, deposit: Money) -> Admission | CardAnswer | Reason:
        """Open the prepaid account of the number with a deposit, and admit the call anew, which it pays (S1-10)."""

    def talking(self, admission: Admission) -> AbstractAsyncContextManager[Talk]:
        """Bridge both parties from the instant the accept key arrived; record, and run the meter.

        Leaving the block ends the talk: both lines are released and the call is booked.
        """
