"""Waiting for a sentence: the seldom looks of `Listening` tell it no later than looks every quarter of a second."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from prompts.audio import RATE, Audio, Library
from prompts.catalog import LANGUAGES, ClipId
from scenarios.phones.codec import Law, encode
from scenarios.phones.heard import Heard
from scenarios.phones.packets import Packet
from scenarios.play.ears import Ears, Phrase
from scenarios.play.listening import LISTEN_SECONDS, Listening

FRAME = 160
SOURCE = ("10.0.0.1", 4000)
SHORT: Phrase = (ClipId("key/5"),)
LONG: Phrase = (ClipId("talk/one-minute-left"),)
ROW: Phrase = (ClipId("outside/block"), ClipId("key/7"))
OTHER: Phrase = (ClipId("outside/hear-price"), ClipId("key/2"))


@cache
def ears() -> Ears:
    return Ears(Library(LANGUAGES["en"]), [])


def said(*phrases: Phrase, silence: float) -> Audio:
    """So much silence, then sentences with a second between them."""
    pause = np.zeros(RATE, np.int16)
    parts = [part for phrase in phrases for part in (*ears().library.sequence(phrase), pause)]
    return np.concatenate([np.zeros(round(silence * RATE), np.int16), *parts, pause, pause])


def heard_until(audio: Audio, now: float, *, lost: frozenset[int] = frozenset()) -> Heard:
    """What a phone has heard by now."""
    heard = Heard()
    for number in range(min(round(now * RATE), len(audio)) // FRAME):
        if number not in lost:
            payload = encode(audio[number * FRAME : number * FRAME + FRAME], Law.PCMU)
            at = (number + 1) * FRAME / RATE
            heard.hear(Packet(0, number, number * FRAME, 7, payload), Law.PCMU, SOURCE, at)
    return heard


def told_at(audio: Audio, phrase: Phrase, *, is_patient: bool, lost: frozenset[int]) -> tuple[float, int]:
    """When a sentence is told, and after how many comparisons."""
    listening, now, looks = Listening(ears(), phrase, 0.0), 0.0, 0
    while now < len(audio) / RATE:
        heard = heard_until(audio, now, lost=lost)
        if listening.may_be_there(heard, now) or not is_patient:
            looks += 1
            found = ears().find(phrase, heard.audio(listening.since, now), listening.since)
            if listening.hears(found, heard, now, is_ended=False) is not None:
                return now, looks
        rest = listening.rest(now)
        now += rest if is_patient else LISTEN_SECONDS
    return now, looks


@pytest.mark.parametrize("silence", [0.0, 0.9, 4.05])
@pytest.mark.parametrize(
    "phrases", [(SHORT,), (LONG,), (ROW,), (OTHER, ROW), (OTHER, LONG)], ids=lambda each: each[-1][0]
)
def test_words_are_told_as_early_as_by_looking_all_the_time(phrases: tuple[Phrase, ...], silence: float) -> None:
    audio = said(*phrases, silence=silence)
    nothing_lost: frozenset[int] = frozenset()
    eager, looks = told_at(audio, phrases[-1], is_patient=False, lost=nothing_lost)
    patient, seldom = told_at(audio, phrases[-1], is_patient=True, lost=nothing_lost)
    assert patient == eager < len(audio) / RATE
    assert seldom <= looks
    assert seldom <= 10


def test_lost_packets_make_nobody_wait_longer() -> None:
    audio = said(OTHER, LONG, silence=1.0)
    lost = frozenset(range(3, 1000, 12))
    eager, _ = told_at(audio, LONG, is_patient=False, lost=lost)
    patient, _ = told_at(audio, LONG, is_patient=True, lost=lost)
    assert patient == eager < len(audio) / RATE


def test_words_that_never_come_are_never_told() -> None:
    audio = said(OTHER, silence=1.0)
    at, _ = told_at(audio, ROW, is_patient=True, lost=frozenset())
    assert at >= len(audio) / RATE
