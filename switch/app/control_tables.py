"""The keys of the configuration that are controls: limits, hours, allowed lists, velocity (DOMAIN: controls)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from switch.app.fields import E164, Name
from switch.directory.hours import CallingHours, parse_window
from switch.directory.rules import Controls, Counted, ListRules, OneCall, VelocityLimit

HOURS_MAX: Final = 64
"""Windows of a week: nine a day; whoever needs more has written days one by one."""
VELOCITY_MAX: Final = 32
"""Each limit is one look into the book for every call."""

Talk = Annotated[float, Field(gt=0, le=24 * 3600)]
Days = Annotated[int, Field(ge=1, le=366)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limited(BaseModel):
    """Keys of whatever may restrict a call: facility, station, person, called number."""

    limit: Talk | None = None
    """Seconds of its longest talk; the least of all that are concerned holds, the profile's included."""
    recorded: bool = True
    """Whether its calls may be recorded and monitored; one that says no is enough."""

    @property
    def limit_talk(self) -> timedelta | None:
        """The longest talk."""
        return None if self.limit is None else timedelta(seconds=self.limit)


class LimitedFacility(Limited):
    """Keys of `[[facilities]]` that are controls."""

    off: bool = False
    """Nobody may call, until `payphone facility on` says otherwise."""
    hours: Annotated[tuple[str, ...], Field(min_length=1, max_length=HOURS_MAX)] | None = None
    """When calls are allowed, in the facility's zone."""
    hours_end_talk: bool = True
    """Whether a talk ends with the hours, warned as by its limit."""
    everybody_listed: bool = False
    """Whether people without `allowed` have an empty list instead of none."""
    contacts_max: Annotated[int, Field(ge=1, le=100)] = 30
    contact_changes: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Changes of a list within `contact_days`."""
    contact_days: Days = 30
    contacts_reviewed: bool = False
    """Whether numbers that people inside add wait for a review (S2-3)."""

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, hours: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for text in hours or ():
            parse_window(text)
        return hours

    def calling_hours(self, zone: str) -> CallingHours | None:
        """When calls are allowed, None for always."""
        return None if self.hours is None else CallingHours(tuple(map(parse_window, self.hours)), zone)

    @property
    def list_rules(self) -> ListRules:
        """What holds for allowed lists."""
        within = timedelta(days=self.contact_days)
        return ListRules(self.everybody_listed, self.contacts_max, self.contact_changes, within, self.contacts_reviewed)


class VelocityTable(_Table):
    """`[[velocity]]`: so many calls, or so much talk, within a sliding time."""

    name: Name
    of: Counted
    calls: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Accepted calls."""
    minutes: Annotated[int, Field(ge=1, le=100_000)] | None = None
    days: Days = 7
    blocks: bool = False
    """Whether who goes over it blocks the number at the facility, until customer service removes that."""

    @model_validator(mode="after")
    def _counts_something(self) -> VelocityTable:
        if (self.calls is None) == (self.minutes is None):
            raise ValueError("give either calls or minutes; two limits are two tables")
        if self.blocks and self.of is Counted.PERSON:
            raise ValueError('blocks: numbers are blocked, not people; write of = "number", or leave blocks out')
        return self

    @property
    def limit(self) -> VelocityLimit:
        """The limit."""
        talk = None if self.minutes is None else timedelta(minutes=self.minutes)
        return VelocityLimit(self.name, self.of, timedelta(days=self.days), self.calls, talk, self.blocks)


class ControlsTable(_Table):
    """`[controls]`: what holds at every facility."""

    one_call_per_person: bool = True
    """By PIN."""
    one_call_per_number: bool = True
    """Several numbers of one account may be called at once all the same."""


def controls_of(table: ControlsTable, velocity: tuple[VelocityTable, ...]) -> Controls:
    """The controls of every facility."""
    one_call = OneCall(table.one_call_per_person, table.one_call_per_number)
    return Controls(tuple(row.limit for row in velocity), one_call)


def restrictions(row: Limited) -> dict[str, Any]:
    """What a row of people, stations, numbers or facilities restricts, by the names of the directory."""
    return {"limit": row.limit_talk, "is_recorded": row.recorded}


def too_long(allowed: tuple[E164, ...] | None, facility: LimitedFacility) -> str | None:
    """Why an allowed list of the configuration cannot stand, None where it can."""
    if allowed is None or len(allowed) <= facility.contacts_max:
        return None
    return f"has {len(allowed)} numbers; contacts_max of its facility is {facility.contacts_max}"
