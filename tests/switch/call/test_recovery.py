"""After a crash: talk is charged once, to the last heartbeat, and never beyond what was held."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import structlog

from ledger.audit import audit
from ledger.chart import Opener, advancepay, call_income
from ledger.hold import HoldId
from ledger.jobs import post_due
from ledger.money import AccountId, CallId, Money
from ledger.records import CallRecord, OpenCall
from ledger.requests import (
    Deposit,
    EndCall,
    Heartbeat,
    OpenAccount,
    PlaceHold,
    Process,
    RetireProcess,
    StartCall,
    UpdateCall,
)
from ledger.store import Book
from rating.tariff import Rate
from switch.call.recovery import Release, recover, settle

START = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)
PAYER = advancepay("+12125550123")
CALL = CallId("20210601T120000-crashed")
RATE = Rate("t", "+1", "US", Decimal("0.06"), first_seconds=1, increment_seconds=1, minimum_seconds=1)
DEAD = Process("dead", socket.gethostname(), 2**22 + 1, "1", START, START)
LOG = structlog.get_logger("test")
LATER = timedelta(minutes=2)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def open_call(*, accepted: float | None, legs: tuple[str, ...] = ()) -> OpenCall:
    return OpenCall(
        call_id=CALL,
        process_id="dead",
        facility="prison",
        station="yard",
        person="jordan",
        number="+12125550123",
        billing="advancepay",
        payer=PAYER,
        started_at=START,
        accepted_at=None if accepted is None else at(accepted),
        rate=RATE.to_json(),
        tariff=RATE.tariff,
        income=call_income("advancepay"),
        legs=legs,
    )


async def recovered(book: Book, now: datetime, release: Release) -> tuple[CallRecord, ...]:
    return await recover(book, await book.processes(), now=now, settles_after=LATER, release=release, log=LOG)


@pytest.mark.parametrize(
    ("accepted", "beat", "held", "talk", "charged"),
    [
        (10.0, 15.5, "0.06", 5.5, "0.006"),
        (10.0, 90.0, "0.06", 60, "0.06"),
        (10.0, 9.5, "0.06", 0, "0.001"),
        (None, 15.0, "0.06", 0, "0"),
    ],
)
def test_talk_is_priced_to_the_last_heartbeat_and_to_what_is_held(
    accepted: float | None, beat: float, held: str, talk: float, charged: str
) -> None:
    process = Process("dead", "h", 1, "1", START, at(beat))
    record, charge = settle(open_call(accepted=accepted), process, Money.from_text(held))
    assert record.why == "recovered"
    assert record.talk == timedelta(seconds=talk)
    assert str(record.charged) == charged
    assert (charge is None) == (accepted is None)


@pytest.mark.parametrize("is_accepted", [True, False])
async def test_a_dead_process_leaves_no_hold_and_one_record(tmp_path: Path, *, is_accepted: bool) -> None:
    released: list[str] = []
    async with await Book.open(str(tmp_path / "book.db")) as book:
        await book.register(DEAD)
        await book.submit(OpenAccount(PAYER, Opener.AGENT, START))
        await book.submit(Deposit("d", PAYER, Money.from_text("1"), "mail", START))
        await book.submit(StartCall(open_call(accepted=None)))
        await book.submit(PlaceHold(HoldId(f"{CALL}/hold/1"), PAYER, CALL, Money.from_text("0.06"), START))
        if is_accepted:
            await book.submit(UpdateCall(open_call(accepted=1, legs=("caller's leg", "callee's leg"))))
        await book.submit(Heartbeat("dead", at(8)))
        first = await recovered(book, at(9), lambda call: released.extend(call.legs))
        again = await recovered(book, at(10), lambda call: released.extend(call.legs))
        assert len(first) == 1
        assert again == ()
        charged = "0.007" if is_accepted else "0"
        assert str(first[0].charged) == charged
        account = await book.balance(PAYER)
        assert account is not None
        assert str(account.balance) == str(Money.from_text("1") - Money.from_text(charged))
        assert not account.held
        assert not await book.open_calls()
        assert released == (["caller's leg", "callee's leg"] if is_accepted else [])
        report = await audit(book)
        assert report.is_clean, report.findings


async def test_a_call_that_is_charged_later_is_charged_so_long_after_its_end(tmp_path: Path) -> None:
    """S3-9: nothing was held, and the delay is that of every other call."""
    household = AccountId("advanceconnect:household")
    granted = replace(open_call(accepted=1), payer=household, granted=timedelta(minutes=15))
    async with await Book.open(str(tmp_path / "book.db")) as book:
        await book.register(DEAD)
        await book.submit(OpenAccount(household, Opener.AGENT, START, settles_later=True))
        await book.submit(StartCall(replace(granted, accepted_at=None)))
        await book.submit(UpdateCall(granted))
        await book.submit(Heartbeat("dead", at(8)))
        (record,) = await recovered(book, at(9), print)
        assert (record.ended_at, str(record.charged)) == (at(8), "0.007")
        assert await post_due(book, at(8) + LATER - timedelta(seconds=1)) == ()
        assert await post_due(book, at(8) + LATER) == (CALL,)
        account = await book.balance(household)
        assert account is not None and str(account.balance) == "-0.007"


async def test_a_call_another_process_settled_first_is_left_as_it_is(tmp_path: Path) -> None:
    async with await Book.open(str(tmp_path / "book.db")) as book:
        await book.register(DEAD)
        await book.submit(OpenAccount(PAYER, Opener.AGENT, START))
        await book.submit(StartCall(open_call(accepted=None)))
        asked = book.open_calls

        async def overtaken(*, process_id: str | None = None) -> tuple[OpenCall, ...]:
            """Tell what is open, and let another process settle it before anything is done about it."""
            found = await asked(process_id=process_id)
            record, charge = settle(found[0], replace(DEAD, beat_at=at(3)), Money(0))
            await book.submit(EndCall(record, charge))
            return found

        book.open_calls = overtaken  # type: ignore[method-assign]
        assert await recovered(book, at(9), print) == ()
        assert await book.processes() == ()
        assert len(await book.calls()) == 1


async def test_parties_are_released_before_their_call_is_settled_so_that_a_crash_in_between_loses_no_bye(
    tmp_path: Path,
) -> None:
    done: list[str] = []
    async with await Book.open(str(tmp_path / "book.db")) as book:
        await book.register(DEAD)
        await book.submit(OpenAccount(PAYER, Opener.AGENT, START))
        await book.submit(StartCall(open_call(accepted=None, legs=("caller's leg", "callee's leg"))))
        submit = book.submit

        async def noted(request: EndCall | RetireProcess) -> object:
            done.append(type(request).__name__)
            return await submit(request)

        book.submit = noted  # type: ignore[method-assign, assignment]
        await recovered(book, at(9), lambda call: done.extend(call.legs))
    assert done == ["caller's leg", "callee's leg", "EndCall", "RetireProcess"]
