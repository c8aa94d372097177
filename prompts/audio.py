"""The recordings: WAV files read once into samples at 8 kHz.

A user's own recording replaces a prompt by its file name: `<overrides>/inside/welcome.wav` is played
instead of `prompts/en/inside/welcome.wav`. The same folder may hold clips the catalog does not know,
such as people's recorded names. Other languages keep their name in front, in the id and in that folder:
`<overrides>/es/inside/welcome.wav`.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable
from copy import copy
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from prompts.catalog import CLIP_ID_PATTERN, Catalog, ClipId, full_id, joined, load_catalog

Audio = NDArray[np.int16]
"""Samples at 8 kHz, mono."""

RATE: Final = 8000
"""Samples a second: G.711, and nothing else is played."""

CLIP_SECONDS_MAX: Final = 600
"""Ten minutes: the longest hold music anyone will want, 9.6 MB of memory."""

CACHED_MAX: Final = 4096
"""Clips kept in memory: some 300 prompts and several thousand recorded names of 2 s (32 kB each)."""

BREATH_SECONDS: Final = 0.3
"""Between two sentences; the recordings themselves end within 60 ms of their last sound."""


SPOKEN: Final = "spoken/"
"""Before the ids of what people spoke: no catalog has them."""


class AudioError(Exception):
    """A recording cannot be used; the message names the file and the remedy."""

    def __init__(self, path: Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}")
        self.path = path


class Library:
    """The recordings of one or more languages, with a user's own in front.

    It knows the languages it was made with and no others, so that who speaks only English neither reads nor seeks
    Spanish. The first one's folder also holds the sounds all share. Files are read on first use and kept; `load_all`
    reads every one, so that a mistake shows at the start and no call waits for a disk. The arrays are read-only and
    shared.
    """

    def __init__(self, language_folder: Path, overrides: Path | None = None, *, others: Iterable[Path] = ()) -> None:
        folders = (language_folder, *others)
        catalogs = [load_catalog(folder) for folder in folders]
        self.catalog: Catalog = joined(catalogs)
        self._files = {
            full_id(catalog.language, clip.clip_id): folder / f"{clip.clip_id}.wav"
            for catalog, folder in zip(catalogs, folders, strict=True)
            for clip in catalog
        }
        self._language_folder = language_folder
        self._overrides = overrides
        self._spoken: Path | None = None
        self._cached: dict[ClipId, Audio] = {}
        self._breath = _read_only(np.zeros(round(BREATH_SECONDS * RATE), np.int16))

    def beside(self, folder: Path) -> Library:
        """The same recordings, and `spoken/...` of this folder: names that people speak while calls go on."""
        library = copy(self)
        library._spoken = folder
        return library

    def clip(self, clip_id: ClipId) -> Audio:
        """The samples of one clip.

        Raises:
            AudioError: There is no such recording, or it is not usable.
        """
        if self._spoken is not None and clip_id.startswith(SPOKEN):
            return load_wav(self._spoken / f"{clip_id}.wav")  # Spoken again, it is another.
        cached = self._cached.get(clip_id)
        if cached is None:
            cached = load_wav(self._path(clip_id))
            if len(self._cached) >= CACHED_MAX:
                del self._cached[next(iter(self._cached))]
            self._cached[clip_id] = cached
        return cached

    def has(self, clip_id: ClipId) -> bool:
        """Whether there is a recording of a clip, usable or not."""
        try:
            self._path(clip_id)
        except AudioError:
            return False
        return True

    def sequence(self, clip_ids: Iterable[ClipId]) -> list[Audio]:
        """The samples of several clips said in a row, with a breath after each sentence but the last.

        Raises:
            AudioError: As `clip`.
        """
        said: list[Audio] = []
        is_breath_due = False
        for clip_id in clip_ids:
            if is_breath_due:
                said.append(self._breath)
            said.append(self.clip(clip_id))
            entry = self.catalog.clips.get(clip_id)
            is_breath_due = entry is not None and entry.ends_sentence
        return said

    def load_all(self) -> None:
        """Read every clip of the catalog and every recording of the user.

        Raises:
            AudioError: The first one that is missing or not usable.
        """
        own = self._overrides
        if own is not None:
            if not own.is_dir():
                raise AudioError(own, "there is no such folder", "make it, or remove it from the configuration")
            for path in sorted(own.rglob("*.wav")):
                self.clip(ClipId(path.relative_to(own).with_suffix("").as_posix()))
        for clip_id in self.catalog.clip_ids:
            self.clip(clip_id)

    def _path(self, clip_id: ClipId) -> Path:
        name = f"{clip_id}.wav"
        if not CLIP_ID_PATTERN.fullmatch(clip_id):
            raise AudioError(Path(name), "is no name of a clip", "use section/name of a-z, 0-9 and hyphens")
        if self._overrides is not None and (own := self._overrides / name).is_file():
            return own
        path = self._files.get(clip_id, self._language_folder / name)
        if not path.is_file():
            remedy = "run `make voice`" if clip_id in self.catalog else "no catalog knows this clip: record it there"
            raise AudioError(path, "there is no such file", remedy)
        return path


def load_wav(path: Path) -> Audio:
    """Read an uncompressed WAV file of 8 or 16 bits, mono or stereo (mixed down), at 8 kHz.

    Raises:
        AudioError: The file is missing, or is anything else.
    """
    remedy = f"convert it: sox {path.name} -r {RATE} -c 1 -b 16 -e signed-integer new.wav"
    try:
        with wave.open(str(path), "rb") as file:
            parameters = file.getparams()
            if parameters.framerate != RATE:
                raise AudioError(path, f"has {parameters.framerate} samples a second, not {RATE}", remedy)
            if parameters.sampwidth not in {1, 2} or parameters.nchannels not in {1, 2}:
                problem = f"has {8 * parameters.sampwidth} bits and {parameters.nchannels} channels"
                raise AudioError(path, problem, remedy)
            if parameters.nframes > CLIP_SECONDS_MAX * RATE:
                raise AudioError(path, f"is longer than {CLIP_SECONDS_MAX} s", "cut it")
            raw = file.readframes(parameters.nframes)
    except OSError as error:
        raise AudioError(path, str(error.strerror or error), "check the file and its permissions") from error
    except (wave.Error, EOFError) as error:
        raise AudioError(path, f"is no uncompressed WAV file ({error or 'it ends early'})", remedy) from error
    frame_bytes = parameters.sampwidth * parameters.nchannels
    raw = raw[: len(raw) - len(raw) % frame_bytes]
    if not raw:
        raise AudioError(path, "holds no samples", "record it again")
    if parameters.sampwidth == 1:
        # 8-bit WAV is unsigned, with silence at 128.
        samples = (np.frombuffer(raw, np.uint8).astype(np.int16) - 128) << 8
    else:
        samples = np.frombuffer(raw, "<i2").astype(np.int16)
    if parameters.nchannels == 2:
        samples = samples.reshape(-1, 2).mean(axis=1).round().astype(np.int16)
    return _read_only(samples)


def save_wav(path: Path, audio: Audio) -> None:
    """Write a 16-bit mono WAV file at 8 kHz, and the folder it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(audio.astype("<i2").tobytes())


def _read_only(samples: Audio) -> Audio:
    samples.flags.writeable = False
    return samples
