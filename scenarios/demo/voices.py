"""What the people of the demonstration say to each other: recorded words, in a lower and a higher voice.

The pitch is moved so that two people are heard talking, and so that their words are not mistaken for
the switch's: `prompts.recognise` finds each sentence where it was heard, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from prompts.audio import RATE, Audio, Library
from prompts.catalog import ClipId
from prompts.resample import to_telephone
from switch.call.timeline import CALLEE, CALLER

PITCH: Final = {CALLER: 0.9, CALLEE: 1.12}
"""One speaks a tone lower than the recordings, one a tone higher: two semitones either way."""

PAUSE_SECONDS: Final = 0.12
"""Between the words of a sentence."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something one party says.

    Attributes:
        name: What it is called where it is heard, below its speaker's name.
        speaker: The party.
        words: What it says, as people write it.
        clips: The recordings it is made of.
    """

    name: ClipId
    speaker: str
    words: str
    clips: tuple[ClipId, ...]


def _sentence(speaker: str, name: str, words: str, *clips: str) -> Sentence:
    return Sentence(ClipId(f"{speaker}/{name}"), speaker, words, tuple(map(ClipId, clips)))


ASKING: Final = _sentence(CALLER, "asking", "Casey, thank you.", "name/casey", "outside/thank-you")
HELLO: Final = _sentence(CALLEE, "hello", "Jordan, please try again.", "name/jordan", "inside/try-again")
MONEY: Final = _sentence(
    CALLEE, "money", "You have nothing in your account.", "inside/you-have", "unit/nothing", "inside/in-your-account"
)
THANKS: Final = _sentence(CALLER, "thanks", "Thank you, Casey.", "outside/thank-you", "name/casey")
AGAIN: Final = _sentence(CALLEE, "again", "Please try again.", "inside/try-again")
BYE_INSIDE: Final = _sentence(CALLER, "goodbye", "Goodbye, Casey.", "inside/goodbye", "name/casey")
BYE_OUTSIDE: Final = _sentence(CALLEE, "goodbye", "Goodbye, Jordan.", "outside/goodbye", "name/jordan")

SENTENCES: Final = (ASKING, HELLO, MONEY, THANKS, AGAIN, BYE_INSIDE, BYE_OUTSIDE)


def voiced(sentence: Sentence, library: Library) -> Audio:
    """The sentence in its speaker's voice."""
    pause = np.zeros(round(PAUSE_SECONDS * RATE), np.int16)
    parts: list[Audio] = []
    for clip in sentence.clips:
        parts += [library.clip(clip), pause]
    plain = np.concatenate(parts[:-1]).astype(np.float64)
    shifted = to_telephone(plain, round(RATE * PITCH[sentence.speaker]))
    return np.clip(np.round(shifted), -32768, 32767).astype(np.int16)


def all_voiced(library: Library) -> dict[ClipId, Audio]:
    """Every sentence, by its name."""
    return {sentence.name: voiced(sentence, library) for sentence in SENTENCES}
