"""Whether a call may be placed, and who pays: everything that is decided before any outbound leg.

Pure but for the balance: `judge` goes through the gates in the order of `ivr.reasons.Reason`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from ivr.ports import Billing, Kind
from ivr.reasons import Reason
from ledger.chart import advancepay, debit, lec
from ledger.money import AccountId
from rating.deck import Deck
from rating.numbers import Destination, Undialable, normalise
from rating.tariff import FREE_KIND, Rate
from switch.directory.people import CalledNumber, Directory, Facility, LineType, PersonInside

LINE_REASONS = {
    LineType.CELL: Reason.CELL_PHONE,
    LineType.BUSINESS: Reason.BUSINESS_LINE,
    LineType.VOIP: Reason.VOIP_LINE,
    LineType.HOSPITAL: Reason.HOSPITAL_LINE,
}
"""S1-2: collect calls "cannot be made to cell phones, office phones, VOIP … or hospital numbers"."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Who pays a call, and at what rate."""

    kind: Kind
    payer: AccountId | None
    rate: Rate


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


def gate_of_list(person: PersonInside, number: str) -> Reason | None:
    """The allowed list of the person inside (S2-5)."""
    if person.allowed is not None and number not in person.allowed:
        return Reason.NOT_ON_LIST
    return None


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


def payment(
    *,
    directory: Directory,
    deck: Deck,
    facility: Facility,
    person: PersonInside,
    called: CalledNumber,
    billing: Billing,
    has_advancepay: bool,
    on: date | datetime,
) -> Payment | Reason:
    """Who pays, by the choice of the person inside and what the called number can be billed.

    A free class comes first (S1-8); a prefunded account funds every call its number accepts, on any
    kind of line (S1-1); collect is billed by a phone company that agrees to it.
    """
    if facility.is_free or called.is_free:
        kind, payer = Kind.FREE, None
    elif billing is Billing.DEBIT:
        kind, payer = Kind.DEBIT, debit(person.person_id)
    elif has_advancepay:
        kind, payer = Kind.ADVANCE_PAY, advancepay(called.number)
    else:
        refused = gate_of_line(directory, called.number)
        if refused is not None:
            return refused
        kind, payer = Kind.COLLECT, lec(called.number)
    rate = deck.rate(called.number, kind.value if kind is not Kind.FREE else FREE_KIND, on)
    return Reason.NO_TARIFF if rate is None else Payment(kind, payer, rate)
