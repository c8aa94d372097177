"""Waiting for a sentence: whether it was heard in what a telephone received, and when it is worth to compare again."""

from __future__ import annotations

import math
from typing import Final

from scenarios.phones.heard import Heard, HeardClip
from scenarios.play.ears import Ears, Found, Phrase

LISTEN_SECONDS: Final = 0.25
"""How often what was heard may be compared with the words that are waited for."""

BEGUN_SECONDS: Final = 1.0
"""So long after words began they are found, though half of them be lost."""

SLACK_SECONDS: Final = 0.15
"""By which words are found later than they might be, where nothing was lost."""

QUIET_SECONDS: Final = 0.3
"""So long after words began a sound was heard."""

PAUSE_SECONDS: Final = 1.0
"""No sentence pauses for so long."""

REACH_SECONDS: Final = 0.02
"""By which the place of words moves while they are heard."""

ENOUGH: Final = 0.6
"""Share of a clip that must be heard where its end is lost: by packets that came too late, or not at all."""


class Listening:
    """One sentence that somebody waits for.

    It is compared with what was heard as seldom as may be, and yet no later than if it were every `LISTEN_SECONDS`:
    words that have not begun, or only just, cannot be over before their length has passed.
    """

    def __init__(self, ears: Ears, phrase: Phrase, since: float) -> None:
        self.since = since
        """From where on it may be heard."""
        self._phrase = phrase
        self._seconds = ears.seconds(phrase)
        self._last_seconds = ears.seconds(phrase[-1:])
        self._told_seconds, _ = ears.least_seconds(phrase[:1])
        _, self._whole_last = ears.least_seconds(phrase[-1:])
        self._whole = self._seconds - self._last_seconds + self._whole_last
        self._listened = since
        self._sounded_at = -math.inf
        self._over_at = since - QUIET_SECONDS + self._whole

    def may_be_there(self, heard: Heard, now: float) -> bool:
        """Whether what was heard since the last look is to be compared: a sound was, and it may have been all of it."""
        is_sound = heard.sound_seconds(max(self.since, self._listened - LISTEN_SECONDS), now) > 0
        if is_sound:
            self._sounded_at = now
            return self._over_at <= now
        if now - self._sounded_at >= PAUSE_SECONDS:
            self._over_at = now - QUIET_SECONDS + self._whole
        else:
            self._over_at = now - BEGUN_SECONDS + self._whole_last
        return False

    def hears(self, found: Found, heard: Heard, now: float, *, is_ended: bool) -> HeardClip | None:
        """The sentence, if it was heard to its end, or nearly so and no more of it comes."""
        for words in found.sentences:
            is_over = is_ended or words.at + self._seconds + LISTEN_SECONDS < now
            if words.is_whole or (is_over and words.until - words.at >= ENOUGH * self._seconds):
                return words
        if heard.gaps(now - BEGUN_SECONDS, now):
            begun_at = now - BEGUN_SECONDS - self._seconds + self._last_seconds
        else:
            begun_at = now - self._told_seconds - SLACK_SECONDS
        self._over_at = min((begun_at, *(at - REACH_SECONDS for at in found.begun))) + self._whole
        return None

    def rest(self, now: float) -> float:
        """How long to wait before the next look."""
        self.since, self._listened = max(self.since, now - self._seconds - BEGUN_SECONDS), now
        return max(1, math.ceil((self._over_at - now) / LISTEN_SECONDS)) * LISTEN_SECONDS
