"""What agents do for callers: blocks (S1-14), refunds of calls, also those that a card did not take back, notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ledger.chart import AccountKind, kind_of
from ledger.entries import EntryId
from ledger.money import CallId, Money
from ledger.outcomes import Booked, Outcome, Refusal, Refused
from ledger.product_rows import read_rows
from ledger.products.card_requests import PayRefund, call_of_card
from ledger.products.card_rows import CardRefund, CardRefundState
from ledger.products.shares import charge_id
from ledger.requests import Refund, RefundKind
from ledger.store import Book
from rating.numbers import Undialable, normalise
from switch.directory.blocks import EVERY_FACILITY, Block, BlockKind, Blocks, remove_blocks, store_block
from switch.service.acts import WORDS_MAX, Act, ActKind, record
from switch.service.answers import Denial, Denied
from switch.service.customers import read_customer, read_customer_of_number


@dataclass(frozen=True, slots=True)
class Blocked:
    """How the blocks of a number stand."""

    number: str
    facility: str
    is_blocked: bool
    is_changed: bool
    """False: it was so before."""
    left: tuple[str, ...] = ()
    """Facilities (`*`: every one) for which it is still blocked."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund was booked."""

    refund_id: EntryId
    call_id: CallId
    kind: RefundKind
    amount: Money
    balance: Money
    is_repeat: bool
    to_card: bool = False
    """Whether a card had paid this one call: it has its money back once the processor says so."""


@dataclass(frozen=True, slots=True)
class PaidBack:
    """What a card did not take back was paid to its holder another way."""

    refund_id: str
    call_id: CallId
    amount: Money
    channel: str
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class NoteTaken:
    """A note is stored."""

    act: Act


class Care:
    """What one book's customer service does."""

    def __init__(self, book: Book) -> None:
        self._book = book

    async def block(
        self, number: str, *, agent: str, at: datetime, why: str, facility: str = EVERY_FACILITY
    ) -> Blocked | Denied:
        """Block a number for one facility or all, from now; calls that go on are cut."""
        e164 = _e164(number)
        if isinstance(e164, Denied):
            return e164
        block = Block(e164, facility, BlockKind.AGENT, f"{why} (by {agent})", at)

        def store(connection: Connection) -> bool:
            is_new = store_block(connection, block)
            if is_new:
                record(connection, Act(at, agent, ActKind.BLOCKED, facility, why, number=e164))
            return is_new

        is_new = await self._book.write(store)
        return Blocked(e164, facility, is_blocked=True, is_changed=is_new, left=await self._left(e164))

    async def unblock(
        self, number: str, *, agent: str, at: datetime, why: str, facility: str = EVERY_FACILITY
    ) -> Blocked | Denied:
        """Remove the block of a number for one facility, or the one for all, whoever set it (S1-14)."""
        e164 = _e164(number)
        if isinstance(e164, Denied):
            return e164

        def remove(connection: Connection) -> int:
            removed = remove_blocks(connection, number=e164, facility=facility, why=f"{why} (by {agent})", at=at)
            if removed:
                record(connection, Act(at, agent, ActKind.UNBLOCKED, facility, why, number=e164))
            return removed

        removed = await self._book.write(remove)
        left = await self._left(e164)
        if not removed:
            return Denied(Denial.NOT_BLOCKED, e164, known=left)
        return Blocked(e164, facility, is_blocked=False, is_changed=True, left=left)

    async def refund(
        self,
        call_id: str,
        kind: RefundKind,
        *,
        refund_id: str,
        agent: str,
        at: datetime,
        amount: Money | None = None,
        words: str = "",
    ) -> GivenBack | Denied:
        """Give back what a call cost, or part of it: never more than is left of its charge.

        Where a card had paid this one call, the card has it back (`switch.call.settlement`).
        """
        record_ = await self._book.call(CallId(call_id))
        if record_ is None:
            return Denied(Denial.NO_CALL, call_id)
        request = Refund(refund_id, charge_id(record_.call_id), amount, at, memo=_memo(words, agent), kind=kind)

        def log(connection: Connection, outcome: Outcome, *, is_new: bool) -> None:
            assert isinstance(outcome, Booked), "a refund is booked, or refused"
            text = f"{kind.value} {outcome.amount}{': ' if words else ''}{words}"
            if is_new:
                record(connection, Act(at, agent, ActKind.REFUNDED, call_id, text, number=record_.number))

        answer = await self._book.answer(request, log)
        match answer.outcome:
            case Booked(entry_id, given, balance):
                to_card = record_.payer is not None and kind_of(record_.payer) is AccountKind.ONECALL
                return GivenBack(entry_id, record_.call_id, kind, given, balance, answer.is_repeat, to_card)
            case Refused(why=Refusal.UNKNOWN_CHARGE):
                return Denied(Denial.NO_CHARGE, call_id)
            case Refused() as refused:
                return Denied(Denial.REFUSED, call_id, refused=refused)
            case other:
                raise AssertionError(f"a refund came to {other}")

    async def refused_refunds(self) -> tuple[CardRefund, ...]:
        """Refunds that a processor refused and nobody paid yet, the longest first."""

        def look(connection: Connection) -> tuple[CardRefund, ...]:
            found = (row for row in read_rows(connection, CardRefund) if row.state is CardRefundState.REFUSED)
            return tuple(sorted(found, key=lambda row: (row.asked_at, row.refund_id)))

        return await self._book.read(look)

    async def pay_refund(
        self, refund_id: str, *, channel: str, agent: str, at: datetime, words: str = ""
    ) -> PaidBack | Denied:
        """Note that a refund, which a processor refused, was paid to the holder of the card by another channel."""
        request = PayRefund(refund_id, channel, at, _memo(words, agent))

        def log(connection: Connection, outcome: Outcome, *, is_new: bool) -> None:
            assert isinstance(outcome, Booked), "a payment is booked, or refused"
            text = f"{outcome.amount} by {channel}{': ' if words else ''}{words}"
            if is_new:
                record(connection, Act(at, agent, ActKind.REFUND_PAID, call_of_card(request.payment_id), text))

        answer = await self._book.answer(request, log)
        match answer.outcome:
            case Booked(_, paid, _):
                return PaidBack(refund_id, call_of_card(request.payment_id), paid, channel, answer.is_repeat)
            case Refused(why=Refusal.UNKNOWN_CARD | Refusal.NOT_ALLOWED):
                known = tuple(each.refund_id for each in await self.refused_refunds())
                return Denied(Denial.NO_REFUND, refund_id, known=known)
            case Refused() as refused:
                return Denied(Denial.REFUSED, refund_id, refused=refused)
            case other:
                raise AssertionError(f"a payment came to {other}")

    async def note(self, subject: str, words: str, *, agent: str, at: datetime) -> NoteTaken | Denied:
        """Keep a note about a customer, or about a number."""
        if not 0 < len(words.strip()) <= WORDS_MAX:
            return Denied(Denial.NO_WORDS, subject)
        customer_id: str | None = None
        number: str | None = None
        if await self._book.read(lambda connection: read_customer(connection, subject)) is not None:
            customer_id = subject
        else:
            e164 = _e164(subject)
            if isinstance(e164, Denied):
                return Denied(Denial.NO_CUSTOMER, subject)
            number = e164
            customer_id = await self._book.read(lambda connection: read_customer_of_number(connection, e164))
        act = Act(at, agent, ActKind.NOTED, subject, words.strip(), customer_id, number)
        await self._book.write(lambda connection: record(connection, act))
        return NoteTaken(act)

    async def _left(self, number: str) -> tuple[str, ...]:
        return tuple(each.facility for each in await Blocks(self._book).of(number) if each.removed_at is None)


def _memo(words: str, agent: str) -> str:
    return f"{words} (by {agent})" if words else f"by {agent}"


def _e164(number: str) -> str | Denied:
    destination = normalise(number)
    return Denied(Denial.UNDIALABLE, number) if isinstance(destination, Undialable) else destination.e164
