"""A hook-flash and a second dial tone are heard; speech, music, pauses and clicks alone are not."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from prompts.audio import Library
from prompts.catalog import ENGLISH
from switch.media.control import Audio, Codec
from switch.media.g711 import compress, expand
from switch.media.third_party import ThirdPartyEar
from switch.media.wire import FRAME_SAMPLES

RATE = 8000
HALF_AN_HOUR = 30 * 60 * 50


def tone(seconds: float, *hertz: float, amplitude: float = 4000, fade: float = 0.0) -> Audio:
    time = np.arange(round(seconds * RATE)) / RATE
    waves = sum(amplitude * np.sin(2 * np.pi * each * time) for each in hertz)
    return (np.exp(-fade * time) * waves).astype(np.int16)


def dial_tone(seconds: float, amplitude: float = 4000) -> Audio:
    return tone(seconds, 350, 440, amplitude=amplitude)


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE), np.int16)


def click() -> Audio:
    """A contact: a pulse that is over in two milliseconds, then quiet up to the end of the frame."""
    time = np.arange(FRAME_SAMPLES)
    pulse = 12000 * np.exp(-time / 4) * np.cos(time)
    pulse[20:] = 0
    return pulse.astype(np.int16)


def noise(seconds: float, level: float = 3000) -> Audio:
    """As loud as speech, and as sudden as it never is."""
    return (
        (level * np.random.default_rng(1).standard_normal(round(seconds * RATE))).clip(-32768, 32767).astype(np.int16)
    )


def heard(*parts: Audio, codec: Codec = Codec.PCMU, shift: int = 0) -> tuple[int, int]:
    """How often a third party is suspected in this sound after G.711, and how many flashes were heard."""
    audio = expand(compress(np.concatenate([np.zeros(shift, np.int16), *parts]), codec), codec)
    ear = ThirdPartyEar()
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return sum(ear.hear(frame) for frame in frames), ear.flashes


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("shift", [0, 40, 80, 155])
def test_a_flash_of_two_clicks_and_a_dial_tone_is_suspected_once(codec: Codec, shift: int) -> None:
    parts = [noise(1, 1000), click(), silence(0.5), click(), silence(0.2), dial_tone(5)]
    assert heard(*parts, codec=codec, shift=shift) == (1, 1)


@pytest.mark.parametrize(
    "parts",
    [
        [noise(1), silence(0.6), dial_tone(3)],
        [noise(1), click(), silence(1.2), dial_tone(3, amplitude=300)],
        [noise(1), click(), silence(0.3), click(), noise(2, 800), dial_tone(2)],
        [noise(1), silence(0.6), click(), dial_tone(1.2)],
    ],
    ids=["sudden end, then the tone", "faint tone", "words before the tone", "sudden end, then a click"],
)
def test_other_flashes_are_too(parts: list[Audio]) -> None:
    assert heard(*parts)[0] == 1


@pytest.mark.parametrize(
    "parts",
    [
        [noise(1), click(), silence(0.5), click(), noise(8)],
        [noise(1), dial_tone(5)],
        [dial_tone(5)],
        [noise(1), click(), silence(0.1), click(), dial_tone(5)],
        [noise(1), click(), silence(2), click(), dial_tone(5)],
        [noise(1), click(), silence(0.5), click(), dial_tone(0.8), noise(5)],
        [noise(1), click(), silence(0.5), click(), noise(5), dial_tone(5)],
        [noise(1), click(), silence(0.5), click(), tone(5, 350)],
        [noise(1), click(), silence(0.5), click(), tone(5, 440, 480)],
        [noise(1), click(), silence(0.5), click(), tone(5, 480, 620)],
        [noise(1), click(), silence(0.5), click(), tone(5, 349.23, 440, 523.25)],
        [noise(1), click(), silence(0.5), click(), tone(5, 350, 440, fade=0.5)],
        [noise(1), click(), silence(0.5), click(), tone(5, 350, 440, amplitude=60)],
        [noise(1), click(), silence(0.5), click(), tone(0.5, 350, 440), silence(0.5), tone(0.5, 350, 440)],
    ],
    ids=[
        "a flash without a tone",
        "a tone without a flash",
        "nothing but the tone",
        "too short for a flash",
        "too long for a flash",
        "too short a tone",
        "too late a tone",
        "one tone alone",
        "ringing",
        "busy",
        "a chord",
        "a chord that fades",
        "too faint a tone",
        "a tone that is interrupted",
    ],
)
def test_whatever_lacks_a_part_of_it_is_not(parts: list[Audio]) -> None:
    assert heard(*parts)[0] == 0


def test_the_same_party_is_not_suspected_again_for_half_a_minute() -> None:
    flash = [noise(1), click(), silence(0.5), click(), dial_tone(2)]
    assert heard(*flash, noise(2), *flash)[0] == 1
    assert heard(*flash, noise(30), *flash)[0] == 2


@pytest.mark.whole
def test_half_an_hour_of_speech_with_pauses_and_clicks_is_never_suspected() -> None:
    library = Library(ENGLISH)
    library.load_all()
    random, ear, count, suspected = Random(1), ThirdPartyEar(), 0, 0
    clips = [clip for clip in library.catalog.clips if not clip.startswith("hold/")]
    while count < HALF_AN_HOUR:
        words = library.clip(random.choice(clips))
        if random.random() < 0.3:  # Two talk at once.
            other = library.clip(random.choice(clips))[: len(words)]
            words = words.copy()
            words[: len(other)] = (words[: len(other)] // 2) + other // 2
        between = [silence(random.uniform(0, 2)), click(), silence(random.uniform(0, 2)), click()]
        audio = np.concatenate([words, *between[: random.randrange(5)]])
        audio = expand(compress(audio, Codec.PCMU), Codec.PCMU)
        for start in range(0, len(audio) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            suspected += ear.hear(audio[start : start + FRAME_SAMPLES])
            count += 1
    assert suspected == 0
    assert ear.flashes > 50, "pauses and clicks were there to be mistaken"


@pytest.mark.whole
def test_half_an_hour_of_music_is_never_suspected() -> None:
    """Chords of two to four notes, F4 and A4 often among them, that are struck and fade; rests and drum beats."""
    random, ear, suspected, seconds = Random(2), ThirdPartyEar(), 0, 0.0
    notes = [220 * 2 ** (step / 12) for step in range(25)]
    while seconds < 1800:
        chord = random.sample(notes, random.randrange(1, 4)) + random.choice([[], [349.23, 440.0]])
        length = random.choice([0.25, 0.5, 1.0, 2.0])
        struck = tone(length, *chord, amplitude=9000 / len(chord), fade=random.uniform(0.4, 4))
        parts = [struck, *random.choice([[], [silence(0.5)], [click(), silence(0.5), click()]])]
        audio = expand(compress(np.concatenate(parts), Codec.PCMU), Codec.PCMU)
        seconds += len(audio) / RATE
        for start in range(0, len(audio) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            suspected += ear.hear(audio[start : start + FRAME_SAMPLES])
    assert suspected == 0
    assert ear.flashes > 100


def test_the_hold_music_of_the_prompts_is_never_suspected() -> None:
    library = Library(ENGLISH)
    library.load_all()
    music = [clip for name in library.catalog.clips if name.startswith("hold/") for clip in [library.clip(name)] * 5]
    assert heard(*music) == (0, 0)
