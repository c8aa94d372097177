"""What is wrong with a file that people wrote, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to correct."""

    file: Path
    line: int | None
    key: str
    """Where in the file, as in `rows[1].per_minute` or the name of a column; empty for the file as a whole."""
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key + ': ' if self.key else ''}{self.what}; {self.remedy}"
