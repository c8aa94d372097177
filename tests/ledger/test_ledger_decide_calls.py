"""The pure rules of calls: holds, charges at the end, what is given back, and the processes that carry them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.chart import Opener, call_income
from ledger.entries import EntryId
from ledger.hold import HoldState
from ledger.money import ZERO, AccountId
from ledger.outcomes import (
    Beaten,
    Booked,
    Ended,
    Expired,
    Placed,
    Refusal,
    Refused,
    Registered,
    Released,
    Retired,
    Started,
    Updated,
)
from ledger.requests import (
    Charge,
    EndCall,
    ExpireHolds,
    Heartbeat,
    OpenAccount,
    Refund,
    RegisterProcess,
    ReleaseHold,
    Request,
    RetireProcess,
    StartCall,
    UpdateCall,
)
from tests.support.ledger import (
    CALL,
    FAMILY,
    INCOME,
    INSIDE,
    NOW,
    PHONE_BILL,
    PROCESS,
    STORY,
    PureBook,
    a_call,
    deposit,
    end,
    hold,
    hold_of,
    later,
    open_account,
    record,
    refused,
    usd,
)

# Holds.


def test_a_hold_lowers_what_is_available_not_the_balance() -> None:
    book = PureBook(*STORY)
    assert book.submit(hold("4")) == Placed(hold_of(), usd("6"))
    assert book.state() == (usd("10"), usd("4"))


def test_all_that_is_available_can_be_held_and_no_micro_more() -> None:
    book = PureBook(*STORY, hold("4"))
    assert book.submit(hold("6.000001", 2)) == refused(Refusal.INSUFFICIENT_FUNDS, FAMILY, "6")
    assert book.submit(hold("6", 2)) == Placed(hold_of(2), ZERO)
    assert book.submit(hold("0.000001", 3)) == refused(Refusal.INSUFFICIENT_FUNDS, FAMILY, "0")


def test_a_hold_asked_again_is_placed_once() -> None:
    book = PureBook(*STORY, hold("4"))
    assert book.submit(hold("4")) == Placed(hold_of(), usd("6"))
    assert book.submit(hold("5")) == refused(Refusal.ID_REUSED, hold_of())
    assert book.state() == (usd("10"), usd("4"))


def test_an_account_without_limit_always_holds() -> None:
    book = PureBook(*STORY, open_account(PHONE_BILL))
    assert book.submit(hold("1000", account_id=PHONE_BILL)) == Placed(hold_of(), None)


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (hold("1", call_id="call-9"), refused(Refusal.UNKNOWN_CALL, "call-9")),
        (hold("1", account_id=INSIDE), refused(Refusal.UNKNOWN_ACCOUNT, INSIDE)),
        (hold("0"), refused(Refusal.AMOUNT_OUT_OF_RANGE, hold_of())),
    ],
)
def test_a_hold_that_cannot_be_placed_says_why(request_: Request, outcome: Refused) -> None:
    assert PureBook(*STORY).submit(request_) == outcome


def test_a_released_hold_gives_everything_back_once() -> None:
    book = PureBook(*STORY, hold("4"))
    for _ in range(2):
        assert book.submit(ReleaseHold(hold_of(), NOW)) == Released(hold_of(), usd("4"))
    assert book.state() == (usd("10"), ZERO)


def test_only_holds_that_are_there_and_not_charged_can_be_released() -> None:
    book = PureBook(*STORY, hold("4"), end("1"))
    assert book.submit(ReleaseHold(hold_of(), NOW)) == refused(Refusal.HOLD_SETTLED, hold_of())
    assert book.submit(ReleaseHold(hold_of(2), NOW)) == refused(Refusal.UNKNOWN_HOLD, hold_of(2))


# Calls.


def test_a_call_starts_once_and_is_stored_anew_as_it_goes_on() -> None:
    book = PureBook(*STORY)
    assert book.submit(StartCall(a_call())) == Started(CALL)
    accepted = replace(a_call(), accepted_at=later(5), granted=timedelta(minutes=1))
    assert book.submit(UpdateCall(accepted)) == Updated(CALL)
    assert book.rows.calls[CALL] == accepted


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (StartCall(a_call("call-2", "switch-9")), refused(Refusal.UNKNOWN_PROCESS, "switch-9")),
        (UpdateCall(a_call("call-2")), refused(Refusal.UNKNOWN_CALL, "call-2")),
        (UpdateCall(a_call(CALL, "switch-9")), refused(Refusal.UNKNOWN_PROCESS, "switch-9")),
    ],
)
def test_open_calls_belong_to_a_registered_process(request_: Request, outcome: Refused) -> None:
    assert PureBook(*STORY).submit(request_) == outcome


def test_the_end_charges_captures_releases_and_closes_at_once() -> None:
    book = PureBook(*STORY, hold("0.5"), hold("0.5", 2), hold("0.5", 3))
    assert book.submit(end("0.7")) == Ended(CALL, EntryId("call-1/charge"), usd("0.7"), usd("0.8"))
    states = [(each.state, each.captured) for each in book.rows.holds.values()]
    assert states == [
        (HoldState.CAPTURED, usd("0.5")),
        (HoldState.CAPTURED, usd("0.2")),
        (HoldState.RELEASED, ZERO),
    ]
    assert book.state() == (usd("9.3"), ZERO)
    assert book.rows.accounts[INCOME].balance == usd("0.7")
    assert book.rows.calls == {}
    assert book.rows.new_records == [record(charged="0.7")]


def test_an_uncharged_call_releases_everything() -> None:
    book = PureBook(*STORY, hold("0.5"))
    assert book.submit(end()) == Ended(CALL, None, ZERO, usd("0.5"))
    assert book.state() == (usd("10"), ZERO)


def test_a_zero_charge_books_no_entry() -> None:
    book = PureBook(*STORY, hold("0.5"))
    free = EndCall(record(), Charge(FAMILY, ZERO, INCOME))
    assert book.submit(free) == Ended(CALL, None, ZERO, usd("0.5"))


def test_a_call_denied_at_once_has_its_record_without_ever_being_open() -> None:
    book = PureBook()
    assert book.submit(end(call_id="call-9")) == Ended(record("call-9").call_id, None, ZERO, ZERO)
    assert book.rows.new_records == [record("call-9")]


def test_a_call_that_is_not_open_is_never_charged() -> None:
    book = PureBook(*STORY)
    assert book.submit(end("1", "call-9")) == refused(Refusal.UNKNOWN_CALL, "call-9")


def test_no_more_is_charged_than_was_held() -> None:
    book = PureBook(*STORY, hold("0.5"))
    assert book.submit(end("0.500001")) == refused(Refusal.OVER_HELD, FAMILY, "0.5")
    assert (book.state(), CALL in book.rows.calls) == ((usd("10"), usd("0.5")), True)


def test_an_account_that_settles_later_is_charged_without_a_hold() -> None:
    book = PureBook(*STORY, open_account(PHONE_BILL), hold("0.5", account_id=PHONE_BILL))
    charge = Charge(PHONE_BILL, usd("2"), call_income("collect"))
    ended = book.submit(EndCall(record(charged="2", payer=PHONE_BILL), charge))
    assert ended == Ended(CALL, EntryId("call-1/charge"), usd("2"), ZERO)
    assert book.rows.accounts[PHONE_BILL].balance == usd("-2")


def test_a_receivable_with_a_limit_is_charged_what_was_held() -> None:
    book = PureBook(*STORY, OpenAccount(PHONE_BILL, Opener.AGENT, NOW, usd("5")))
    charge = Charge(PHONE_BILL, usd("2"), call_income("collect"))
    request = EndCall(record(charged="2", payer=PHONE_BILL), charge)
    assert book.submit(request) == refused(Refusal.OVER_HELD, PHONE_BILL, "0")
    book.submit(hold("3", account_id=PHONE_BILL))
    assert book.submit(request) == Ended(CALL, EntryId("call-1/charge"), usd("2"), usd("1"))


def test_holds_on_others_accounts_are_released_not_captured() -> None:
    book = PureBook(*STORY, open_account(INSIDE), deposit("5", "d-2", INSIDE))
    book.submit(hold("1", 1, account_id=INSIDE))
    book.submit(hold("1", 2))
    book.submit(end("1"))
    assert [each.state for each in book.rows.holds.values()] == [HoldState.RELEASED, HoldState.CAPTURED]
    assert book.rows.accounts[INSIDE].held == ZERO


def test_a_call_ends_once() -> None:
    book = PureBook(*STORY, hold("1"), end("1"))
    assert book.submit(end("1")) == Ended(CALL, EntryId("call-1/charge"), usd("1"), ZERO)
    assert book.submit(end("0.5")) == refused(Refusal.ID_REUSED, "call-1/end")
    assert book.state() == (usd("9"), ZERO)


def test_after_its_end_a_call_neither_holds_nor_starts_again() -> None:
    book = PureBook(*STORY, hold("1"), end("1"), end(call_id="call-9"))
    assert book.submit(hold("1", 2)) == refused(Refusal.UNKNOWN_CALL, CALL)
    assert book.submit(StartCall(a_call("call-9"))) == refused(Refusal.CALL_ENDED, "call-9")


@pytest.mark.parametrize(
    "charge", [Charge(INSIDE, usd("1"), INCOME), Charge(FAMILY, usd("1"), AccountId("income:???"))]
)
def test_a_charge_needs_its_accounts(charge: Charge) -> None:
    book = PureBook(*STORY, hold("1"))
    outcome = book.submit(EndCall(record(charged="1", payer=charge.payer), charge))
    assert isinstance(outcome, Refused)
    assert outcome.why in {Refusal.UNKNOWN_ACCOUNT, Refusal.MALFORMED_ACCOUNT}
    assert book.state() == (usd("10"), usd("1"))


def test_income_cannot_stand_on_a_customers_account_that_is_not_there() -> None:
    book = PureBook(*STORY, hold("1"))
    charge = Charge(FAMILY, usd("1"), INSIDE)
    assert book.submit(EndCall(record(charged="1"), charge)) == refused(Refusal.UNKNOWN_ACCOUNT, INSIDE)


# Refunds (those of charges stored long ago are in test_ledger_refund).


def test_a_charge_can_be_given_back_at_once() -> None:
    book = PureBook(*STORY, hold("1"), end("1"))
    charge = EntryId("call-1/charge")
    assert book.submit(Refund("r-1", charge, usd("0.4"), NOW)) == Booked(EntryId("r-1"), usd("0.4"), usd("9.4"))
    assert book.submit(Refund("r-2", charge, None, NOW)) == Booked(EntryId("r-2"), usd("0.6"), usd("10"))
    assert book.submit(Refund("r-3", charge, None, NOW)) == refused(Refusal.OVER_CHARGED, charge, "0")


# Processes.


def test_a_heartbeat_never_turns_time_back() -> None:
    book = PureBook(RegisterProcess(PROCESS))
    for at in (later(2), later(1)):
        assert book.submit(Heartbeat(PROCESS.process_id, at)) == Beaten(PROCESS.process_id)
    assert book.rows.processes[PROCESS.process_id].beat_at == later(2)


def test_a_process_is_retired_when_its_calls_are_settled() -> None:
    book = PureBook(*STORY)
    assert book.submit(RetireProcess(PROCESS.process_id)) == refused(Refusal.PROCESS_HAS_CALLS, PROCESS.process_id)
    book.submit(end())
    assert book.submit(RetireProcess(PROCESS.process_id)) == Retired(PROCESS.process_id)
    for gone in (Heartbeat(PROCESS.process_id, NOW), RetireProcess(PROCESS.process_id)):
        assert book.submit(gone) == refused(Refusal.UNKNOWN_PROCESS, PROCESS.process_id)
    assert book.submit(RegisterProcess(PROCESS)) == Registered(PROCESS.process_id)


def test_holds_of_a_silent_process_expire_if_the_call_was_never_accepted() -> None:
    book = PureBook(*STORY, hold("1"), StartCall(replace(a_call("call-2"), accepted_at=later(5))))
    book.submit(hold("2", call_id="call-2"))
    assert book.submit(ExpireHolds(NOW, later(100))) == Expired((), ZERO)
    assert book.submit(ExpireHolds(later(50), later(100))) == Expired((hold_of(),), usd("1"))
    assert book.state() == (usd("10"), usd("2"))
    assert book.submit(ReleaseHold(hold_of(), later(101))) == Released(hold_of(), usd("1"))


def test_a_hold_whose_call_is_gone_expires() -> None:
    book = PureBook(*STORY, hold("1"))
    book.rows.calls.clear()
    assert book.submit(ExpireHolds(NOW, later(1))) == Expired((hold_of(),), usd("1"))
