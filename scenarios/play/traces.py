"""What happened in each call, collected while the switch runs: for instants, expectations and the result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ledger.money import CallId
from ledger.records import CallRecord
from switch.call.desk import CARD_ENTERED
from switch.call.services import Services
from switch.call.timeline import CALLEE, CALLER, Item, Kind, Timeline

if TYPE_CHECKING:
    from scenarios.phones.handset import HandsetCall

ACCEPTED: Final = "accepted: the meter starts"
"""What a timeline says at the acceptance."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """Business time and the loop's clock at one instant."""

    now: float
    utc: datetime

    def at(self, utc: datetime) -> float:
        """The loop's instant of a business instant."""
        return self.now + (utc - self.utc).total_seconds()


@dataclass(slots=True)
class Side:
    """A phone's call that belongs to a call of the switch."""

    actor: str
    party: str
    call: HandsetCall


@dataclass(slots=True)
class Trace:
    """One call of the switch."""

    call_id: CallId
    epoch: Epoch
    items: list[Item] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)
    record: CallRecord | None = None
    is_killed: bool = False
    """The switch was killed while it went on."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it has its record, or the switch was killed."""

    @property
    def since(self) -> float:
        """When it began, on the loop's clock."""
        return self.items[0].at

    @property
    def ended_at(self) -> float | None:
        """When it ended by its record, on the loop's clock."""
        return None if self.record is None else self.epoch.at(self.record.ended_at)

    @property
    def accepted_at(self) -> float | None:
        """When the accept key arrived, on the loop's clock; None while it is not accepted."""
        if self.record is not None and self.record.accepted_at is not None:
            return self.epoch.at(self.record.accepted_at)
        for index, item in enumerate(self.items):
            if item.text == ACCEPTED:
                # The last key of the called party; behind a card it is none that accepts.
                before = [
                    each
                    for each in self.items[:index]
                    if (each.kind is Kind.KEY and each.source == CALLEE) or each.text == CARD_ENTERED
                ]
                return before[-1].at if before and before[-1].kind is Kind.KEY else item.at
        return None

    def side(self, party: str) -> Side | None:
        """The phone of a party, None where it never had a call."""
        return next((side for side in self.sides if side.party == party), None)


class Traces:
    """The calls of one scenario, over every life of its switch."""

    def __init__(self) -> None:
        self.traces: dict[CallId, Trace] = {}
        self.changed: Callable[[], None] | None = None
        self._waiting: list[tuple[str, HandsetCall]] = []
        self._services: Services | None = None
        self._epoch: Epoch | None = None

    def follow(self, services: Services, epoch: Epoch) -> None:
        """Follow a switch that has just started."""
        self._services, self._epoch = services, epoch
        services.watchers.append(self._watch)
        services.ended.append(self._ended)

    def abandon(self) -> None:
        """The switch was killed: what went on will have its record from the next one."""
        for trace in self.traces.values():
            trace.is_killed |= trace.record is None
            trace.over.set()
        self._services = None

    def expect(self, actor: str, call: HandsetCall) -> None:
        """A phone has a call; which one of the switch's it is shows with its next message."""
        self._waiting.append((actor, call))

    def of(self, call: HandsetCall | None) -> Trace | None:
        """The trace a phone's call belongs to."""
        self._match()
        return next((trace for trace in self for side in trace.sides if side.call is call), None)

    def records(self) -> list[CallRecord]:
        """The records there are, in the order their calls began."""
        return [trace.record for trace in self if trace.record is not None]

    def complete(self, records: Iterable[CallRecord]) -> None:
        """Take records from the book: of calls that another life of the switch settled."""
        for record in records:
            trace = self.traces.get(record.call_id)
            if trace is not None and trace.record is None:
                trace.record = record
                trace.over.set()

    def __iter__(self) -> Iterator[Trace]:
        return iter(sorted(self.traces.values(), key=lambda trace: trace.since))

    def __len__(self) -> int:
        return len(self.traces)

    def _watch(self, call_id: CallId, item: Item) -> None:
        if call_id not in self.traces:
            assert self._epoch is not None, "who watches follows a switch"
            self.traces[call_id] = Trace(call_id, self._epoch)
        self.traces[call_id].items.append(item)
        if self._waiting:
            self._match()

    def _match(self) -> None:
        """Find the trace of each phone's call by its Call-ID."""
        if self._services is None:
            return
        left: list[tuple[str, HandsetCall]] = []
        for actor, call in self._waiting:
            shown = self._services.timelines.find(call.call_id)
            trace = None if shown is None else self._of_timeline(shown[0])
            if shown is None or trace is None:
                left.append((actor, call))
            else:
                trace.sides.append(Side(actor, CALLER if shown[1] == CALLER else CALLEE, call))
        self._waiting = left

    def _of_timeline(self, timeline: Timeline) -> Trace | None:
        first = timeline.items[0] if timeline.items else None
        return next((trace for trace in self.traces.values() if trace.items and trace.items[0] is first), None)

    def _ended(self, record: CallRecord, timeline: Timeline) -> None:
        self._match()
        trace = self._of_timeline(timeline)
        assert trace is not None, f"{record.call_id} ended and never began"
        trace.record = record
        trace.over.set()
