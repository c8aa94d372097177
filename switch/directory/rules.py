"""Rules of who may call how often, as the configuration has them: velocity, allowed lists, one call at a time.

Plain values; `switch.call.controls` applies them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Final

WORTH_A_CALL: Final = timedelta(seconds=10)
"""Less than this of the hours or of a velocity limit is nothing: a first minute would be charged for no talk."""


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


class Moment(Enum):
    """What a watch tells of a call."""

    ADMITTED = "admitted"
    """It may be placed: the called party is rung next."""
    ACCEPTED = "accepted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Watch:
    """Calls to a number, or of a person, of which somebody is told (DOMAIN: controls)."""

    name: str
    number: str | None
    person: str | None
    """Where both are given, calls of this person to this number."""
    moments: frozenset[Moment]
    url: str | None = None
    """Where a webhook goes; None: only the log and the call's timeline tell."""
    secret: str | None = field(default=None, repr=False)
    """Shown to whoever receives the webhook, and to nobody else."""

    def sees(self, number: str | None, person: str | None) -> bool:
        """Whether a call is watched."""
        return self.number in {None, number} and self.person in {None, person}


@dataclass(frozen=True, slots=True)
class Controls:
    """What holds at every facility."""

    velocity: tuple[VelocityLimit, ...] = ()
    one_call: OneCall = field(default_factory=OneCall)
    watches: tuple[Watch, ...] = ()
