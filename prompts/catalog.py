"""The words: every clip the product can say, by id.

A catalog is one TOML file per language, `<language>/catalog.toml` (the head of the English one explains the format),
read once into frozen values. The recordings lie beside it: `inside/enter-pin` is the file `en/inside/enter-pin.wav`,
and `es/inside/enter-pin` the same prompt in Spanish. Within its folder a language has plain ids.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, NewType

ClipId = NewType("ClipId", str)
"""Name of one recorded clip: the path of its file below the language's folder without `.wav`, and before it the
language where that is not English."""

ENGLISH: Final = Path(__file__).with_name("en")
"""Folder of the English words, and of the sounds all languages share."""
SPANISH: Final = Path(__file__).with_name("es")
"""Folder of the Spanish words."""
LANGUAGES: Final[Mapping[str, Path]] = MappingProxyType({"en": ENGLISH, "es": SPANISH})
"""Folders of the languages that come with payphone."""

PLAIN_LANGUAGE: Final = "en"
"""Its clips are named without their language."""

SHARED_SECTIONS: Final = frozenset({"facility", "hold", "name", "pause", "provider", "tone"})
"""Sounds without words, and names, which stay in the language they were recorded in: one recording for all."""

CLIP_ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9-]*(?:/[a-z0-9][a-z0-9-]*)+")
"""At least a section and a name; it can neither leave its folder nor name a hidden file."""

WORDS_MAX: Final = 400
"""Letters of one clip: half a minute of speech. Split longer words, so that they can be interrupted well."""

_SENTENCE_ENDS: Final = (".", "?", "!")
_MARKS: Final = frozenset({",", "."})


class CatalogError(Exception):
    """A catalog cannot be used; the message names the file, the key and the remedy."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One entry of the catalog."""

    clip_id: ClipId
    words: str
    """What people read in a transcript: the words, or for composed sound `(what is heard)` or a mark."""
    voice: str | None
    """What the voice is given to read, None for composed sound."""

    @property
    def ends_sentence(self) -> bool:
        """Whether a breath belongs after it."""
        return self.voice is not None and self.words.endswith(_SENTENCE_ENDS)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The words of one language. Iterating gives its clips in the order of the file."""

    language: str
    clips: Mapping[ClipId, Clip]
    voice: str = ""
    """Who reads them, `engine:voice` (`prompts.manifest`); empty where nothing is read."""

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips.values())

    def __contains__(self, clip_id: object) -> bool:
        return clip_id in self.clips

    @property
    def clip_ids(self) -> tuple[ClipId, ...]:
        """Every id, in the order of the file."""
        return tuple(self.clips)

    def text(self, clip_ids: Iterable[ClipId]) -> str:
        """The words of these clips in a row, for transcripts, ladders and tests.

        A clip that is not in the catalog, a person's recorded name for example, shows as `[its id]`.
        """
        text = ""
        for clip_id in clip_ids:
            clip = self.clips.get(clip_id)
            words = clip.words if clip else f"[{clip_id}]"
            text += words if words in _MARKS or not text else f" {words}"
        return text


def full_id(language: str, name: str) -> ClipId:
    """The id of a clip of a language by its plain id; what all languages share keeps its name."""
    is_plain = language == PLAIN_LANGUAGE or name.partition("/")[0] in SHARED_SECTIONS
    return ClipId(name if is_plain else f"{language}/{name}")


def joined(catalogs: Iterable[Catalog]) -> Catalog:
    """Several languages as one catalog, under their full ids; the language is that of the first."""
    read = tuple(catalogs)
    clips = {
        clip_id: replace(clip, clip_id=clip_id)
        for catalog in read
        for clip in catalog
        for clip_id in (full_id(catalog.language, clip.clip_id),)
    }
    return Catalog(read[0].language, MappingProxyType(clips))


def load_catalog(language_folder: Path = ENGLISH) -> Catalog:
    """Read and validate `catalog.toml` of a language; its ids are plain, without the language.

    Raises:
        CatalogError: The file is missing, is not TOML, or an entry is not what it must be.
    """
    path = language_folder / "catalog.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror}; a language needs its words there") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path}: {error}") from error
    language = table.pop("language", None)
    if not isinstance(language, str) or not language:
        raise CatalogError(f'{path}: language is missing; write for example language = "en"')
    voice = table.pop("voice", "")
    if not isinstance(voice, str):
        raise CatalogError(f'{path}: voice must be text; write for example voice = "espeak-ng:es-419"')
    spoken = _entries(path, table, "spoken")
    composed = _entries(path, table, "composed")
    if table:
        raise CatalogError(
            f"{path}: unknown {', '.join(sorted(table))}; only language, voice, spoken and composed are known"
        )
    clips: dict[ClipId, Clip] = {}
    for clip in (
        *(_spoken(path, clip_id, value) for clip_id, value in spoken),
        *(_composed(path, clip_id, value) for clip_id, value in composed),
    ):
        if clip.clip_id in clips:
            raise CatalogError(f"{path}: {clip.clip_id} is both spoken and composed; keep one")
        clips[clip.clip_id] = clip
    return Catalog(language, MappingProxyType(clips), voice)


def _entries(path: Path, table: dict[str, object], kind: str) -> list[tuple[ClipId, object]]:
    sections = table.pop(kind, {})
    if not isinstance(sections, dict):
        raise CatalogError(f"{path}: {kind} must be sections [{kind}.name]")
    entries: list[tuple[ClipId, object]] = []
    for section, members in sections.items():
        if not isinstance(members, dict):
            raise CatalogError(f"{path}: {kind}.{section} must be a section [{kind}.{section}]")
        for name, value in members.items():
            clip_id = f"{section}/{name}"
            if not CLIP_ID_PATTERN.fullmatch(clip_id):
                raise CatalogError(f"{path}: {clip_id} is no name of a file; use a-z, 0-9 and hyphens")
            entries.append((ClipId(clip_id), value))
    return entries


def _spoken(path: Path, clip_id: ClipId, value: object) -> Clip:
    if isinstance(value, str):
        words, voice = value, None
    elif isinstance(value, dict) and set(value) == {"words", "voice"}:
        words, voice = value["words"], value["voice"]
    else:
        raise CatalogError(f'{path}: {clip_id} must be "words" or {{ words = "…", voice = "…" }}')
    for text in filter(None, (words, voice)):
        if not isinstance(text, str) or text != text.strip() or len(text) > WORDS_MAX:
            raise CatalogError(f"{path}: {clip_id} must be text of at most {WORDS_MAX} letters, no blanks at its ends")
    if not words:
        raise CatalogError(f"{path}: {clip_id} says nothing; write its words or remove it")
    return Clip(clip_id, words, voice or words)


def _composed(path: Path, clip_id: ClipId, value: object) -> Clip:
    if not isinstance(value, str) or (value not in _MARKS and not re.fullmatch(r"\([^()]+\)", value)):
        raise CatalogError(f'{path}: {clip_id} is composed; write what is heard as "(…)", or "," or "." for a pause')
    return Clip(clip_id, value, None)
