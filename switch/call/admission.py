"""Whether a call may be placed, and who pays: everything that is decided before any outbound leg.

Pure but for the balance: `judge` goes through the gates in the order of `ivr.reasons.Reason`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ivr.ports import Acceptance, Billing, Kind
from ivr.reasons import Reason
from ledger.chart import AccountKind, advancepay, debit, kind_of, lec
from ledger.money import AccountId
from rating.numbers import Destination, Undialable, normalise
from rating.terms import Terms
from switch.directory.people import CalledNumber, Directory, Facility, LineType, PersonInside

LINE_REASONS = {
    LineType.CELL: Reason.CELL_PHONE,
    LineType.BUSINESS: Reason.BUSINESS_LINE,
    LineType.VOIP: Reason.VOIP_LINE,
    LineType.HOSPITAL: Reason.HOSPITAL_LINE,
}
"""S1-2: collect calls "cannot be made to cell phones, office phones, VOIP … or hospital numbers"."""


UNBILLABLE: Final = frozenset(
    {*LINE_REASONS.values(), Reason.NUMBER_NOT_APPROVED, Reason.CARRIER_NOT_BILLING, Reason.COLLECT_LIMIT}
)
"""S1-10: why a number cannot be billed though it may be called: it may pay in another way."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays a call."""

    kind: Kind
    """How it is announced, and which tariff prices it."""
    account_id: AccountId | None
    """None for a free call."""

    @property
    def billing(self) -> str:
        """How it is booked: by the kind of the account; `collect` for a phone bill, `free` for nobody."""
        if self.account_id is None:
            return Kind.FREE.value
        kind = kind_of(self.account_id)
        return Kind.COLLECT.value if kind is AccountKind.LEC else kind.value


@dataclass(frozen=True, slots=True)
class Payment:
    """Who pays a call, and on what terms."""

    payer: Payer
    terms: Terms
    limit: timedelta
    """Its longest talk: the profile's, or what a cap or free minutes leave of it."""


FREE_CALL: Final = Payer(Kind.FREE, None)


def read_number(dialled: str) -> Destination | Reason:
    """The number in E.164, or why it cannot be called at all."""
    number = normalise(dialled)
    match number:
        case Destination():
            return number
        case Undialable.NEVER_DIALABLE:
            return Reason.NEVER_DIALABLE
        case Undialable.INVALID_NUMBER:
            return Reason.INVALID_NUMBER


def gate_of_facility(directory: Directory, facility: Facility, number: str) -> Reason | None:
    """Cell phones are not called from every facility, whoever pays, free talk included (S3-4).

    No account would help, so it is not `cell-phone`, whose words offer one.
    """
    line = directory.line(number)
    if facility.bars_cell_phones and line is not None and line.line_type is LineType.CELL:
        return Reason.NEVER_DIALABLE
    return None


def gate_of_list(allowed: frozenset[str], number: str) -> Reason | None:
    """The allowed list of the person inside (S2-5)."""
    return None if number in allowed else Reason.NOT_ON_LIST


def gate_of_line(directory: Directory, number: str) -> Reason | None:
    """Whether a number can be billed collect: kind of line (S1-2), approval and carrier (S1-3)."""
    line = directory.line(number)
    if line is None:
        return Reason.NUMBER_NOT_APPROVED
    if line.line_type in LINE_REASONS:
        return LINE_REASONS[line.line_type]
    if not line.is_approved:
        return Reason.NUMBER_NOT_APPROVED
    if not line.carrier_bills:
        return Reason.CARRIER_NOT_BILLING
    return None


def payer_of(
    *,
    directory: Directory,
    facility: Facility,
    person: PersonInside,
    called: CalledNumber,
    billing: Billing,
    number_account: AccountId | None,
    has_advancepay: bool,
) -> Payer | Reason:
    """Who pays, by the choice of the person inside and what the called number can be billed.

    A free class comes first (S1-8), and a number that hears no greeting, and so could refuse nothing; an account
    that the number was put on pays for it (S3-3), or a prefunded account of the number itself, on any kind of line
    (S1-1); collect is billed by a phone company that agrees to it.
    """
    if facility.is_free or called.is_free or called.acceptance is Acceptance.ANSWER:
        return FREE_CALL
    if billing is Billing.DEBIT:
        if facility.debit_needs_account and number_account is None and not has_advancepay:
            return Reason.NO_ACCOUNT
        return Payer(Kind.DEBIT, person.debits or debit(person.person_id))
    if number_account is not None:
        is_credit = kind_of(number_account) is AccountKind.DIRECTBILL
        return Payer(Kind.COLLECT if is_credit else Kind.ADVANCE_PAY, number_account)
    if has_advancepay:
        return Payer(Kind.ADVANCE_PAY, advancepay(called.number))
    refused = gate_of_line(directory, called.number)
    return refused or Payer(Kind.COLLECT, lec(called.number))
