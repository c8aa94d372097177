from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from prompts import english
from prompts.audio import RATE, Audio, Library
from prompts.catalog import ENGLISH, ClipId
from prompts.recognise import Line, Recogniser

LIBRARY = Library(ENGLISH)
RECOGNISER = Recogniser({clip_id: LIBRARY.clip(clip_id) for clip_id in LIBRARY.catalog.clip_ids})
PACKET = 160

GREETING = [
    *map(
        ClipId,
        ("outside/call-through", "provider/payphone", "kind/collect", "outside/from", "name/jordan", "outside/at"),
    ),
    *map(ClipId, ("facility/state-prison", "outside/recorded", "outside/accept", "key/5")),
]


def said(clip_ids: list[ClipId], *, before: float = 0.5, after: float = 0.5) -> Audio:
    silence = [np.zeros(round(seconds * RATE), np.int16) for seconds in (before, after)]
    return np.concatenate([silence[0], *LIBRARY.sequence(clip_ids), silence[1]])


def heard(audio: Audio) -> str:
    return LIBRARY.catalog.text(found.clip_id for found in RECOGNISER.heard(audio))


def through_mu_law(audio: Audio) -> Audio:
    """As G.711 leaves it: sign, 3 bits of exponent, 4 of mantissa."""
    magnitude = np.minimum(np.abs(audio.astype(np.float64)), 32635) + 132
    step = 2.0 ** (np.floor(np.log2(magnitude)) - 4)
    coded: NDArray[np.float64] = np.sign(audio) * (np.floor(magnitude / step) * step + step / 2 - 132)
    return coded.round().astype(np.int16)


def with_loss(audio: Audio, share: float, chance: Random) -> Audio:
    lossy = audio.copy()
    for start in range(0, len(lossy), PACKET):
        if chance.random() < share:
            lossy[start : start + PACKET] = 0
    return lossy


def with_noise(audio: Audio, level: float) -> Audio:
    noise = np.random.default_rng(5).normal(0, 32768 * 10 ** (level / 20), len(audio))
    return (audio + noise).round().clip(-32768, 32767).astype(np.int16)


def test_a_greeting_is_heard_word_by_word_when_it_was_said() -> None:
    found = RECOGNISER.heard(said(GREETING))
    assert [clip_id for one, clip_id in zip(found, GREETING, strict=True) if clip_id not in one.clip_ids] == []
    at = 0.5
    for one, clip_id in zip(found, GREETING, strict=True):
        assert one.at == pytest.approx(at, abs=0.001)
        assert one.until - one.at == pytest.approx(len(LIBRARY.clip(clip_id)) / RATE, abs=0.001)
        assert one.is_whole
        at = one.until + (0.3 if LIBRARY.catalog.clips[clip_id].ends_sentence else 0)


@pytest.mark.parametrize(
    "worse",
    [
        through_mu_law,
        lambda audio: with_loss(through_mu_law(audio), 0.02, Random(1)),
        lambda audio: with_loss(through_mu_law(audio), 0.05, Random(2)),
        lambda audio: with_noise(audio, -45),
        lambda audio: (audio // 4).astype(np.int16),
        lambda audio: np.clip(audio.astype(np.int64) * 2, -32768, 32767).astype(np.int16),
        lambda audio: audio[37:],
    ],
    ids=["mu-law", "2 % loss", "5 % loss", "noise", "12 dB quieter", "6 dB louder", "an odd start"],
)
def test_a_greeting_is_heard_on_a_bad_line(worse: Callable[[Audio], Audio]) -> None:
    assert heard(worse(said(GREETING))) == LIBRARY.catalog.text(GREETING)


def test_a_packet_too_many_or_too_few_within_a_clip_is_followed() -> None:
    audio = said(GREETING)
    late = np.concatenate([audio[: 5 * RATE], audio[5 * RATE - PACKET : 5 * RATE], audio[5 * RATE :]])
    early = np.concatenate([audio[: 5 * RATE], audio[5 * RATE + PACKET :]])
    assert heard(late) == heard(early) == LIBRARY.catalog.text(GREETING)


def test_a_clock_that_is_too_fast_is_followed() -> None:
    audio = said([ClipId("reason/locked-out")])
    # 100 millionths, as bad as sound cards get: 4 samples over 5 s.
    fast = np.interp(np.arange(0, len(audio) - 1, 1.0001), np.arange(len(audio)), audio).round().astype(np.int16)
    assert [one.is_whole for one in RECOGNISER.heard(fast)] == [True]


@pytest.mark.parametrize(
    "clip_ids",
    [
        list(english.amount(Decimal("0.375"))),
        list(english.amount(Decimal("1234.56"))),
        list(english.duration(timedelta(seconds=3661))),
        [*english.count(13), ClipId("pause/long"), *english.count(30), ClipId("pause/long"), *english.count(33)],
    ],
    ids=["cents", "dollars", "hours", "numbers that sound alike"],
)
def test_parts_are_told_apart(clip_ids: list[ClipId]) -> None:
    spoken = [clip_id for clip_id in clip_ids if not clip_id.startswith("pause/")]
    assert heard(through_mu_law(said(clip_ids))) == LIBRARY.catalog.text(spoken)


def test_a_phone_number_is_understood() -> None:
    found = RECOGNISER.heard(through_mu_law(said(list(english.digits("2125550123")))))
    assert [one.clip_id.rpartition("/")[2] for one in found] == list("2125550123")


def test_an_interrupted_clip_is_heard_as_far_as_it_went() -> None:
    cut = said([ClipId("reason/outside-hours")], after=0)[: round(2.5 * RATE)]
    found = RECOGNISER.heard(np.concatenate([cut, np.zeros(RATE, np.int16)]))
    assert [(one.clip_id, one.is_whole) for one in found] == [("reason/outside-hours", False)]
    assert found[0].until == pytest.approx(2.5, abs=0.15)


def test_words_over_a_conversation_are_heard() -> None:
    warning = said([ClipId("talk/one-minute-left")], before=1, after=1)
    talk = np.tile(LIBRARY.clip(ClipId("reason/locked-out")), 3)[7 * RATE : 7 * RATE + len(warning)]
    # Attenuated by 12 dB while the words are said, backwards: speech, but no words of ours.
    mixed = (warning + talk[::-1] * 0.25).round().astype(np.int16)
    assert [one.clip_id for one in RECOGNISER.heard(mixed)] == ["talk/one-minute-left"]


def test_hold_music_is_heard_as_long_as_it_plays() -> None:
    music = LIBRARY.clip(ClipId("hold/music"))[: 5 * RATE]
    found = RECOGNISER.heard(
        through_mu_law(np.concatenate([np.zeros(RATE, np.int16), music, np.zeros(RATE, np.int16)]))
    )
    assert [(one.clip_id, one.is_whole) for one in found] == [("hold/music", False)]
    assert (found[0].at, found[0].until) == pytest.approx((1.0, 6.0), abs=0.15)


def test_ringing_is_heard_each_time() -> None:
    ringback = LIBRARY.clip(ClipId("tone/ringback"))
    found = RECOGNISER.heard(np.concatenate([ringback, ringback]))
    assert [one.clip_id for one in found] == ["tone/ringback", "tone/ringback"]


def test_a_tone_that_goes_on_is_no_beep() -> None:
    at = np.arange(3 * RATE) / RATE
    tone = (7000 * np.sin(2 * np.pi * 1000 * at)).astype(np.int16)
    beep = LIBRARY.clip(ClipId("tone/beep"))
    silence = np.zeros(RATE, np.int16)
    assert [one.at for one in RECOGNISER.heard(np.concatenate([silence, beep, silence]))] == [pytest.approx(1.0)]
    lossy = with_loss(through_mu_law(np.concatenate([silence, tone, silence])), 0.02, Random(3))
    assert [one for one in RECOGNISER.heard(lossy) if one.at > 1.1] == []


@pytest.mark.parametrize("share", [0.6, 0.8, 0.9, 0.95])
def test_what_cuts_a_clip_short_is_heard_as_well(share: float) -> None:
    first, second = LIBRARY.clip(ClipId("inside/for-collect")), LIBRARY.clip(ClipId("price/each-minute"))
    found = RECOGNISER.heard(np.concatenate([first[: round(share * len(first))], second]))
    assert [one.clip_id for one in found] == ["inside/for-collect", "price/each-minute"]


@pytest.mark.parametrize("seconds", [0.3, 0.4])
def test_the_first_word_of_a_clip_is_not_that_clip(seconds: float) -> None:
    hello = LIBRARY.clip(ClipId("outside/call-through"))[: round(seconds * RATE)]
    assert RECOGNISER.heard(np.concatenate([hello, np.zeros(RATE, np.int16)])) == []


def test_recordings_that_are_the_same_are_named_together() -> None:
    found = RECOGNISER.heard(said([ClipId("outside/goodbye")]))
    assert found[0].clip_ids == ("inside/goodbye", "outside/goodbye")


def test_what_was_said_twice_is_heard_twice() -> None:
    assert heard(said([ClipId("key/5"), ClipId("key/5")])) == "five. five."


@pytest.mark.parametrize("place", [59.9, 60.0, 59.2])
def test_a_clip_across_two_blocks_is_heard_once(place: float) -> None:
    audio = np.concatenate([np.zeros(round((place - 0.5) * RATE), np.int16), said([ClipId("inside/please-hold")])])
    found = RECOGNISER.heard(audio)
    assert [one.clip_id for one in found] == ["inside/please-hold"]
    assert found[0].at == pytest.approx(place, abs=0.001)


def test_other_speech_is_no_clip() -> None:
    backwards = LIBRARY.clip(ClipId("reason/carrier-not-billing"))[::-1]
    assert RECOGNISER.heard(np.ascontiguousarray(backwards)) == []


def test_noise_tones_and_silence_are_no_clips() -> None:
    at = np.arange(3 * RATE) / RATE
    key_5 = (4000 * (np.sin(2 * np.pi * 770 * at) + np.sin(2 * np.pi * 1336 * at))).astype(np.int16)
    silence = np.zeros(3 * RATE, np.int16)
    for audio in (key_5, silence, with_noise(silence, -30), silence[:10], silence[:0]):
        assert RECOGNISER.heard(audio) == []


def test_a_silent_recording_cannot_be_heard() -> None:
    assert Recogniser({ClipId("pause/long"): np.zeros(RATE, np.int16)}).heard(np.zeros(RATE, np.int16)) == []


def knowing(clip_ids: list[ClipId], *lines: Line) -> Recogniser:
    return Recogniser({clip_id: LIBRARY.clip(clip_id) for clip_id in clip_ids}, lines=lines)


@pytest.mark.parametrize("share", [1.0, 0.8, 0.4, 0.1])
@pytest.mark.parametrize("name", ["outside/recorded", "talk/one-minute-left", "key/5", "tone/beep"])
def test_what_is_found_to_the_sample_is_what_is_found_by_likeness(name: str, share: float) -> None:
    clip_id = ClipId(name)
    clip = through_mu_law(LIBRARY.clip(clip_id))
    audio = np.concatenate([np.zeros(1234, np.int16), clip[: round(share * len(clip))], np.zeros(400, np.int16)])
    by_likeness = knowing([clip_id]).heard(audio)
    to_the_sample = knowing([clip_id], through_mu_law).heard(audio)
    assert [replace(one, match=1.0) for one in to_the_sample] == [replace(one, match=1.0) for one in by_likeness]
    assert [one.match for one in to_the_sample] == pytest.approx([one.match for one in by_likeness])


def test_a_clip_that_goes_on_with_something_lost_is_followed_all_the_same() -> None:
    clip_id = ClipId("outside/recorded")
    audio = with_loss(through_mu_law(said([clip_id])), 0.03, Random(7))
    (one,), (other,) = knowing([clip_id], through_mu_law).heard(audio), knowing([clip_id]).heard(audio)
    assert (one.at, one.until, one.is_whole) == (other.at, other.until, other.is_whole)
    assert one.match == pytest.approx(other.match)


def test_beside_a_clip_that_is_there_to_the_sample_a_damaged_one_is_found() -> None:
    clean, damaged = ClipId("outside/recorded"), ClipId("talk/one-minute-left")
    lossy = with_loss(LIBRARY.clip(damaged), 0.05, Random(1))
    audio = np.concatenate([through_mu_law(said([clean])), lossy])
    found = knowing([clean, damaged], through_mu_law).heard(audio)
    assert [one.clip_id for one in found] == [clean, damaged]
