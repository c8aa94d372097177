from __future__ import annotations

import pytest

from switch.leg.commands import Answer, AnswerReoffer, HangUp, Refuse, Reoffer, Ring, SendInfo
from switch.leg.effects import Reply
from switch.leg.events import Cause, Ended, Established
from switch.leg.inbound import MOVES, Inbound, State
from switch.transaction.invite_client import build_cancel
from tests.support.leg_effects import ENDPOINT, chance, short
from tests.support.sip_messages import SDP, a_request

INVITE = a_request(body=SDP)
CANCEL = build_cancel(INVITE)
ACK = a_request("ACK", branch="z9hG4bKack", to_tag="ours")
BYE = a_request("BYE", number=2, branch="z9hG4bKbye", to_tag="ours")

CANCELLED = Ended(Cause.CANCELLED, 487)
INVITED_TABLE = {
    "ring": (Ring(), ["180 INVITE"], State.INVITED),
    "progress": (Ring(183, SDP), ["183 INVITE"], State.INVITED),
    "answer": (Answer(SDP), ["200 INVITE"], State.IN_SESSION),
    "refuse": (Refuse(486), ["486 INVITE", Ended(Cause.BUSY, 486)], State.ENDED),
    "challenge": (Refuse(401), ["401 INVITE", Ended(Cause.FAILED, 401)], State.ENDED),
    "hang up": (HangUp(), ["480 INVITE", Ended(Cause.NORMAL, 480)], State.ENDED),
    "CANCEL": (CANCEL, ["200 CANCEL", "487 INVITE", CANCELLED], State.ENDED),
    "BYE": (BYE, ["200 BYE", "487 INVITE", CANCELLED], State.ENDED),
    "ACK": (ACK, [], State.INVITED),
    "OPTIONS": (a_request("OPTIONS", number=2, to_tag="ours"), ["200 OPTIONS"], State.INVITED),
    "INFO": (a_request("INFO", number=2, to_tag="ours"), ["200 INFO"], State.INVITED),
    "INVITE": (a_request(number=2, to_tag="ours"), ["500 INVITE"], State.INVITED),
    "UPDATE": (a_request("UPDATE", number=2, to_tag="ours"), ["500 UPDATE"], State.INVITED),
    "PRACK": (a_request("PRACK", number=2, to_tag="ours"), ["405 PRACK"], State.INVITED),
    "reoffer": (Reoffer(SDP), [], State.INVITED),
    "answer reoffer": (AnswerReoffer(SDP), [], State.INVITED),
    "key": (SendInfo("5"), [], State.INVITED),
}
ENDED_TABLE = {
    name: [f"481 {name}"] if name in {"BYE", "OPTIONS", "INFO", "INVITE", "UPDATE", "PRACK"} else []
    for name in INVITED_TABLE
} | {"CANCEL": ["200 CANCEL"]}


def invited() -> Inbound:
    leg = Inbound(INVITE, local_tag="ours", endpoint=ENDPOINT, chance=chance())
    assert short(leg.start(0.0)) == ["100 INVITE"]
    return leg


@pytest.mark.parametrize("name", INVITED_TABLE)
def test_everything_that_can_happen_before_the_answer(name: str) -> None:
    event, effects, after = INVITED_TABLE[name]
    leg = invited()
    assert short(leg.handle(event, 1.0)) == effects
    assert leg.state is after


@pytest.mark.parametrize("name", INVITED_TABLE)
def test_whatever_comes_after_the_end_is_answered_but_not_told(name: str) -> None:
    leg = invited()
    leg.handle(Refuse(486), 0.5)
    assert short(leg.handle(INVITED_TABLE[name][0], 1.0)) == ENDED_TABLE[name]
    assert leg.is_over


def test_the_table_of_moves_names_every_state() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.ENDED] == frozenset()


def test_every_answer_above_100_carries_the_same_tag_of_ours() -> None:
    leg = invited()
    effects = leg.handle(Ring(), 1.0) + leg.handle(CANCEL, 2.0)
    replies = [effect.response for effect in effects if isinstance(effect, Reply)]
    assert [response.to.tag for response in replies] == ["ours"] * 3


def test_the_200_has_contact_allow_and_the_description() -> None:
    leg = invited()
    (reply,) = leg.handle(Answer(SDP), 1.0)
    assert isinstance(reply, Reply)
    assert str(reply.response.contacts[0]) == "<sip:switch@192.0.2.2:5060>"
    assert "BYE" in reply.response.allow
    assert reply.response.content_type == "application/sdp"
    assert reply.response.body == SDP


def test_headers_and_words_of_a_refusal_reach_the_wire() -> None:
    leg = invited()
    reply = leg.handle(Refuse(401, "Who Are You", (("WWW-Authenticate", "Digest x"),)), 1.0)[0]
    assert isinstance(reply, Reply)
    assert reply.response.reason == "Who Are You"
    assert reply.response.headers.get("WWW-Authenticate") == "Digest x"


def test_a_cancel_after_the_answer_is_answered_and_changes_nothing() -> None:
    leg = invited()
    leg.handle(Answer(SDP), 1.0)
    assert short(leg.handle(CANCEL, 1.1)) == ["200 CANCEL"]
    assert short(leg.handle(ACK, 1.2)) == [Established(b"")]


def test_an_invite_that_expires_is_refused_with_487() -> None:
    leg = Inbound(a_request(headers=(("Expires", "20"),)), local_tag="ours", endpoint=ENDPOINT, chance=chance())
    leg.start(0.0)
    assert leg.deadline == 20.0
    assert leg.expire(19.999) == []
    assert short(leg.expire(20.0)) == ["487 INVITE", CANCELLED]


def test_expires_means_nothing_once_answered() -> None:
    leg = Inbound(a_request(headers=(("Expires", "20"),)), local_tag="ours", endpoint=ENDPOINT, chance=chance())
    leg.start(0.0)
    leg.handle(Answer(SDP), 1.0)
    leg.handle(ACK, 1.1)
    assert leg.deadline is None
    assert leg.expire(20.0) == []


@pytest.mark.parametrize("command", [Ring(), Answer(SDP)], ids=["ringing", "answered"])
def test_a_stranger_who_knows_only_our_tag_gets_481(command: Ring | Answer) -> None:
    leg = invited()
    leg.handle(command, 1.0)
    stranger = a_request("BYE", number=2, from_tag="stranger", to_tag="ours")
    assert short(leg.handle(stranger, 1.1)) == ["481 BYE"]
    assert leg.handle(a_request("ACK", from_tag="stranger", to_tag="ours"), 1.2) == []
    assert not leg.is_over
