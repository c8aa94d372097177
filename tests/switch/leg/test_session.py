from __future__ import annotations

import pytest

from switch.dialog.dialog import answering_dialog
from switch.leg.acceptance import Acceptance
from switch.leg.authorizer import Authorizer, Login
from switch.leg.commands import AnswerReoffer, HangUp, RefuseReoffer, Reoffer, SendInfo
from switch.leg.effects import Reply, RequestFailed, SendAck, SendRequest, Tell
from switch.leg.events import (
    Cause,
    Ended,
    Established,
    Pressed,
    Reanswered,
    Reoffered,
    ReofferRefused,
)
from switch.leg.session import MOVES, REOFFER_TIME, Session, State
from switch.sip.digest import Challenge
from switch.sip.message import Request, respond
from switch.sip.tokens import Tokens
from switch.transaction.invite_client import build_cancel
from tests.support.leg_effects import ENDPOINT, chance, short
from tests.support.sip_messages import SDP, a_request, an_answer

INVITE = a_request(body=SDP)
OK = respond(INVITE, 200, to_tag="ours")
NORMAL = Ended(Cause.NORMAL)
GONE = Ended(Cause.UNREACHABLE)


def within(method: str, number: int = 2, *, body: bytes = b"", content_type: str | None = None) -> Request:
    """A request of the peer in the dialog."""
    return a_request(
        method,
        number=number,
        branch=f"z9hG4bK{method}{number}",
        to_tag="ours",
        body=body,
        content_type=content_type,
    )


ACK = within("ACK", 1)
BYE = within("BYE")
LIVE = list(State)


def session_in(state: State, *, login: Login | None = None) -> Session:
    acceptance = Acceptance(INVITE, OK, 0.0)
    session = Session(
        answering_dialog(INVITE, local_tag="ours"),
        endpoint=ENDPOINT,
        chance=chance(),
        acceptance=acceptance,
        authorizer=None if login is None else Authorizer(login, Tokens(chance())),
    )
    way = {
        State.CONFIRMING: [],
        State.ESTABLISHED: [ACK],
        State.LEAVING: [HangUp()],
        State.ENDING: [ACK, HangUp()],
        State.ENDED: [ACK, BYE],
    }
    for event in way[state]:
        session.handle(event, 0.0)
    assert session.state is state
    return session


def over(method: str) -> list[tuple[list[object], State]]:
    return [([f"481 {method}"], state) for state in (State.LEAVING, State.ENDING, State.ENDED)]


# Effects and next state of each event in CONFIRMING, ESTABLISHED, LEAVING, ENDING and ENDED.
C, E, L, G, D = State.CONFIRMING, State.ESTABLISHED, State.LEAVING, State.ENDING, State.ENDED
UPDATE = within("UPDATE", body=SDP)
REFRESH = within("UPDATE")
REINVITE = within("INVITE", body=SDP)
INFO = within("INFO", body=b"Signal=5\r\n", content_type="application/dtmf-relay")
OPTIONS = within("OPTIONS")
REFER = within("REFER")
OLD = within("INFO", 0)
TOLD: list[object] = ["200 BYE", NORMAL]
LOST: list[object] = ["send BYE", GONE]
TABLE = {
    "ACK": (ACK, [([Established(b"")], E), ([], E), (["send BYE"], G), ([], G), ([], D)]),
    "BYE": (BYE, [(TOLD, D), (TOLD, D), (["200 BYE"], D), (["200 BYE"], G), (["481 BYE"], D)]),
    "hang up": (HangUp(), [([NORMAL], L), (["send BYE", NORMAL], G), ([], L), ([], G), ([], D)]),
    "INVITE": (REINVITE, [(["500 INVITE"], C), ([Reoffered(SDP)], E), *over("INVITE")]),
    "UPDATE": (UPDATE, [([Reoffered(SDP)], C), ([Reoffered(SDP)], E), *over("UPDATE")]),
    "refresh": (REFRESH, [(["200 UPDATE"], C), (["200 UPDATE"], E), *over("UPDATE")]),
    "INFO": (INFO, [(["200 INFO", Pressed("5")], C), (["200 INFO", Pressed("5")], E), *over("INFO")]),
    "OPTIONS": (OPTIONS, [(["200 OPTIONS"], C), (["200 OPTIONS"], E), *over("OPTIONS")]),
    "REFER": (REFER, [(["405 REFER"], C), (["405 REFER"], E), *over("REFER")]),
    "old": (OLD, [(["500 INFO"], C), (["500 INFO"], E), *over("INFO")]),
    "key": (SendInfo("5"), [(["send INFO"], C), (["send INFO"], E), ([], L), ([], G), ([], D)]),
    "reoffer": (Reoffer(SDP), [([ReofferRefused(491)], C), (["send INVITE"], E), ([], L), ([], G), ([], D)]),
    "answer": (AnswerReoffer(SDP), [([], state) for state in LIVE]),
    "refuse": (RefuseReoffer(), [([], state) for state in LIVE]),
    "info timed out": (RequestFailed("INFO", 9), [(LOST, G), (LOST, G), (["send BYE"], G), ([], G), ([], D)]),
}  # fmt: skip


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", TABLE)
def test_every_event_in_every_state(state: State, name: str) -> None:
    event, outcomes = TABLE[name]
    effects, after = outcomes[LIVE.index(state)]
    session = session_in(state)
    assert short(session.handle(event, 1.0)) == effects
    assert session.state is after


def test_the_table_of_moves_names_every_state() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.ENDED] == frozenset()


@pytest.mark.parametrize("state", [State.CONFIRMING, State.LEAVING])
def test_the_2xx_is_repeated_until_32_seconds_have_passed_then_bye(state: State) -> None:
    session = session_in(state)
    sent_at = []
    effects = []
    while (at := session.deadline) is not None:
        assert session.expire(at - 0.001) == []
        effects = session.expire(at)
        sent_at += [at] * (short(effects) == ["200 INVITE"])
    assert sent_at == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert short(effects) == ["send BYE", *([GONE] if state is State.CONFIRMING else [])]


def test_the_ack_stops_the_2xx() -> None:
    assert session_in(State.ESTABLISHED).deadline is None


def test_an_ack_of_another_invite_confirms_nothing() -> None:
    session = session_in(State.CONFIRMING)
    assert session.handle(within("ACK", 9), 1.0) == []
    assert session.state is State.CONFIRMING


def test_hanging_up_before_the_ack_waits_for_it() -> None:
    session = session_in(State.CONFIRMING)
    assert short(session.handle(HangUp((("Reason", "x"),)), 1.0)) == [NORMAL]
    (sent,) = session.handle(ACK, 1.5)
    assert isinstance(sent, SendRequest)
    assert sent.request.headers.get("Reason") == "x"


def test_byes_that_cross_are_both_answered() -> None:
    session = session_in(State.ENDING)
    assert short(session.handle(BYE, 1.0)) == ["200 BYE"]
    assert session.state is State.ENDING
    session.handle(an_answer(within("BYE", 1), 200), 1.1)
    assert session.is_over


@pytest.mark.parametrize("status", [200, 481, 500])
def test_any_final_answer_to_our_bye_is_the_end(status: int) -> None:
    session = session_in(State.ENDING)
    assert session.handle(an_answer(within("BYE", 1), 100), 1.0) == []
    assert not session.is_over
    assert session.handle(an_answer(within("BYE", 1), status), 1.1) == []
    assert session.is_over


def test_silence_after_our_bye_is_the_end() -> None:
    session = session_in(State.ENDING)
    assert session.handle(RequestFailed("BYE", 1), 32.0) == []
    assert session.is_over


def test_a_challenged_bye_is_sent_again_with_credentials() -> None:
    session = session_in(State.ESTABLISHED, login=Login.with_password("u", "p"))
    (bye, _) = session.handle(HangUp(), 1.0)
    assert isinstance(bye, SendRequest)
    challenge = (("WWW-Authenticate", str(Challenge("r", "n"))),)
    (again,) = session.handle(an_answer(bye.request, 401, headers=challenge), 1.1)
    assert isinstance(again, SendRequest)
    assert again.request.cseq.number == bye.request.cseq.number + 1
    assert "Authorization" in again.request.headers
    session.handle(an_answer(again.request, 200), 1.2)
    assert session.is_over


def test_an_answered_reinvite_is_repeated_until_its_ack_which_may_carry_the_answer() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(within("INVITE"), 1.0)
    assert short(session.handle(AnswerReoffer(SDP), 1.1)) == ["200 INVITE"]
    assert short(session.expire(1.6)) == ["200 INVITE"]
    assert short(session.handle(within("ACK", 2, body=b"answer"), 1.7)) == [Established(b"answer")]
    assert session.deadline is None


def test_a_reinvite_whose_ack_never_comes_ends_the_call() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(REINVITE, 1.0)
    session.handle(AnswerReoffer(SDP), 1.0)
    assert short(session.expire(33.0)) == ["send BYE", GONE]


def test_an_answered_update_needs_no_ack() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(UPDATE, 1.0)
    assert short(session.handle(AnswerReoffer(SDP), 1.1)) == ["200 UPDATE"]
    assert session.deadline is None


def test_a_refused_reinvite_leaves_the_session_and_its_target_alone() -> None:
    session = session_in(State.ESTABLISHED)
    moved = a_request(number=2, to_tag="ours", body=SDP, contact="<sip:moved@192.0.2.9>")
    session.handle(moved, 1.0)
    assert short(session.handle(RefuseReoffer(488), 1.1)) == ["488 INVITE"]
    assert "moved" not in str(session.dialog.remote_target)
    assert session.state is State.ESTABLISHED


def test_an_answered_reinvite_moves_the_target() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(a_request(number=2, to_tag="ours", body=SDP, contact="<sip:moved@192.0.2.9>"), 1.0)
    session.handle(AnswerReoffer(SDP), 1.1)
    assert str(session.dialog.remote_target) == "sip:moved@192.0.2.9"


def test_a_reinvite_the_call_does_not_answer_gets_500_in_time() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(REINVITE, 1.0)
    assert session.deadline == 1.0 + REOFFER_TIME
    assert short(session.expire(1.0 + REOFFER_TIME)) == ["500 INVITE"]
    assert session.handle(AnswerReoffer(SDP), 12.0) == []


def test_a_second_reinvite_before_the_first_is_answered_gets_500_with_retry_after() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(REINVITE, 1.0)
    (reply,) = session.handle(within("INVITE", 3, body=SDP), 1.1)
    assert isinstance(reply, Reply)
    assert reply.response.status == 500
    assert reply.response.retry_after is not None


def test_cancelling_a_reinvite_refuses_it_with_487() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(REINVITE, 1.0)
    assert short(session.handle(build_cancel(REINVITE), 1.1)) == ["200 CANCEL", "487 INVITE"]
    assert session.handle(AnswerReoffer(SDP), 1.2) == []
    assert session.state is State.ESTABLISHED


@pytest.mark.parametrize("end", [BYE, HangUp()], ids=["BYE", "hang up"])
def test_a_reinvite_still_open_at_the_end_gets_its_final_answer(end: Request | HangUp) -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(REINVITE, 1.0)
    event = within("BYE", 3) if end is BYE else end
    assert "487 INVITE" in short(session.handle(event, 1.1))


def our_reinvite(session: Session, at: float = 1.0) -> Request:
    (sent,) = session.handle(Reoffer(SDP), at)
    assert isinstance(sent, SendRequest)
    return sent.request


def test_our_reinvite_is_acknowledged_and_told_and_its_copies_acknowledged_again() -> None:
    session = session_in(State.ESTABLISHED)
    answer = an_answer(our_reinvite(session), 200, body=b"theirs")
    effects = session.handle(answer, 1.1)
    assert short(effects) == ["ack", Reanswered(b"theirs")]
    assert session.handle(answer, 1.6) == effects[:1]


def test_a_reinvite_of_theirs_that_crosses_ours_gets_491() -> None:
    session = session_in(State.ESTABLISHED)
    our_reinvite(session)
    assert short(session.handle(REINVITE, 1.1)) == ["491 INVITE"]


def test_a_491_is_tried_again_within_2_seconds_by_the_callee() -> None:
    session = session_in(State.ESTABLISHED)
    session.handle(an_answer(our_reinvite(session), 491), 1.0)
    assert session.deadline is not None
    assert 1.0 <= session.deadline <= 3.0
    (sent,) = session.expire(session.deadline)
    assert isinstance(sent, SendRequest)
    assert sent.request.body == SDP
    assert session.deadline is None


def test_a_refused_reinvite_of_ours_is_told_and_the_call_goes_on() -> None:
    session = session_in(State.ESTABLISHED)
    assert short(session.handle(an_answer(our_reinvite(session), 488), 1.1)) == [ReofferRefused(488)]
    assert session.state is State.ESTABLISHED


@pytest.mark.parametrize("status", [408, 481])
def test_a_peer_that_does_not_know_the_call_ends_it(status: int) -> None:
    session = session_in(State.ESTABLISHED)
    ended = Ended(Cause.UNREACHABLE, status)
    assert short(session.handle(an_answer(our_reinvite(session), status), 1.1)) == ["send BYE", ended]


def test_silence_after_our_reinvite_ends_the_call() -> None:
    session = session_in(State.ESTABLISHED)
    number = our_reinvite(session).cseq.number
    assert short(session.handle(RequestFailed("INVITE", number), 33.0)) == ["send BYE", GONE]


def test_the_answer_to_a_reinvite_after_our_bye_is_acknowledged_and_not_told() -> None:
    session = session_in(State.ESTABLISHED)
    answer = an_answer(our_reinvite(session), 200)
    session.handle(HangUp(), 1.1)
    effects = session.handle(answer, 1.2)
    assert [type(effect) for effect in effects] == [SendAck]


def test_one_reinvite_at_a_time() -> None:
    session = session_in(State.ESTABLISHED)
    our_reinvite(session)
    assert short(session.handle(Reoffer(SDP), 1.1)) == [ReofferRefused(491)]


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/dtmf-relay", b"Signal= #\r\nDuration= 160\r\n", ["200 INFO", Pressed("#")]),
        ("application/dtmf-relay", b"signal=11", ["200 INFO", Pressed("#")]),
        ("application/dtmf", b"7", ["200 INFO", Pressed("7")]),
        ("application/dtmf", b" d \r\n", ["200 INFO", Pressed("D")]),
        ("application/dtmf", b"99", ["400 INFO"]),
        ("application/dtmf-relay", b"Duration=5", ["400 INFO"]),
        ("application/sdp", b"v=0", ["400 INFO"]),
    ],
)
def test_keys_by_info(content_type: str, body: bytes, expected: list[object]) -> None:
    session = session_in(State.ESTABLISHED)
    assert short(session.handle(within("INFO", body=body, content_type=content_type), 1.0)) == expected


def test_an_empty_info_is_a_sign_of_life() -> None:
    assert short(session_in(State.ESTABLISHED).handle(within("INFO"), 1.0)) == ["200 INFO"]


def test_a_key_of_ours_reads_back_as_itself() -> None:
    session = session_in(State.ESTABLISHED)
    (sent,) = session.handle(SendInfo("*"), 1.0)
    assert isinstance(sent, SendRequest)
    peer = session_in(State.ESTABLISHED)
    body, kind = sent.request.body, sent.request.content_type
    assert Tell(Pressed("*")) in peer.handle(within("INFO", body=body, content_type=kind), 1.0)
