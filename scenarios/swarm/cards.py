"""Cards of a run: what the processor and the book say of them, and who may have to pay by card."""

from __future__ import annotations

import asyncio
from datetime import datetime
from math import inf
from typing import Final

from ledger.product_rows import read_rows
from ledger.products.card_rows import CardPayment, CardState, CardUse
from ledger.records import CallRecord
from ledger.store import Book
from scenarios.swarm.holders import Phoned
from scenarios.swarm.house import Life
from scenarios.swarm.model import MICROS, Payment
from scenarios.swarm.model import Money as Moved
from scenarios.swarm.observed import Observed
from scenarios.swarm.people import Dialled
from scenarios.swarm.plan import FACILITY_FREE, HOUSEHOLD, CardPlan, NumberPlan
from switch.payments.simulated import Standing

APPROVED_SECONDS: Final = 4.0
"""From the approval of a card to the talk: it is stored, and said in some two seconds."""
LEFT_SECONDS: Final = 1.0
"""A switch may ask a processor so long after its caller left."""
GONE_SECONDS: Final = 60.0
"""And so long after its caller's phone vanished: the keys were pressed, and nobody told it."""
WAIT_SECONDS: Final = 300.0
"""A deposit on the line that nobody decided about, as its switch died, is given up so long after it was asked for."""
LOOK_SECONDS: Final = 10.0
"""And so much later at most the processor knows: it is looked for every five seconds."""
DONE: Final = {
    CardState.DECLINED: {Standing.DECLINED},
    CardState.VOIDED: {Standing.VOID, Standing.DECLINED},
    CardState.CAPTURED: {Standing.TAKEN},
}
"""How a card ends in the book, and what the processor must say of it then."""


class Cards:
    """The cards of a run."""

    def __init__(self, observed: Observed, rows: tuple[CardPayment, ...]) -> None:
        self._observed = observed
        self._plan = observed.plan.cards
        self._numbers: dict[str, str | None] = {record.call_id: record.number for record in observed.records}
        self._sales = {row.payment_id for row in rows if row.use is CardUse.SALE}
        self._accounts = self._find_accounts(rows)
        self._known = {row.payment_id for row in rows}
        self.rows = tuple(row for row in rows if not self._is_waited_for(row))

    @classmethod
    async def of(cls, observed: Observed, book: Book) -> Cards:
        """Read them from the book."""
        rows = await book.read(lambda connection: tuple(read_rows(connection, CardPayment)))
        return cls(observed, tuple(sorted(rows, key=lambda row: row.payment_id)))

    def check(self) -> None:
        """Book and processor say the same of every card, and all are done with."""
        processor = self._observed.processor
        faults = self._observed.faults
        if processor is None:
            faults += [f"card: {row} in a world without cards" for row in self.rows]
            return
        unknown = [asked for asked in processor.asked if asked.payment not in self._known]
        faults += [f"card: the book knows nothing of {asked}" for asked in unknown]
        for row in self.rows:
            payment = processor.simulated.payments.get(row.payment_id)
            standing = Standing.VOID if payment is None else payment.standing
            if standing not in DONE.get(row.state, set()):
                faults.append(f"card: {row.payment_id} is {row.state.value} in the book, and {standing.value} in truth")
            elif payment is not None and row.state is CardState.CAPTURED and payment.taken != row.due:
                faults.append(f"card: of {row.payment_id} is {payment.taken} taken, and {row.due} in the book")

    def payments(self) -> list[Payment]:
        """What the processor says of each card in the end."""
        processor = self._observed.processor
        if processor is None:
            return []
        asked = {each.payment: each.micros for each in reversed(processor.asked) if each.act == "authorise"}
        found = []
        for row in self.rows:
            payment = processor.simulated.payments.get(row.payment_id)
            if payment is not None:
                found.append(
                    Payment(
                        name=row.payment_id,
                        call=row.call_id,
                        is_deposit=row.use is not CardUse.CALL,
                        asked=asked.get(row.payment_id, 0),
                        reserved=payment.reserved.micros,
                        taken=payment.taken.micros,
                    )
                )
        return found

    def moved(self) -> list[Moved]:
        """What cards put on accounts: deposits when they were approved, and captures in the end."""
        money = []
        for payment in self.payments():
            if not payment.taken:
                continue
            if payment.is_deposit:
                account = self._accounts.get(payment.name) or f"advancepay:{self._numbers.get(payment.call)}"
                money.append(Moved(self._approved(payment.name), account, payment.taken - self.fee))
            else:
                money.append(Moved(inf, f"onecall:{payment.call}", payment.taken))
        return money

    def credit(self) -> dict[str, int]:
        """What cards guarantee of the accounts of their calls."""
        approved = [each for each in self.payments() if not each.is_deposit and self._approved(each.name) < inf]
        return {f"onecall:{each.call}": each.asked for each in approved}

    @property
    def fee(self) -> int:
        """Of each payment by card, in micros."""
        return self._observed.plan.fees.get("phone", 0)

    @property
    def earned(self) -> int:
        """Fees of deposits: those of calls are charged with them."""
        return sum(self.fee for payment in self.payments() if payment.is_deposit and payment.taken)

    def is_offered(self, record: CallRecord, call: Dialled) -> bool:
        """Whether the called party of this call may be offered to pay by card: it cannot be billed in another way."""
        if self._plan is None or record.billing == "debit" or call.station.facility == FACILITY_FREE:
            return False
        number = call.number
        return number.hears_greeting and not (number.is_billable or number.is_free or number.advancepay is not None)

    def payer(self, record: CallRecord, start: float) -> str | None:
        """Who pays a call that a number without an account accepted: a free call, the card, or an account just sold."""
        number = record.number or ""
        sold = self._sold(number)
        if sold + APPROVED_SECONDS < start:
            return f"advancepay:{number}"
        if record.payer == f"advancepay:{number}" and sold < inf:
            return record.payer
        if record.billing == "free" and self.courtesy:
            return None
        return f"onecall:{record.call_id}"

    @property
    def courtesy(self) -> float:
        """How long the one free call of a number is; 0: there is none."""
        return 0.0 if self._plan is None else self._plan.courtesy

    def talks_from(self, record: CallRecord) -> list[tuple[float, float]]:
        """When the talk of a call that a card pays may begin: soon after its approval."""
        approved = [self._approved(row.payment_id) for row in self._of(record) if row.use is CardUse.CALL]
        return [(at, self._stored_by(at) + APPROVED_SECONDS) for at in approved if at < inf]

    def _stored_by(self, at: float) -> float:
        """When the book has stored what was known at an instant: it may take its time, again and again."""
        for low, high in sorted(self._observed.troubled):
            if low <= at + APPROVED_SECONDS:
                at = max(at, high)
        return at

    def check_amounts(self, record: CallRecord, limit: float) -> None:
        """The most that a call can cost is asked for, or a deposit that was offered."""
        plan = self._plan
        if plan is None:
            return
        facility = self._observed.plan.facility
        is_open = facility.hours is None and not facility.velocity  # Else its longest talk was decided as it rang.
        calls = [self._asked_for(limit if is_open else 0.0, plan), self._asked_for(limit, plan)]
        sales = [dollars * MICROS + self.fee for dollars in plan.amounts]
        for row in self._of(record):
            is_sale = row.use is CardUse.SALE
            micros = row.amount.micros
            if not (micros in sales if is_sale else calls[0] <= micros <= calls[1]):
                allowed = sales if is_sale else calls
                self._observed.faults.append(f"card: {row.amount} asked for by {row.payment_id}, not {allowed}")

    def _asked_for(self, talk: float, plan: CardPlan) -> int:
        """What a card has to guarantee of so much talk."""
        price = self._observed.plan.prices.of(talk)
        longest = price + self.fee if price else 0
        return longest if plan.most is None else min(longest, plan.most)

    def check_line(self) -> None:
        """On the line a card is asked for what its caller typed, at most what is taken there, for an own account."""
        plan = self._observed.plan
        most = 0 if plan.line is None else plan.line.most or 0
        cap = inf if plan.counter is None or plan.counter.cap is None else plan.counter.cap
        for row in self.rows:
            if row.use is not CardUse.DEPOSIT:
                continue
            callers = self._callers(row)
            typed = ["".join(keys for _, keys in each.plan.keys) for each in callers]
            dollars, rest = divmod(row.amount.micros - self.fee, MICROS)
            is_typed = self._may_lose_keys or any(str(dollars) in keys for keys in typed)
            if rest or not is_typed or dollars > most or dollars * MICROS > cap:
                self._observed.faults.append(f"card: {row.amount} asked for by {row.payment_id}, typed {typed}")
            account = self._accounts.get(row.payment_id)
            own = {account for each in callers for account in accounts_of(each.number)}
            if row.state is CardState.CAPTURED and account not in own:
                self._observed.faults.append(f"card: {row.payment_id} is put on {account}, and not on one of {own}")

    @property
    def _may_lose_keys(self) -> bool:
        """As telephone events, not as INFO: that is sent again."""
        return self._observed.plan.has_media and self._observed.plan.is_rough

    def _callers(self, row: CardPayment) -> list[Phoned]:
        """Who was on the line when a card was asked for."""
        assert self._observed.processor is not None
        asked = [
            each.at
            for each in self._observed.processor.asked
            if each.payment == row.payment_id and each.act == "authorise"
        ]
        if not asked:  # The book took it and was not heard, so that nobody was asked.
            asked = [life.loop_time(row.asked_at) for life in self._observed.lives]
        return [
            each
            for each in self._observed.phoned
            if any(each.dialled_at <= at <= (each.ended_at or inf) + self._unheard(each) for at in asked)
        ]

    def _unheard(self, visit: Phoned) -> float:
        """How long a switch may go on with keys that were pressed: for long where a phone vanished without a word."""
        answers = visit.number.answers
        others = [each.plan.is_dropping for each in self._observed.phoned if each.number == visit.number]
        return GONE_SECONDS if any(others) or any(each.is_dropping for each in answers) else LEFT_SECONDS

    def _is_waited_for(self, row: CardPayment) -> bool:
        """Whether a deposit may still stand as asked for: by the clock of the last switch nobody gives it up yet."""
        if row.use is not CardUse.DEPOSIT or row.state not in {CardState.ASKED, CardState.VOIDING}:
            return False
        life = self._observed.lives[-1]
        return given_up_at(row.asked_at, life) > asyncio.get_running_loop().time() and _is_hurt(self._observed)

    def _find_accounts(self, rows: tuple[CardPayment, ...]) -> dict[str, str]:
        """Where the deposits of the line are booked: the one account that is not of money received or earned."""
        names = {row.payment_id for row in rows if row.use is CardUse.DEPOSIT}
        return {
            entry.draft.entry_id: posting.account_id
            for entry in self._observed.entries
            if entry.draft.entry_id in names
            for posting in entry.draft.postings
            if not posting.account_id.startswith(("cash:", "income:"))
        }

    def _of(self, record: CallRecord) -> list[CardPayment]:
        return [row for row in self.rows if row.call_id == record.call_id]

    def _sold(self, number: str) -> float:
        """When the first account of a number was sold."""
        sold = [
            self._approved(payment.name)
            for payment in self.payments()
            if payment.name in self._sales and payment.taken and self._numbers.get(payment.call) == number
        ]
        return min(sold, default=inf)

    def _approved(self, payment: str) -> float:
        processor = self._observed.processor
        return inf if processor is None else processor.approved_at.get(payment, inf)


def given_up_at(asked_at: datetime, life: Life) -> float:
    """When the processor must know at last that a deposit of the line is given up, by the clock of a switch."""
    return life.loop_time(asked_at) + WAIT_SECONDS + LOOK_SECONDS


def _is_hurt(observed: Observed) -> bool:
    """Whether something kept a switch from deciding about what it had asked."""
    return bool(observed.kills or observed.stops or observed.troubled)


def accounts_of(number: NumberPlan) -> set[str]:
    """The accounts that may pay for a number: its own, or the household's."""
    return {f"advancepay:{number.number}", *([HOUSEHOLD] if number.is_household else [])}
