"""Calls made by hand, with as much of each thing as a report has to show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scenarios.play.result import (
    CallSeen,
    Checked,
    ClipHeard,
    HoldSeen,
    KeyPressed,
    Moment,
    PhoneSide,
    PostingSeen,
    Result,
    SipSeen,
    Verdict,
)
from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH

PAYER = "advancepay:+12125550123"
INVITE = (
    "INVITE sip:12125550123@10.0.0.1 SIP/2.0\r\nCall-ID: one@phone\r\nCSeq: 2 INVITE\r\n"
    'Authorization: Digest username="yard", response="c0ffee"\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n'
)
OK = "SIP/2.0 200 OK\r\nCSeq: 2 INVITE\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"


def moments(*told: tuple[float, str, str, str, str]) -> tuple[Moment, ...]:
    return tuple(Moment(number, *each) for number, each in enumerate(told, start=1))


def phone(party: str, **changes: Any) -> PhoneSide:
    made = PhoneSide(
        actor="station yard" if party == CALLER else "family",
        party=party,
        sip=(),
        keys=(),
        heard=(),
        rang_at=None,
        answered_at=None,
        ended_at=None,
        levels_since=None,
        levels=(),
    )
    return replace(made, **changes)


ACCEPTED = CallSeen(
    call_id="20260601T120000-aaaa",
    since=0.01,
    until=30.0,
    accepted_at=18.0,
    timeline=moments(
        (0.02, "sip", CALLER, SWITCH, "INVITE (SDP)"),
        (0.02, "sip", SWITCH, CALLER, "200 OK to INVITE (SDP)"),
        (0.02, "words", SWITCH, CALLER, "Welcome. Please enter your PIN."),
        (0.04, "sip", CALLER, SWITCH, "ACK"),
        (3.1, "key", CALLER, SWITCH, "key"),
        (3.3, "key", CALLER, SWITCH, "key"),
        (3.6, "state", SWITCH, SWITCH, "PIN accepted"),
        (3.6, "money", SWITCH, BOOK, f"hold 0.025 of {PAYER}: talk paid to 0:00:06"),
        (3.6, "sip", SWITCH, CALLEE, "INVITE (SDP)"),
        (3.7, "sip", CALLEE, SWITCH, "200 OK to INVITE (SDP)"),
        (3.7, "words", SWITCH, CALLEE, "Hello. To accept this call, press five."),
        (17.9, "key", CALLEE, SWITCH, "key"),
        (18.0, "state", CALLEE, SWITCH, "accepted: the meter starts"),
        (21.0, "money", SWITCH, BOOK, f"hold 0.025 of {PAYER}: talk paid to 0:00:12"),
        (25.0, "words", SWITCH, CALLER, "You have five seconds left."),
        (25.0, "words", SWITCH, CALLEE, "You have five seconds left."),
        (30.0, "sip", SWITCH, CALLER, "BYE"),
        (30.0, "sip", SWITCH, CALLEE, "BYE"),
        (30.0, "state", SWITCH, SWITCH, "ended: funds-exhausted"),
        (30.0, "money", SWITCH, BOOK, f"charge 0.05 to {PAYER}"),
        (30.1, "sip", CALLER, SWITCH, "200 OK to BYE"),
    ),
    phones=(
        phone(
            CALLER,
            sip=(
                SipSeen(0.01, True, INVITE),
                SipSeen(0.03, False, OK),
                SipSeen(0.03, True, "ACK"),
                SipSeen(30.01, False, "BYE"),
                SipSeen(30.09, True, "200 OK to BYE"),
            ),
            keys=(KeyPressed(3.0, "4"), KeyPressed(3.2, "7")),
            heard=(
                ClipHeard(0.1, 1.0, "welcome", "Welcome.", True),
                ClipHeard(1.0, 2.6, "enter-pin", "Please enter your PIN.", True),
                ClipHeard(19.0, 20.0, "callee/hello", "It is me.", True),
                ClipHeard(25.1, 26.4, "five-left", "You have five seconds left.", True),
            ),
            answered_at=0.03,
            ended_at=30.01,
            levels_since=0.03,
            levels=(-20.0,) * 26 + (-96.0,) * 160 + (-18.0,) * 20,
            packets_received=1500,
            packets_lost=3,
            jitter_seconds=0.0021,
        ),
        phone(
            CALLEE,
            sip=(
                SipSeen(3.61, False, "INVITE (SDP)"),
                SipSeen(3.69, True, "200 OK to INVITE (SDP)"),
                SipSeen(30.02, False, "BYE"),
            ),
            keys=(KeyPressed(17.8, "5"),),
            heard=(ClipHeard(3.8, 4.2, "hello", "Hello.", True), ClipHeard(4.2, 6.0, "accept", "To accept", False)),
            rang_at=3.61,
            answered_at=3.69,
            ended_at=30.02,
            levels_since=3.69,
            levels=(-15.0,) * 30,
        ),
    ),
    holds=(
        HoldSeen("20260601T120000-aaaa/hold/1", PAYER, "0.025", "captured", 3.6, "0.025"),
        HoldSeen("20260601T120000-aaaa/hold/2", PAYER, "0.025", "captured", 21.0, "0.025"),
    ),
    postings=(
        PostingSeen("20260601T120000-aaaa/charge", "charge", 30.0, PAYER, "-0.05"),
        PostingSeen("20260601T120000-aaaa/charge", "charge", 30.0, "income:calls:advancepay", "0.05"),
    ),
    record={
        "call": "20260601T120000-aaaa",
        "facility": "valley",
        "station": "yard",
        "person": "jordan",
        "number": "+12125550123",
        "billing": "advancepay",
        "payer": PAYER,
        "started_at": "2026-06-01T12:00:00.010000+00:00",
        "rang_at": "2026-06-01T12:00:03.600000+00:00",
        "answered_at": "2026-06-01T12:00:03.700000+00:00",
        "accepted_at": "2026-06-01T12:00:18.000000+00:00",
        "ended_at": "2026-06-01T12:00:30.000000+00:00",
        "why": "funds-exhausted",
        "ended_by": "switch",
        "talk_seconds": "12.000000",
        "charged": "0.05",
        "tariff": "demo",
        "explanation": None,
        "recording": None,
    },
    explanation="two slices of six seconds",
)

DENIED = CallSeen(
    call_id="20260601T120100-bbbb",
    since=60.0,
    until=64.0,
    accepted_at=None,
    timeline=moments(
        (60.0, "sip", CALLER, SWITCH, "INVITE (SDP)"),
        (62.0, "key", CALLER, SWITCH, "key"),
        (62.5, "state", SWITCH, SWITCH, "PIN not valid"),
        (64.0, "state", SWITCH, SWITCH, "ended: bad-pin"),
    ),
    phones=(phone(CALLER, keys=(KeyPressed(61.9, "9"),)),),
    holds=(),
    postings=(),
    record={"why": "bad-pin", "talk_seconds": "0.000000", "charged": "0"},
    explanation="",
)


def result(*calls: CallSeen, **changes: Any) -> Result:
    made = Result(
        scenario="accepted and cut",
        file="library/cut.yaml",
        rules=("S1-1",),
        seed=7,
        is_live=False,
        verdict=Verdict.PASSED,
        fault="",
        virtual_seconds=64.0,
        real_seconds=0.5,
        expectations=(Checked("the book balances", True, "so it is"),),
        calls=calls or (ACCEPTED,),
    )
    return replace(made, **changes)


def failed(*calls: CallSeen, **changes: Any) -> Result:
    missed = Checked("family hears ten-seconds-left", False, "never", line=7, at=29.0)
    met = Checked("the book balances", True, "so it is")
    made = result(*calls, scenario="a warning is missed", verdict=Verdict.FAILED, expectations=(met, missed))
    return replace(made, **changes)
