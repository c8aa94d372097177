from __future__ import annotations

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from prompts import audio
from prompts.audio import BREATH_SECONDS, RATE, AudioError, Library, load_wav, save_wav
from prompts.catalog import ENGLISH, SPANISH, ClipId

RAMP = np.arange(-400, 400, dtype=np.int16)
WELCOME = ClipId("inside/welcome")


def write(path: Path, frames: bytes, *, rate: int = RATE, bits: int = 16, channels: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(bits // 8)
        file.setframerate(rate)
        file.writeframes(frames)
    return path


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    save_wav(tmp_path / "a" / "b.wav", RAMP)
    loaded = load_wav(tmp_path / "a" / "b.wav")
    assert loaded.dtype == np.int16
    assert np.array_equal(loaded, RAMP)


def test_eight_bits_are_unsigned_with_silence_in_the_middle(tmp_path: Path) -> None:
    loaded = load_wav(write(tmp_path / "a.wav", bytes([128, 0, 255, 129]), bits=8))
    assert loaded.tolist() == [0, -32768, 127 * 256, 256]


def test_stereo_is_mixed_down_without_overflow(tmp_path: Path) -> None:
    frames = struct.pack("<6h", 32767, 32767, -32768, -32768, 100, 300)
    assert load_wav(write(tmp_path / "a.wav", frames, channels=2)).tolist() == [32767, -32768, 200]


def test_the_samples_cannot_be_changed_by_whom_they_are_given_to() -> None:
    clip = Library(ENGLISH).clip(WELCOME)
    with pytest.raises(ValueError, match="read-only"):
        clip[0] = 1


@pytest.mark.parametrize(
    ("frames", "how", "problem"),
    [
        (b"\0\0" * 8, {"rate": 16000}, "16000 samples a second"),
        (b"\0\0\0" * 8, {"bits": 24}, "24 bits"),
        (b"\0\0" * 12, {"channels": 3}, "3 channels"),
        (b"", {}, "holds no samples"),
    ],
)
def test_other_files_are_refused_with_the_remedy(
    tmp_path: Path, frames: bytes, how: dict[str, int], problem: str
) -> None:
    path = write(tmp_path / "a.wav", frames, **how)
    with pytest.raises(AudioError) as caught:
        load_wav(path)
    assert caught.value.path == path
    assert problem in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"OggS" + bytes(60), b"RIFF\x10\0\0\0WAVEfmt "])
def test_what_is_no_wav_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=r"is no uncompressed WAV file.*convert it: sox a\.wav"):
        load_wav(path)


def test_a_compressed_wav_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", b"\0\0" * 8)
    content = bytearray(path.read_bytes())
    content[20:22] = struct.pack("<H", 7)  # The format tag of µ-law.
    path.write_bytes(content)
    with pytest.raises(AudioError, match="is no uncompressed WAV file"):
        load_wav(path)


def test_a_file_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "CLIP_SECONDS_MAX", 1)
    with pytest.raises(AudioError, match="longer than 1 s"):
        load_wav(write(tmp_path / "a.wav", b"\0\0" * (RATE + 1)))


def test_a_file_cut_off_in_the_middle_gives_its_whole_samples(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", RAMP.astype("<i2").tobytes())
    path.write_bytes(path.read_bytes()[:-3])
    assert np.array_equal(load_wav(path), RAMP[:-2])


def test_a_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"nowhere\.wav"):
        load_wav(tmp_path / "nowhere.wav")


def test_a_clip_is_read_once() -> None:
    library = Library(ENGLISH)
    assert library.clip(WELCOME) is library.clip(WELCOME)


def test_the_oldest_clip_is_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "CACHED_MAX", 2)
    library = Library(ENGLISH)
    first = library.clip(WELCOME)
    kept = library.clip(ClipId("key/1"))
    library.clip(ClipId("key/2"))
    assert library.clip(ClipId("key/1")) is kept
    assert library.clip(WELCOME) is not first


def test_a_recording_of_ones_own_replaces_a_prompt(tmp_path: Path) -> None:
    save_wav(tmp_path / "inside" / "welcome.wav", RAMP)
    library = Library(ENGLISH, tmp_path)
    assert np.array_equal(library.clip(WELCOME), RAMP)
    assert np.array_equal(library.clip(ClipId("inside/goodbye")), load_wav(ENGLISH / "inside" / "goodbye.wav"))


def test_a_recording_may_say_what_no_catalog_knows(tmp_path: Path) -> None:
    save_wav(tmp_path / "name" / "4711.wav", RAMP)
    assert np.array_equal(Library(ENGLISH, tmp_path).clip(ClipId("name/4711")), RAMP)


def test_a_recording_that_is_not_there_names_file_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_text('language = "en"\n[spoken.inside]\nwelcome = "Welcome."\n')
    with pytest.raises(AudioError, match=r"inside/welcome.wav: there is no such file; run `make voice`"):
        Library(tmp_path).clip(WELCOME)
    with pytest.raises(AudioError, match=r"name/nobody.wav.*no catalog knows this clip"):
        Library(tmp_path).clip(ClipId("name/nobody"))


def test_a_clip_id_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    save_wav(tmp_path / "secret.wav", RAMP)
    (tmp_path / "own" / "x").mkdir(parents=True)
    with pytest.raises(AudioError, match="is no name of a clip"):
        Library(ENGLISH, tmp_path / "own").clip(ClipId("x/../../secret"))


def test_every_recording_of_the_product_loads() -> None:
    Library(ENGLISH, others=[SPANISH]).load_all()


def test_two_languages_are_played_from_their_own_folders_by_full_ids() -> None:
    library = Library(ENGLISH, others=[SPANISH])
    for clip_id, path in (
        ("inside/goodbye", ENGLISH / "inside" / "goodbye.wav"),
        ("es/inside/goodbye", SPANISH / "inside" / "goodbye.wav"),
    ):
        assert np.array_equal(library.clip(ClipId(clip_id)), load_wav(path))


def test_a_library_of_one_language_knows_no_clip_of_another() -> None:
    library = Library(ENGLISH)
    assert [clip for clip in library.catalog.clip_ids if clip.startswith("es/")] == []
    with pytest.raises(AudioError, match="no catalog knows this clip"):
        library.clip(ClipId("es/inside/goodbye"))


@pytest.mark.parametrize("name", ["inside/welcome", "es/inside/welcome"])
def test_a_recording_of_ones_own_replaces_only_the_language_it_names(tmp_path: Path, name: str) -> None:
    save_wav(tmp_path / f"{name}.wav", RAMP)
    library = Library(ENGLISH, tmp_path, others=[SPANISH])
    clips = ("inside/welcome", "es/inside/welcome")
    assert [clip for clip in clips if np.array_equal(library.clip(ClipId(clip)), RAMP)] == [name]


def test_sentences_of_another_language_are_parted_by_a_breath() -> None:
    library = Library(ENGLISH, others=[SPANISH])
    said = library.sequence([ClipId("es/outside/accept"), ClipId("es/key/5"), ClipId("es/outside/goodbye")])
    assert [len(part) == round(BREATH_SECONDS * RATE) for part in said] == [False, False, True, False]


def test_a_broken_recording_of_ones_own_shows_at_the_start(tmp_path: Path) -> None:
    write(tmp_path / "name" / "4711.wav", b"\0\0" * 8, rate=44100)
    with pytest.raises(AudioError, match="44100 samples a second"):
        Library(ENGLISH, tmp_path).load_all()


def test_a_folder_of_recordings_that_is_not_there_shows_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="there is no such folder"):
        Library(ENGLISH, tmp_path / "nowhere").load_all()


def test_sentences_are_parted_by_a_breath_and_phrases_are_not() -> None:
    library = Library(ENGLISH)
    accept, five, goodbye = ClipId("outside/accept"), ClipId("key/5"), ClipId("outside/goodbye")
    said = library.sequence([accept, five, goodbye])
    assert [len(part) for part in said] == [
        len(library.clip(accept)),
        len(library.clip(five)),
        round(BREATH_SECONDS * RATE),
        len(library.clip(goodbye)),
    ]
    assert not said[2].any()


def test_nothing_is_said_as_nothing() -> None:
    assert Library(ENGLISH).sequence([]) == []
