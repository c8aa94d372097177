from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.play.result import SipSeen
from scenarios.report.messages import Message, message_line, messages
from switch.call.timeline import CALLEE, CALLER, SWITCH
from tests.scenarios.report.made_calls import ACCEPTED, INVITE, OK, moments, phone


def lines(found: list[Message]) -> list[str]:
    return [message.line for message in found]


def test_every_message_is_there_once_and_numbered_in_order_of_time() -> None:
    found = messages(ACCEPTED)
    assert [message.number for message in found] == list(range(1, 9))
    assert sorted(lines(found)) == sorted(item.text for item in ACCEPTED.timeline if item.kind == "sip")


def test_a_message_both_ends_saw_has_both_instants() -> None:
    first = messages(ACCEPTED)[0]
    assert (first.sent_at, first.arrived_at, first.at, first.is_from_switch) == (0.01, 0.02, 0.02, False)
    assert first.whole.startswith("INVITE sip:") and "v=0" in first.whole


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (INVITE, "INVITE (SDP)"),
        (OK, "200 OK to INVITE (SDP)"),
        ("SIP/2.0 486 Busy Here\r\nCSeq: 1 INVITE\r\n\r\n", "486 Busy Here to INVITE"),
        ("BYE sip:a@b SIP/2.0\nCSeq: 3 BYE\n\n", "BYE"),
        ("INVITE sip:a@b SIP/2.0\r\nc: application/sdp\r\n\r\nv=0", "INVITE (SDP)"),
        ("200 OK to BYE", "200 OK to BYE"),
        ("SIP/2.0 200 OK\r\nno colon\r\n\r\n", "200 OK"),
        ("", ""),
    ],
)
def test_a_whole_message_has_the_line_that_timelines_give_it(text: str, line: str) -> None:
    assert message_line(text) == line


def test_what_left_a_phone_and_never_came_is_lost_and_its_repetition_is_not() -> None:
    call = replace(
        ACCEPTED,
        timeline=moments(
            (0.0, "sip", CALLER, SWITCH, "INVITE"),
            (2.5, "sip", CALLER, SWITCH, "BYE"),
            (3.0, "sip", SWITCH, CALLER, "200"),
        ),
        phones=(
            phone(
                CALLER,
                sip=(
                    SipSeen(0.0, True, "INVITE"),
                    SipSeen(2.0, True, "BYE"),
                    SipSeen(2.49, True, "BYE"),
                    SipSeen(3.0, False, "200"),
                ),
            ),
        ),
    )
    assert [(m.line, m.sent_at, m.is_lost) for m in messages(call)] == [
        ("INVITE", 0.0, False),
        ("BYE", 2.0, True),
        ("BYE", 2.49, False),
        ("200", 3.0, False),
    ]


def test_what_left_the_switch_and_never_came_is_lost() -> None:
    call = replace(
        ACCEPTED,
        timeline=moments(
            (1.0, "sip", SWITCH, CALLEE, "INVITE"),
            (1.5, "sip", SWITCH, CALLEE, "INVITE"),
            (2.0, "sip", CALLEE, SWITCH, "180"),
        ),
        phones=(phone(CALLEE, sip=(SipSeen(1.6, False, "INVITE"), SipSeen(1.9, True, "180"))),),
    )
    assert [m.is_lost for m in messages(call)] == [True, False, False]


def test_nothing_is_called_lost_where_nobody_watched() -> None:
    assert not any(message.is_lost for message in messages(replace(ACCEPTED, phones=())))


def test_a_challenge_before_the_timeline_began_keeps_the_order_of_the_phone() -> None:
    seen = (
        SipSeen(0.010, True, "INVITE"),
        SipSeen(0.030, False, "401"),
        SipSeen(0.030, True, "ACK"),
        SipSeen(0.031, True, "INVITE (SDP)"),
        SipSeen(0.052, False, "100"),
        SipSeen(0.052, False, "200"),
    )
    timeline = moments(
        (0.041, "sip", CALLER, SWITCH, "INVITE (SDP)"),
        (0.042, "sip", SWITCH, CALLER, "200"),
        (0.1, "sip", CALLER, SWITCH, "ACK (late)"),
    )
    found = messages(replace(ACCEPTED, timeline=timeline, phones=(phone(CALLER, sip=seen),)))
    assert lines(found) == ["INVITE", "401", "ACK", "INVITE (SDP)", "100", "200", "ACK (late)"]
    assert not any(message.is_lost for message in found)


def test_more_arrivals_than_departures_are_all_shown() -> None:
    timeline = moments((1.0, "sip", CALLER, SWITCH, "BYE"), (1.1, "sip", CALLER, SWITCH, "BYE"))
    found = messages(replace(ACCEPTED, timeline=timeline, phones=(phone(CALLER, sip=(SipSeen(0.9, True, "BYE"),)),)))
    assert sorted((m.sent_at or 0.0, m.arrived_at) for m in found) == [(0.0, 1.1), (0.9, 1.0)]


def test_what_a_phone_sends_when_the_timeline_is_over_is_not_called_lost() -> None:
    late = replace(ACCEPTED.phones[0], sip=(*ACCEPTED.phones[0].sip, SipSeen(31.0, True, "200 OK to BYE")))
    found = messages(replace(ACCEPTED, phones=(late, ACCEPTED.phones[1])))
    assert (found[-1].sent_at, found[-1].arrived_at, found[-1].is_lost) == (31.0, None, False)
