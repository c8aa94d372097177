"""A machine is told by its sound, a person is not: prompts and tones as greetings, over G.711 that loses 2 %."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from prompts.audio import Audio
from switch.media.control import Codec
from switch.media.g711 import compress, expand
from switch.media.listening import NOTHING
from switch.media.machine import MachineEar
from switch.media.wire import FRAME_SAMPLES
from tests.support.answers import (
    beep,
    beeping,
    greeting,
    is_told_a_machine,
    machine,
    person,
    quiet,
    with_echo,
    words,
)

MANY = 30


def told(*parts: Audio, codec: Codec = Codec.PCMU, speech: float = 2.5) -> int:
    """How often an ear tells of a machine in this sound after G.711."""
    audio = expand(compress(np.concatenate(parts), codec), codec)
    ear = MachineEar(speech)
    frames = audio[: len(audio) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return sum(ear.hear(frame, NOTHING) for frame in frames)


@pytest.mark.whole
def test_no_person_is_taken_for_a_machine() -> None:
    chances = [Random(seed) for seed in range(MANY)]
    assert [is_told_a_machine(person(each), each, played=greeting(each)) for each in chances] == [None] * MANY


@pytest.mark.whole
@pytest.mark.parametrize("loss_decibels", [12, 20])
def test_the_echo_of_the_greeting_is_no_machine(loss_decibels: float) -> None:
    found = []
    for seed in range(MANY):
        chance = Random(seed)
        played = greeting(chance)
        heard = with_echo(person(chance), played, chance, loss_decibels=loss_decibels)
        found.append(is_told_a_machine(heard, chance, played=played))
    assert found == [None] * MANY


@pytest.mark.whole
def test_most_machines_are_told_within_seconds_and_the_others_press_no_key_either() -> None:
    chances = [Random(seed) for seed in range(MANY)]
    alone = [is_told_a_machine(machine(each), each) for each in chances]
    assert sum(at is not None and at < 8 for at in alone) >= 0.8 * MANY
    under_the_greeting = [is_told_a_machine(machine(each), each, played=greeting(each)) for each in chances]
    assert sum(at is not None for at in under_the_greeting) >= 0.5 * MANY, "its louder half"


@pytest.mark.whole
def test_nearly_every_beep_is_told() -> None:
    chances = [Random(seed) for seed in range(MANY)]
    assert sum(is_told_a_machine(beeping(each), each) is not None for each in chances) >= 0.95 * MANY


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("hertz", [360, 425, 697, 1000, 1400, 1950])
@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0])
def test_a_beep_and_quiet_behind_it_are_a_machine(codec: Codec, hertz: float, seconds: float) -> None:
    assert told(quiet(1), beep(hertz, seconds), quiet(0.5), codec=codec) == 1


@pytest.mark.parametrize(
    "parts",
    [
        [beep(1000, 0.1), quiet(1)],
        [beep(1000, 1.5), quiet(1)],
        [beep(300, 0.5), quiet(1)],
        [beep(2200, 0.5), quiet(1)],
        [beep(1000, 0.5, amplitude=300), quiet(1)],
        [beep(1000, 0.5) + beep(1300, 0.5), quiet(1)],
        [beep(697, 0.3) + beep(1209, 0.3), quiet(1)],
        [beep(1000, 0.3), beep(1300, 0.3), beep(1000, 1.5), quiet(1)],
        [beep(1000, 0.5), beep(1000, 0.5) + beep(440, 0.5), quiet(1)],
        [np.linspace(0, 1, 4000) * beep(1000, 0.5), quiet(1)],
        [beep(1000, 0.5), quiet(0.2), beep(1000, 0.5), quiet(0.2), beep(1000, 1.5)],
    ],
    ids=[
        "too short",
        "too long",
        "too low",
        "too high",
        "too faint",
        "two tones",
        "a key",
        "a melody",
        "no quiet behind it",
        "swelling",
        "again and again",
    ],
)
def test_other_tones_are_none(parts: list[Audio]) -> None:
    assert told(quiet(1), *(part.astype(np.int16) for part in parts), speech=10) == 0


@pytest.mark.parametrize("speech", [1.5, 2.5])
def test_a_short_hello_is_none_whatever_is_said_after_a_second_of_quiet(speech: float) -> None:
    hello = next(each for each in words() if 0.6 < len(each) / 8000 < 0.8)
    long = max(words(), key=len)
    assert told(quiet(0.5), hello, quiet(1.1), long, speech=speech) == 0
    assert told(quiet(0.5), long, speech=speech) == 1
    assert told(quiet(3), long, speech=speech) == 0, "who speaks so late has listened"


def test_a_noise_is_none_however_long_and_loud() -> None:
    noise = (3000 * np.random.default_rng(1).standard_normal(20 * 8000)).clip(-32768, 32767).astype(np.int16)
    assert told(noise) == 0


@pytest.mark.whole
def test_no_prompt_beeps() -> None:
    for each in words():
        assert told(each, quiet(0.5), speech=10) == 0
