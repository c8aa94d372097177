"""Who listens to what the peers of legs say: for keys as tones, for third parties, for machines.

An ear is there only where somebody asked for it; a leg without one costs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from switch.media.control import Audio, DigitPressed, MachineHeard, ThirdPartyHeard
from switch.media.g711 import expand_rows
from switch.media.legs import NEVER, Legs
from switch.media.machine import MachineEar
from switch.media.receiving import Events
from switch.media.third_party import ThirdPartyEar
from switch.media.tones import ToneEar
from switch.media.wire import FRAME_SAMPLES


@dataclass(slots=True)
class _Ears:
    """Those of one leg."""

    keys: ToneEar | None = None
    third_party: ThirdPartyEar | None = None
    machine: MachineEar | None = None


_NONE: Final = _Ears()
NOTHING: Final[Audio] = np.zeros(0, np.int16)


class Listening:
    """The ears of all legs, by row."""

    def __init__(self, legs: Legs) -> None:
        self._legs = legs
        self._ears: dict[int, _Ears] = {}

    @property
    def is_on(self) -> bool:
        """Whether there is any ear."""
        return bool(self._ears)

    def for_keys(self, row: int, *, is_needed: bool) -> None:
        """Look for keys as tones, as long as the peer sends them in no other way."""
        ears = self._ears.setdefault(row, _Ears())
        ears.keys = (ears.keys or ToneEar()) if is_needed else None
        self._drop_deaf(row)

    def for_third_party(self, row: int) -> None:
        """Listen for a third party, until the leg is closed."""
        self._ears.setdefault(row, _Ears()).third_party = ThirdPartyEar()

    def for_machine(self, row: int, speech_seconds: float | None) -> None:
        """Listen for a machine from now on; None: no more."""
        ears = self._ears.setdefault(row, _Ears())
        ears.machine = None if speech_seconds is None else MachineEar(speech_seconds)
        self._drop_deaf(row)

    def forget(self, row: int) -> None:
        """The leg is closed."""
        self._ears.pop(row, None)

    def hear(self, due: Iterable[int], now: float, events: Events) -> None:
        """Let the ears of the legs due have what each peer says now."""
        rows = [row for row in due if row in self._ears]
        if not rows:
            return
        legs = self._legs
        for row, frame in zip(rows, expand_rows(legs.heard[rows], legs.law[rows]), strict=True):
            ears, leg = self._ears[row], legs.id_of(row)
            if ears.third_party is not None and ears.third_party.hear(frame):
                events.append((leg, ThirdPartyHeard(now)))
            if ears.machine is not None and ears.machine.hear(frame, self._played(row, 1)):
                events.append((leg, MachineHeard(now)))
            key = None if ears.keys is None else ears.keys.hear(frame)
            if key is not None:
                events.append((leg, DigitPressed(key, now)))

    def steps_max(self, due: Sequence[int]) -> int:
        """How many frames of the legs due tell of nothing, whatever they are."""
        if not self._ears:
            return NEVER
        return min((_steps_max(self._ears.get(row, _NONE)) for row in due), default=NEVER)

    def keep(self, row: int, octets: bytes) -> None:
        """Have heard the frames of these codes: no more than `steps_max` told, and not played to yet."""
        ears = self._ears.get(row)
        if ears is None:
            return
        frames = np.frombuffer(octets, np.uint8).reshape(-1, FRAME_SAMPLES)
        played = self._played(row, len(frames))
        for at, frame in enumerate(expand_rows(frames, np.full(len(frames), self._legs.law[row]))):
            is_told = ears.third_party is not None and ears.third_party.hear(frame)
            if ears.machine is not None:
                of_frame = played[at * FRAME_SAMPLES : (at + 1) * FRAME_SAMPLES]
                is_told = ears.machine.hear(frame, of_frame) or is_told
            assert not is_told, "frames were sure"

    def _played(self, row: int, frames: int) -> Audio:
        """What is going to be played to a peer in these frames, as far as it lasts."""
        play = self._legs.playing.get(row)
        return NOTHING if play is None else play.next_samples(frames)

    def _drop_deaf(self, row: int) -> None:
        if self._ears[row] == _NONE:
            del self._ears[row]


def _steps_max(ears: _Ears) -> int:
    if ears.keys is not None:
        return 0  # Any frame may be the one that is told of.
    return min((ear.frames_sure for ear in (ears.third_party, ears.machine) if ear is not None), default=NEVER)
