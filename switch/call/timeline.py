"""The timeline of a call: every message, key, word and posting, numbered, as it happened.

It is how a call is seen: the ladder of the demo and of reports is drawn from it, and nothing in it is
secret: PINs and digests never enter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ledger.money import CallId

ITEMS_MAX: Final = 5_000
"""A fifteen-minute call has a few hundred; beyond this only the count goes on."""

CALLER: Final = "caller"
CALLEE: Final = "callee"
SWITCH: Final = "switch"
BOOK: Final = "book"


class Kind(Enum):
    """What an item tells of."""

    SIP = "sip"
    KEY = "key"
    WORDS = "words"
    MEDIA = "media"
    MONEY = "money"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened. `at` is seconds of the event loop's clock."""

    number: int
    at: float
    kind: Kind
    source: str
    target: str
    text: str


Watcher = Callable[[CallId, Item], None]


class Timeline:
    """Items of one call, in order. One that is not kept notes nothing: nobody will look."""

    __slots__ = ("_call_id", "_clock", "_count", "_watcher", "is_kept", "items")

    def __init__(
        self, call_id: CallId, clock: Callable[[], float], watcher: Watcher | None, *, is_kept: bool = True
    ) -> None:
        self.is_kept = is_kept
        self._call_id = call_id
        self._clock = clock
        self._watcher = watcher
        self._count = 0
        self.items: list[Item] = []

    def add(self, kind: Kind, source: str, target: str, text: str) -> None:
        """Note what happened now."""
        if not self.is_kept:
            return
        self._count += 1
        item = Item(self._count, self._clock(), kind, source, target, text)
        if len(self.items) < ITEMS_MAX:
            self.items.append(item)
        if self._watcher is not None:
            self._watcher(self._call_id, item)


class Timelines:
    """Which SIP dialog belongs to which timeline, by Call-ID."""

    __slots__ = ("_shown",)

    def __init__(self) -> None:
        self._shown: dict[str, tuple[Timeline, str]] = {}

    def show(self, sip_call_id: str, timeline: Timeline, party: str) -> None:
        """From now on the messages of this dialog, with this party, stand in the timeline."""
        if timeline.is_kept:
            self._shown[sip_call_id] = (timeline, party)

    def find(self, sip_call_id: str) -> tuple[Timeline, str] | None:
        """The timeline and the party of a dialog."""
        return self._shown.get(sip_call_id)

    def forget(self, timeline: Timeline) -> None:
        """Nothing more will come of this call."""
        for sip_call_id in [key for key, (shown, _) in self._shown.items() if shown is timeline]:
            del self._shown[sip_call_id]

    def __len__(self) -> int:
        return len(self._shown)
