"""People and a desk for the story's tests: they do what a list says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta

from ivr.card_number import Card
from ivr.ports import (
    Acceptance,
    Admission,
    Balance,
    Billing,
    CardAnswer,
    HungUpError,
    Kind,
    Leaver,
    Party,
    Person,
    TalkEnded,
    TalkEvent,
)
from ivr.profile import Hears, Keys, Profile
from ivr.profile_file import load_profile
from ivr.reasons import Reason
from ledger.money import Money
from prompts.catalog import ClipId

HANG_UP = "hang up"
WAIT = "wait for ever"

JORDAN = Person("jordan", (ClipId("name/jordan"),))
NUMBER = "2125550123"
PROFILE = load_profile("california-gtl")
BOTH_LANGUAGES = Profile(name="own", languages=("en", "es"), keys=Keys(language="8"))


def admission(
    *,
    kind: Kind = Kind.ADVANCE_PAY,
    first: str = "0.025",
    each: str = "0.025",
    is_privileged: bool = False,
    acceptance: Acceptance = Acceptance.KEY,
    language: str | None = None,
) -> Admission:
    """An admitted call to +1 212 555 0123."""
    return Admission(
        number="+12125550123",
        kind=kind,
        facility=(ClipId("facility/state-prison"),),
        first_minute=Money.from_text(first),
        each_minute=Money.from_text(each),
        is_privileged=is_privileged,
        limit=timedelta(minutes=15),
        acceptance=acceptance,
        language=language,
    )


class FakeParty:
    """Answers each question with the next of its keys; keeps all it heard."""

    def __init__(self, *keys: str) -> None:
        self._keys = list(keys)
        self._gone = asyncio.Event()
        self.is_machine = asyncio.Event()
        self.heard: list[ClipId] = []
        self.forgot_after: list[ClipId] = []
        """What it had heard last, each time its keys were forgotten."""

    async def play(self, clips: Sequence[ClipId]) -> None:
        self._check()
        self.heard += clips

    async def ask(
        self,
        clips: Sequence[ClipId],
        *,
        is_complete: Callable[[str], bool],
        end: str,
        first: float,
        between: float,
    ) -> str:
        self._check()
        self.heard += clips
        assert self._keys, "asked once more than the test foresaw"
        keys = self._keys.pop(0)
        if keys == HANG_UP:
            self.hang_up()
            self._check()
        if keys == WAIT:
            await asyncio.Event().wait()
        taken = ""
        for key in keys:
            if key == end:
                break
            taken += key
            if is_complete(taken):
                break
        return taken

    def forget_keys(self) -> None:
        self.forgot_after.append(self.heard[-1])

    async def left(self) -> None:
        await self._gone.wait()

    async def machine(self) -> None:
        await self.is_machine.wait()

    def hang_up(self) -> None:
        self._gone.set()

    def _check(self) -> None:
        if self._gone.is_set():
            raise HungUpError


class FakeTalk:
    def __init__(self, events: Sequence[TalkEvent]) -> None:
        self._events = list(events)
        self.overlaid: list[tuple[ClipId, ...]] = []
        self.heard_by: list[Hears] = []

    async def event(self) -> TalkEvent:
        return self._events.pop(0)

    async def overlay(self, clips: Sequence[ClipId], heard_by: Hears = Hears.BOTH) -> None:
        self.overlaid.append(tuple(clips))
        self.heard_by.append(heard_by)


class FakeDesk:
    """Knows PIN 4417, admits as told, and writes down what happened."""

    def __init__(
        self,
        *,
        admits: Admission | Reason | Sequence[Admission | Reason] = (),
        callee: Party | Reason | None = None,
        talk: Sequence[TalkEvent] = (TalkEnded(Reason.HUNG_UP, Leaver.CALLEE),),
        refuses: Reason | None = None,
        pays: Sequence[Admission | CardAnswer | Reason] = (),
        has_courtesy: bool = True,
    ) -> None:
        self.pays = list(pays)
        self.has_courtesy = has_courtesy
        self._admits = list(admits) if isinstance(admits, Sequence) else [admits]
        self._callee = callee
        self.talk = FakeTalk(talk)
        self._refuses = refuses
        self.person = JORDAN
        self.names: list[Person | None] = []
        self.pin_is_free = True
        self.left = Balance(None, ())
        self.log: list[str] = []

    async def station_refusal(self) -> Reason | None:
        return self._refuses

    async def identify(self, pin: str) -> Person | None:
        return self.person if pin == "4417" else None

    async def lock(self) -> None:
        self.log.append("locked")

    async def choose_pin(self, digits: str) -> bool:
        self.log.append(f"PIN {digits} chosen")
        return self.pin_is_free

    async def record_name(self, longest: float) -> Person | None:
        self.log.append(f"name of {longest:g} s recorded")
        return self.names.pop(0) if self.names else None

    async def balance(self) -> Balance:
        return self.left

    async def admit(self, person: Person, dialled: str, billing: Billing) -> Admission | Reason:
        self.log.append(f"admit {person.person_id} {dialled} {billing.value}")
        return self._admits.pop(0)

    @asynccontextmanager
    async def hold_audio(self) -> AsyncIterator[None]:
        self.log.append("hold audio on")
        yield
        self.log.append("hold audio off")

    async def ring(self, admission: Admission) -> Party | Reason:
        self.log.append(f"ring {admission.number}")
        if self._callee is None:
            try:
                await asyncio.Event().wait()
            finally:
                self.log.append("ringing cancelled")
        assert self._callee is not None
        return self._callee

    async def block(self, admission: Admission) -> None:
        self.log.append(f"block {admission.number}")

    async def use_courtesy(self, admission: Admission) -> bool:
        self.log.append(f"courtesy {admission.number}")
        return self.has_courtesy

    def today(self) -> date:
        return date(2026, 11, 22)

    @asynccontextmanager
    async def asking_for_card(self) -> AsyncIterator[None]:
        self.log.append("asking for a card")
        yield
        self.log.append("asked")

    async def pay_call(self, admission: Admission, card: Card) -> Admission | CardAnswer | Reason:
        self.log.append(f"pay {admission.at_most} by {card!r}")
        return self.pays.pop(0)

    async def buy_account(self, admission: Admission, card: Card, deposit: Money) -> Admission | CardAnswer | Reason:
        self.log.append(f"deposit {deposit} by {card!r}")
        return self.pays.pop(0)

    async def dismiss(self) -> None:
        self.log.append("dismiss")

    @asynccontextmanager
    async def talking(self, admission: Admission) -> AsyncIterator[FakeTalk]:
        self.log.append("talking")
        yield self.talk
        self.log.append("talk over")
