"""Who answers a telephone: people and machines, made of prompts and tones, as their packets reach the switch."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np

from prompts.audio import load_wav
from prompts.catalog import LANGUAGES
from switch.media.control import Audio, Codec, MachineHeard
from switch.media.g711 import compress
from switch.media.wire import FRAME_SAMPLES
from tests.support.rtp import Bench, Phone, stream

RATE = 8000
LOSS = 0.02


def quiet(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE), np.int16)


def beep(hertz: float, seconds: float, *, amplitude: float = 4000) -> Audio:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


@cache
def words() -> tuple[Audio, ...]:
    """Every prompt that is spoken, in both languages."""
    folders = [path for folder in LANGUAGES.values() for path in sorted(folder.iterdir()) if path.is_dir()]
    spoken = [path for path in folders if path.name not in {"hold", "tone", "pause"}]
    return tuple(load_wav(file) for folder in spoken for file in sorted(folder.glob("*.wav")))


def said(chance: Random, shortest: float, longest: float) -> Audio:
    """Words of such a length, in another voice: a little higher or lower, louder or quieter."""
    some = chance.choice([each for each in words() if shortest * RATE <= len(each) * 0.95 <= longest * RATE])
    speed = chance.uniform(0.85, 1.1)
    at = np.arange(0, len(some) - 1, speed)
    loud = 10 ** (chance.uniform(-6, 6) / 20)
    return (np.interp(at, np.arange(len(some)), some) * loud).clip(-32768, 32767).astype(np.int16)


def person(chance: Random) -> Audio:
    """Says hello once or more often, waits, and asks things when nobody answers; in a room that may be noisy."""
    parts = [quiet(chance.uniform(0.2, 1.5)), said(chance, 0.3, 0.95)]
    for _ in range(chance.randrange(3)):
        parts += [quiet(chance.uniform(0.6, 1.5)), said(chance, 0.3, 0.95)]
    parts += [quiet(chance.uniform(1.1, 2)), said(chance, 1, 6), quiet(1)]
    audio = np.concatenate(parts).astype(np.float64)
    noise = np.random.default_rng(chance.getrandbits(32)).standard_normal(len(audio))
    return (audio + noise * 10 ** (chance.uniform(-70, -30) / 20) * 32768).clip(-32768, 32767).astype(np.int16)


def machine(chance: Random) -> Audio:
    """Speaks at length at once, in one sentence or several."""
    parts = [quiet(chance.uniform(0.1, 1.5)), said(chance, 3, 7)]
    if chance.random() < 0.5:
        parts += [quiet(chance.uniform(0.1, 0.35)), said(chance, 1, 7)]
    return np.concatenate([*parts, quiet(1)])


def beeping(chance: Random) -> Audio:
    """Says hardly anything, and beeps."""
    tone = beep(chance.uniform(360, 1950), chance.uniform(0.2, 1.0), amplitude=chance.uniform(1500, 12000))
    return np.concatenate(
        [quiet(chance.uniform(0.2, 2)), said(chance, 0.3, 2), quiet(chance.uniform(0.1, 2)), tone, quiet(1)]
    )


def greeting(chance: Random) -> Audio:
    """What is played to whoever answers: ten seconds and more, without a pause."""
    return np.concatenate([chance.choice([each for each in words() if len(each) > 3 * RATE]) for _ in range(4)])


def with_echo(audio: Audio, played: Audio, chance: Random, *, loss_decibels: float) -> Audio:
    """What comes back of what is played, with what the party says."""
    delay = round(chance.uniform(0.06, 0.4) * RATE)
    echo = np.zeros(len(audio))
    echo[delay:] = np.resize(played, max(len(played), len(audio)))[: len(audio) - delay] * 10 ** (-loss_decibels / 20)
    return (audio + echo).clip(-32768, 32767).astype(np.int16)


def is_told_a_machine(
    audio: Audio, chance: Random, *, loss: float = LOSS, speech: float = 2.5, played: Audio | None = None
) -> float | None:
    """When the engine tells of a machine, in seconds from the answer; None if it does not. Packets are lost."""
    codec = chance.choice(list(Codec))
    bench, phone = Bench(capacity=1), Phone(codec=codec)
    leg = bench.connected(stream(codec=codec))
    bench.engine.listen_for_machine(leg, speech)
    if played is not None:
        bench.engine.play(leg, [played], bench.now, is_looped=True)
    began = bench.now
    codes = compress(audio, codec).tobytes()
    for at in range(0, len(codes) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        datagram = phone.say(codes[at : at + FRAME_SAMPLES])
        bench.step([(leg, datagram, phone.address)] if chance.random() >= loss else [], after=0.02)
        bench.sent.clear()
        if any(isinstance(event, MachineHeard) for event in bench.told(leg)):
            return bench.now - began
    return None
