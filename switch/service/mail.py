"""Messages as people meet them: credits bought, words sent, reviewed and delivered (S2-1, S2-2, S1-18).

The words are stored apart from the message, in one transaction with it; a message the book refuses leaves no words.
Two people write to each other where the customer has added the facility, and the person inside, if calls of theirs
are bound to an allowed list, may call a number of the customer's: one list says who is a contact (S2-3, S2-5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from ledger.chart import AccountKind, account_of
from ledger.money import AccountId, Money
from ledger.outcomes import Answer, Booked, Outcome, Refusal, Refused
from ledger.product_rows import read_rows
from ledger.products.bundles import Bundle
from ledger.products.messages import messages_account
from ledger.products.requests import BuyCredits, MoveMessage, SettleMessage, SubmitMessage
from ledger.products.rows import CreditLot, Direction, Message, MessageState
from ledger.store import Book
from ledger.tables import messages
from switch.directory.contacts import Change, listed, read_changes
from switch.directory.people import PersonInside
from switch.service.acts import Act, ActKind, logged
from switch.service.answers import Denial, Denied
from switch.service.customers import Customers, Holding
from switch.service.provider import Provider
from switch.service.tables import message_words

QUEUE_MAX: Final = 1_000
"""Messages of one look at the queue."""

WAITING: Final = (MessageState.SUBMITTED, MessageState.IN_REVIEW, MessageState.APPROVED)
"""States in which somebody has to do something."""


@dataclass(frozen=True, slots=True)
class Sold:
    """Credits were bought."""

    account_id: AccountId
    bundle: Bundle
    booked: Booked
    fee: Money
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its words, and what is left of its payer's credits."""

    message: Message
    words: str | None
    """None when they were deleted."""
    credits_left: int

    def is_late(self, at: datetime) -> bool:
        """Whether it waits for its review longer than was promised."""
        waits = self.message.state in {MessageState.SUBMITTED, MessageState.IN_REVIEW}
        return waits and at > self.message.promised_at


class Mail:
    """The messages of one book."""

    def __init__(self, book: Book, provider: Provider) -> None:
        self._book = book
        self._provider = provider

    def sold_at(self, facility_id: str, at: datetime) -> tuple[Bundle, ...]:
        """What bundles a facility sells."""
        facility = self._provider.facility(facility_id)
        if facility is None:
            return ()
        day = self._provider.day(at, facility_id)
        return self._provider.messages.sold(facility=facility_id, state=facility.place.state, day=day)

    async def buy(
        self,
        owner: str,
        credits_: int,
        *,
        purchase_id: str,
        agent: str,
        at: datetime,
        facility: str | None = None,
        channel: str = "processor",
        source: str | None = None,
    ) -> Sold | Denied:
        """Sell a bundle to a customer, by a channel or from a prepaid account; or to a person, from the Trust Fund."""
        buyer = await self._party(owner)
        if isinstance(buyer, Denied):
            return buyer
        till = self._till(buyer, facility, source)
        if isinstance(till, Denied):
            return till
        place, payer = till
        on_sale = self.sold_at(place, at)
        bundle = next((each for each in on_sale if each.credits == credits_), None)
        if bundle is None:
            known = tuple(f"{each.credits} for {each.price}" for each in on_sale)
            return Denied(Denial.NO_BUNDLE, f"{credits_} at {place}", known=known)
        over = None if payer else self._provider.deposits.over_cap(messages_account(owner), bundle.price)
        if over is not None:
            return Denied(Denial.REFUSED, owner, refused=over)
        fee = Money(0) if payer else self._provider.deposits.fee(channel, self._provider.day(at, place))
        request = BuyCredits(
            purchase_id,
            messages_account(owner),
            credits_,
            bundle.price,
            channel,
            at,
            payer,
            fee,
            memo=f"{credits_} credits, by {agent}",
        )
        words = f"{credits_} for {bundle.price}"
        act = Act(at, agent, ActKind.CREDITS_SOLD, request.account_id, words, _customer(buyer))
        answer: Answer = await self._book.answer(request, logged(act))
        match answer.outcome:
            case Booked() as booked:
                return Sold(request.account_id, bundle, booked, fee, answer.is_repeat)
            case Refused() as refused:
                return Denied(Denial.REFUSED, refused.subject or owner, refused=refused)
            case other:
                raise AssertionError(f"a purchase came to {other}")

    async def send(
        self, customer_id: str, person_id: str, words: str, *, message_id: str, direction: Direction, at: datetime
    ) -> Letter | Denied:
        """Take a message from a customer to a person, or back; whoever sends it pays with own credits."""
        person, customer = self._provider.directory.named(person_id), await self._party(customer_id)
        if person is None:
            return Denied(Denial.NO_PERSON, person_id)
        if not isinstance(customer, Holding):
            return customer if isinstance(customer, Denied) else Denied(Denial.NO_CUSTOMER, customer_id)
        facility = str(person.facility_id)
        if facility not in customer.facilities:
            return Denied(Denial.NOT_THIS_FACILITY, facility, customer.next_step, known=customer.facilities)
        policy = self._provider.messages
        if not words.strip() or len(words) > policy.characters_max or "\x00" in words:
            return Denied(Denial.NO_WORDS, f"{len(words)} characters of {policy.characters_max}")
        owner = customer_id if direction is Direction.TO_PERSON else person_id
        request = SubmitMessage(
            message_id,
            messages_account(owner),
            facility,
            person_id,
            customer_id,
            direction,
            policy.credits_of(len(words)),
            len(words),
            self._provider.reviewed_by(at, facility),
            at,
        )
        start = self._provider.directory.list_of(person)
        numbers = frozenset(each.number for each in customer.numbers)

        def keep(connection: Connection, _outcome: Outcome, *, is_new: bool) -> None:
            if start is not None and is_new:
                _check_contact(read_changes(connection, person_id), start, numbers)
            _keep_words(connection, message_id, words, is_new=is_new)

        try:
            outcome = (await self._book.answer(request, keep)).outcome
        except _NotAContactError as error:
            return Denied(Denial.NOT_A_CONTACT, person_id, known=error.known)
        except _OtherWordsError:
            outcome = Refused(Refusal.ID_REUSED, message_id)
        if isinstance(outcome, Refused):
            return Denied(Denial.REFUSED, outcome.subject or message_id, refused=outcome)
        return await self.show(message_id)

    async def queue(self, facility: str | None = None) -> tuple[Letter, ...]:
        """Messages that wait for somebody, the longest promised first."""

        def look(connection: Connection) -> tuple[Letter, ...]:
            query = (
                select(messages.c.message_id)
                .where(messages.c.state.in_(WAITING), *([] if facility is None else [messages.c.facility == facility]))
                .order_by(messages.c.promised_at, messages.c.message_id)
                .limit(QUEUE_MAX)
            )
            ids = list(connection.execute(query).scalars())
            found = {each.message_id: each for each in read_rows(connection, Message, message_id=ids)}
            return tuple(Letter(found[message_id], None, 0) for message_id in ids)

        return await self._book.read(look)

    async def show(self, message_id: str) -> Letter | Denied:
        """A message with its words."""
        return await self._book.read(lambda connection: _letter(connection, message_id)) or Denied(
            Denial.NO_MESSAGE, message_id
        )

    async def review(self, message_id: str, *, agent: str, at: datetime) -> Letter | Denied:
        """Take a message into review; its words are shown to the agent."""
        return await self._move(MessageState.IN_REVIEW, Act(at, agent, ActKind.REVIEWED, message_id))

    async def approve(self, message_id: str, *, agent: str, at: datetime) -> Letter | Denied:
        """Let a message that is in review go on."""
        return await self._move(MessageState.APPROVED, Act(at, agent, ActKind.APPROVED, message_id))

    async def reject(self, message_id: str, why: str, *, agent: str, at: datetime) -> Letter | Denied:
        """Stop a message that is in review; its credits come back or are used up, as the provider's policy has it."""
        act = Act(at, agent, ActKind.REJECTED, message_id, why)
        is_used_up = self._provider.messages.keeps_rejected
        return await self._move(MessageState.REJECTED, act, is_used_up=is_used_up)

    async def deliver(self, message_id: str, *, agent: str, at: datetime) -> Letter | Denied:
        """An approved message has reached its reader: its credits are earned."""
        act = Act(at, agent, ActKind.DELIVERED, message_id)
        return await self._move(MessageState.DELIVERED, act, is_used_up=True)

    async def _move(self, to: MessageState, act: Act, *, is_used_up: bool = False) -> Letter | Denied:
        """Take a message a step on, and note who did; a step that was taken before changes nothing."""
        before = await self.show(act.subject)
        if isinstance(before, Denied):
            return before
        request = (SettleMessage if is_used_up else MoveMessage)(act.subject, to, act.at)
        line = logged(replace(act, customer_id=before.message.contact))
        outcome = (await self._book.answer(request, line)).outcome
        if isinstance(outcome, Refused):
            if outcome.why is Refusal.ID_REUSED:  # Its credits are earned under one id: by the step that was taken.
                outcome = replace(outcome, why=Refusal.WRONG_STATE)
            subject = f"{act.subject} is {before.message.state.value}"
            return Denied(Denial.REFUSED, subject, refused=outcome)
        return await self.show(act.subject)

    async def _party(self, owner: str) -> Holding | PersonInside | Denied:
        """The person or the customer of an id; one id is never both."""
        person = self._provider.directory.named(owner)
        held = await Customers(self._book, self._provider).show(owner)
        if person is not None and isinstance(held, Holding):
            return Denied(Denial.ID_TAKEN, owner)
        return person or held

    def _till(
        self, buyer: Holding | PersonInside, facility: str | None, source: str | None
    ) -> tuple[str, AccountId | None] | Denied:
        """Where credits are bought, and the account that pays for them, if one does."""
        if isinstance(buyer, PersonInside):
            return str(buyer.facility_id), account_of(AccountKind.TRUST, buyer.person_id)
        place = self._place(buyer, facility)
        if isinstance(place, Denied) or source is None:
            return place if isinstance(place, Denied) else (place, None)
        if source not in buyer.accounts:
            return Denied(Denial.NOT_THEIR_ACCOUNT, source, known=buyer.accounts)
        return place, AccountId(source)

    def _place(self, buyer: Holding, facility: str | None) -> str | Denied:
        """The facility for which a customer buys."""
        customer_id = buyer.customer.customer_id
        if not buyer.facilities:
            return Denied(Denial.NEEDS_FACILITY, customer_id, buyer.next_step)
        chosen = buyer.facilities[0] if facility is None else facility
        if chosen not in buyer.facilities:
            return Denied(Denial.NOT_THIS_FACILITY, chosen, known=buyer.facilities)
        return chosen if self._provider.facility(chosen) else Denied(Denial.NO_FACILITY, chosen)


class _NotAContactError(Exception):
    """The person inside may not call any number of the customer; nothing is stored."""

    def __init__(self, known: tuple[str, ...]) -> None:
        super().__init__(", ".join(known))
        self.known = known


class _OtherWordsError(Exception):
    """The message of this id has other words; nothing is stored."""


def _customer(buyer: Holding | PersonInside) -> str | None:
    return buyer.customer.customer_id if isinstance(buyer, Holding) else None


def _check_contact(changes: Sequence[Change], start: frozenset[str], numbers: frozenset[str]) -> None:
    """Whether a person may have to do with the holder of some numbers.

    Raises:
        _NotAContactError: None of them is on the person's list.
    """
    if not numbers & listed(start, changes):
        states = {each.number: each.state.value for each in changes}
        raise _NotAContactError(tuple(f"{each}, {states.get(each, 'not asked for')}" for each in sorted(numbers)))


def _keep_words(connection: Connection, message_id: str, words: str, *, is_new: bool) -> None:
    """Store the words of a message; of one that was there before, they may have been deleted since.

    Raises:
        _OtherWordsError: It has others.
    """
    query = select(message_words.c.words).where(message_words.c.message_id == message_id)
    known = connection.execute(query).scalar_one_or_none()
    if known not in {None, words}:
        raise _OtherWordsError
    if known is None and is_new:
        connection.execute(insert(message_words).values(message_id=message_id, words=words))


def _letter(connection: Connection, message_id: str) -> Letter | None:
    message = next(read_rows(connection, Message, message_id={message_id}), None)
    if message is None:
        return None
    words = select(message_words.c.words).where(message_words.c.message_id == message_id)
    lots = read_rows(connection, CreditLot, account_id={message.account_id})
    left = sum(lot.credits_left for lot in lots)
    return Letter(message, connection.execute(words).scalar_one_or_none(), left)
