from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prompts.asterisk import NAMES, SOUNDS, bring_over, voice_folder
from prompts.audio import RATE, Audio, AudioError, Library, load_wav, save_wav
from prompts.catalog import ENGLISH, LANGUAGES, SPANISH, ClipId, full_id, load_catalog
from prompts.level import active_level, edges, peak
from prompts.tongue import TONGUES
from tests.live.programs import lacking

every_language = pytest.mark.parametrize("language", NAMES)


def hum(frequency: float, seconds: float = 0.3) -> Audio:
    """A quiet word with silence around it."""
    at = np.arange(round(seconds * RATE)) / RATE
    return np.pad(np.round(900 * np.sin(2 * np.pi * frequency * at)).astype(np.int16), 2000)


def made_up(folder: Path, language: str) -> Path:
    """A voice with every file its language needs, in the layout of the packages."""
    voice = folder / f"{language}_XX_f_Nobody"
    files = sorted({file for files in NAMES[language].values() for file in files})
    for number, file in enumerate(files):
        save_wav(voice / f"{file}.wav", hum(300 + 20 * number))
    return voice


@every_language
def test_a_voice_is_found_by_its_language(tmp_path: Path, language: str) -> None:
    voices = {name: made_up(tmp_path, name) for name in NAMES}
    assert voice_folder(tmp_path, language) == voices[language]
    assert voice_folder(tmp_path / "nowhere", language) is None


@every_language
def test_their_sounds_are_played_where_they_say_the_same_and_ours_elsewhere(tmp_path: Path, language: str) -> None:
    brought = bring_over(made_up(tmp_path / "sounds", language), language, tmp_path / "own")
    assert brought.lacking == ()
    ours = Library(ENGLISH, others=[SPANISH])
    theirs = Library(ENGLISH, tmp_path / "own", others=[SPANISH])
    theirs.load_all()
    replaced = {clip for clip in ours.catalog.clip_ids if not np.array_equal(ours.clip(clip), theirs.clip(clip))}
    assert replaced == set(brought.clip_ids)
    assert {full_id(language, name) for name in ("digit/5", "number/37", "key/star")} <= replaced
    assert full_id(language, "outside/accept") not in replaced


@every_language
def test_every_name_is_one_of_our_clips(language: str) -> None:
    catalog = load_catalog(LANGUAGES[language])
    assert [name for name in NAMES[language] if name not in catalog] == []


@every_language
def test_every_digit_and_every_key_has_their_voice(language: str) -> None:
    named = {full_id(language, name) for name in NAMES[language]}
    tongue = TONGUES[language]
    spoken = {*tongue.digits("0123456789"), *(clip for key in "0123456789*#" for clip in tongue.key(key))}
    assert {clip for clip in spoken if not clip.startswith("pause/")} <= named


def test_what_they_bring_is_trimmed_and_as_loud_as_our_words(tmp_path: Path) -> None:
    bring_over(made_up(tmp_path, "en"), "en", tmp_path / "own")
    said = load_wav(tmp_path / "own" / "number" / "37.wav")
    silent = edges(said, below_loudest=42)
    assert active_level(said) == pytest.approx(-26, abs=0.5)
    assert max(silent.before, silent.after) <= 0.06
    # Two words of 0.3 s with 50 ms before and behind each of them.
    assert len(said) / RATE == pytest.approx(0.8, abs=0.02)


def test_a_sound_with_sharp_peaks_does_not_clip(tmp_path: Path) -> None:
    voice = made_up(tmp_path, "en")
    sharp = hum(300)
    sharp[3000] = 30000
    save_wav(voice / "digits" / "5.wav", sharp)
    bring_over(voice, "en", tmp_path / "own")
    assert peak(load_wav(tmp_path / "own" / "digit" / "5.wav")) <= 0.9


def test_what_their_voice_lacks_is_told_and_left_to_ours(tmp_path: Path) -> None:
    voice = made_up(tmp_path, "en")
    (voice / "digits" / "7.wav").unlink()
    brought = bring_over(voice, "en", tmp_path / "own")
    assert {"digit/7", "key/7", "number/7", "number/37"} <= set(brought.lacking)
    assert not (tmp_path / "own" / "number" / "37.wav").exists()


def test_a_silent_sound_is_refused(tmp_path: Path) -> None:
    voice = made_up(tmp_path, "en")
    save_wav(voice / "beep.wav", np.zeros(800, np.int16))
    with pytest.raises(AudioError, match=r"beep\.wav: says nothing"):
        bring_over(voice, "en", tmp_path / "own")


@pytest.mark.live
@every_language
def test_debians_voices_fit(tmp_path: Path, language: str) -> None:
    voice = voice_folder(SOUNDS, language)
    if voice is None:
        lacking(f"apt-get install asterisk-core-sounds-{language}-wav")
    brought = bring_over(voice, language, tmp_path)
    assert brought.lacking == ()
    Library(ENGLISH, tmp_path, others=[SPANISH]).load_all()
    for clip_id in brought.clip_ids:
        recording = load_wav(tmp_path / f"{ClipId(clip_id)}.wav")
        assert active_level(recording) == pytest.approx(-26, abs=2), clip_id
        assert peak(recording) <= 0.9
