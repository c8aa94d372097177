"""Digests, outcomes as text, entries and their chain."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chart import Opener
from ledger.digest import canonical, digest
from ledger.entries import (
    ROOT_HASH,
    EntryDraft,
    EntryId,
    EntryKind,
    Head,
    Posting,
    from_micros,
    seal,
    to_micros,
)
from ledger.export import record_json
from ledger.hold import HoldId
from ledger.money import CallId, Money
from ledger.outcomes import Booked, Ended, Placed, Started, from_text, to_text
from ledger.requests import Charge, EndCall, OpenAccount, PlaceHold, is_reserved
from tests.support.ledger import CALL, FAMILY, INCOME, NOW, deposit, end, hold, later, record, usd


def test_asking_again_later_is_the_same_request() -> None:
    first = deposit("10")
    assert digest(replace(first, at=later(60))) == digest(first)


@pytest.mark.parametrize("change", [{"amount": usd("11")}, {"channel": "mail"}, {"memo": "gift"}])
def test_another_body_has_another_digest(change: dict[str, object]) -> None:
    first = deposit("10")
    assert digest(replace(first, **change)) != digest(first)  # type: ignore[arg-type]


def test_the_digest_of_a_call_covers_every_fact_of_its_record() -> None:
    request = end("0.5")
    longer = replace(request.record, talk=timedelta(seconds=1), recording="a.wav")
    assert digest(EndCall(longer, request.charge)) != digest(request)


def test_a_digest_never_changes_for_requests_already_made() -> None:
    """Requests stored by an earlier version are compared with digests of this one."""
    assert canonical(deposit("10")) == (
        "Deposit(deposit_id='payment-1',account_id='advancepay:+12125550123',amount=10000000,channel='processor')"
    )
    assert digest(hold("0.5")) == "41b2ccd8725b8bb06a798ade614cefdd"


def test_what_cannot_be_told_apart_has_no_digest() -> None:
    with pytest.raises(AssertionError, match="set cannot stand in a request"):
        canonical({1, 2})


@pytest.mark.parametrize(
    "outcome",
    [
        Placed(HoldId("c/hold/1"), usd("9.5")),
        Placed(HoldId("c/hold/1"), None),
        Booked(EntryId("payment-1"), usd("10"), usd("-2.5")),
        Started(CallId("c")),
        Ended(CallId("c"), EntryId("c/charge"), usd("0.375"), usd("0.125")),
        Ended(CallId("c"), None, usd("0"), usd("1")),
    ],
)
def test_outcomes_come_back_from_their_text(outcome: Placed | Booked | Started | Ended) -> None:
    assert from_text(to_text(outcome)) == outcome


@pytest.mark.parametrize("text", ["{}", '["placed"]', '["lost","x"]', "3"])
def test_text_that_is_no_outcome_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not the text of an outcome"):
        from_text(text)


def test_a_hold_must_derive_from_its_call() -> None:
    with pytest.raises(AssertionError, match="does not derive"):
        PlaceHold(HoldId("other/hold/1"), FAMILY, CALL, usd("1"), NOW)


def test_record_and_charge_must_agree() -> None:
    with pytest.raises(AssertionError, match=r"record says 0\.4, the charge 0\.5"):
        EndCall(record(charged="0.4"), Charge(FAMILY, usd("0.5"), INCOME))


def test_record_and_charge_must_name_the_same_payer() -> None:
    with pytest.raises(AssertionError, match="None pays by the record"):
        EndCall(record(charged="0.5", payer=None), Charge(FAMILY, usd("0.5"), INCOME))


def test_a_negative_charge_is_a_fault() -> None:
    with pytest.raises(AssertionError, match="give money back with Refund"):
        Charge(FAMILY, usd("-1"), INCOME)


def test_ids_that_derive_from_calls_are_reserved() -> None:
    assert all(map(is_reserved, ["c/charge", "c/start", "c/end", "c/hold/7"]))
    assert not any(map(is_reserved, ["payment-1", "c/refund/1"]))


@settings(deadline=None, max_examples=50)
@given(st.datetimes(timezones=st.just(NOW.tzinfo)))
def test_instants_keep_their_microseconds(at: object) -> None:
    assert from_micros(to_micros(at)) == at  # type: ignore[arg-type]


DRAFT = EntryDraft(
    EntryId("payment-1"),
    EntryKind.DEPOSIT,
    NOW,
    (Posting(INCOME, usd("-1")), Posting(FAMILY, usd("1"))),
)


def test_each_entry_follows_the_one_before_it() -> None:
    first = seal(DRAFT, Head())
    second = seal(DRAFT, Head(first.seq, first.hash))
    assert (first.seq, first.previous_hash) == (1, ROOT_HASH)
    assert (second.seq, second.previous_hash) == (2, first.hash)
    assert second.hash != first.hash


@pytest.mark.parametrize(
    "change",
    [
        {"entry_id": EntryId("payment-2")},
        {"kind": EntryKind.TRANSFER},
        {"at": later(1)},
        {"memo": "x"},
        {"call_id": CALL},
        {"refunds": EntryId("x")},
        {"postings": (Posting(INCOME, Money(-1)), Posting(FAMILY, Money(1)))},
    ],
)
def test_the_hash_covers_every_fact(change: dict[str, object]) -> None:
    assert seal(replace(DRAFT, **change), Head()).hash != seal(DRAFT, Head()).hash  # type: ignore[arg-type]


def test_an_entry_that_does_not_sum_to_zero_is_never_sealed() -> None:
    with pytest.raises(AssertionError, match="sum to 1"):
        seal(replace(DRAFT, postings=DRAFT.postings[1:]), Head())


def test_a_record_is_facts_for_other_programs() -> None:
    told = json.loads(record_json(replace(record(charged="0.375"), talk=timedelta(seconds=15), explanation="{}")))
    assert (told["charged"], told["talk_seconds"], told["explanation"]) == ("0.375", "15.000000", {})
    assert (told["started_at"], told["accepted_at"]) == ("2026-11-22T12:00:00+00:00", None)


def test_the_digest_sees_who_asks_for_an_account() -> None:
    assert canonical(OpenAccount(FAMILY, Opener.AGENT, NOW)) == (
        "OpenAccount(account_id='advancepay:+12125550123',by=Opener.AGENT)"
    )
