from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from prompts.audio import RATE, load_wav, save_wav
from prompts.catalog import ENGLISH, LANGUAGES, CatalogError, Clip, ClipId, load_catalog
from prompts.level import active_level, edges
from prompts.manifest import (
    EspeakSettings,
    Settings,
    VoiceSettings,
    load_manifest,
    problems,
    settings_of,
    source_digest,
    stale,
)
from prompts.render import RenderError, Voice, render, speak

SETTINGS = Settings()
COMPOSED_ONLY = 'language = "en"\n[composed.pause]\nshort = ","\n[composed.tone]\nbeep = "(beep)"\n'
WORDS = Clip(ClipId("inside/welcome"), "Welcome. Hello.", "Welcome. Hello.")


def language(folder: Path, text: str = COMPOSED_ONLY) -> Path:
    (folder / "catalog.toml").write_text(text, encoding="utf-8")
    return folder


def no_voice(settings: VoiceSettings) -> Voice:
    raise AssertionError("nothing was to be said")


def rendered(folder: Path) -> list[str]:
    told: list[str] = []
    render(load_catalog(folder), folder, SETTINGS, no_voice, told.append)
    return told


class Humming:
    """A voice that hums a second for each sentence, with silence around it."""

    rate = 22050

    def __init__(self, strength: float = 0.5) -> None:
        self.strength = strength

    def sentences(self, text: str) -> list[NDArray[np.float64]]:
        at = np.arange(self.rate) / self.rate
        hum = self.strength * np.sin(2 * np.pi * 300 * at)
        return [np.pad(hum, self.rate // 4) for _ in filter(None, text.split("."))]


class Clicking(Humming):
    """A voice of two clicks a second, all peak and no level."""

    def sentences(self, text: str) -> list[NDArray[np.float64]]:
        clicks = np.zeros(self.rate)
        clicks[[self.rate // 4, self.rate * 3 // 4]] = 1.0
        return [clicks for _ in text[:1]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_recordings_of_the_product_are_made_from_its_words(language: str) -> None:
    catalog = load_catalog(LANGUAGES[language])
    assert problems(catalog, LANGUAGES[language], settings_of(catalog)) == []


def test_a_catalog_names_its_voice() -> None:
    assert [settings_of(load_catalog(folder)) for folder in LANGUAGES.values()] == [
        Settings("en_US-joe-medium"),
        EspeakSettings("es-419"),
    ]


@pytest.mark.parametrize("voice", ["", "piper", "festival:el_diphone"])
def test_a_catalog_without_a_voice_we_have_is_told(tmp_path: Path, voice: str) -> None:
    folder = language(tmp_path, f'voice = "{voice}"\n{COMPOSED_ONLY}')
    with pytest.raises(CatalogError, match=r'names the voice .*; write voice = "piper:'):
        settings_of(load_catalog(folder))


def test_a_language_is_rendered_once(tmp_path: Path) -> None:
    folder = language(tmp_path)
    assert rendered(folder) == ["1/2 pause/short 0.25 s", "2/2 tone/beep 0.25 s"]
    assert problems(load_catalog(folder), folder, SETTINGS) == []
    assert rendered(folder) == []


def test_only_a_missing_recording_is_made_again(tmp_path: Path) -> None:
    folder = language(tmp_path)
    rendered(folder)
    (folder / "tone" / "beep.wav").unlink()
    assert rendered(folder) == ["1/1 tone/beep 0.25 s"]


def test_recordings_no_longer_asked_for_are_removed(tmp_path: Path) -> None:
    folder = language(tmp_path)
    rendered(folder)
    language(folder, 'language = "en"\n[composed.tone]\nbeep = "(beep)"\n')
    assert [str(problem) for problem in problems(load_catalog(folder), folder, SETTINGS)] == [
        "pause/short.wav: is in no catalog",
        "pause/short: is in the manifest and in no catalog",
    ]
    assert rendered(folder) == ["remove pause/short.wav"]
    assert set(load_manifest(folder)) == {"tone/beep"}


def test_an_altered_recording_is_told_and_left_alone(tmp_path: Path) -> None:
    folder = language(tmp_path)
    rendered(folder)
    save_wav(folder / "tone" / "beep.wav", np.ones(80, np.int16))
    found = [str(problem) for problem in problems(load_catalog(folder), folder, SETTINGS)]
    assert found == ["tone/beep: is another recording than the one rendered"]


def test_a_recording_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = language(tmp_path)
    rendered(folder)
    (folder / "tone" / "beep.wav").write_bytes(b"")
    found = [str(problem) for problem in problems(load_catalog(folder), folder, SETTINGS)]
    assert len(found) == 1
    assert "beep.wav: is no uncompressed WAV file" in found[0]


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(SETTINGS, length_scale=1.3),
        dataclasses.replace(SETTINGS, voice="another"),
        dataclasses.replace(SETTINGS, level=-20.0),
        dataclasses.replace(SETTINGS, processing=SETTINGS.processing + 1),
    ],
)
def test_other_settings_make_every_word_stale(changed: Settings) -> None:
    catalog = load_catalog()
    assert list(stale(catalog, ENGLISH, changed)) == [clip for clip in catalog if clip.voice is not None]


def test_what_the_voice_reads_decides_and_not_what_people_read() -> None:
    digest = source_digest(WORDS, SETTINGS)
    assert source_digest(dataclasses.replace(WORDS, words="Welcome!"), SETTINGS) == digest
    assert source_digest(dataclasses.replace(WORDS, voice="Welcome!"), SETTINGS) != digest


@pytest.mark.parametrize("text", ["x = ", '"a/b" = 1', '"a/b" = { source = "1" }'])
def test_a_manifest_changed_by_hand_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"manifest.toml: .*remove it"):
        load_manifest(tmp_path)


def test_words_are_trimmed_joined_and_levelled() -> None:
    pytest.importorskip("pydub", reason="pydub is only in the environment of `make voice`")
    said = speak(WORDS, Humming(), SETTINGS)
    silent = edges(said, below_loudest=42)
    assert active_level(said) == pytest.approx(-26, abs=0.2)
    assert max(silent.before, silent.after) <= 0.06
    # Two hums of 1 s, 280 ms between them, edges of 20 and 45 ms and the ringing of the filter on both.
    assert len(said) / RATE == pytest.approx(2.44, abs=0.04)


def test_a_rendered_language_is_what_its_catalog_asks_for(tmp_path: Path) -> None:
    pytest.importorskip("pydub", reason="pydub is only in the environment of `make voice`")
    folder = language(tmp_path, 'language = "en"\n[spoken.inside]\nwelcome = "Welcome."\n')
    catalog = load_catalog(folder)
    assert render(catalog, folder, SETTINGS, lambda _: Humming(), lambda _: None) == 1
    assert problems(catalog, folder, SETTINGS) == []
    assert active_level(load_wav(folder / "inside" / "welcome.wav")) == pytest.approx(-26, abs=0.2)


@pytest.mark.parametrize("voice", [Humming(strength=0.0), Clicking()])
def test_a_silent_or_overloaded_reading_is_refused(voice: Voice) -> None:
    pytest.importorskip("pydub", reason="pydub is only in the environment of `make voice`")
    with pytest.raises(RenderError, match=r"inside/welcome: (the voice said nothing|overloaded)"):
        speak(WORDS, voice, SETTINGS)
