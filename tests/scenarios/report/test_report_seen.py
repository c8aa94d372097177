from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.play.result import ClipHeard
from scenarios.report.seen import Keys, Words, entries, grants, phone_of, seen_of
from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH
from tests.scenarios.report.made_calls import ACCEPTED, PAYER, moments, phone


def words(party: str, call: object = ACCEPTED) -> list[Words]:
    assert isinstance(call, type(ACCEPTED))
    return [each for each in seen_of(call) if isinstance(each, Words) and each.party == party]


def test_all_is_in_order_of_time() -> None:
    assert [each.at for each in seen_of(ACCEPTED)] == sorted(each.at for each in seen_of(ACCEPTED))


def test_what_was_said_is_one_thing_with_what_was_heard_of_it() -> None:
    welcome = words(CALLER)[0]
    assert (welcome.said, welcome.heard) == ("Welcome. Please enter your PIN.",) * 2
    assert (welcome.at, welcome.since, welcome.until) == (0.02, 0.1, 2.6)


def test_another_person_is_heard_and_not_said_by_the_switch() -> None:
    assert [(each.said, each.heard) for each in words(CALLER)][1] == ("", "It is me.")


def test_words_that_broke_off_end_in_dots() -> None:
    assert words(CALLEE)[0].heard == "Hello. To accept …"


def test_words_nobody_recognised_are_said_and_not_heard() -> None:
    warning = words(CALLEE)[-1]
    assert (warning.said, warning.heard, warning.since, warning.is_watched) == (
        "You have five seconds left.",
        "",
        None,
        True,
    )


def test_without_recognition_nothing_is_called_unheard() -> None:
    deaf = replace(ACCEPTED, phones=tuple(replace(each, heard=()) for each in ACCEPTED.phones))
    assert not any(each.is_watched for each in words(CALLER, deaf))
    assert len(words(CALLER, deaf)) == 2


def test_people_who_pause_say_two_things_and_music_stands_alone() -> None:
    clips = tuple(
        ClipHeard(at, until, name, text, True)
        for at, until, name, text in (
            (40.0, 41.0, "a", "One"),
            (41.2, 42.0, "b", "two"),
            (43.5, 44.0, "c", "three"),
            (44.0, 45.0, "hold", "(gentle music)"),
            (45.0, 46.0, "d", "four"),
        )
    )
    call = replace(ACCEPTED, timeline=(), phones=(phone(CALLER, heard=clips),))
    assert [each.heard for each in words(CALLER, call)] == ["One two", "three", "(gentle music)", "four"]


def test_keys_in_a_row_are_one_thing_and_those_of_the_called_party_are_told() -> None:
    assert [(each.party, each.shown) for each in seen_of(ACCEPTED) if isinstance(each, Keys)] == [
        (CALLER, "••"),
        (CALLEE, "5"),
    ]


def test_without_phones_keys_are_those_of_the_timeline_as_dots() -> None:
    call = replace(ACCEPTED, phones=())
    assert [each.shown for each in seen_of(call) if isinstance(each, Keys)] == ["••", "•"]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0:00:06", 6),
        ("1:02:03", 3723),
        ("0:00:06.500000", 6.5),
        ("1 day, 0:00:01", 86401),
        ("2 days, 0:00:00", 172800),
    ],
)
def test_a_grant_reaches_as_far_as_the_timeline_says(told: str, seconds: float) -> None:
    timeline = moments((18.5, "money", SWITCH, BOOK, f"hold 1 of {PAYER}: talk paid to {told}"))
    (grant,) = grants(replace(ACCEPTED, timeline=timeline))
    assert (grant.since, grant.until) == (18.0, 18.0 + seconds)


def test_grants_follow_each_other_and_a_refused_hold_is_none() -> None:
    refused = moments((22.0, "money", SWITCH, BOOK, f"hold 1 of {PAYER} refused: insufficient"))
    found = grants(replace(ACCEPTED, timeline=(*ACCEPTED.timeline, *refused)))
    assert [(grant.since, grant.until) for grant in found] == [(18.0, 24.0), (24.0, 30.0)]
    assert grants(replace(ACCEPTED, accepted_at=None)) == []


def test_postings_stand_under_their_entry() -> None:
    assert {key: len(found) for key, found in entries(ACCEPTED).items()} == {
        ("20260601T120000-aaaa/charge", "charge"): 2
    }


def test_of_several_phones_that_rang_the_one_that_answered_is_shown() -> None:
    answered = phone(CALLEE, actor="second", answered_at=1.0)
    call = replace(ACCEPTED, phones=(phone(CALLEE, actor="first"), answered))
    assert phone_of(call, CALLEE) is answered
    assert phone_of(call, CALLER) is None
