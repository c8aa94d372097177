from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.report.facts import explanation, headline, hold_states, instant, names, record_rows, talk_until, title
from switch.call.timeline import CALLEE
from tests.scenarios.report.made_calls import ACCEPTED, DENIED


def test_a_call_is_titled_by_who_called_whom() -> None:
    assert title(ACCEPTED) == "jordan → +12125550123"
    assert title(replace(ACCEPTED, record=None)) == "station yard → family"


def test_talk_ends_with_the_call_and_not_a_moment_later() -> None:
    assert talk_until(ACCEPTED) == 30.0
    assert talk_until(replace(ACCEPTED, accepted_at=17.95)) == 30.0
    assert talk_until(replace(ACCEPTED, until=33.0)) == 30.0
    assert talk_until(DENIED) is None


def test_talk_without_a_record_lasts_as_long_as_it_was_seen() -> None:
    assert talk_until(replace(ACCEPTED, record=None, until=None)) == 30.1


def test_instants_of_the_record_are_on_the_clock_of_the_run() -> None:
    assert instant(ACCEPTED, "rang_at") == pytest.approx(3.6)
    assert instant(DENIED, "rang_at") is None


def test_what_a_record_has_beyond_what_we_know_is_shown_too() -> None:
    record = {**(ACCEPTED.record or {}), "gift_seconds": 60}
    assert ("gift seconds", "60") in record_rows(replace(ACCEPTED, record=record))
    assert ("recording", "–") in record_rows(ACCEPTED)
    assert record_rows(replace(ACCEPTED, record=None)) == []


def test_the_headline_says_why_how_long_and_how_much() -> None:
    assert headline(ACCEPTED) == [
        ("why", "funds-exhausted"),
        ("talk", "12 s"),
        ("billing", "advancepay"),
        ("tariff", "demo"),
        ("charged", "$0.05"),
    ]
    assert headline(replace(ACCEPTED, record=None)) == [("record", "none")]


def test_holds_that_cannot_be_told_apart_have_no_state() -> None:
    assert hold_states(ACCEPTED) == {0: "captured", 1: "captured"}
    assert hold_states(replace(ACCEPTED, holds=ACCEPTED.holds[:1])) == {}


def test_names_come_from_phones_else_from_the_record() -> None:
    assert names(ACCEPTED)[CALLEE] == "family"
    assert names(replace(ACCEPTED, phones=()))[CALLEE] == "+12125550123"


def test_a_stored_explanation_is_told_amount_by_amount_and_another_as_it_is() -> None:
    stored = {
        "talk_seconds": "12",
        "tariff": "demo",
        "prefix": "+1",
        "place": "United States",
        "billed_seconds": 12,
        "connection": "0",
        "first_seconds": 6,
        "first": "0.025",
        "increments": 1,
        "increment_seconds": 6,
        "minimum_seconds": 6,
        "per_minute": "0.25",
        "further": "0.025",
        "exact": "0.05",
        "rounding": "0",
        "total": "0.05",
        "postings": [],
    }
    told = explanation(replace(ACCEPTED, record={"explanation": stored}))
    assert "1 × 6 s at 0.25 a minute  0.025" in told and told.startswith("12 s of talk to United States")
    assert explanation(replace(ACCEPTED, record={"explanation": {"odd": 1}})) == "two slices of six seconds"
