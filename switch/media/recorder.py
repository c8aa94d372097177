"""Recordings on disk: stereo WAV, 16 bit, 8 kHz, written by one thread for all calls.

While it grows a recording is `<name>.part`; it gets its name when it is complete. Its header is brought up to
date with every second written, so what a crash leaves behind is a WAV file with all but the last second.
Nothing is made for a call that was not asked to be recorded, and the files are the owner's alone to read.
"""

from __future__ import annotations

import os
import queue
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from switch.media.taping import RecordedFrames, RecordingId, expand_stereo
from switch.media.wire import FRAME_SAMPLES

RATE: Final = 8000
CHANNELS: Final = 2
FRAME_BYTES: Final = FRAME_SAMPLES * CHANNELS * 2
HEADER_BYTES: Final = 44
FLUSH_FRAMES: Final = 50
"""Frames gathered before they are written: a second."""
HAND_OVER: Final = 10
"""Batches handed to the thread at once, a fifth of a second of one call: waking it costs more than its work. As
`FLUSH_FRAMES` is a multiple, a lone recording reaches the disk no later than if each were handed over."""
QUEUE_MAX: Final = 400
"""Tens of batches waiting for the disk: 20 s of the 200 batches a second a busy engine makes; 64 kB each at 100
calls."""
PATIENCE: Final = 2.0
"""Seconds the engine waits for a full queue, once, before it leaves frames out."""
Completed = Callable[[bool], None]
"""Told by the writing thread when a file has its name (True) or never will."""
GAP_MAX: Final = 30 * 60 * 50
"""Frames of silence one gap may become: half an hour. A longer one is a fault, not a stall."""


@dataclass(frozen=True, slots=True)
class _Begin:
    recording: RecordingId
    path: Path


@dataclass(frozen=True, slots=True)
class _End:
    recording: RecordingId
    frames: int
    then: Completed | None


def wav_header(data_bytes: int) -> bytes:
    """The 44 bytes before the samples."""
    block = CHANNELS * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        CHANNELS,
        RATE,
        RATE * block,
        block,
        16,
        b"data",
        data_bytes,
    )


class _File:
    """A file written here and there, each time by one call of the system."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes | bytearray, at: int) -> None:
        """Write all of it."""
        written = 0
        while written < len(data):
            written += os.pwrite(self._descriptor, data[written:] if written else data, at + written)

    def extend(self, size: int) -> None:
        """Let it be so long, with zeros."""
        os.truncate(self._descriptor, size)

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class _Growing:
    """One file that grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(path.name + ".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = _File(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        self._file.write(wav_header(0), 0)
        self._frames = 0
        self._waiting = bytearray()
        self._written = 0

    def add(self, number: int, frames: memoryview) -> None:
        """Append frames that follow each other, the first of this number, after silence for those left out before."""
        self.fill(number)
        self._frames = number + len(frames) // FRAME_BYTES
        while frames:
            taken = max(FRAME_BYTES, FLUSH_FRAMES * FRAME_BYTES - len(self._waiting))
            self._waiting += frames[:taken]
            frames = frames[taken:]
            if len(self._waiting) >= FLUSH_FRAMES * FRAME_BYTES:
                self.flush()

    def fill(self, frames: int) -> None:
        """Append silence up to so many frames."""
        gap = min(frames - self._frames, GAP_MAX)
        if gap >= FLUSH_FRAMES:  # A hole in the file, which reads as zeros and costs no writing.
            self._write()
            self._written += gap * FRAME_BYTES
            self._file.extend(HEADER_BYTES + self._written)
        elif gap > 0:
            self._waiting += bytes(gap * FRAME_BYTES)
        self._frames += max(gap, 0)

    def flush(self) -> None:
        """Write what waits, then the header that counts it."""
        self._write()
        self._file.write(wav_header(self._written), 0)

    def _write(self) -> None:
        self._file.write(self._waiting, HEADER_BYTES + self._written)
        self._written += len(self._waiting)
        self._waiting.clear()

    def complete(self) -> None:
        """Write the rest and give the file its name; it is still to be closed."""
        self.flush()
        self._file.sync()
        self._part.replace(self.path)

    def close(self) -> None:
        """Close the file as it is, once."""
        self._file.close()


class RecordingWriter:
    """The thread that writes, and the queue to it. Every method but `_run` and below belongs to the loop.

    Args:
        is_inline: Write on the loop instead, in no thread: for simulations, where nobody waits for a disk.
    """

    def __init__(self, *, is_inline: bool = False) -> None:
        self._is_inline = is_inline
        self._queue: queue.Queue[_Begin | _End | list[RecordedFrames] | None] = queue.Queue()
        self._gathered: list[RecordedFrames] = []
        self._room = threading.Semaphore(QUEUE_MAX)
        self._thread: threading.Thread | None = None
        self._growing: dict[RecordingId, _Growing] = {}
        self._is_patient = True
        self.frames_dropped = 0
        """Frames left out because the disk could not keep up; silence stands in their place."""
        self.failures: list[tuple[Path, OSError]] = []
        """Recordings that could not be written. A failed one is left as it was."""

    def begin(self, recording: RecordingId, path: Path) -> None:
        """Make the file; frames of it may follow."""
        if self._thread is None and not self._is_inline:
            self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
            self._thread.start()
        self._put(_Begin(recording, path))

    def add(self, frames: RecordedFrames) -> None:
        """Hand frames to the thread, with some more; if it is `PATIENCE` behind, leave them out and count them."""
        self._gathered.append(frames)
        if len(self._gathered) >= HAND_OVER or len(frames.numbers) >= HAND_OVER * len(set(frames.recordings)):
            self._hand_over()

    def end(self, recording: RecordingId, frames: int = 0, then: Completed | None = None) -> None:
        """Complete the file once everything before is written, with silence up to so many frames."""
        self._hand_over()
        self._put(_End(recording, frames, then))

    def close(self) -> None:
        """Complete every file and end the thread. Blocks: call it off the loop."""
        self._hand_over()
        if self._is_inline:
            self._end_all()
        elif self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        if not gathered:
            return
        if self._is_inline:
            self._add(gathered)
            return
        self._is_patient = self._room.acquire(timeout=PATIENCE if self._is_patient else 0)
        if self._is_patient:
            self._queue.put(gathered)
        else:
            self.frames_dropped += sum(len(frames.recordings) for frames in gathered)

    def _put(self, item: _Begin | _End) -> None:
        if self._is_inline:
            self._do(item)
        else:
            self._queue.put(item)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, list):
                self._add(item)
                self._room.release()
            else:
                self._do(item)
        self._end_all()

    def _do(self, item: _Begin | _End) -> None:
        if isinstance(item, _Begin):
            self._begin(item)
        else:
            is_complete = self._end(item.recording, item.frames)
            if item.then is not None:
                item.then(is_complete)

    def _end_all(self) -> None:
        for recording in list(self._growing):
            self._end(recording, 0)

    def _begin(self, item: _Begin) -> None:
        try:
            self._growing[item.recording] = _Growing(item.path)
        except OSError as error:
            self.failures.append((item.path, error))

    def _add(self, batches: list[RecordedFrames]) -> None:
        samples = expand_stereo(b"".join(each.codes for each in batches), b"".join(each.laws for each in batches))
        octets = memoryview(samples.astype("<i2", copy=False).data).cast("B")
        for recording, number, first, end in _rows(batches):
            growing = self._growing.get(recording)
            if growing is None:
                continue
            try:
                growing.add(number, octets[first * FRAME_BYTES : end * FRAME_BYTES])
            except OSError as error:
                self._fail(recording, error)

    def _end(self, recording: RecordingId, frames: int) -> bool:
        growing = self._growing.get(recording)
        if growing is None:
            return False
        try:
            growing.fill(frames)
            growing.complete()
        except OSError as error:
            self._fail(recording, error)
            return False
        del self._growing[recording]
        growing.close()
        return True

    def _fail(self, recording: RecordingId, error: OSError) -> None:
        growing = self._growing.pop(recording)
        self.failures.append((growing.path, error))
        growing.close()


def _rows(batches: Sequence[RecordedFrames]) -> Iterator[tuple[RecordingId, int, int, int]]:
    """Frames of one recording that follow each other: which, the number of the first, and the places of all."""
    recordings = [recording for each in batches for recording in each.recordings]
    numbers = [number for each in batches for number in each.numbers]
    first = 0
    for at in range(1, len(numbers) + 1):
        is_next = at < len(numbers) and recordings[at] == recordings[first] and numbers[at] == numbers[at - 1] + 1
        if not is_next:
            yield recordings[first], numbers[first], first, at
            first = at
