"""One thing in a book that does not hold, and the words for what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RESTORE: Final = "the rows were changed outside the program: compare with a copy of the book"
MEND: Final = "correct it with an adjustment, after finding the program that wrote it"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold."""

    rule: str
    row: str
    problem: str
    remedy: str
