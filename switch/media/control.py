"""What the call tells the media engine, and what it hears back. Both drivers speak this.

Audio is `numpy` int16 at 8 kHz, mono. Instants are seconds of the event loop's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NewType, Protocol

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.int16]
"""Samples at 8 kHz, mono."""

PlayId = NewType("PlayId", int)
Address = tuple[str, int]


class Codec(Enum):
    """G.711, by the static payload types of RFC 3551."""

    PCMU = 0
    PCMA = 8


@dataclass(frozen=True, slots=True)
class Stream:
    """What offer/answer agreed for one leg."""

    remote: Address
    codec: Codec
    payload_type: int
    digits_payload_type: int | None
    """What digits are sent as: `telephone-event` (RFC 4733), None when the peer does not take it."""
    is_sending: bool = True
    """Whether we may send (the peer is not `sendonly` or `inactive`)."""
    is_receiving: bool = True
    own_digits_payload_type: int | None = None
    """What the peer sends digits as, where that is another number (RFC 3264 §5.1); None: the same."""
    signalled_from: str = ""
    """The host its signalling comes from: behind a translator of addresses, mostly that of its media too."""


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A key, reported once, at the arrival of the first packet that tells of it."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class PlayEnded:
    """The last sample of this play was sent (not told for a play that was stopped or replaced)."""

    play_id: PlayId
    at: float


@dataclass(frozen=True, slots=True)
class MediaStarted:
    """The first valid packet arrived and latched the peer's real address."""

    at: float


@dataclass(frozen=True, slots=True)
class MediaLost:
    """Nothing has arrived for the engine's `silence_max` seconds."""

    at: float


@dataclass(frozen=True, slots=True)
class ThirdPartyHeard:
    """The peer may have brought in somebody else: a hook-flash and a second dial tone were heard."""

    at: float


@dataclass(frozen=True, slots=True)
class MachineHeard:
    """A machine answered: a long utterance, or a beep, was heard."""

    at: float


MediaEvent = DigitPressed | PlayEnded | MediaStarted | MediaLost | ThirdPartyHeard | MachineHeard


@dataclass(frozen=True, slots=True)
class LegStatistics:
    """Counters of one leg since it was opened."""

    packets_in: int
    packets_out: int
    packets_lost: int
    packets_late: int
    packets_discarded: int
    """Malformed, of another source, or of an unknown payload type."""


class PortsExhaustedError(Exception):
    """Every port of the pool is in use."""


class MediaLeg(Protocol):
    """One RTP session: a socket, a stream to a peer, and what is heard on it."""

    @property
    def address(self) -> Address:
        """Where this leg receives, for the SDP (`media.advertised` and its port)."""

    def on_event(self, listener: Callable[[MediaEvent], None] | None) -> None:
        """Whom to tell; called on the event loop, never re-entrantly from a command."""

    def connect(self, stream: Stream) -> None:
        """Start, or change after a re-INVITE. Until then nothing is sent."""

    def play(self, audio: Sequence[Audio], *, is_looped: bool = False) -> PlayId:
        """Say this instead of whatever is played now; the peer hears nothing else meanwhile."""

    def overlay(self, audio: Sequence[Audio]) -> PlayId:
        """Say this over what the peer hears, which is attenuated by 12 dB meanwhile."""

    def stop(self) -> None:
        """Stop playing."""

    def hear(self, source: MediaLeg | None, *, with_digits: bool = False) -> None:
        """Let the peer hear what `source` receives, or nothing (None).

        With `with_digits` the keys pressed at the source are sent on as events of RFC 4733; without,
        nobody can dial through the other party.
        """

    def listen_for_third_party(self) -> None:
        """Listen to what the peer says from now on, and tell of a `ThirdPartyHeard`."""

    def listen_for_machine(self, speech_seconds: float | None) -> None:
        """Listen for a machine that answered, and tell of one `MachineHeard`; None: listen no more.

        So many seconds of speech without a pause are a machine's.
        """

    def statistics(self) -> LegStatistics:
        """Counters until now."""

    def close(self) -> None:
        """Free the port. The engine forgets the leg."""


class Recording(Protocol):
    """A stereo WAV being written: left the first leg's peer, right the second's."""

    def stop(self) -> None:
        """End it at this instant; the file is completed in the background and on `MediaDriver.close`."""

    async def completed(self) -> bool:
        """Wait until the file of a stopped recording has its name; False: it could not be written."""


class MediaDriver(Protocol):
    """Paces one engine. `open_leg` binds a socket of the pool."""

    async def open_leg(self) -> MediaLeg:
        """Bind the next free even port.

        Raises:
            PortsExhaustedError: None is free.
        """

    def record(self, left: MediaLeg, right: MediaLeg, path: Path) -> Recording:
        """Record what both peers say, from this instant."""

    async def close(self) -> None:
        """Stop pacing, complete recordings, close every socket."""
