"""What was heard, told from the audio itself: at each phone, and in each channel of a recording.

Sentences and prompts are found by `prompts.recognise`; what the switch believes it played counts nothing here.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np

from prompts import english
from prompts.audio import Audio, Library
from prompts.catalog import ClipId
from prompts.recognise import Recogniser
from scenarios.demo.cast import WARNINGS
from scenarios.demo.scenes import Scene
from scenarios.phones.call import PhoneCall
from switch.call.timeline import CALLEE, CALLER

WARNING: Final = "warning"
"""The section under which a whole warning is known: `warning/10` is "You have ten seconds left."."""


@dataclass(frozen=True, slots=True)
class Sounded:
    """A sentence or a prompt that was heard; times are seconds of the event loop's clock, or of the recording."""

    name: ClipId
    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Listened:
    """What both phones of a call heard, from the answer on, in order."""

    inside: tuple[Sounded, ...]
    outside: tuple[Sounded, ...]


@dataclass(frozen=True, slots=True)
class Tape:
    """What is on a recording."""

    channels: int
    seconds: float
    left: tuple[Sounded, ...]
    right: tuple[Sounded, ...]


def warning(length: timedelta) -> ClipId:
    """The name of a warning."""
    return ClipId(f"{WARNING}/{length // timedelta(seconds=1)}")


def listen(scene: Scene, sentences: Mapping[ClipId, Audio], library: Library) -> Listened:
    """Listen to what the phones of a call heard."""
    planned = scene.planned
    inside, outside = dict(sentences), dict(sentences)
    inside |= {clip: library.clip(clip) for clip in planned.heard_inside}
    outside |= {clip: library.clip(clip) for clip in planned.heard_outside}
    if planned.talk:
        warnings = {warning(length): np.concatenate(library.sequence(english.time_left(length))) for length in WARNINGS}
        inside |= warnings
        outside |= warnings
    return Listened(_heard_at(scene.inside, inside), _heard_at(scene.outside, outside))


def listen_to_tape(path: Path, sentences: Mapping[ClipId, Audio]) -> Tape:
    """Listen to a recording.

    Raises:
        OSError: It is not there.
        wave.Error: It is something else.
    """
    with wave.open(str(path), "rb") as file:
        channels = file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16).reshape(-1, channels)
        seconds = file.getnframes() / file.getframerate()
    recogniser = Recogniser(sentences)
    left, right = (_found(recogniser, samples[:, channel], 0.0) for channel in (0, channels - 1))
    return Tape(channels, seconds, left, right)


def spoken_by(party: str, sounded: Iterable[Sounded]) -> list[Sounded]:
    """The sentences of one party."""
    assert party in {CALLER, CALLEE}, f"{party} does not speak"
    return [each for each in sounded if each.name.startswith(f"{party}/")]


def _heard_at(call: PhoneCall | None, known: Mapping[ClipId, Audio]) -> tuple[Sounded, ...]:
    if call is None or call.answered_at is None or call.ended_at is None:
        return ()
    return _found(Recogniser(known), call.heard.audio(call.answered_at, call.ended_at), call.answered_at)


def _found(recogniser: Recogniser, audio: Audio, since: float) -> tuple[Sounded, ...]:
    return tuple(
        Sounded(name, since + heard.at, since + heard.until)
        for heard in recogniser.heard(audio)
        for name in heard.clip_ids
    )
