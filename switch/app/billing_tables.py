"""The tables of the configuration that are about money: accounts, allowances, limits, fees."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ledger.chart import AccountKind, kind_of, parse_account, terms_of
from ledger.errors import MalformedAccountError
from ledger.money import AccountId
from ledger.products.policy import CAP_MIN
from rating.tax import Period
from switch.app.fields import E164, Amount, Name

CYCLES: Final = ("day", "month")
"""Periods of an allowance by name; others are so many days."""

Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class AccountTable(_Table):
    """`[[accounts]]`: an account that pays for several numbers, or after its calls; opened once."""

    id: str
    numbers: tuple[E164, ...] = ()
    """Called numbers it pays for (S3-3)."""
    deposit: Amount | None = None
    credit_limit: Amount | None = None
    """Of a Direct Bill account (S3-10)."""
    settles_later: bool = False
    """Charged a while after its calls, so that it may go below nothing (S3-9)."""

    @model_validator(mode="after")
    def _is_one(self) -> AccountTable:
        try:
            terms = terms_of(parse_account(self.id))
        except MalformedAccountError as error:
            raise ValueError(str(error)) from None
        if self.numbers and not terms.has_numbers:
            raise ValueError(f"numbers: {self.id} pays for one number or person alone; leave numbers out")
        if self.settles_later and not terms.may_settle_later:
            raise ValueError(f"settles_later: not for an account like {self.id}")
        if self.credit_limit is not None and not terms.may_have_limit:
            raise ValueError(f"credit_limit: not for an account like {self.id}")
        if kind_of(self.account_id) is AccountKind.DIRECTBILL and self.credit_limit is None:
            raise ValueError('credit_limit: a Direct Bill account has one, for example "30.00"')
        return self

    @property
    def account_id(self) -> AccountId:
        """Its id, checked."""
        return AccountId(self.id)


class AllowanceTable(_Table):
    """`[[allowances]]`: free minutes of each person, or a cap on all their talk, per period (S1-7)."""

    name: Name
    purpose: Literal["free", "cap"] = "free"
    minutes: Annotated[int, Field(ge=0, le=100_000)]
    every: Literal["day", "month"] | Annotated[int, Field(ge=1, le=366)]
    """`"day"`, `"month"`, or so many days."""
    since: date
    """Its first day; periods of several days begin with it."""
    until: date | None = None

    @model_validator(mode="after")
    def _holds_some_day(self) -> AllowanceTable:
        _check_days(self.since, self.until)
        return self


class FreeDaysTable(_Table):
    """`[[free_days]]`: days on which calls cost nothing."""

    name: Name
    days: Annotated[tuple[date, ...], Field(min_length=1)]


class FeeTable(_Table):
    """`[[fees]]`: what a payment through a channel costs on top (S3-7)."""

    channel: Channel
    fee: Amount
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _holds_some_day(self) -> FeeTable:
        _check_days(self.since, self.until)
        return self

    def meets(self, other: FeeTable) -> bool:
        """Whether both hold on some day."""
        mine, others = (Period("UTC", each.since or date.min, each.until) for each in (self, other))
        return mine.meets(others)


class PaymentsTable(_Table):
    """`[payments]`: who takes cards (S1-10, S1-11)."""

    processor: Literal["simulated"] | None = None
    """The simulated one takes test cards only (`switch.payments.simulated`); without one nobody pays by card."""
    journal: Path = Path("processor.jsonl")
    """Where the simulated one keeps its payments, for it outlives the switch."""


class BillingTable(_Table):
    """`[billing]`: rules for whoever is billed."""

    settles_after: Annotated[float, Field(ge=1, le=7 * 86_400)] = 60
    """Seconds after a call until an account that settles later is charged."""
    collect_limit_carrier: Amount | None = None
    """The most that may be billed to a number a month by its phone company (S1-9)."""
    collect_limit_provider: Amount | None = None
    """The same by the provider."""
    activates_after: Annotated[float, Field(ge=0, le=86_400)] = 0
    """Seconds until a number that customer service added to an account of several is paid for (S3-5)."""
    deposit_cap: Amount | None = None
    """The most that one payment may be (S3-1)."""

    @model_validator(mode="after")
    def _is_legal(self) -> BillingTable:
        if self.deposit_cap is not None and self.deposit_cap < CAP_MIN:
            raise ValueError(f'deposit_cap: below {CAP_MIN} is illegal; write "{CAP_MIN}" or more, or leave it out')
        return self


def _check_days(since: date | None, until: date | None) -> None:
    if since is not None and until is not None and until <= since:
        raise ValueError(f"until: {until} is not later than since, {since}; write the first day without it")
