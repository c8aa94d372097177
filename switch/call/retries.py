"""Who must wait before a number is called again (`retry` of a profile)."""

from __future__ import annotations

from typing import Final

PAIRS_MAX: Final = 100_000
"""Persons and numbers remembered: a thousand persons who each try a hundred numbers. The one who waits longest is
forgotten first."""


class Retries:
    """Pairs of a person and a number that must wait. Of this process: a restart lets everybody call at once."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def wait(self, person_id: str, number: str, *, until: float, now: float) -> None:
        """Let a person wait with a number until an instant."""
        pair = (person_id, number)
        self._until.pop(pair, None)
        if len(self._until) >= PAIRS_MAX:
            self._until = {each: end for each, end in self._until.items() if end > now}
        if len(self._until) >= PAIRS_MAX:
            del self._until[next(iter(self._until))]
        self._until[pair] = until

    def must_wait(self, person_id: str, number: str, now: float) -> bool:
        """Whether the person must still wait with this number."""
        until = self._until.get((person_id, number))
        if until is None or until > now:
            return until is not None
        del self._until[person_id, number]
        return False
