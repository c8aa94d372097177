"""Holders of accounts, provisioned in one order (S1-17): create account, add facility, add number, deposit.

Each step may be asked again: it is done once. What the book decides (accounts, numbers, money) is decided by the
book, in one transaction with what is kept of it here; a step that was cut off before is completed by asking again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from ledger.chart import AccountKind, Opener, account_of, advancepay, parse_account, terms_of
from ledger.errors import MalformedAccountError
from ledger.money import AccountId, Money
from ledger.outcomes import Answer, Booked, NumberAdded, Outcome, Refusal, Refused
from ledger.products.credit import CreditRule
from ledger.products.requests import AddNumber
from ledger.requests import OpenAccount
from ledger.store import Book
from rating.numbers import Undialable, normalise
from switch.service.acts import Act, ActKind, logged, record
from switch.service.answers import Denial, Denied, Step
from switch.service.provider import Provider
from switch.service.tables import customer_facilities, customer_numbers, customers

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Also the key of an account of credits."""

NAME_MAX: Final = 200
EMAIL_MAX: Final = 254
"""RFC 5321 §4.5.3.1.3, without its angle brackets."""
ADDRESS_MAX: Final = 400
FACILITIES_MAX: Final = 50
"""Of one customer: nobody has people in more places."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A holder of accounts; no more is kept than is needed to reach the person."""

    customer_id: str
    name: str
    language: str
    created_at: datetime
    email: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """A called number of a customer, the account that pays for it, and since when."""

    number: str
    account_id: AccountId
    active_from: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """A customer with all that was added."""

    customer: Customer
    facilities: tuple[str, ...]
    numbers: tuple[OwnNumber, ...]

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The accounts that pay for the numbers, each once, in the order of the numbers."""
        return tuple(dict.fromkeys(each.account_id for each in self.numbers))

    @property
    def next_step(self) -> Step:
        """What comes next (S1-17)."""
        if not self.facilities:
            return Step.ADD_FACILITY
        return Step.DEPOSIT if self.numbers else Step.ADD_NUMBER


@dataclass(frozen=True, slots=True)
class PaidIn:
    """A deposit was booked."""

    account_id: AccountId
    booked: Booked
    fee: Money
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Credit:
    """A Direct Bill account was opened: calls are invoiced, up to the limit."""

    account_id: AccountId
    limit: Money


class Customers:
    """The customers of one book, as an agent or their own page changes them."""

    def __init__(self, book: Book, provider: Provider) -> None:
        self._book = book
        self._provider = provider

    async def create(
        self,
        customer_id: str,
        name: str,
        *,
        agent: str,
        at: datetime,
        language: str = "en",
        email: str | None = None,
        address: str | None = None,
    ) -> Holding | Denied:
        """Create a customer, once; another one under the same id is denied."""
        wanted = Customer(customer_id, name.strip(), language, at, email, address)
        if not _is_plain(wanted):
            return Denied(Denial.NOT_A_NAME, customer_id)
        if self._provider.directory.named(customer_id) is not None:
            return Denied(Denial.ID_TAKEN, customer_id)

        def store(connection: Connection) -> Denied | None:
            known = read_customer(connection, customer_id)
            if known is None:
                row = {name: getattr(wanted, name) for name in Customer.__dataclass_fields__}
                connection.execute(insert(customers).values(row))
                record(connection, Act(at, agent, ActKind.CREATED, customer_id, customer_id=customer_id))
            elif replace(known, created_at=at) != wanted:
                return Denied(Denial.ID_TAKEN, customer_id)
            return None

        return await self._book.write(store) or await self.show(customer_id)

    async def show(self, customer_id: str) -> Holding | Denied:
        """A customer with facilities and numbers."""
        found = await self._book.read(lambda connection: read_holding(connection, customer_id))
        return found or Denied(Denial.NO_CUSTOMER, customer_id, Step.CREATE_ACCOUNT)

    async def list(self, last: int = 100) -> tuple[Customer, ...]:
        """Customers, the newest first."""
        query = select(customers).order_by(customers.c.created_at.desc(), customers.c.customer_id).limit(last)
        return await self._book.read(
            lambda connection: tuple(Customer(**row) for row in connection.execute(query).mappings())
        )

    async def add_facility(self, customer_id: str, facility: str, *, agent: str, at: datetime) -> Holding | Denied:
        """Add a facility where the customer has somebody."""
        if self._provider.facility(facility) is None:
            known = tuple(each.facility_id for each in self._provider.directory.facilities())
            return Denied(Denial.NO_FACILITY, facility, known=known)

        def store(connection: Connection) -> Denied | None:
            held = read_holding(connection, customer_id)
            if held is None:
                return Denied(Denial.NO_CUSTOMER, customer_id, Step.CREATE_ACCOUNT)
            if facility not in held.facilities and len(held.facilities) < FACILITIES_MAX:
                row = {"customer_id": customer_id, "facility": facility, "added_at": at}
                connection.execute(insert(customer_facilities).values(row))
                record(connection, Act(at, agent, ActKind.FACILITY_ADDED, facility, customer_id=customer_id))
            return None

        return await self._book.write(store) or await self.show(customer_id)

    async def add_number(
        self, customer_id: str, number: str, *, agent: str, at: datetime, account: str | None = None
    ) -> OwnNumber | Denied:
        """Add a called number, paid by its AdvancePay account, or by one of several numbers (S3-3, S3-5)."""
        held = await self.show(customer_id)
        if isinstance(held, Denied):
            return held
        if not held.facilities:
            return Denied(Denial.NEEDS_FACILITY, customer_id, Step.ADD_FACILITY)
        destination = normalise(number)
        if isinstance(destination, Undialable):
            return Denied(Denial.UNDIALABLE, number)
        e164 = destination.e164
        try:
            account_id = advancepay(e164) if account is None else parse_account(account)
        except MalformedAccountError:
            return Denied(Denial.REFUSED, str(account), refused=Refused(Refusal.MALFORMED_ACCOUNT, account))
        owners = await self._book.read(lambda connection: _owners(connection, e164, account_id))
        if owners.get(e164, customer_id) != customer_id:
            return Denied(Denial.NUMBER_TAKEN, e164)
        if owners.get(account_id, customer_id) != customer_id:
            return Denied(Denial.NOT_THEIR_ACCOUNT, account_id)
        opened = await self._opened(customer_id, account_id, agent, at)
        if isinstance(opened, Refused):
            return Denied(Denial.REFUSED, opened.subject or e164, refused=opened)
        try:
            if account_id == advancepay(e164):
                own = OwnNumber(e164, account_id, at)
                return await self._book.write(lambda core: _keep(core, customer_id, own, agent, at))
            return await self._put_on(customer_id, e164, account_id, agent, at)
        except _TakenError:
            return Denied(Denial.NUMBER_TAKEN, e164)

    async def deposit(
        self,
        customer_id: str,
        amount: Money,
        *,
        deposit_id: str,
        channel: str,
        agent: str,
        at: datetime,
        account: str | None = None,
    ) -> PaidIn | Denied:
        """Book a payment of a customer who has a number, with cap and fee of its channel (S3-1, S3-7)."""
        held = await self.show(customer_id)
        if isinstance(held, Denied):
            return held
        if not held.numbers:
            first = held.next_step
            why = Denial.NEEDS_FACILITY if first is Step.ADD_FACILITY else Denial.NEEDS_NUMBER
            return Denied(why, customer_id, first)
        chosen = _chosen(held, account)
        if isinstance(chosen, Denied):
            return chosen
        day = self._provider.day(at, held.facilities[0] if self._provider.facility(held.facilities[0]) else None)
        request = self._provider.deposits.deposit(deposit_id, chosen, amount, channel, day=day, at=at)
        if isinstance(request, Refused):
            return Denied(Denial.REFUSED, customer_id, refused=request)
        act = Act(at, agent, ActKind.DEPOSITED, chosen, f"{amount} by {channel}", customer_id)
        answer: Answer = await self._book.answer(replace(request, memo=f"{customer_id}, by {agent}"), logged(act))
        match answer.outcome:
            case Booked() as booked:
                return PaidIn(chosen, booked, request.fee, answer.is_repeat)
            case Refused() as refused:
                return Denied(Denial.REFUSED, refused.subject or customer_id, refused=refused)
            case other:
                raise AssertionError(f"a deposit came to {other}")

    async def give_credit(
        self, customer_id: str, *, state: str, score: int | None, agent: str, at: datetime
    ) -> Credit | Denied:
        """Decide on Direct Bill (S3-10, S3-11), and open its account where the answer is yes; twice is once."""
        held = await self.show(customer_id)
        if isinstance(held, Denied):
            return held
        limit = CreditRule().decide(state, score)
        if limit is None:
            return Denied(Denial.NO_CREDIT, customer_id)
        account_id = account_of(AccountKind.DIRECTBILL, customer_id)
        act = Act(at, agent, ActKind.CREDIT_GIVEN, account_id, f"up to {limit}, {state.upper()}", customer_id)
        answer = await self._book.answer(OpenAccount(account_id, Opener.AGENT, at, limit), logged(act))
        if isinstance(answer.outcome, Refused):
            return Denied(Denial.REFUSED, answer.outcome.subject or account_id, refused=answer.outcome)
        return Credit(account_id, limit)

    async def _opened(self, customer_id: str, account_id: AccountId, agent: str, at: datetime) -> Refused | None:
        """Open the account that is to pay for a number, if it is not there."""
        if await self._book.balance(account_id) is not None:
            return None
        act = Act(at, agent, ActKind.ACCOUNT_OPENED, account_id, customer_id=customer_id)
        outcome = (await self._book.answer(OpenAccount(account_id, Opener.AGENT, at), logged(act))).outcome
        return outcome if isinstance(outcome, Refused) else None

    async def _put_on(
        self, customer_id: str, number: str, account_id: AccountId, agent: str, at: datetime
    ) -> OwnNumber | Denied:
        """Put a number on an account of several.

        Raises:
            _TakenError: Somebody else was faster.
        """

        def keep(connection: Connection, outcome: Outcome, *, is_new: bool) -> None:
            assert isinstance(outcome, NumberAdded), "a number is added, or refused"
            del is_new  # Cut off before, the number may be on the account and nobody's yet.
            _keep(connection, customer_id, OwnNumber(number, account_id, outcome.active_from), agent, at)

        if not terms_of(account_id).has_numbers:
            return Denied(Denial.REFUSED, account_id, refused=Refused(Refusal.NOT_ALLOWED, account_id))
        request = AddNumber(account_id, number, at + self._provider.activation, at)
        match (await self._book.answer(request, keep)).outcome:
            case NumberAdded(active_from=active_from):
                return OwnNumber(number, account_id, active_from)
            case Refused() as refused:
                return Denied(Denial.REFUSED, refused.subject or number, refused=refused)
            case other:
                raise AssertionError(f"a number came to {other}")


class _TakenError(Exception):
    """The number is somebody else's since a moment ago; nothing is stored."""


def read_customer(connection: Connection, customer_id: str) -> Customer | None:
    """The customer of this id."""
    row = connection.execute(select(customers).where(customers.c.customer_id == customer_id)).mappings().first()
    return None if row is None else Customer(**row)


def read_holding(connection: Connection, customer_id: str) -> Holding | None:
    """A customer with facilities and numbers, None if there is none."""
    customer = read_customer(connection, customer_id)
    if customer is None:
        return None
    facilities, numbers = customer_facilities.c, customer_numbers.c
    of_facilities = (
        select(facilities.facility)
        .where(facilities.customer_id == customer_id)
        .order_by(facilities.added_at, facilities.facility)
    )
    of_numbers = (
        select(numbers.number, numbers.account_id, numbers.active_from)
        .where(numbers.customer_id == customer_id)
        .order_by(numbers.added_at, numbers.number)
    )
    return Holding(
        customer,
        tuple(connection.execute(of_facilities).scalars()),
        tuple(
            OwnNumber(row.number, AccountId(row.account_id), row.active_from) for row in connection.execute(of_numbers)
        ),
    )


def read_holder(connection: Connection, account_id: AccountId) -> str | None:
    """The customer whose account it is, None if nobody said so."""
    query = select(customer_numbers.c.customer_id).where(customer_numbers.c.account_id == account_id).limit(1)
    return connection.execute(query).scalar_one_or_none()


def read_customer_of_number(connection: Connection, number: str) -> str | None:
    """The customer whose called number it is, None if nobody said so."""
    query = select(customer_numbers.c.customer_id).where(customer_numbers.c.number == number)
    return connection.execute(query).scalar_one_or_none()


def _owners(connection: Connection, number: str, account_id: AccountId) -> dict[str, str]:
    """Whose a number and an account are, where that is known."""
    found = {number: read_customer_of_number(connection, number), account_id: read_holder(connection, account_id)}
    return {key: owner for key, owner in found.items() if owner is not None}


def _keep(connection: Connection, customer_id: str, own: OwnNumber, agent: str, at: datetime) -> OwnNumber:
    """Store whose a number is.

    Raises:
        _TakenError: Somebody else was faster.
    """
    query = select(customer_numbers).where(customer_numbers.c.number == own.number)
    if (row := connection.execute(query).first()) is not None:
        if (row.customer_id, row.account_id) != (customer_id, own.account_id):
            raise _TakenError
        return OwnNumber(row.number, AccountId(row.account_id), row.active_from)
    row_ = {"number": own.number, "customer_id": customer_id, "account_id": own.account_id, "added_at": at}
    connection.execute(insert(customer_numbers).values(active_from=own.active_from, **row_))
    act = Act(at, agent, ActKind.NUMBER_ADDED, own.account_id, customer_id=customer_id, number=own.number)
    record(connection, act)
    return own


def _chosen(held: Holding, account: str | None) -> AccountId | Denied:
    """The account of the customer that is meant."""
    if account is None:
        if len(held.accounts) > 1:
            return Denied(Denial.SEVERAL_ACCOUNTS, held.customer.customer_id, known=held.accounts)
        return held.accounts[0]
    if account not in held.accounts:
        return Denied(Denial.NOT_THEIR_ACCOUNT, account, known=held.accounts)
    return AccountId(account)


def _is_plain(customer: Customer) -> bool:
    """Whether its facts have their sizes, each on one line."""
    sizes = ((customer.name, NAME_MAX), (customer.email, EMAIL_MAX), (customer.address, ADDRESS_MAX))
    is_sized = _ID.fullmatch(customer.customer_id) is not None and all(
        text is None or (0 < len(text) <= most and text.isprintable()) for text, most in sizes
    )
    return is_sized and (customer.email is None or "@" in customer.email)
