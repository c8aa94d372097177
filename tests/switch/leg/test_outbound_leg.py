from __future__ import annotations

import pytest

from switch.leg.authorizer import Authorizer, Login
from switch.leg.causes import CAUSES, cause_of
from switch.leg.commands import Answer, HangUp, Reoffer, Ring
from switch.leg.effects import RequestFailed, SendAck, SendRequest
from switch.leg.events import Answered, Cause, Ended, Ringing
from switch.leg.outbound import FORKS_MAX, MOVES, Outbound, State
from switch.leg.session import State as SessionState
from switch.sip.digest import Challenge, find_credentials, is_right
from switch.sip.message import Request
from switch.sip.tokens import Tokens
from switch.sip.uri import parse_uri
from tests.support.leg_effects import ENDPOINT, chance, short
from tests.support.sip_messages import CALLEE, CALLER, SDP, a_request, an_answer

LOGIN = Login.with_password("caller", "secret")
CANCELLED = Ended(Cause.CANCELLED)
LIVE = [State.CALLING, State.PROCEEDING, State.CANCELLING, State.IN_SESSION, State.ENDED]


def calling(*, login: Login | None = None) -> Outbound:
    leg = Outbound(
        uri=parse_uri("sip:callee@192.0.2.2"),
        from_=CALLER.with_tag("caller-tag"),
        to=CALLEE,
        call_id="call@192.0.2.1",
        offer=SDP,
        headers=(("P-Test", "x"),),
        endpoint=ENDPOINT,
        chance=chance(),
        authorizer=None if login is None else Authorizer(login, Tokens(chance())),
    )
    assert short(leg.start(0.0)) == ["send INVITE"]
    return leg


INVITE = calling().request
TRYING = an_answer(INVITE, 100, to_tag=None)
RINGING = an_answer(INVITE, 180)
OK = an_answer(INVITE, 200, body=SDP)
BUSY = an_answer(INVITE, 486)
EVENTS = {
    "100": TRYING,
    "180": RINGING,
    "200": OK,
    "486": BUSY,
    "silence": RequestFailed("INVITE", 1),
    "hang up": HangUp(),
    "too early": Reoffer(SDP),
    "not ours": Answer(SDP),
    "ring": Ring(),
}
QUIET = ["too early", "not ours", "ring"]
TABLE = {
    (State.CALLING, "100"): ([], State.PROCEEDING),
    (State.CALLING, "180"): ([Ringing()], State.PROCEEDING),
    (State.CALLING, "200"): (["ack", Answered(SDP)], State.IN_SESSION),
    (State.CALLING, "486"): ([Ended(Cause.BUSY, 486)], State.ENDED),
    (State.CALLING, "silence"): ([Ended(Cause.UNREACHABLE)], State.ENDED),
    (State.CALLING, "hang up"): ([CANCELLED], State.CANCELLING),
    (State.PROCEEDING, "100"): ([], State.PROCEEDING),
    (State.PROCEEDING, "180"): ([Ringing()], State.PROCEEDING),
    (State.PROCEEDING, "200"): (["ack", Answered(SDP)], State.IN_SESSION),
    (State.PROCEEDING, "486"): ([Ended(Cause.BUSY, 486)], State.ENDED),
    (State.PROCEEDING, "silence"): ([Ended(Cause.UNREACHABLE)], State.ENDED),
    (State.PROCEEDING, "hang up"): (["cancel", CANCELLED], State.CANCELLING),
    (State.CANCELLING, "100"): (["cancel"], State.CANCELLING),
    (State.CANCELLING, "180"): (["cancel"], State.CANCELLING),
    (State.CANCELLING, "200"): (["ack", "send BYE"], State.IN_SESSION),
    (State.CANCELLING, "486"): ([], State.ENDED),
    (State.CANCELLING, "silence"): ([], State.ENDED),
    (State.CANCELLING, "hang up"): ([], State.CANCELLING),
    (State.IN_SESSION, "100"): ([], State.IN_SESSION),
    (State.IN_SESSION, "180"): ([], State.IN_SESSION),
    (State.IN_SESSION, "200"): (["ack"], State.IN_SESSION),
    (State.IN_SESSION, "486"): ([], State.IN_SESSION),
    (State.IN_SESSION, "silence"): ([], State.IN_SESSION),
    (State.IN_SESSION, "hang up"): (["send BYE", Ended(Cause.NORMAL)], State.IN_SESSION),
    (State.ENDED, "200"): (["ack", "send BYE"], State.ENDED),
    **{(state, name): ([], state) for state in LIVE for name in QUIET},
    (State.IN_SESSION, "too early"): (["send INVITE"], State.IN_SESSION),
    **{(State.ENDED, name): ([], State.ENDED) for name in EVENTS if name != "200"},
}


def leg_in(state: State) -> Outbound:
    leg = calling()
    way = {
        State.CALLING: [],
        State.PROCEEDING: [TRYING],
        State.CANCELLING: [HangUp()],
        State.IN_SESSION: [OK],
        State.ENDED: [BUSY],
    }
    for event in way[state]:
        leg.handle(event, 0.0)
    assert leg.state is state
    return leg


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", EVENTS)
def test_every_event_in_every_state(state: State, name: str) -> None:
    leg = leg_in(state)
    effects, after = TABLE[state, name]
    assert short(leg.handle(EVENTS[name], 1.0)) == effects
    assert leg.state is after


def test_the_table_of_moves_names_every_state() -> None:
    assert set(MOVES) == set(State)


def test_the_invite_has_contact_allow_description_and_the_given_headers() -> None:
    invite = calling().request
    assert str(invite.contacts[0]) == "<sip:switch@192.0.2.2:5060>"
    assert invite.body == SDP
    assert invite.content_type == "application/sdp"
    assert invite.headers.get("P-Test") == "x"
    assert "UPDATE" in invite.allow


def test_ringing_is_told_once_however_often_it_arrives() -> None:
    leg = calling()
    told = [short(leg.handle(an_answer(INVITE, status), 1.0)) for status in (182, 183, 180, 183)]
    assert told == [[], [Ringing()], [], []]


def test_a_cancel_waits_for_the_first_provisional_answer_and_is_sent_once() -> None:
    leg = calling()
    leg.handle(HangUp(), 1.0)
    assert leg.deadline is None
    assert short(leg.handle(RINGING, 2.0)) == ["cancel"]
    assert leg.handle(RINGING, 3.0) == []


def test_a_cancelled_invite_nobody_answers_is_abandoned_after_32_seconds() -> None:
    leg = leg_in(State.PROCEEDING)
    leg.handle(HangUp(), 1.0)
    assert leg.deadline == 33.0
    assert leg.expire(32.999) == []
    assert short(leg.expire(33.0)) == ["abandon"]
    assert leg.is_over


def test_an_answer_that_crossed_the_cancel_is_acknowledged_ended_and_not_told() -> None:
    leg = leg_in(State.PROCEEDING)
    leg.handle(HangUp(), 1.0)
    assert short(leg.handle(OK, 1.1)) == ["ack", "send BYE"]
    assert leg.session is not None
    bye = leg.session.dialog.request("BYE")
    assert short(leg.handle(RequestFailed("BYE", bye.cseq.number - 1), 33.0)) == []
    assert leg.is_over


def test_the_ack_is_repeated_for_every_copy_of_the_2xx() -> None:
    leg = calling()
    first = leg.handle(OK, 1.0)[0]
    assert leg.handle(OK, 1.5) == [first]
    assert isinstance(first, SendAck)
    assert first.request.cseq.number == 1
    assert str(first.request.uri) == "sip:callee@192.0.2.2:5080"


def test_the_answer_of_another_fork_is_acknowledged_and_ended_at_once() -> None:
    leg = leg_in(State.IN_SESSION)
    other = an_answer(INVITE, 200, to_tag="fork", contact="<sip:fork@192.0.2.3>")
    ack, bye = leg.handle(other, 1.0)
    assert isinstance(ack, SendAck)
    assert isinstance(bye, SendRequest)
    assert str(ack.request.uri) == str(bye.request.uri) == "sip:fork@192.0.2.3"
    assert bye.request.to.tag == "fork"
    assert short(leg.handle(other, 1.5)) == ["ack"]
    assert leg.session is not None
    assert leg.session.state is SessionState.ESTABLISHED


def test_the_answer_to_a_forks_bye_does_not_touch_the_call() -> None:
    leg = leg_in(State.IN_SESSION)
    other = an_answer(INVITE, 200, to_tag="fork")
    bye = leg.handle(other, 1.0)[1]
    assert isinstance(bye, SendRequest)
    assert leg.handle(an_answer(bye.request, 200), 1.1) == []
    assert leg.handle(RequestFailed("BYE", bye.request.cseq.number), 33.0) == []
    assert not leg.is_over


def test_more_forks_than_any_proxy_makes_are_ignored() -> None:
    leg = calling()
    answers = [leg.handle(an_answer(INVITE, 200, to_tag=f"fork{n}"), 1.0) for n in range(FORKS_MAX + 3)]
    assert [bool(effects) for effects in answers] == [True] * FORKS_MAX + [False] * 3


def test_requests_of_the_callee_before_the_answer() -> None:
    leg = leg_in(State.PROCEEDING)
    answers = {
        method: short(leg.handle(a_request(method, from_tag="callee-tag", to_tag="caller-tag"), 1.0))
        for method in ("OPTIONS", "UPDATE", "INVITE", "INFO", "BYE", "ACK")
    }
    assert answers == {
        "OPTIONS": ["200 OPTIONS"],
        "UPDATE": ["491 UPDATE"],
        "INVITE": ["491 INVITE"],
        "INFO": ["481 INFO"],
        "BYE": ["481 BYE"],
        "ACK": [],
    }


def test_a_request_of_a_stranger_with_our_tag_gets_481() -> None:
    leg = leg_in(State.IN_SESSION)
    assert short(leg.handle(a_request("BYE", from_tag="stranger", to_tag="caller-tag"), 1.0)) == ["481 BYE"]


CHALLENGE = Challenge("somewhere", "nonce-1")


def challenged(status: int, challenge: Challenge, request: Request) -> object:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    return an_answer(request, status, headers=((name, str(challenge)),))


@pytest.mark.parametrize(("status", "name"), [(401, "Authorization"), (407, "Proxy-Authorization")])
def test_a_challenge_is_met_with_the_right_digest_and_the_next_number(status: int, name: str) -> None:
    leg = calling(login=LOGIN)
    assert short(leg.handle(challenged(status, CHALLENGE, INVITE), 1.0)) == ["send INVITE"]
    assert leg.state is State.CALLING
    again = leg.request
    credentials = find_credentials(again.headers, name, "somewhere")
    assert credentials is not None
    assert is_right(credentials, method="INVITE", secret=LOGIN.secret)
    assert credentials.uri == str(again.uri)
    assert again.cseq.number == 2
    assert (again.call_id, again.from_, again.to) == (INVITE.call_id, INVITE.from_, INVITE.to)


def test_a_second_challenge_means_a_wrong_password() -> None:
    leg = calling(login=LOGIN)
    leg.handle(challenged(401, CHALLENGE, INVITE), 1.0)
    refused = challenged(401, Challenge("somewhere", "nonce-2"), leg.request)
    assert short(leg.handle(refused, 2.0)) == [Ended(Cause.FAILED, 401)]


def test_a_stale_nonce_is_replaced_once() -> None:
    leg = calling(login=LOGIN)
    leg.handle(challenged(401, CHALLENGE, INVITE), 1.0)
    stale = challenged(401, Challenge("somewhere", "nonce-2", is_stale=True), leg.request)
    assert short(leg.handle(stale, 2.0)) == ["send INVITE"]
    assert leg.request.cseq.number == 3


def test_the_ack_repeats_the_credentials_of_its_invite() -> None:
    leg = calling(login=LOGIN)
    leg.handle(challenged(401, CHALLENGE, INVITE), 1.0)
    ack = leg.handle(an_answer(leg.request, 200), 2.0)[0]
    assert isinstance(ack, SendAck)
    assert ack.request.headers.get("Authorization") == leg.request.headers.get("Authorization")


def test_a_late_answer_to_the_invite_before_the_challenge_is_ignored() -> None:
    leg = calling(login=LOGIN)
    leg.handle(challenged(401, CHALLENGE, INVITE), 1.0)
    assert leg.handle(BUSY, 2.0) == []
    assert leg.handle(RequestFailed("INVITE", 1), 2.0) == []


@pytest.mark.parametrize("value", ["Digest realm=", "Basic realm=x", "Digest realm=x, nonce=y, algorithm=WHIRL"])
def test_a_challenge_we_cannot_meet_ends_the_call(value: str) -> None:
    leg = calling(login=LOGIN)
    refused = an_answer(INVITE, 401, headers=(("WWW-Authenticate", value),))
    assert short(leg.handle(refused, 1.0)) == [Ended(Cause.FAILED, 401)]


def test_a_challenge_without_a_login_ends_the_call() -> None:
    assert short(calling().handle(challenged(407, CHALLENGE, INVITE), 1.0)) == [Ended(Cause.FAILED, 407)]


@pytest.mark.parametrize("status", [*CAUSES, 302, 400, 500, 699])
def test_every_refusal_has_a_cause(status: int) -> None:
    leg = calling()
    assert short(leg.handle(an_answer(INVITE, status), 1.0)) == [Ended(cause_of(status), status)]
