"""Names of what is heard, and finding it in what a telephone received.

Nothing here asks the switch what it plays: words are recognised by their samples (`prompts.recognise`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from ivr.profile import Profile
from prompts import words as spoken
from prompts.audio import Library
from prompts.catalog import ClipId
from prompts.recognise import Recogniser
from scenarios.language.complaints import suggestion

SECONDS_LEFT: Final = {"five": 5, "ten": 10, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
"""Warnings by name, besides `one-minute-left`; what is left is said from parts where it has no clip of its own."""

GREETING: Final = "greeting"
"""The whole greeting: its first words, and the last of the keys."""


class UnknownWordsError(ValueError):
    """No clip and no group has this name."""


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

    def clips(self, name: str) -> tuple[ClipId, ...]:
        """The clips of a name, in the order they are to be heard.

        Raises:
            UnknownWordsError: There are none, or the name could mean several.
        """
        if name in self._groups:
            return self._groups[name]
        if name in self.library.catalog:
            return (ClipId(name),)
        found = self._short.get(name, ())
        if len(found) == 1:
            return found
        if found:
            raise UnknownWordsError(f"{name!r} could be {' or '.join(found)}; write which")
        raise UnknownWordsError(f"nobody says {name!r}; {suggestion(name, self.names)}")

    def text(self, clip: ClipId) -> str:
        """The words of a clip."""
        return self.library.catalog.text([clip])

    def seconds(self, clip: ClipId) -> float:
        """How long a clip is."""
        return len(self.library.clip(clip)) / 8000

    def recogniser(self, clips: Sequence[ClipId]) -> Recogniser:
        """One that knows these clips alone: quick, for waiting."""
        return _recogniser(self.library, tuple(clips))

    def all_words(self) -> Recogniser:
        """One that knows every clip: slow, for telling what was heard instead."""
        return _recogniser(self.library, self.library.catalog.clip_ids)


@lru_cache(maxsize=64)
def _recogniser(library: Library, clips: tuple[ClipId, ...]) -> Recogniser:
    return Recogniser({clip: library.clip(clip) for clip in clips})


def _groups(profiles: Sequence[Profile]) -> Mapping[str, tuple[ClipId, ...]]:
    """Names of several clips: the first and the last words tell that all between were said."""
    profile = profiles[0] if profiles else Profile(name="default")
    keys = profile.keys
    greeting = (ClipId("outside/call-through"), ClipId("outside/recorded"), ClipId("outside/block"))
    groups = {
        GREETING: (*greeting, *spoken.key(keys.block)[-1:]),
        "private-greeting": (greeting[0], ClipId("outside/not-recorded"), greeting[2], *spoken.key(keys.block)[-1:]),
        "choices": (ClipId("outside/hear-price"), ClipId("outside/accept"), ClipId("outside/block")),
        "price": (ClipId("price/each-minute"), ClipId("price/taxes-not-included")),
    }
    for word, seconds in SECONDS_LEFT.items():
        groups[f"{word}-seconds-left"] = spoken.time_left(timedelta(seconds=seconds))
    return MappingProxyType(groups)


def _short_names(library: Library) -> Mapping[str, tuple[ClipId, ...]]:
    """Clips by their names without the section."""
    found: dict[str, tuple[ClipId, ...]] = {}
    for clip in library.catalog.clip_ids:
        name = clip.partition("/")[2]
        found[name] = (*found.get(name, ()), clip)
    return MappingProxyType(found)
