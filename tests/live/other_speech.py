"""Speech of espeak-ng, and speech carried from one telephone to another over a bad line."""

from __future__ import annotations

import asyncio
import io
import subprocess
import wave
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.audio import RATE, Audio
from prompts.level import active_level
from scenarios.phones.codec import Law
from scenarios.phones.heard import Reception
from scenarios.phones.rtp import AudioPath, Sound
from scenarios.sim.links import Link
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network
from tests.live.telephone_talk import sentences

Samples = NDArray[np.float64]

BAND: Final = (100.0, 3400.0)
"""Hz a telephone carries."""

LEVEL: Final = -26.0
"""dBov of active speech, as that of the prompts."""

LEVEL_SECONDS: Final = 10
"""A voice speaks as loud later on."""

BAD_LINE: Final = Link(delay=0.05, loss=0.02, jitter=0.01)
"""2 % of the packets vanish, the others are up to 10 ms late."""

SENTENCES_AT_ONCE: Final = 12
"""Said by one voice before the next begins: a program started seldom."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of espeak-ng: words a minute, and pitch from 0 to 99."""

    voice: str
    speed: int
    pitch: int


SPEAKERS: Final = (
    Speaker("en-us", 165, 40),
    Speaker("en-gb", 140, 62),
    Speaker("en-us+f3", 175, 75),
    Speaker("en-gb-scotland", 150, 30),
    Speaker("en-gb-x-rp+m4", 190, 45),
    Speaker("en-029+f2", 130, 55),
    Speaker("en-us+m7", 120, 20),
    Speaker("en-gb-x-gbclan+f5", 210, 85),
)


def spoken(program: str, speaker: Speaker, text: str) -> Audio:
    """A text read by espeak-ng, as a telephone takes it."""
    said = subprocess.run(
        [program, "-v", speaker.voice, "-s", f"{speaker.speed}", "-p", f"{speaker.pitch}", "--stdout"],
        input=text.encode(),
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    with wave.open(io.BytesIO(said.stdout)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate, samples = file.getframerate(), np.frombuffer(said.stdout[44:], "<i2")
    return at_level(in_telephone_band(samples / 32768, rate))


def in_telephone_band(samples: Samples, rate: int) -> Samples:
    """At 8 kHz and from 100 to 3400 Hz, by leaving out what else the spectrum has."""
    spoken = len(samples)
    # Whole seconds: lengths of small factors, whose transforms are quick.
    samples = np.pad(samples, (0, -len(samples) % rate))
    spectrum = np.fft.rfft(samples)
    count = len(samples) // rate * RATE
    kept = spectrum[: count // 2 + 1]
    hertz = np.arange(len(kept)) * rate / len(samples)
    kept[(hertz < BAND[0]) | (hertz > BAND[1])] = 0
    said: Samples = np.fft.irfft(kept, count)[: spoken * RATE // rate] * (count / len(samples))
    return said


def at_level(samples: Samples) -> Audio:
    """Speech within -1…1 at the level of the prompts."""
    audio = np.round(samples * 0x4000).clip(-32768, 32767).astype(np.int16)
    return np.asarray(
        np.round(audio * 10 ** ((LEVEL - active_level(audio[: LEVEL_SECONDS * RATE])) / 20)).clip(-32768, 32767),
        np.int16,
    )


def espeak_talk(program: str, seconds: float, chance: Random) -> Audio:
    """At least so many seconds of sentences, each dozen by another voice."""
    pieces: list[Audio] = []
    speakers, texts = cycle(SPEAKERS), sentences(chance)
    while sum(map(len, pieces)) < seconds * RATE:
        text = "\n".join(next(texts) for _ in range(SENTENCES_AT_ONCE))
        pieces.append(spoken(program, next(speakers), text))
    return np.concatenate(pieces)


def carried(audio: Audio, seed: int, link: Link = BAD_LINE) -> tuple[Audio, Reception]:
    """What a telephone hears of audio that another one sends it as G.711, 20 ms a packet, over a link; and how well."""
    loop = VirtualLoop(Network(Random(seed)))
    loop.network.host("near", "10.0.0.1")
    loop.network.host("far", "10.0.0.2")
    loop.network.link("near", "far", link)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(_carried(audio, Random(seed)))


async def _carried(audio: Audio, chance: Random) -> tuple[Audio, Reception]:
    loop = asyncio.get_running_loop()
    ends: list[Sound] = []
    for host in ("10.0.0.1", "10.0.0.2"):
        _, sound = await loop.create_datagram_endpoint(lambda: Sound(chance), local_addr=(host, 4000))
        ends.append(sound)
    near, far = ends
    far.mute(is_muted=True)  # Who listens sends nothing: half of the packets would only cost time.
    for sound, other in ((near, far), (far, near)):
        sound.connect(AudioPath(other.address, Law.PCMU, Law.PCMU.value, None))
    began = loop.time()
    await near.speak(audio)
    await asyncio.sleep(1)
    heard = far.heard.audio(began, loop.time())
    near.close()
    far.close()
    return heard, far.heard.reception
