"""What the staff of a facility does while calls go on: lists, switching off, and cutting a call."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from scenarios.language.model import Number, Part, Text

Lists = dict[str, list[Number]]
"""By the id of a person inside: numbers, or the names of telephones."""


class TurnedOff(Part):
    """A facility that is turned off."""

    facility: Text
    ends_calls: bool = False
    """Whether calls that go on are ended, too."""


class Cut(Part):
    """A call that the live monitor ends."""

    of: Text
    """A telephone that is on it."""
    why: Text = "cut by the live monitor"


class StaffStep(Part):
    """What staff does, as another program at the same book."""

    adds_contacts: Lists | None = None
    """As the person inside asks for it."""
    removes_contacts: Lists | None = None
    requests_contacts: Lists | None = None
    """As somebody outside asks for it (S2-3)."""
    approves_contacts: Lists | None = None
    refuses_contacts: Lists | None = None
    turns_off: Text | TurnedOff | None = None
    turns_on: Text | None = None
    cuts: Text | Cut | None = None
    """A telephone whose call the live monitor ends: the number is blocked by security."""
    refused: bool = False
    """Whether the lists are expected to stay as they are."""


class Velocity(Part):
    """So many calls, or so much talk, within days."""

    of: Literal["number", "person"]
    calls: int | None = None
    minutes: int | None = None
    days: int = 7
    blocks: bool = False

    @model_validator(mode="after")
    def _counts_something(self) -> Velocity:
        if (self.calls is None) == (self.minutes is None):
            raise ValueError("give either calls or minutes: `{of: number, calls: 2, days: 7}`")
        return self

    def row(self) -> dict[str, Any]:
        """As the configuration has it, without the name."""
        return {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
