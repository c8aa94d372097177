"""`[messages]` of a configuration: what credits cost, how long messages may be, when they are reviewed (S2-1, S2-2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ledger.errors import PolicyError
from ledger.products.bundles import Bundle, MessagePolicy
from rating.business import BusinessHours
from switch.app.fields import Amount, Name

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _minutes(value: object) -> Any:
    """Minutes after midnight of a text such as `09:00`."""
    if not isinstance(value, str):
        return value
    hour, colon, minute = value.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and int(minute) < 60):
        raise ValueError('write a time of day, for example "09:00"; the end of a day is "24:00"')
    return int(hour) * 60 + int(minute)


Clock = Annotated[int, BeforeValidator(_minutes), Field(ge=0, le=24 * 60)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class BundleTable(_Table):
    """`[[messages.bundles]]`: so many credits at a price."""

    credits: Annotated[int, Field(ge=1)]
    price: Amount
    facility: Name | None = None
    state: str | None = None
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _is_sold(self) -> BundleTable:
        try:
            self.bundle()
        except PolicyError as error:
            raise ValueError(str(error)) from None
        return self

    def bundle(self) -> Bundle:
        """As the book's rules know it."""
        return Bundle(self.credits, self.price, self.facility, self.state, self.since, self.until)


class MessagesTable(_Table):
    """`[messages]`: rules for messages."""

    characters_per_credit: Annotated[int, Field(ge=1)] = 2_000
    characters_max: Annotated[int, Field(ge=1, le=100_000)] = 20_000
    rejected: Literal["refunded", "kept"] = "refunded"
    """What becomes of the credits of a rejected message."""
    opens: Clock = 9 * 60
    closes: Clock = 17 * 60
    days: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...] = DAYS[:5]
    holidays: tuple[date, ...] = ()
    promise: Annotated[float, Field(gt=0, le=1_000)] = 8
    """Hours of working time until a message was reviewed."""
    bundles: tuple[BundleTable, ...] = ()

    @model_validator(mode="after")
    def _works(self) -> MessagesTable:
        self.hours()
        return self

    def policy(self) -> MessagePolicy:
        """What messages cost."""
        bundles = tuple(each.bundle() for each in self.bundles)
        return MessagePolicy(bundles, self.characters_per_credit, self.characters_max, self.rejected == "kept")

    def hours(self) -> BusinessHours:
        """When they are reviewed, by the clock of whichever facility."""
        return BusinessHours(
            "UTC",
            self.opens,
            self.closes,
            frozenset(DAYS.index(day) for day in self.days),
            frozenset(self.holidays),
            timedelta(hours=self.promise),
        )
