"""Rules of who may call how often, as the configuration has them: velocity, allowed lists, one call at a time.

Plain values; `switch.call.controls` applies them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum


class Counted(Enum):
    """Whose calls a velocity limit counts."""

    NUMBER = "number"
    """Calls to one called number, by whomever."""
    PERSON = "person"
    """Calls of one person inside, to whomever."""


@dataclass(frozen=True, slots=True)
class VelocityLimit:
    """So many accepted calls, or so much talk, within a sliding time (DOMAIN: controls)."""

    name: str
    of: Counted
    within: timedelta
    calls: int | None = None
    talk: timedelta | None = None
    blocks: bool = False
    """Whether the number is blocked at the facility by whoever goes over it (of a number only)."""


@dataclass(frozen=True, slots=True)
class ListRules:
    """Who has an allowed list, how long it may be, and how often it may be changed (DOMAIN: words, PAN)."""

    is_for_all: bool = False
    """Whether everybody has one, empty where the configuration says nothing; else only whom it gives one."""
    numbers_max: int = 30
    changes_max: int | None = None
    """Changes within `within`, None for any number; an addition and a removal are two."""
    within: timedelta = timedelta(days=30)
    is_reviewed: bool = False
    """Whether what the person inside adds waits for a review (S2-3)."""


@dataclass(frozen=True, slots=True)
class OneCall:
    """Whether one live call is all there is, for a person (by PIN) and for a called number."""

    per_person: bool = True
    per_number: bool = True


@dataclass(frozen=True, slots=True)
class Controls:
    """What holds at every facility."""

    velocity: tuple[VelocityLimit, ...] = ()
    one_call: OneCall = field(default_factory=OneCall)
