"""When keys are complete: PINs, numbers, choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

NUMBER_KEYS_MAX: Final = 18
"""011 and the 15 digits of E.164."""


def exactly(length: int) -> Callable[[str], bool]:
    """Complete at `length` keys."""
    return lambda keys: len(keys) >= length


def is_complete_number(keys: str) -> bool:
    """Complete at 10 digits, at 11 with the leading 1; international numbers end with # or silence."""
    if keys.startswith("0"):
        return len(keys) >= NUMBER_KEYS_MAX
    return len(keys) >= (11 if keys.startswith("1") else 10)


def one_of(choices: Iterable[str]) -> Callable[[str], bool]:
    """Complete at a choice, or as soon as no choice can come of it any more."""
    known = tuple(choices)
    return lambda keys: keys in known or not any(choice.startswith(keys) for choice in known)
