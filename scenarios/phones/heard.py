"""What a phone has heard: audio on the clock of the loop, keys, and the quality of reception."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from prompts.catalog import ClipId
from prompts.recognise import Recogniser
from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio, Law
from scenarios.phones.packets import Packet, nth_packet, packets_from, read_event
from scenarios.phones.stretches import Stretches

WINDOW_SECONDS = 0.02
"""Audio is judged in windows of one frame."""

DRIFT_SECONDS_MAX = 0.25
"""A packet this far from where its timestamp says starts a new run: the sender's clock jumped or it paused."""

SECONDS_MAX = 3600.0
"""Audio kept per phone: an hour is 29 MB, and as much again for its instants; what is older is forgotten."""

Number = TypeVar("Number", int, NDArray[np.int64])

NO_DRIFT_SECONDS = 1e-6
"""What rounding makes of an instant is far below."""

NO_DEVIATION = 0.4
"""Samples: transits that differ by less differ by none, once they are rounded."""

RECENT_MAX = 1000
"""Sequence numbers remembered, to tell what came twice: 20 s."""

LOUD_DBOV = -45.0
"""Above this a window counts as sound: 19 dB below speech at -26 dBov, far above the noise of G.711."""

LOUD_POWER = 10 ** (LOUD_DBOV / 10)


@dataclass(frozen=True, slots=True)
class HeardKey:
    """A key heard as a telephone event, at the arrival of the first packet that tells of it."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class HeardClip:
    """Recorded words that were recognised, by the loop's clock."""

    clip_id: ClipId
    at: float
    until: float
    is_whole: bool
    """Whether they were heard to their end."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How well packets of the present source arrive (RFC 3550 §6.4.1)."""

    packets: int
    lost: int
    duplicated: int
    reordered: int
    jitter_seconds: float


@dataclass(slots=True)
class _Run:
    """Packets of one source whose timestamps go on without a jump."""

    ssrc: int
    anchor_at: float
    anchor_timestamp: int


@dataclass(slots=True)
class _Source:
    """Counters of one synchronisation source (RFC 3550 appendix A)."""

    ssrc: int
    first: int
    highest: int
    received: int = 0
    duplicated: int = 0
    reordered: int = 0
    jitter: float = 0.0
    transit: float | None = None
    recent: dict[int, None] = field(default_factory=dict)


class Heard:
    """Collects what arrives at a phone."""

    def __init__(self) -> None:
        self.keys: list[HeardKey] = []
        self.addresses: Counter[tuple[str, int]] = Counter()
        self.discarded = 0
        self.first_at: float | None = None
        self.last_at: float | None = None
        self._stretches = Stretches()
        self._run: _Run | None = None
        self._source: _Source | None = None
        self._events: dict[tuple[int, int], None] = {}

    def hear(self, packet: Packet, law: Law, source: tuple[str, int], now: float) -> None:
        """Take a packet of audio."""
        self._arrived(source, now)
        if not self._count(packet):
            return
        self._measure_jitter(packet, now)
        self._stretches.keep(self._instant(packet, now), packet.payload, law)
        self._stretches.forget(now - SECONDS_MAX)

    def hear_row(self, row: Packet, law: Law, source: tuple[str, int], instants: Sequence[float]) -> None:
        """Take packets that follow each other, as `hear` does one by one.

        Args:
            row: The first, with the payloads of all, joined.
            law: Of the payloads.
            source: Where they come from.
            instants: When each arrives.
        """
        counted, count = self._source, len(instants)
        if counted is None or counted.ssrc != row.ssrc or _signed(row.sequence - counted.highest, 16) != 1:
            self.hear(nth_packet(row, 0), law, source, instants[0])
            if count > 1:
                self.hear_row(packets_from(row, 1), law, source, instants[1:])
            return
        self.addresses[source] += count
        self.first_at, self.last_at = instants[0] if self.first_at is None else self.first_at, instants[-1]
        recent = counted.recent
        recent.update(dict.fromkeys(range(counted.highest + 1, counted.highest + count + 1)))
        for old in list(islice(recent, max(0, len(recent) - RECENT_MAX))):
            del recent[old]
        counted.highest += count
        counted.received += count
        size, wrap = len(row.payload) // count, 1 << 32
        timestamps = [timestamp % wrap for timestamp in range(row.timestamp, row.timestamp + count * size, size)]
        transits = [at * SAMPLES_PER_SECOND - timestamp for at, timestamp in zip(instants, timestamps, strict=True)]
        spread = max(transits) - min(transits)
        self._measure_jitters(counted, transits, spread)
        if self._goes_on(row, instants[0], spread):
            self._stretches.keep(self._instant(row, instants[0]), row.payload, law)
        else:
            for n, (timestamp, at) in enumerate(zip(timestamps, instants, strict=True)):
                octets = row.payload[n * size : n * size + size]
                self._stretches.keep(self._instant(row._replace(timestamp=timestamp), at), octets, law)
        self._stretches.forget(instants[-1] - SECONDS_MAX)

    @staticmethod
    def _measure_jitters(counted: _Source, transits: list[float], spread: float) -> None:
        """Do what `_measure_jitter` does for each of several packets."""
        first, jitter, is_first = transits[0], counted.jitter, counted.transit is None
        before = first if counted.transit is None else counted.transit
        counted.transit = transits[-1]
        if spread < NO_DEVIATION and abs(first - before) < NO_DEVIATION:
            for _ in range(len(transits) - is_first if jitter else 0):
                jitter -= jitter / 16
        else:
            for one, other in pairwise([*([] if is_first else [before]), *transits]):
                jitter += (abs(_signed(round(other - one), 32)) - jitter) / 16
        counted.jitter = jitter

    def _goes_on(self, row: Packet, first_at: float, spread: float) -> bool:
        """Whether packets are surely of the present run, if their transits differ by no more than `spread` samples."""
        run = self._run
        if run is None or run.ssrc != row.ssrc:
            return False
        drift = run.anchor_at + _signed(row.timestamp - run.anchor_timestamp, 32) / SAMPLES_PER_SECOND - first_at
        return abs(drift) + spread / SAMPLES_PER_SECOND < DRIFT_SECONDS_MAX - NO_DRIFT_SECONDS

    def hear_event(self, packet: Packet, source: tuple[str, int], now: float) -> None:
        """Take a packet of a telephone event: one key for all packets of one timestamp (RFC 4733 §2.5.1.2)."""
        self._arrived(source, now)
        event = read_event(packet.payload)
        if not self._count(packet) or event is None or (packet.ssrc, packet.timestamp) in self._events:
            return
        self._events[packet.ssrc, packet.timestamp] = None
        self.keys.append(HeardKey(event.key, now))

    @property
    def reception(self) -> Reception:
        """How well the present source is received."""
        source = self._source
        if source is None:
            return Reception(0, 0, 0, 0, 0.0)
        lost = source.highest - source.first + 1 - source.received
        jitter = source.jitter / SAMPLES_PER_SECOND
        return Reception(source.received, lost, source.duplicated, source.reordered, jitter)

    def audio(self, since: float, until: float) -> Audio:
        """Return what was heard between two instants of the loop's clock, silent where nothing arrived."""
        return self._stretches.audio(since, until)

    def level_dbov(self, since: float, until: float) -> float:
        """Return the level between two instants, -infinity for digital silence (0 dBov: ITU-T G.100.1)."""
        return _level(self.audio(since, until))

    def sound_seconds(self, since: float, until: float) -> float:
        """Return for how long anything was to be heard."""
        windows = _windows(self.audio(since, until))
        return int((_powers(windows) > LOUD_POWER).sum()) * WINDOW_SECONDS

    def tone_seconds(self, frequency: float, since: float, until: float) -> float:
        """Return for how long a tone was to be heard: at least half of the energy of a window is its."""
        windows = _windows(self.audio(since, until))
        instants = np.arange(windows.shape[1]) / SAMPLES_PER_SECOND
        taper = np.hanning(windows.shape[1])
        turning = np.exp(-2j * np.pi * frequency * instants) * taper
        correlated = np.abs(windows @ turning) ** 2 * 2
        # A pure tone x has |sum x·w·e|² ≈ (A/2 · sum w)², and sum (x·√w)² ≈ A²/2 · sum w.
        energy = (windows**2) @ taper * taper.sum()
        is_tone = (correlated > 0.5 * energy) & (_powers(windows) > LOUD_POWER)
        return int(is_tone.sum()) * WINDOW_SECONDS

    def clips(self, recogniser: Recogniser, since: float, until: float) -> list[HeardClip]:
        """Return the recorded words heard between two instants, in their order."""
        found = recogniser.heard(self.audio(since, until))
        return [HeardClip(one.clip_id, since + one.at, since + one.until, is_whole=one.is_whole) for one in found]

    def gaps(self, since: float, until: float, *, gap_min: float = 0.06) -> list[tuple[float, float]]:
        """Return the stretches between two instants in which no audio arrived for `gap_min` or more."""
        ends = [since]
        found = []
        for start, end in [*self._stretches.spans(since, until), (until, until)]:
            if min(start, until) - ends[-1] >= gap_min - 1e-9:
                found.append((ends[-1], min(start, until)))
            ends.append(max(ends[-1], end))
        return found

    def _arrived(self, source: tuple[str, int], now: float) -> None:
        self.addresses[source] += 1
        self.first_at = now if self.first_at is None else self.first_at
        self.last_at = now

    def _instant(self, packet: Packet, now: float) -> float:
        """Return when the first sample of a packet is heard, free of jitter."""
        run = self._run
        if run is not None and run.ssrc == packet.ssrc:
            offset = _signed(packet.timestamp - run.anchor_timestamp, 32) / SAMPLES_PER_SECOND
            if abs(run.anchor_at + offset - now) <= DRIFT_SECONDS_MAX:
                return run.anchor_at + offset
        self._run = _Run(packet.ssrc, now, packet.timestamp)
        return now

    def _count(self, packet: Packet) -> bool:
        """Count a packet, and tell whether it is new."""
        source = self._source
        if source is None or source.ssrc != packet.ssrc:
            source = self._source = _Source(packet.ssrc, packet.sequence, packet.sequence - 1)
        highest, recent = source.highest, source.recent
        extended = highest + _signed(packet.sequence - highest, 16)
        if extended in recent:
            source.duplicated += 1
            return False
        recent[extended] = None
        if len(recent) > RECENT_MAX:
            del recent[next(iter(recent))]
        source.received += 1
        if extended > highest:
            source.highest = extended
        else:
            source.reordered += 1
            source.first = min(source.first, extended)
        return True

    def _measure_jitter(self, packet: Packet, now: float) -> None:
        """Follow RFC 3550 §6.4.1; packets of an event share one timestamp and are left out."""
        source = self._source
        assert source is not None
        transit = now * SAMPLES_PER_SECOND - packet.timestamp
        if source.transit is not None:
            deviation = abs(_signed(round(transit - source.transit), 32))
            source.jitter += (deviation - source.jitter) / 16
        source.transit = transit


def _signed(difference: Number, bits: int) -> Number:
    """Return a difference of counters that wrap as the nearest signed number."""
    half = 1 << bits - 1
    return (difference + half) % (1 << bits) - half


def _windows(audio: Audio) -> NDArray[np.float64]:
    size = round(WINDOW_SECONDS * SAMPLES_PER_SECOND)
    whole = len(audio) // size * size
    return audio[:whole].reshape(-1, size).astype(np.float64)


def _powers(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean power of each window, of 1 for overload."""
    powers: NDArray[np.float64] = np.einsum("ij,ij->i", windows, windows) / (windows.shape[1] * 32768**2)
    return powers


def _level(audio: Audio | NDArray[np.float64]) -> float:
    power = float(np.mean(audio.astype(np.float64) ** 2)) if len(audio) else 0.0
    return 10 * float(np.log10(power / 32768**2)) if power > 0 else -float("inf")
