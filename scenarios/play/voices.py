"""The voices of a scenario's people: recorded words, lower inside and higher outside.

The pitch is moved so that two people are heard talking, and so that their words are not mistaken for the switch's:
`prompts.recognise` knows each recording as it is, and not in another voice.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from prompts.audio import RATE, Audio
from prompts.resample import to_telephone

INSIDE: Final = 0.9
OUTSIDE: Final = 1.12
"""Two semitones either way."""


def in_voice(words: Audio, pitch: float) -> Audio:
    """Words in a voice lower (below 1) or higher than the recording's, and so slower or quicker."""
    return np.clip(np.round(to_telephone(words.astype(np.float64), round(RATE * pitch))), -32768, 32767).astype(
        np.int16
    )
