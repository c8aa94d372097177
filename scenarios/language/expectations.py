"""What a scenario expects: in the middle of its script, and after it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scenarios.language.flows import Flow
from scenarios.language.model import Number, Part, Text
from scenarios.language.quantities import Amount, Duration

Since = Literal["start", "dialled", "rang", "answered", "accepted"]
"""What instants count from. `accepted` is the default once the call is accepted, `start` before."""

Count = Annotated[int, Field(ge=0)]


class Ended(Part):
    """The end of a call, as its record tells it."""

    why: Text | None = None
    by: Literal["caller", "callee", "switch"] | None = None
    at: Duration | None = None
    since: Since | None = None


class Expect(Part):
    """What must hold now, or come to hold within a while."""

    of: Text | None = None
    """The telephone whose call is meant; the call that began last if left out."""
    talking: bool | None = None
    held: dict[str, Amount] | None = None
    balance: dict[str, Amount] | None = None
    ended: Literal[True] | Ended | None = None
    calls: Count | None = None
    """Calls that go on in the switch."""
    messages: dict[str, Count] | None = None
    within: Duration | None = None


class Explained(Part):
    """What the explanation of a charge says."""

    free: Duration | None = None
    """Talk that was free, to the second."""
    allowance: Text | None = None
    """By what it was free."""
    says: Text | list[Text] | None = None
    """Words of its text."""


class Record(Part):
    """What a call record says."""

    why: Text | None = None
    ended_by: Literal["caller", "callee", "switch"] | None = None
    talk: Duration | None = None
    charged: Amount | None = None
    billing: (
        Literal["advancepay", "advanceconnect", "directbill", "debit", "collect", "onecall", "free", "none"] | None
    ) = None
    payer: Text | None = None
    person: Text | None = None
    station: Text | None = None
    number: Number | None = None
    tariff: Text | None = None
    rang: bool | None = None
    answered: bool | None = None
    accepted: bool | None = None
    recorded: bool | None = None
    """Whether there is a recording, as long as the talk."""
    charge_lines: dict[str, Amount] | None = None
    """By account, every posting of its charge but the payer's: `{income:calls:advancepay: "0.35"}`."""
    explained: Text | Explained | None = None
    """Words of the explanation of its charge, or what it says."""


class After(Part):
    """What must hold at the end, when every call is over and booked.

    The invariants of the architecture are checked after every scenario, without being asked for.
    """

    balance: dict[str, Amount] | None = None
    record: Record | None = None
    """Of the one call there was."""
    records: list[Record] | dict[str, Record] | None = None
    """Of every call, in the order they began; or by the telephone that called."""
    messages: dict[str, Count] | None = None
    """`INVITE to family: 0`, `180 to INVITE from family: 1`; retransmissions are not counted."""
    flow: dict[str, Flow] | None = None
    """By telephone: every message it sent and got, in order, `[-> INVITE, <- 401, ...]`; without retransmissions."""
    flow_with_retransmissions: dict[str, Flow] | None = None
    cards: list[Text] | None = None
    """What became of every card that was asked for, in order: `[declined, captured 0.075]`, `voided`."""
    alerts: list[Text] | None = None
    """What webhooks told, in order: `watch: event`."""
    flags: list[Text] | None = None
    """Suspicions stored with calls, in order: `three-way, injected`."""
    charges: Count | None = None
    """How many charges were booked."""
    refunds: Count | None = None
    free_used: dict[str, Duration] | None = None
    """By person: what was talked free or counted by caps, in all periods together."""
