"""What baresip says and hears, as files: a WAV in its microphone, and the growing WAV of what it receives."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

import numpy as np

from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio, Law, encode
from scenarios.phones.heard import Heard
from scenarios.phones.packets import Packet

FRAME_SAMPLES: Final = 160
FRAME_SECONDS: Final = FRAME_SAMPLES / SAMPLES_PER_SECOND
FRAME_OCTETS: Final = 2 * FRAME_SAMPLES

HEADER_OCTETS: Final = 44
"""RIFF, fmt and data, as libsndfile and `write_speech` begin a file."""

SILENCE_SECONDS: Final = 240
"""Behind what is said: baresip ends a call where its file ends, and reads a whole file at once."""

HEARD: Final = "*-dec.wav"
"""What baresip's module sndfile calls the files of what it decoded."""


def write_speech(file: Path, audio: Audio) -> None:
    """Write something to say, with silence behind it; the silence takes no room on the disk."""
    octets = 2 * (len(audio) + SILENCE_SECONDS * SAMPLES_PER_SECOND)
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + octets, b"WAVE",
        b"fmt ", 16, 1, 1, SAMPLES_PER_SECOND, 2 * SAMPLES_PER_SECOND, 2, 16,
        b"data", octets,
    )  # fmt: skip
    with file.open("wb") as stream:
        stream.write(header + audio.astype("<i2").tobytes())
        stream.truncate(HEADER_OCTETS + octets)


LATE_SECONDS: Final = 0.2
"""Frames this late come after a pause of the sender, or baresip was kept waiting: then more of them follow at once."""

EARLY_SECONDS: Final = 0.06
"""Frames this early tell that the first ones were late."""

WAIT_SECONDS: Final = 0.3
"""So long late frames may be followed by more."""


class Earpiece:
    """Reads what baresip hears in one call while it is being written.

    Frames follow each other in the file; when they are heard is known from when they came. A baresip that was kept
    waiting writes a row of frames at once, and these are as continuous as they were sent; after a pause of the sender
    they come one by one.

    Args:
        folder: Where baresip writes; the file of this call is the first that appears there from now on.
        law: What to keep the audio in: that of the line, so that decoded samples come out unchanged.
    """

    def __init__(self, folder: Path, law: Law) -> None:
        self.heard = Heard()
        self._folder = folder
        self._law = law
        self._file: int | None = None
        self._octets = b""
        self._is_begun = False
        self._frames = 0
        self._runs = 0
        self._next_at = 0.0
        self._late_since: float | None = None
        for left in folder.glob(HEARD):
            left.unlink()

    def listen(self, now: float, *, is_over: bool = False) -> None:
        """Take what was written since the last time; nothing more comes if it is over."""
        if self._file is None and not self._open():
            return
        assert self._file is not None
        self._octets += os.read(self._file, 1 << 20)
        if not self._is_begun:
            if len(self._octets) < HEADER_OCTETS + FRAME_OCTETS:
                return
            self._octets, self._is_begun = self._octets[HEADER_OCTETS:], True
        count = len(self._octets) // FRAME_OCTETS
        if count and (self._is_in_time(count, now) or is_over):
            self._hear(count)

    def _is_in_time(self, count: int, now: float) -> bool:
        """Whether it is known when these frames are heard: in a row with those before, or after a pause."""
        late = now - (count - 1) * FRAME_SECONDS - self._next_at
        is_in_row = self._runs > 0 and -EARLY_SECONDS <= late <= LATE_SECONDS
        if self._runs > 0 and late > LATE_SECONDS:
            self._late_since = now if self._late_since is None else self._late_since
            if now - self._late_since < WAIT_SECONDS:
                return False
        self._late_since = None
        if not is_in_row:
            self._runs += 1
            self._next_at += late
        return True

    def _hear(self, count: int) -> None:
        octets, self._octets = self._octets[: count * FRAME_OCTETS], self._octets[count * FRAME_OCTETS :]
        said = encode(np.frombuffer(octets, "<i2").astype(np.int16), self._law)
        for start in range(0, len(said), FRAME_SAMPLES):
            stamp, payload = self._frames * FRAME_SAMPLES, said[start : start + FRAME_SAMPLES]
            packet = Packet(self._law.value, self._frames & 0xFFFF, stamp, self._runs, payload)
            self.heard.hear(packet, self._law, ("baresip", 0), self._next_at)
            self._frames += 1
            self._next_at += FRAME_SECONDS

    def close(self) -> None:
        """Let go of the file; what was heard stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> bool:
        """Open the file and take it off its folder: the next call's may have its name, made of the second."""
        for file in sorted(self._folder.glob(HEARD)):
            self._file = os.open(file, os.O_RDONLY)
            file.unlink()
            return True
        return False
