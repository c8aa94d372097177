"""Faults put into the product on purpose, for tests that what judges it sees them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from ledger import settle
from ledger.money import ZERO, AccountId, Money
from ledger.products import messages
from ledger.products.rows import MessageState
from rating import bill as billing
from rating.rounding import GRAINS_PER_MICRO
from switch.call.cashier import Cashier
from switch.call.charging import Charging
from switch.call.line import Line
from switch.call.meter import Cut, Meter
from switch.payments.gateway import Done, Rejected
from switch.payments.simulated import SimulatedProcessor, Standing
from switch.service import customers
from switch.service.acts import Act
from switch.service.customers import Customers


def charge_twice(patch: pytest.MonkeyPatch) -> None:
    """What was talked is captured two times over."""
    settled = Charging.settle

    def doubled(charging: Charging, ended_at: float) -> object:
        talk, charge, explanation = settled(charging, ended_at)
        return talk, charge and replace(charge, amount=charge.amount + charge.amount), explanation

    patch.setattr(Charging, "settle", doubled)


def keep_what_is_left(patch: pytest.MonkeyPatch) -> None:
    """What was held and not talked is never given back."""
    end_call = settle.end_call

    def end(draft: settle.Draft, request: settle.EndCall) -> object:
        if request.charge is not None:
            return end_call(draft, request)
        placed = draft.view.placed.pop(request.record.call_id, None)
        try:
            return end_call(draft, request)
        finally:
            if placed is not None:
                draft.view.placed[request.record.call_id] = placed

    patch.setattr(settle, "end_call", end)


def bill_from_the_answer(patch: pytest.MonkeyPatch) -> None:
    """The talk is counted from the answer, not from the accept key."""
    press = Line._press

    def early(line: Line, key: str, at: float, *, is_signalled: bool) -> None:
        press(line, key, line.answered_at or at, is_signalled=is_signalled)

    patch.setattr(Line, "_press", early)


def round_up_to_cents(patch: pytest.MonkeyPatch) -> None:
    """Prices are whole cents, upwards."""

    def to_cents(exact: int) -> Money:
        return Money(-(-exact // (GRAINS_PER_MICRO * 10_000)) * 10_000)

    patch.setattr(billing, "money_of", to_cents)


def never_cut(patch: pytest.MonkeyPatch) -> None:
    """The money ends, and they talk on."""
    advance = Meter.advance

    def on_and_on(meter: Meter, talk: object) -> list[object]:
        return [effect for effect in advance(meter, talk) if not isinstance(effect, Cut)]  # type: ignore[arg-type]

    def never_due(meter: Meter, talk: object) -> object:
        return deadline(meter, talk) or timedelta(days=1)  # type: ignore[arg-type]

    deadline = Meter.deadline
    patch.setattr(Meter, "advance", on_and_on)
    patch.setattr(Meter, "deadline", never_due)


def capture_twice(patch: pytest.MonkeyPatch) -> None:
    """What a call cost is taken of its card two times over."""
    capture = SimulatedProcessor.capture

    async def doubled(processor: SimulatedProcessor, payment_id: str, amount: Money) -> Done | Rejected:
        is_first = processor.payments[payment_id].standing is Standing.RESERVED
        answer = await capture(processor, payment_id, amount)
        if is_first:
            processor.payments[payment_id] = replace(processor.payments[payment_id], taken=amount + amount)
        return answer

    patch.setattr(SimulatedProcessor, "capture", doubled)


def forget_the_void(patch: pytest.MonkeyPatch) -> None:
    """Where a card has nothing to pay, nobody tells the processor."""

    async def nothing(_processor: SimulatedProcessor, _payment_id: str) -> Done:
        return Done()

    patch.setattr(SimulatedProcessor, "void", nothing)


def book_again(patch: pytest.MonkeyPatch) -> None:
    """A payment that is asked for again under its id is booked again."""
    deposit = Customers.deposit
    count = itertools.count()

    async def anew(desk: Customers, customer_id: str, amount: Money, *, deposit_id: str, **facts: Any) -> object:
        return await deposit(desk, customer_id, amount, deposit_id=f"{deposit_id}/{next(count)}", **facts)

    patch.setattr(Customers, "deposit", anew)


def forget_who_booked(patch: pytest.MonkeyPatch) -> None:
    """What an agent did is not in the log."""

    def forgetting(_act: Act) -> object:
        def store(_connection: Connection, _outcome: object, *, is_new: bool) -> None:
            del is_new

        return store

    patch.setattr(customers, "logged", forgetting)


def lose_the_deposit(patch: pytest.MonkeyPatch) -> None:
    """Money that a card guarantees on the family's line is put nowhere."""

    async def nowhere(cashier: Cashier, _payment_id: str, _account_id: AccountId, _fee: Money) -> Money:
        cashier._open = None
        return ZERO

    patch.setattr(Cashier, "deposit", nowhere)


def give_the_fee_too(patch: pytest.MonkeyPatch) -> None:
    """The fee of a payment on the family's line is put on the account as well."""
    deposit = Cashier.deposit

    async def whole(cashier: Cashier, payment_id: str, account_id: AccountId, _fee: Money) -> Money:
        return await deposit(cashier, payment_id, account_id, ZERO)

    patch.setattr(Cashier, "deposit", whole)


def keep_rejected_credits(patch: pytest.MonkeyPatch) -> None:
    """A message that is rejected does not give its credits back."""
    patch.setattr(messages, "_give_back", lambda _draft, _message: None)


def earn_without_review(patch: pytest.MonkeyPatch) -> None:
    """A message can be delivered, and is earned, before anybody looked at it."""
    moves = {**messages.MOVES, MessageState.SUBMITTED: frozenset(MessageState)}
    patch.setattr(messages, "MOVES", moves)
