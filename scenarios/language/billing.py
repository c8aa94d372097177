"""What a scenario changes of accounts, free talk and the rules of those who bill."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal

from pydantic import model_validator

from scenarios.language.model import Number, Part, Text
from scenarios.language.quantities import Amount, Duration, Span

MINUTE: Final = 60
DAY: Final = 86_400


class Opening(Part):
    """An account at the start: of a called number or a person, or one by its id that pays for several numbers."""

    advancepay: Amount | None = None
    debit: Amount | None = None
    deposit: Amount | None = None
    """What is on an account that stands here by its id."""
    numbers: list[Number] | None = None
    """What it pays for: called numbers, or the names of their telephones."""
    credit_limit: Amount | None = None
    """Of a Direct Bill account."""
    settles_later: bool | None = None
    """Charged a while after its calls: it may go below nothing."""


class FreeTalk(Part):
    """Talk of each person that is free, or all the talk there is, per period of local days."""

    free: Duration | None = None
    cap: Duration | None = None
    every: Literal["day", "month"] | Duration
    """A period by its name, or so many whole days: `14d`."""
    since: date
    """The first day of the first period."""
    until: date | None = None
    """The first day without it."""

    @model_validator(mode="after")
    def _is_one(self) -> FreeTalk:
        if (self.free is None) == (self.cap is None):
            raise ValueError("give either free or cap: `{free: 15min, every: 14d, since: 2021-04-04}`")
        talk = self.free or self.cap
        if talk is not None and talk.seconds % MINUTE:
            raise ValueError("free and cap are whole minutes, as 15min")
        if isinstance(self.every, Span) and (self.every.seconds % DAY or not self.every.seconds):
            raise ValueError("every is day, month, or whole days, as 14d")
        return self

    def row(self) -> dict[str, Any]:
        """As the configuration has it, without the name."""
        talk = self.free or self.cap
        assert talk is not None, "validated"
        every = int(self.every.seconds) // DAY if isinstance(self.every, Span) else self.every
        row = {
            "purpose": "cap" if self.free is None else "free",
            "minutes": int(talk.seconds) // MINUTE,
            "every": every,
            "since": self.since,
        }
        return row if self.until is None else {**row, "until": self.until}


class Billing(Part):
    """Rules for whoever is billed."""

    settles_after: Duration | None = None
    """After a call, until an account that settles later is charged."""
    activates_after: Duration | None = None
    """Until a number that customer service added to an account of several is paid for."""
    collect_limit_carrier: Amount | None = None
    """The most of a month that its phone company bills to a number."""
    collect_limit_provider: Amount | None = None
    """The same by the provider."""
    deposit_cap: Amount | None = None
    """The most that one payment may be."""

    def table(self) -> dict[str, Any]:
        """What is said, as the configuration has it."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value.seconds if isinstance(value, Span) else str(value)
            for name, value in found.items()
            if value is not None
        }


class Fee(Part):
    """What a payment through one channel costs on top, on which days."""

    fee: Amount
    since: date | None = None
    until: date | None = None


class Jobs(Part):
    """`payphone jobs run --as-of`: what is due on a day."""

    as_of: date
    zone: Text = "UTC"
    idle_from: Literal["notice", "last-use"] = "notice"
    unclaimed: Text = ""
    """The state that gets the money of closed accounts; their owners do without it."""
    does: list[Text] | None = None
    """What the command prints, line by line; not looked at if left out."""


class Credit(Part):
    """What a credit decision is made on."""

    state: Text
    score: int | None = None
    """Of a credit check; none was made if left out."""
