"""What customer service answers when it does not do what was asked, and the step that comes first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ledger.outcomes import Refused


class Denial(Enum):
    """Why nothing was done. Values are the words shown to people."""

    NO_CUSTOMER = "there is no such customer"
    ID_TAKEN = "somebody else has this id"
    NOT_A_NAME = (
        "a customer has an id without spaces, a name of up to 200 characters, and one line each of address and e-mail"
    )
    NO_FACILITY = "there is no such facility"
    NEEDS_FACILITY = "the customer has no facility yet"
    NOT_THIS_FACILITY = "the customer has not added this facility"
    UNDIALABLE = "not a number that can be called"
    NUMBER_TAKEN = "the number is another customer's"
    NEEDS_NUMBER = "the customer has no number yet"
    NOT_THEIR_ACCOUNT = "the account is not this customer's"
    SEVERAL_ACCOUNTS = "the customer has several accounts"
    NOT_BLOCKED = "no such block stands"
    NO_CALL = "there is no such call"
    NO_CHARGE = "the call cost nothing, or is not charged yet"
    NO_REFUND = "no such refund was refused by its processor"
    NO_WORDS = "there are no words, or too many"
    NO_PERSON = "there is no such person inside"
    NO_IDENTITY = "inmate id and legal name of the person are not configured"
    NO_CREDIT = "the credit check is missing, or its score is too low for Direct Bill"
    NO_BUNDLE = "no such bundle of credits is sold there"
    NOT_A_CONTACT = "no number of the customer is an approved contact of the person"
    NO_MESSAGE = "there is no such message"
    REFUSED = "the book refuses"


class Step(Enum):
    """The steps of provisioning, in their order (S1-17)."""

    CREATE_ACCOUNT = "create the account"
    ADD_FACILITY = "add a facility"
    ADD_NUMBER = "add a number"
    DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing was done."""

    why: Denial
    subject: str
    first: Step | None = None
    """The step that has to come first."""
    refused: Refused | None = None
    """What the book said, where it was the book."""
    known: tuple[str, ...] = ()
    """What could have been named instead."""

    @property
    def words(self) -> str:
        """Why, in words."""
        return self.why.value if self.refused is None else self.refused.why.value
