"""The keys of the configuration that are controls: limits, hours, allowed lists, velocity (DOMAIN: controls)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from switch.app.fields import E164, Name
from switch.directory.hours import CallingHours, parse_window
from switch.directory.rules import Controls, Counted, ListRules, Moment, OneCall, VelocityLimit, Watch

HOURS_MAX: Final = 64
"""Windows of a week: nine a day; whoever needs more has written days one by one."""
VELOCITY_MAX: Final = 32
"""Each limit is one look into the book for every call."""
WATCHES_MAX: Final = 1_000
"""Each is compared with every call, thrice."""

Talk = Annotated[float, Field(gt=0, le=24 * 3600)]
Days = Annotated[int, Field(ge=1, le=366)]


Finding = tuple[tuple[str | int, ...], str]
"""The place of a key, and what is wrong with it."""


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


class WatchTable(_Table):
    """`[[watches]]`: calls of which somebody is told."""

    name: Name
    number: E164 | None = None
    person: Name | None = None
    """By the id; with `number` too, calls of this person to this number."""
    events: Annotated[tuple[Moment, ...], Field(min_length=1)] = tuple(Moment)
    url: str | None = None
    """Where each event is sent as JSON; without it the log and the timeline tell."""
    secret: Annotated[SecretStr, Field(min_length=8, max_length=512)] | None = None
    """Sent along as `Authorization: Bearer`, and shown nowhere."""

    @field_validator("url")
    @classmethod
    def _can_be_sent_to(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable() or " " in url:
            raise ValueError("is no address of a web server; write it like https://example.org/alerts")
        if parts.username is not None or parts.password is not None:
            raise ValueError("has a password in it, which logs would show; give it as secret")
        _ = parts.port  # Raises ValueError where it is none.
        return url

    @field_validator("secret")
    @classmethod
    def _fits_a_header(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and not (secret.get_secret_value().isascii() and secret.get_secret_value().isprintable()):
            raise ValueError("is sent in a header; write printable ASCII")
        return secret

    @model_validator(mode="after")
    def _watches_something(self) -> WatchTable:
        if self.number is None and self.person is None:
            raise ValueError("give a number, a person, or both")
        if self.secret is not None and self.url is None:
            raise ValueError("secret: nothing is sent; give a url, or leave secret out")
        return self

    @property
    def watch(self) -> Watch:
        """The watch."""
        secret = None if self.secret is None else self.secret.get_secret_value()
        return Watch(self.name, self.number, self.person, frozenset(self.events), self.url, secret)


def controls_of(table: ControlsTable, velocity: tuple[VelocityTable, ...], watches: tuple[WatchTable, ...]) -> Controls:
    """The controls of every facility."""
    one_call = OneCall(table.one_call_per_person, table.one_call_per_number)
    return Controls(tuple(row.limit for row in velocity), one_call, tuple(row.watch for row in watches))


def restrictions(row: Limited) -> dict[str, Any]:
    """What a row of people, stations, numbers or facilities restricts, by the names of the directory."""
    return {"limit": row.limit_talk, "is_recorded": row.recorded}


def too_long(lists: Sequence[tuple[tuple[E164, ...] | None, int | None]]) -> Iterator[Finding]:
    """Allowed lists of `[[people]]`, each with the greatest length at its facility, that cannot stand."""
    for index, (allowed, most) in enumerate(lists):
        if allowed is not None and most is not None and len(allowed) > most:
            text = f"has {len(allowed)} numbers; contacts_max of its facility is {most}"
            yield ("people", index, "allowed"), text


def unwatchable(
    rows: Sequence[WatchTable], people: AbstractSet[str], privileged: AbstractSet[str]
) -> Iterator[Finding]:
    """Why watches cannot stand, each with the place of its key."""
    for index, row in enumerate(rows):
        if row.person is not None and row.person not in people:
            known = ", ".join(sorted(people)) or "none"
            yield ("watches", index, "person"), f"there is no person {row.person!r}; known: {known}"
        if row.number in privileged:
            text = "is privileged, and nobody is told of its calls; leave the watch out"
            yield ("watches", index, "number"), text
