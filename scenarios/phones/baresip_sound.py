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


class Earpiece:
    """Reads what baresip hears in one call while it is being written.

    Args:
        folder: Where baresip writes; the file of this call is the first that appears there from now on.
        law: What to keep the audio in: that of the line, so that decoded samples come out unchanged.
    """

    def __init__(self, folder: Path, law: Law) -> None:
        self.heard = Heard()
        self._folder = folder
        self._law = law
        self._file: int | None = None
        self._waiting = b""
        self._header_left = HEADER_OCTETS
        self._frames = 0
        for left in folder.glob(HEARD):
            left.unlink()

    def listen(self, now: float) -> None:
        """Take what was written since the last time; its last frame has arrived just now."""
        if self._file is None and not self._open():
            return
        assert self._file is not None
        waiting = self._waiting + os.read(self._file, 1 << 20)
        if self._header_left:
            if len(waiting) < HEADER_OCTETS:
                self._waiting = waiting
                return
            waiting, self._header_left = waiting[HEADER_OCTETS:], 0
        count = len(waiting) // FRAME_OCTETS
        self._waiting = waiting[count * FRAME_OCTETS :]
        samples = np.frombuffer(waiting[: count * FRAME_OCTETS], "<i2")
        octets = encode(samples.astype(np.int16), self._law)
        for index in range(count):
            payload = octets[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES]
            packet = Packet(self._law.value, self._frames & 0xFFFF, self._frames * FRAME_SAMPLES, 1, payload)
            self._frames += 1
            self.heard.hear(packet, self._law, ("baresip", 0), now - (count - 1 - index) * FRAME_SECONDS)

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
