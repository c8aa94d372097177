"""What a language must be able to say, and the languages there are.

A tongue is a module: `english.py`, `spanish.py`. The ids it gives name the language: `inside/enter-pin` is English,
`es/inside/enter-pin` the same prompt in Spanish.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Protocol

from prompts import english, spanish
from prompts.catalog import ClipId


class Tongue(Protocol):
    """One language: whole prompts, and numbers from parts."""

    @property
    def language(self) -> str:
        """ISO 639-1, the name of its folder: "en", "es"."""

    def clips(self, *names: str) -> tuple[ClipId, ...]:
        """Whole prompts of this language, by their plain ids (`inside/enter-pin`)."""

    def amount(self, dollars: Decimal) -> tuple[ClipId, ...]:
        """Say an amount of money exactly; ValueError where it cannot be said."""

    def price(self, first_minute: Decimal, each_minute: Decimal) -> tuple[ClipId, ...]:
        """Say what a call costs, in dollars."""

    def duration(self, length: timedelta) -> tuple[ClipId, ...]:
        """Say hours, minutes and seconds; ValueError where the length is negative."""

    def time_left(self, length: timedelta) -> tuple[ClipId, ...]:
        """Say how much talk is left."""

    def count(self, number: int) -> tuple[ClipId, ...]:
        """Say a whole number on its own; ValueError where it cannot be said."""

    def digits(self, number: str) -> tuple[ClipId, ...]:
        """Read a phone number digit by digit; ValueError where it is none."""

    def key(self, pressed: str) -> tuple[ClipId, ...]:
        """Name keys to press, at the end of a sentence; ValueError where there is no such key."""


TONGUES: Final[Mapping[str, Tongue]] = MappingProxyType({"en": english, "es": spanish})
"""Every language by its name; its words are in the folder of that name (`prompts.catalog.LANGUAGES`)."""


class UnknownLanguageError(ValueError):
    """Nobody speaks this language here; the message names those there are."""


def tongue_of(language: str) -> Tongue:
    """The tongue of a language.

    Raises:
        UnknownLanguageError: There is none.
    """
    try:
        return TONGUES[language]
    except KeyError:
        raise UnknownLanguageError(f"nobody speaks {language!r} here; write {' or '.join(TONGUES)}") from None
