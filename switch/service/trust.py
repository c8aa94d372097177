"""The Trust Fund of people inside: who may send (S1-16, S2-4), and what it tops up (S1-18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger.chart import AccountKind, Opener, account_of, debit
from ledger.money import AccountId, Money
from ledger.outcomes import Answer, Booked, Refused
from ledger.products.requests import RegisterTrust, SendToTrust
from ledger.requests import OpenAccount, Transfer
from ledger.rows import Account
from ledger.store import Book
from switch.directory.people import PersonInside
from switch.service.acts import Act, ActKind, logged
from switch.service.answers import Denial, Denied
from switch.service.customers import Customers
from switch.service.provider import Provider


@dataclass(frozen=True, slots=True)
class Sent:
    """Money came to a trust account, or went from it."""

    account_id: AccountId
    booked: Booked
    fee: Money | None
    is_repeat: bool


class TrustFund:
    """The trust accounts of one book's people."""

    def __init__(self, book: Book, provider: Provider) -> None:
        self._book = book
        self._provider = provider

    async def deposit(
        self,
        person_id: str,
        amount: Money,
        *,
        customer_id: str,
        inmate_id: str,
        legal_name: str,
        deposit_id: str,
        channel: str,
        agent: str,
        at: datetime,
    ) -> Sent | Denied:
        """Send money to a person, by a customer who has an account here and knows whom it is for; the fee is a line."""
        held = await Customers(self._book, self._provider).show(customer_id)
        if isinstance(held, Denied):
            return held
        if not held.accounts:
            return Denied(Denial.NEEDS_NUMBER, customer_id, held.next_step)
        registered = await self._registered(person_id, agent, at)
        if isinstance(registered, Denied):
            return registered
        account_id, person = registered
        refused = self._provider.deposits.over_cap(account_id, amount)
        if refused is not None:
            return Denied(Denial.REFUSED, account_id, refused=refused)
        fee = self._provider.deposits.fee(channel, self._provider.day(at, person.facility_id))
        request = SendToTrust(
            deposit_id,
            account_id,
            held.accounts[0],
            inmate_id,
            legal_name,
            amount,
            channel,
            at,
            fee,
            memo=f"from {customer_id}, by {agent}",
        )
        act = Act(at, agent, ActKind.TRUST_DEPOSITED, account_id, f"{amount} by {channel}", customer_id)
        return await self._book_it(request, account_id, fee, act)

    async def top_up(
        self, person_id: str, amount: Money, *, transfer_id: str, agent: str, at: datetime
    ) -> Sent | Denied:
        """Move a person's money to the person's own account for debit calls (S1-18), which is opened if need be."""
        registered = await self._registered(person_id, agent, at)
        if isinstance(registered, Denied):
            return registered
        account_id, _ = registered
        own = Act(at, agent, ActKind.ACCOUNT_OPENED, debit(person_id))
        opened = (await self._book.answer(OpenAccount(debit(person_id), Opener.AGENT, at), logged(own))).outcome
        if isinstance(opened, Refused) and await self._book.balance(debit(person_id)) is None:
            return Denied(Denial.REFUSED, person_id, refused=opened)
        request = Transfer(transfer_id, account_id, debit(person_id), amount, at, memo=f"top-up, by {agent}")
        return await self._book_it(
            request, debit(person_id), None, Act(at, agent, ActKind.TOPPED_UP, account_id, str(amount))
        )

    async def balance(self, person_id: str) -> Account | Denied:
        """What a person has at the facility."""
        person = self._provider.directory.named(person_id)
        if person is None:
            return Denied(Denial.NO_PERSON, person_id)
        account_id = account_of(AccountKind.TRUST, person_id)
        return await self._book.balance(account_id) or Denied(Denial.NO_IDENTITY, person_id)

    async def _registered(self, person_id: str, agent: str, at: datetime) -> tuple[AccountId, PersonInside] | Denied:
        """The trust account of a person, opened with what the configuration says of the person."""
        person = self._provider.directory.named(person_id)
        if person is None:
            return Denied(Denial.NO_PERSON, person_id)
        if person.inmate_id is None or person.legal_name is None:
            return Denied(Denial.NO_IDENTITY, person_id)
        account_id = account_of(AccountKind.TRUST, person_id)
        request = RegisterTrust(account_id, person.inmate_id, person.legal_name, at)
        act = Act(at, agent, ActKind.ACCOUNT_OPENED, account_id)
        opened = (await self._book.answer(request, logged(act))).outcome
        return (
            Denied(Denial.REFUSED, person_id, refused=opened) if isinstance(opened, Refused) else (account_id, person)
        )

    async def _book_it(
        self, request: SendToTrust | Transfer, account_id: AccountId, fee: Money | None, act: Act
    ) -> Sent | Denied:
        answer: Answer = await self._book.answer(request, logged(act))
        match answer.outcome:
            case Booked() as booked:
                return Sent(account_id, booked, fee, answer.is_repeat)
            case Refused() as refused:
                return Denied(Denial.REFUSED, refused.subject or account_id, refused=refused)
            case other:
                raise AssertionError(f"trust money came to {other}")
