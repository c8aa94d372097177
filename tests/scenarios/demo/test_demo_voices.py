from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ledger.chart import advancepay
from prompts.audio import Audio, Library
from prompts.catalog import ENGLISH, ClipId
from prompts.recognise import Recogniser
from rating.price import price
from scenarios.demo.cast import ACCEPTED, FUNDS, PLAN, TALK, WARNINGS
from scenarios.demo.stage import demo_world
from scenarios.demo.voices import SENTENCES, Sentence, all_voiced
from switch.app.world import Opening, World


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(ENGLISH)


@pytest.fixture(scope="module")
def voices(library: Library) -> dict[ClipId, Audio]:
    return all_voiced(library)


@pytest.fixture(scope="module")
def world() -> World:
    return demo_world()


def letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalpha())


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.name)
def test_a_sentence_is_written_as_its_recordings_say_it(sentence: Sentence, library: Library) -> None:
    assert letters(sentence.words) == letters(library.catalog.text(sentence.clips))


def test_each_sentence_is_recognised_and_none_for_another(voices: dict[ClipId, Audio]) -> None:
    silence = np.zeros(4000, np.int16)
    spoken = np.concatenate([part for audio in voices.values() for part in (audio, silence)])
    assert [heard.clip_id for heard in Recogniser(voices).heard(spoken)] == list(voices)


def test_the_same_words_in_the_prompts_voice_are_nobodys_sentence(
    library: Library, voices: dict[ClipId, Audio]
) -> None:
    prompts = np.concatenate([library.clip(clip) for sentence in SENTENCES for clip in sentence.clips])
    assert Recogniser(voices).heard(prompts) == []


def test_the_plan_and_the_configuration_name_the_same_people(world: World) -> None:
    config = world.config
    assert {planned.person for planned in PLAN} == {row.id for row in config.people}
    assert {planned.station for planned in PLAN} == {row.user for row in config.stations}
    assert {planned.number for planned in PLAN} == {row.number for row in config.phones}


def test_the_funds_pay_exactly_the_talk(world: World) -> None:
    rate = world.pricing.deck.rate(ACCEPTED.number, ACCEPTED.billing, date(2026, 1, 1))
    assert rate is not None
    assert price(rate, TALK) == FUNDS
    assert world.openings[advancepay(ACCEPTED.number)] == Opening(FUNDS)


def test_the_profile_warns_when_the_plan_expects_it(world: World) -> None:
    assert world.profiles["profile.toml"].talking.warnings == tuple(left.total_seconds() for left in WARNINGS)
