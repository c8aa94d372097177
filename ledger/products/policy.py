"""What a payment may be, and what it costs: the cap of a transaction and the fees of channels, by date.

A policy is data of the configuration. The day is local where the payer is, and comes from the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from ledger.chart import cash
from ledger.errors import MalformedAccountError, PolicyError
from ledger.money import ZERO, AccountId, Money
from ledger.outcomes import Refusal, Refused
from ledger.requests import Deposit

CAP_MIN: Final = Money.from_text("50")
"""No cap may be lower (S3-1): a provider that takes less at a time than $50 breaks the rule."""


@dataclass(frozen=True, slots=True)
class ChannelFee:
    """What a payment through a channel costs on top, while it holds."""

    channel: str
    fee: Money
    since: date | None = None
    until: date | None = None
    """The first day it no longer holds; None while it has no end."""

    def __post_init__(self) -> None:
        try:
            cash(self.channel)
        except MalformedAccountError as error:
            raise PolicyError(f"fee of channel {self.channel!r}: {error}") from None
        if self.fee < ZERO:
            raise PolicyError(f"fee of channel {self.channel!r}: {self.fee} is below nothing; leave the line out")

    def holds_on(self, day: date) -> bool:
        """Whether it is charged on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class DepositPolicy:
    """Caps and fees of one provider. There is no least payment: none is legal."""

    fees: Sequence[ChannelFee] = ()
    cap: Money | None = None
    """The most that one payment may be, without its fee."""

    def __post_init__(self) -> None:
        if self.cap is not None and self.cap < CAP_MIN:
            raise PolicyError(f"a cap of {self.cap} on payments is illegal: write {CAP_MIN} or more, or leave it out")

    def fee(self, channel: str, day: date) -> Money:
        """What a payment costs on a day: the first line that holds; nothing where none does, as by mail."""
        found = (line.fee for line in self.fees if line.channel == channel and line.holds_on(day))
        return next(found, ZERO)

    def deposit(
        self, deposit_id: str, account_id: AccountId, amount: Money, channel: str, *, day: date, at: datetime
    ) -> Deposit | Refused:
        """The request that books a payment, or why it is too much."""
        if (why := self.over_cap(account_id, amount)) is not None:
            return why
        return Deposit(deposit_id, account_id, amount, channel, at, fee=self.fee(channel, day))

    def over_cap(self, account_id: AccountId, amount: Money) -> Refused | None:
        """Why a payment is too much, None if it is not."""
        return Refused(Refusal.OVER_CAP, account_id, self.cap) if self.cap is not None and amount > self.cap else None


FEES_BANNED: Final = date(2025, 1, 1)
"""From when the order of 2024 bans separate fees, for prisons and the largest jails; *unverified*, and later
waivers moved dates: set the ones that hold where the payer is."""

FEDERAL_FEES: Final = (
    ChannelFee("automated", Money.from_text("3"), until=FEES_BANNED),
    ChannelFee("live-agent", Money.from_text("5.95"), until=FEES_BANNED),
    ChannelFee("paper-bill", Money.from_text("2"), until=FEES_BANNED),
)
"""What the FCC let providers ask before it banned fees."""

CONNECTICUT_FEES: Final = (
    ChannelFee("phone", Money.from_text("5.95"), until=FEES_BANNED),
    ChannelFee("web", Money.from_text("5.95"), until=FEES_BANNED),
)
"""S3-7: up to $5.95 by card over phone or web, none by mail."""
