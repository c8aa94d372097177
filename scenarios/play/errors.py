"""What ends a scenario before its script does."""

from __future__ import annotations


class NotHappenedError(Exception):
    """Something awaited did not happen, or something happened otherwise."""

    def __init__(self, awaited: str, instead: str) -> None:
        super().__init__(f"awaited: {awaited}; instead: {instead}")
        self.awaited = awaited
        self.instead = instead


class CannotActError(Exception):
    """A step asks for what cannot be done at that moment: answering a telephone that does not ring, say."""


class StageError(Exception):
    """The switch or a telephone could not be set up."""
