"""What agents do for customers in a scenario: provisioning, refunds, trust money, messages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger.requests import RefundKind
from scenarios.language.model import Number, Part, Text
from scenarios.language.quantities import Amount

AGENT = "kim"
"""Who serves in scenarios."""


class CustomerPart(Part):
    """A customer, and what is done for it in the order written (S1-17)."""

    id: Text
    creates: Text | None = None
    """The holder's name."""
    adds_facility: Text | None = None
    adds_number: Number | None = None
    """A called number, or the name of its telephone."""
    account: Text | None = None
    """The account that is to pay for the number, or that is deposited to; AdvancePay if left out."""
    deposits: Amount | None = None
    notes: Text | None = None


class RefundPart(Part):
    """A call's money given back."""

    of: Text | None = None
    """A telephone of the call; the last call if left out."""
    kind: RefundKind
    amount: Amount | None = None
    """All that is left of the charge if left out."""


class TrustPart(Part):
    """A deposit to a person's trust account, or what is moved from it."""

    person: Text
    from_: Text | None = None
    """The customer who sends."""
    inmate_id: Text = ""
    legal_name: Text = ""
    deposits: Amount | None = None
    tops_up: Amount | None = None
    """What goes to the person's own account for debit calls."""


class MessagePart(Part):
    """Credits, and one message on its way."""

    id: Text = "m-1"
    buys: Annotated[int, Field(ge=1)] | None = None
    """Credits of a bundle."""
    by: Text | None = None
    """The customer or person who buys or sends."""
    paid_from: Text | None = None
    """A prepaid account of the customer."""
    to: Text | None = None
    """The person, or the customer, who is written to."""
    sends: Text | None = None
    """The words."""
    reviews: bool = False
    approves: bool = False
    rejects: Text | None = None
    """Why."""
    delivers: bool = False
    is_: Text | None = None
    """The state it must be in: submitted, in-review, approved, rejected, delivered."""
    credits_left: Annotated[int, Field(ge=0)] | None = None
    """What its sender must have left."""
