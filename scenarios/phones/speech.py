"""What a phone is saying, and where it stands."""

import asyncio
from dataclasses import dataclass

from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio, Law, encode


@dataclass(slots=True)
class Speech:
    """Audio being said, and who waits for its end. It is encoded a second at a time, as it is said."""

    audio: Audio
    spoken: asyncio.Future[None]
    position: int = 0
    law: Law | None = None
    octets: bytes = b""
    octets_at: int = 0

    def take(self, count: int, law: Law) -> bytes:
        """Return the next `count` samples in a law, fewer at the end."""
        start = self.position - self.octets_at
        if law is not self.law or start + count > len(self.octets):
            piece = self.audio[self.position : self.position + max(count, SAMPLES_PER_SECOND)]
            self.law, self.octets, self.octets_at, start = law, encode(piece, law), self.position, 0
        taken = self.octets[start : start + count]
        self.position += len(taken)
        return taken
