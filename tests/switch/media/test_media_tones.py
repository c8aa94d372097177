"""Keys as tones: every key through G.711, once each; never a key in speech or music."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest

from prompts.audio import Audio, load_wav
from prompts.catalog import LANGUAGES
from switch.media.control import Codec
from switch.media.g711 import compress, expand
from switch.media.tones import HIGH, KEYS, LOW, ToneEar
from switch.media.wire import FRAME_SAMPLES

RATE = 8000
FILES = [path for folder in LANGUAGES.values() for path in sorted(folder.rglob("*.wav"))]


def tone(key: str, seconds: float, *, low: float = 6000, high: float = 6000, off: float = 0.0) -> Audio:
    """One key; `off` is by how much its tones are out of tune."""
    place = KEYS.index(key)
    at = np.arange(round(seconds * RATE)) / RATE
    waves = low * np.sin(2 * np.pi * LOW[place // 4] * (1 + off) * at)
    return (waves + high * np.sin(2 * np.pi * HIGH[place % 4] * (1 + off) * at)).astype(np.int16)


def dialled(keys: str, *, held: float = 0.08, pause: float = 0.06, **how: float) -> Audio:
    quiet = np.zeros(round(pause * RATE), np.int16)
    return np.concatenate([quiet, *(part for key in keys for part in (tone(key, held, **how), quiet))])


def hear(audio: Audio, *, start: int = 0) -> str:
    ear = ToneEar()
    frames = (audio[at : at + FRAME_SAMPLES] for at in range(start, len(audio) - FRAME_SAMPLES + 1, FRAME_SAMPLES))
    return "".join(key for frame in frames if (key := ear.hear(frame)) is not None)


@pytest.mark.parametrize(("codec", "start"), list(product(Codec, (0, 40, 97, 151))))
def test_every_key_is_heard_once_wherever_its_frames_begin(codec: Codec, start: int) -> None:
    keys = KEYS + "1122#"
    assert hear(expand(compress(dialled(keys), codec), codec), start=start) == keys


@pytest.mark.parametrize(
    "how",
    [
        {"low": 500, "high": 500},
        {"low": 12000, "high": 12000},
        {"low": 3000, "high": 7000},
        {"low": 7000, "high": 3000},
        {"off": 0.015},
        {"off": -0.015},
    ],
    ids=str,
)
def test_quiet_loud_uneven_and_mistuned_keys_are_heard(how: dict[str, float]) -> None:
    assert hear(dialled("5*0D", **how)) == "5*0D"


def test_a_key_is_heard_through_the_noise_of_a_line() -> None:
    audio = dialled(KEYS).astype(np.float64)
    noise = np.random.default_rng(1).normal(0, 300, len(audio))
    assert hear((audio + noise).astype(np.int16)) == KEYS


def test_a_long_key_is_one_and_a_lost_packet_in_it_makes_no_second() -> None:
    audio = dialled("7", held=1.0)
    audio[4000:4160] = 0
    assert hear(audio) == "7"


@pytest.mark.parametrize(
    "how", [{"low": 200, "high": 200}, {"low": 1000, "high": 9000}, {"off": 0.04}, {"held": 0.02}], ids=str
)
def test_what_is_no_key_by_the_book_is_none(how: dict[str, float]) -> None:
    assert hear(dialled("5", **how)) == ""


def test_one_tone_alone_is_no_key() -> None:
    assert hear(dialled("5", low=0)) == hear(dialled("5", high=0)) == ""


def test_no_key_is_heard_in_all_the_words_and_the_music_we_have() -> None:
    heard = [hear(load_wav(path), start=Random(path.name).randrange(FRAME_SAMPLES)) for path in FILES]
    assert not "".join(heard)
