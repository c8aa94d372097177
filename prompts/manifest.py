"""What each recording was made from, so that only what changed is made again and tests can tell.

`<language>/manifest.toml` holds two digests for each clip: of its source (words, voice, settings, or the
score of a composed sound) and of the samples in its file.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from prompts import compose
from prompts.audio import Audio, AudioError, load_wav
from prompts.catalog import Catalog, CatalogError, Clip, ClipId

_HEAD: Final = "# Written by `python -m prompts render`: the source and the samples of each recording, as digests.\n"
_DIGEST_LETTERS: Final = 16
"""64 bits: enough against accident, short enough to read."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the neural voice reads. A change of any of these renders every word again."""

    voice: str = "en_US-joe-medium"
    length_scale: float = 1.15
    """Slower than the voice's own pace, for a narrow band and a noisy room."""
    noise_scale: float = 0.45
    """Variation of the sound, less than the voice's own 0.667: parts must fit together."""
    noise_w_scale: float = 0.45
    """Variation of the rhythm, less than the voice's own 0.8."""
    seed: int = 7
    level: float = -26.0
    """Active speech level in dBov (ITU-T P.56): where networks are designed to carry speech."""
    processing: int = 1
    """Counted up when resampling, trimming or joining changes."""


@dataclass(frozen=True, slots=True)
class EspeakSettings:
    """How espeak-ng reads, where no free neural voice speaks a language. A change renders every word again."""

    voice: str
    speed: int = 170
    """Words a minute, a little slower than its own 175, for a narrow band."""
    pitch: int = 45
    """From 0 to 99; a little below its own 50, which buzzes less at 8 kHz."""
    level: float = -26.0
    """Active speech level in dBov (ITU-T P.56), as that of every voice."""
    processing: int = 1
    """Counted up when resampling, trimming or joining changes."""


VoiceSettings: TypeAlias = Settings | EspeakSettings


@dataclass(frozen=True, slots=True)
class Made:
    """One recording as it was made."""

    source: str
    samples: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A recording that is not what the catalog asks for."""

    clip_id: str
    problem: str

    def __str__(self) -> str:
        return f"{self.clip_id}: {self.problem}"


def settings_of(catalog: Catalog) -> VoiceSettings:
    """The settings of the voice a catalog names, `engine:voice`.

    Raises:
        CatalogError: It names none, or an engine nobody knows.
    """
    engine, _, voice = catalog.voice.partition(":")
    match engine:
        case "piper" if voice:
            return Settings(voice)
        case "espeak-ng" if voice:
            return EspeakSettings(voice)
        case _:
            remedy = 'write voice = "piper:en_US-joe-medium" or "espeak-ng:es-419"'
            raise CatalogError(f"the catalog of {catalog.language!r} names the voice {catalog.voice!r}; {remedy}")


def source_digest(clip: Clip, settings: VoiceSettings) -> str:
    """Digest of everything the recording is made from."""
    if clip.voice is None:
        return _digest(clip.clip_id.encode(), Path(compose.__file__).read_bytes())
    return _digest(clip.voice.encode(), repr(sorted(asdict(settings).items())).encode())


def samples_digest(audio: Audio) -> str:
    """Digest of the samples, whatever else the file holds."""
    return _digest(audio.astype("<i2").tobytes())


def load_manifest(language_folder: Path) -> Mapping[ClipId, Made]:
    """Read the manifest; nothing was made where there is none.

    Raises:
        CatalogError: The file was changed by hand.
    """
    path = language_folder / "manifest.toml"
    if not path.is_file():
        return MappingProxyType({})
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        made = {ClipId(name): Made(entry["source"], entry["samples"]) for name, entry in table.items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CatalogError(f"{path}: is not as it was written ({error}); remove it and run `make voice`") from error
    return MappingProxyType(made)


def save_manifest(language_folder: Path, manifest: Mapping[ClipId, Made]) -> None:
    """Write the manifest, sorted, one line a clip: a change shows as the lines of the clips it touches."""
    lines = (
        f'"{clip_id}" = {{ source = "{made.source}", samples = "{made.samples}" }}\n'
        for clip_id, made in sorted(manifest.items())
    )
    (language_folder / "manifest.toml").write_text(_HEAD + "".join(lines), encoding="utf-8")


def stale(catalog: Catalog, language_folder: Path, settings: VoiceSettings) -> Iterator[Clip]:
    """Clips whose recording is missing, or was made from something else."""
    manifest = load_manifest(language_folder)
    for clip in catalog:
        made = manifest.get(clip.clip_id)
        is_there = (language_folder / f"{clip.clip_id}.wav").is_file()
        if not is_there or made is None or made.source != source_digest(clip, settings):
            yield clip


def orphans(catalog: Catalog, language_folder: Path) -> Iterator[Path]:
    """Recordings no entry of the catalog asks for."""
    for path in sorted(language_folder.rglob("*.wav")):
        if path.relative_to(language_folder).with_suffix("").as_posix() not in catalog:
            yield path


def problems(catalog: Catalog, language_folder: Path, settings: VoiceSettings) -> list[Problem]:
    """Everything that is not as the catalog asks: missing, out of date, altered, or not asked for."""
    found = [
        Problem(clip.clip_id, "is not rendered from these words") for clip in stale(catalog, language_folder, settings)
    ]
    found += [
        Problem(path.relative_to(language_folder).as_posix(), "is in no catalog")
        for path in orphans(catalog, language_folder)
    ]
    told = {problem.clip_id for problem in found}
    for clip_id, made in load_manifest(language_folder).items():
        if clip_id not in catalog:
            found.append(Problem(clip_id, "is in the manifest and in no catalog"))
        elif clip_id not in told:
            try:
                audio = load_wav(language_folder / f"{clip_id}.wav")
            except AudioError as error:
                found.append(Problem(clip_id, str(error)))
                continue
            if samples_digest(audio) != made.samples:
                found.append(Problem(clip_id, "is another recording than the one rendered"))
    return found


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:_DIGEST_LETTERS]
