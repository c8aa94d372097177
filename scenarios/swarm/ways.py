"""What was seen of the ways of the facility: calls as their model is told of them, balances told, suspicions noted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final

from ivr.profile import Profile
from ivr.words import Words
from ledger.money import Money
from ledger.store import Book
from prompts.catalog import Catalog
from scenarios.swarm.facility_model import Called, faults_of, room
from scenarios.swarm.model import EDGE
from scenarios.swarm.observed import Observed
from scenarios.swarm.plan import FACILITY, PIN_LENGTH, debit_account
from scenarios.swarm.seen import FAULT_SECONDS, Pair, is_undisturbed, killed_at
from switch.call.timeline import CALLER, Kind
from switch.directory.flags import Flags

LANGUAGES: Final = ("en", "es")
STORED_SECONDS: Final = 2.0
"""A suspicion is stored at once: within so much, where the switch and the book live."""


@dataclass(slots=True)
class Ways:
    """The calls of a run, as the model of the facility sees them."""

    observed: Observed
    calls: dict[str, Called]

    @classmethod
    def of(cls, observed: Observed, pairs: Iterable[Pair]) -> Ways:
        """Those that people remember."""
        return cls(observed, {pair.record.call_id: _called(observed, pair) for pair in pairs})

    def room(self, call_id: str) -> tuple[float, float]:
        """The longest talk that the facility leaves to a call: what is sure, and what is possible at best."""
        return room(self.observed.plan.facility, self.calls[call_id], self.calls.values())

    async def check(self, book: Book, pairs: Iterable[Pair], catalog: Catalog) -> None:
        """Add what may not be to the faults; the catalog is that of the switch."""
        plan = self.observed.plan
        self.observed.faults += faults_of(plan.facility, tuple(self.calls.values()), PIN_LENGTH)
        self.observed.faults += self._balances(list(pairs), catalog)
        self.observed.faults += await self._suspicions(book)

    def _balances(self, pairs: list[Pair], catalog: Catalog) -> Iterator[str]:
        """A balance that is told is that of the account, to the micro, where no other call of the person holds any."""
        if not self.observed.plan.facility.tells_balance:
            return
        people = {str(pair.record.call_id): pair.call.person for pair in pairs}
        own = Profile(name="swarm", languages=LANGUAGES)
        spoken = [Words(own, language) for language in LANGUAGES[: 1 + self.observed.plan.is_bilingual]]
        ends = [catalog.text(words.tongue.clips("inside/in-your-account")) for words in spoken]
        for call_id, timeline in self.observed.timelines.items():
            person = people.get(call_id)
            told = [
                item
                for item in timeline.items
                if item.kind is Kind.WORDS and item.target == CALLER and any(map(item.text.count, ends))
            ]
            for item in told:
                if person is None or self._is_calling_twice(person.person, item.at):
                    continue
                had = self._had(debit_account(person), person.debit, item.at, pairs)
                said = [catalog.text(words.own_money(Money(micros).decimal)) for words in spoken for micros in had]
                if not any(map(item.text.startswith, said)):
                    yield f"ways: {person.person} was told {item.text!r} at {item.at:.3f}, and had one of {sorted(had)}"

    def _is_calling_twice(self, person: str, at: float) -> bool:
        calls = [each for each in self.calls.values() if each.person == person]
        return sum(each.began - EDGE <= at <= each.ended + EDGE for each in calls) > 1

    def _had(self, account: str, opening: int | None, at: float, pairs: Iterable[Pair]) -> set[int]:
        """What may have been in an account at an instant."""
        micros = opening or 0
        doubtful: list[int] = []
        for paid in self.observed.paid:
            if paid.account == account and paid.asked_at <= at + EDGE:
                is_sure = paid.stored_at is not None and paid.stored_at < at - FAULT_SECONDS
                micros, doubtful = (micros + paid.micros, doubtful) if is_sure else (micros, [*doubtful, paid.micros])
        for pair in pairs:
            if pair.record.payer == account:
                ended = pair.life.loop_time(pair.record.ended_at)
                if ended <= at:
                    micros -= pair.record.charged.micros
        may_be = {micros}
        for each in doubtful:
            may_be |= {before + each for before in may_be}
        return may_be

    async def _suspicions(self, book: Book) -> list[str]:
        """Each is noted with the calls it fell upon, and no other is."""
        observed = self.observed
        flagged = {flag.call_id for flag in await Flags(book).latest()}
        faults = []
        hit: set[str] = set()
        for at, number in observed.suspected:
            calls = [
                call
                for call in self.calls.values()
                if call.number == number and call.began <= at <= self._went_on_until(call) + EDGE
            ]
            hit |= {call.call for call in calls}
            dies = any(at <= kill <= at + STORED_SECONDS for kill in observed.kills)
            fails = any(low <= at + STORED_SECONDS and at <= high for low, high in observed.troubled)
            if not dies and not fails and not any(call.call in flagged for call in calls):
                faults.append(f"ways: the suspicion of {number} at {at:.3f} is noted nowhere")
        return faults + [f"ways: call {call} is suspected by nobody" for call in flagged - hit]

    def _went_on_until(self, call: Called) -> float:
        killed = killed_at(self.observed, call.why, call.began)
        return killed if isfinite(killed) else call.ended


def _called(observed: Observed, pair: Pair) -> Called:
    plan, record, life, call = observed.plan, pair.record, pair.life, pair.call

    def loop(instant: datetime | None) -> float | None:
        return None if instant is None else life.loop_time(instant)

    return Called(
        call=record.call_id,
        person=call.person.person,
        number=record.number,
        began=life.loop_time(record.started_at),
        rang=loop(record.rang_at),
        accepted=loop(record.accepted_at),
        ended=life.loop_time(record.ended_at),
        talk=record.talk.total_seconds(),
        why=record.why,
        off=(life.utc - observed.lives[0].utc).total_seconds() - (life.began - observed.lives[0].began),
        has_hours=call.station.facility == FACILITY,
        longest=plan.limit_of(call.person, call.number),
        pins=call.plan.pins,
        is_sure=is_undisturbed(observed, pair),
    )
