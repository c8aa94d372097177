"""Names of what is heard, and finding it in what a telephone received.

Nothing here asks the switch what it plays: words are recognised by their samples (`prompts.recognise`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from itertools import pairwise
from types import MappingProxyType
from typing import Final, TypeAlias

from ivr.profile import Part, Profile
from prompts import english as spoken
from prompts.audio import RATE, Audio, Library
from prompts.catalog import ClipId
from prompts.recognise import Recogniser
from scenarios.language.complaints import suggestion
from scenarios.phones.codec import Law, decode, encode
from scenarios.phones.heard import HeardClip

Phrase: TypeAlias = tuple[ClipId, ...]
"""Clips said in a row, as one sentence."""

PAUSE_MAX: Final = 0.6
"""Seconds between two clips of one sentence: a breath is 0.3 s."""

SECONDS_LEFT: Final = {"five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
"""Warnings by name, besides `one-minute-left`; what is left is said from parts where it has no clip of its own."""

GREETING: Final = "greeting"
"""The whole greeting: who it is through, that it is recorded, and how to block, in the order of the profile."""


class UnknownWordsError(ValueError):
    """No clip and no group has this name."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a sentence."""

    sentences: tuple[HeardClip, ...]
    """Each time it was heard, under the id of its first clip; the end may be missing."""
    begun: tuple[float, ...]
    """Each time its first clip was."""


class Ears:
    """The words of one world's library, by name."""

    def __init__(self, library: Library, profiles: Sequence[Profile]) -> None:
        self.library = library
        self._groups = _groups(profiles)
        self._short = _short_names(library)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that may be heard."""
        return (*self._groups, *self._short, *self.library.catalog.clip_ids)

    def phrases(self, name: str) -> tuple[Phrase, ...]:
        """The sentences of a name, in the order they are to be heard; anything may be said between them.

        Raises:
            UnknownWordsError: There are none, or the name could mean several.
        """
        if name in self._groups:
            return self._groups[name]
        if name in self.library.catalog or self.library.has(ClipId(name)):  # Or a recording of the world's own.
            return ((ClipId(name),),)
        found = self._short.get(name, ())
        if len(found) == 1:
            return (found,)
        if found:
            raise UnknownWordsError(f"{name!r} could be {' or '.join(found)}; write which")
        raise UnknownWordsError(f"nobody says {name!r}; {suggestion(name, self.names)}")

    def text(self, clip: ClipId) -> str:
        """The words of a clip."""
        return self.library.catalog.text([clip])

    def words(self, phrase: Phrase) -> str:
        """The words of a sentence."""
        return self.library.catalog.text(phrase)

    def seconds(self, phrase: Phrase) -> float:
        """How long a sentence is."""
        return sum(len(audio) for audio in self.library.sequence(phrase)) / RATE

    def least_seconds(self, phrase: Phrase) -> tuple[float, float]:
        """How much of the last clip of a sentence is heard before it is told at all, and before it is told as whole."""
        return self.recogniser(phrase).least_seconds(phrase[-1])

    def find(self, phrase: Phrase, audio: Audio, since: float) -> Found:
        """Where a sentence is in audio that begins at `since`."""
        heard = self.recogniser(phrase).heard(audio)
        clips = [HeardClip(one.clip_id, since + one.at, since + one.until, is_whole=one.is_whole) for one in heard]
        begun = tuple(clip.at for clip in clips if clip.clip_id == phrase[0])
        return Found(tuple(_in_a_row(phrase, clips)), begun)

    def recogniser(self, clips: Sequence[ClipId]) -> Recogniser:
        """One that knows these clips alone: quick, for waiting."""
        return _recogniser(self.library, tuple(clips))

    def all_words(self) -> Recogniser:
        """One that knows every clip: slow, for telling what was heard instead."""
        return _recogniser(self.library, self.library.catalog.clip_ids)


def _in_a_row(phrase: Phrase, clips: Sequence[HeardClip]) -> Iterator[HeardClip]:
    """The places where the clips of a sentence follow each other; the last one may be cut short."""
    for start in range(len(clips) - len(phrase) + 1):
        row = clips[start : start + len(phrase)]
        is_row = all(one.clip_id == wanted for one, wanted in zip(row, phrase, strict=True))
        if is_row and all(two.at - one.until <= PAUSE_MAX for one, two in pairwise(row)):
            yield HeardClip(phrase[0], row[0].at, row[-1].until, is_whole=row[-1].is_whole)


@lru_cache(maxsize=256)
def _recogniser(library: Library, clips: tuple[ClipId, ...]) -> Recogniser:
    return Recogniser({clip: library.clip(clip) for clip in clips}, lines=[partial(_through, law) for law in Law])


def _through(law: Law, audio: Audio) -> Audio:
    return decode(encode(audio, law), law)


def _groups(profiles: Sequence[Profile]) -> Mapping[str, tuple[Phrase, ...]]:
    """Names of several clips, in the order of the profile: words here and there tell that all between were said."""
    profile = profiles[0] if profiles else Profile(name="default")
    keys = profile.keys
    told: dict[Part, Phrase] = {
        Part.PROVIDER: _said("outside/call-through"),
        Part.RECORDED: _said("outside/recorded"),
        Part.PRICE: (*_said("outside/hear-price"), *spoken.key(keys.price)),
        Part.ACCEPT: (*_said("outside/accept"), *spoken.key(keys.accept)),
    }
    if keys.block:
        told[Part.BLOCK] = (*_said("outside/block"), *spoken.key(keys.block))
    order = [part for part in profile.outside.greeting if part in told]
    greeting = tuple(told[part] for part in order if part is not Part.PRICE and part is not Part.ACCEPT)
    private = tuple(_said("outside/not-recorded") if each == told[Part.RECORDED] else each for each in greeting)
    groups: dict[str, tuple[Phrase, ...]] = {
        GREETING: greeting,
        "private-greeting": private,
        "choices": tuple(told[part] for part in order if part not in {Part.PROVIDER, Part.RECORDED}),
        "price": (_said("price/each-minute"), _said("price/taxes-not-included")),
    }
    for word, seconds in SECONDS_LEFT.items():
        groups[f"{word}-seconds-left"] = (spoken.time_left(timedelta(seconds=seconds)),)
    return MappingProxyType(groups)


def _said(name: str) -> Phrase:
    return (ClipId(name),)


def _short_names(library: Library) -> Mapping[str, tuple[ClipId, ...]]:
    """Clips by their names without the section."""
    found: dict[str, tuple[ClipId, ...]] = {}
    for clip in library.catalog.clip_ids:
        name = clip.partition("/")[2]
        found[name] = (*found.get(name, ()), clip)
    return MappingProxyType(found)
