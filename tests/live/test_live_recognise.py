"""Half an hour of other people's talk, over a bad line: nothing of it is taken for the switch's words."""

from __future__ import annotations

from itertools import islice
from random import Random

import numpy as np
import pytest

from prompts.audio import RATE, Audio, Library
from prompts.catalog import ENGLISH, ClipId
from prompts.recognise import Recogniser
from tests.live.other_speech import carried, espeak_talk
from tests.live.programs import program
from tests.live.telephone_talk import clips_said, sentences

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

SECONDS = 30 * 60
SEED = 20210601

LIBRARY = Library(ENGLISH)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser({clip_id: LIBRARY.clip(clip_id) for clip_id in LIBRARY.catalog.clip_ids})


@pytest.fixture(scope="module")
def talk() -> Audio:
    return espeak_talk(program("espeak-ng", "espeak-ng"), SECONDS, Random(SEED))


def test_no_sentence_says_a_whole_clip() -> None:
    clips = [clip.words for clip in LIBRARY.catalog]
    said = {text: clips_said(text, clips) for text in islice(sentences(Random(SEED)), 2000)}
    assert {text: found for text, found in said.items() if found} == {}


def test_a_sentence_that_says_a_clip_is_told() -> None:
    clips = ["Goodbye.", "Please try again later.", "You have"]
    assert clips_said("Goodbye!", clips) == ["Goodbye."]
    assert clips_said("So please, try again later today.", clips) == ["Please try again later."]
    assert clips_said("You have time to say goodbye.", clips) == []


@pytest.mark.timeout(300)
def test_half_an_hour_of_other_speech_is_no_clip(talk: Audio, recogniser: Recogniser) -> None:
    heard, reception = carried(talk, SEED)
    assert len(talk) >= SECONDS * RATE
    assert reception.lost / (reception.packets + reception.lost) == pytest.approx(0.02, abs=0.002)
    assert reception.jitter_seconds > 0.001
    # It did arrive: the mean of its squares is what was said, but for what was lost.
    assert np.mean(heard.astype(np.float64) ** 2) == pytest.approx(np.mean(talk.astype(np.float64) ** 2), rel=0.05)
    assert recogniser.heard(heard) == []


def test_clips_within_other_speech_on_the_same_line_are_heard(talk: Audio, recogniser: Recogniser) -> None:
    clips = [ClipId(name) for name in ("reason/locked-out", "outside/accept", "talk/one-minute-left", "unit/cents")]
    pieces = [talk[number * 5 * RATE : (number + 1) * 5 * RATE] for number in range(len(clips))]
    both = [part for piece, clip in zip(pieces, clips, strict=True) for part in (piece, LIBRARY.clip(clip))]
    heard, _ = carried(np.concatenate(both), SEED)
    assert [(one.clip_id, one.is_whole) for one in recogniser.heard(heard)] == [(clip, True) for clip in clips]
