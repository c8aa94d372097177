"""The voices of Asterisk's core sounds as recordings of one's own: Debian's `asterisk-core-sounds-en-wav`, `-es-wav`.

Their files are named otherwise (`digits/5.wav`), have a level of their own, and silence at their ends. Those that say
what one of our clips says are trimmed, joined ("thirty" and "seven") and levelled into a folder of overrides; where
they say nothing of ours, our own words are heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from prompts.audio import Audio, AudioError, load_wav, save_wav
from prompts.catalog import ClipId, full_id
from prompts.level import tidied

SOUNDS: Final = Path("/usr/share/asterisk/sounds")
"""Where Debian's packages put a folder for each voice: `en_US_f_Allison`, `es_MX_f_Allison`."""

_TEENS: Final = range(21)
_TENS: Final = range(20, 100, 10)


def _digits(*names: object) -> tuple[str, ...]:
    return tuple(f"digits/{name}" for name in names)


def _in_both() -> dict[str, tuple[str, ...]]:
    """Names that mean the same in both languages."""
    named = {f"number/{number}": _digits(number) for number in (*_TEENS, *_TENS)}
    for key in (*"0123456789", "star", "pound"):
        named |= {f"digit/{key}": _digits(key), f"key/{key}": _digits(key)}
    named |= {f"number/{name}": _digits(name) for name in ("hundred", "thousand", "minus")}
    named |= {f"unit/{name}": (name,) for name in ("minutes", "seconds", "hours")}
    return named | {
        "inside/goodbye": ("vm-goodbye",),
        "outside/goodbye": ("vm-goodbye",),
        "outside/thank-you": ("auth-thankyou",),
        "inside/try-again": ("please-try-again",),
        "tone/beep": ("beep",),
    }


def _english() -> dict[str, tuple[str, ...]]:
    named = _in_both()
    for number in range(21, 100):
        if number % 10:
            named[f"number/{number}"] = _digits(number - number % 10, number % 10)
    named |= {f"number/{name}": _digits(name) for name in ("million", "billion")}
    named |= {f"unit/{name}": (name,) for name in ("minute", "second")}
    named |= {f"unit/{name}-and": (name, "vm-and") for name in ("minute", "minutes", "hours")}
    return named | {
        "unit/dollars": _digits("dollars"),
        "unit/dollars-and": (*_digits("dollars"), "vm-and"),
        "inside/you-entered": ("you-entered",),
        "inside/you-have": ("vm-youhave",),
        "talk/you-have": ("vm-youhave",),
    }


def _spanish() -> dict[str, tuple[str, ...]]:
    named = _in_both()
    del named["tone/beep"]  # The same in every language, and that of the first one.
    named |= {f"number/{number}": _digits(number) for number in range(21, 30)}
    for number in range(31, 100):
        if number % 10:
            named[f"number/{number}"] = _digits(number - number % 10, "and", number % 10)
    for tens in _TENS[1:]:
        for form in "MF":
            named[f"number/{tens + 1}-{form.lower()}"] = _digits(tens, "and", f"1{form}")
    named |= {f"number/1-{form.lower()}": _digits(f"1{form}") for form in "MF"}
    named["number/100"] = _digits("100-and")
    named |= {f"number/{number}": _digits(number) for number in range(200, 1000, 100)}
    return named | {
        "number/one-million": _digits("1M", "million"),
        "number/million": _digits("millions"),
        "number/billion": _digits("thousand", "millions"),
        "unit/dollars": _digits("dollars"),
        "unit/of-dollars": _digits("es-de", "dollars"),
        "unit/minutes-and": ("minutes", *_digits("and")),
        "unit/hours-and": ("hours", *_digits("and")),
    }


NAMES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {"en": MappingProxyType(_english()), "es": MappingProxyType(_spanish())}
)
"""For each language: our plain ids, and the files that say the same when they follow each other."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the sounds of one voice."""

    clip_ids: tuple[ClipId, ...]
    lacking: tuple[ClipId, ...]
    """Clips for which the voice has no file; ours are heard there."""


def voice_folder(sounds: Path, language: str) -> Path | None:
    """The folder of a language among the voices: `es`, or the first of `es_…`."""
    named = [sounds / language, *sorted(sounds.glob(f"{language}_*"))]
    return next((folder for folder in named if (folder / "digits").is_dir()), None)


def bring_over(voice: Path, language: str, overrides: Path) -> Brought:
    """Write what a voice says of our words into a folder of overrides.

    Raises:
        AudioError: A file is not a recording at 8 kHz, or is silent.
    """
    made: list[ClipId] = []
    lacking: list[ClipId] = []
    fitted: dict[Path, Audio] = {}
    for name, files in NAMES[language].items():
        clip_id = full_id(language, name)
        paths = [voice / f"{file}.wav" for file in files]
        if not all(path.is_file() for path in paths):
            lacking.append(clip_id)
            continue
        for path in paths:
            if path not in fitted:
                fitted[path] = _fitted(path)
        save_wav(overrides / f"{clip_id}.wav", np.concatenate([fitted[path] for path in paths]))
        made.append(clip_id)
    return Brought(tuple(made), tuple(lacking))


def _fitted(path: Path) -> Audio:
    """A recording trimmed and levelled as ours are."""
    audio = tidied(load_wav(path))
    if audio is None:
        raise AudioError(path, "says nothing", "install the package again")
    return audio
