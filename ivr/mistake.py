"""What is wrong with a file that people wrote: a configuration, a profile, a scenario, a plan of a load."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend."""

    file: str
    line: int | None
    key: str
    """Where in the file, as in `phones[2].number`; empty for the file as a whole."""
    text: str
    """What is wrong, and what to write instead."""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(filter(None, (place, self.key, self.text)))
