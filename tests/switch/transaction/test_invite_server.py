from __future__ import annotations

import pytest

from switch.sip.message import respond
from switch.transaction.effects import Deliver, Failed, Respond, Send, TimedOut, TransportFailed
from switch.transaction.invite_client import build_ack
from switch.transaction.invite_server import MOVES, InviteServer, State
from tests.support.sip_messages import a_request

INVITE = a_request()
TRYING = respond(INVITE, 100, to_tag=None)
RINGING = respond(INVITE, 180, to_tag="t")
OK = respond(INVITE, 200, to_tag="t")
BUSY = respond(INVITE, 486, to_tag="t")
ACK = build_ack(INVITE, BUSY)

LIVE = [State.PROCEEDING, State.COMPLETED, State.CONFIRMED, State.ACCEPTED, State.TERMINATED]
EVENTS = {
    "INVITE": INVITE,
    "ACK": ACK,
    "1xx": Respond(RINGING),
    "2xx": Respond(OK),
    "final": Respond(BUSY),
    "failed": TransportFailed(),
}
TABLE = {
    (State.PROCEEDING, "INVITE"): ([Send(TRYING)], State.PROCEEDING),
    (State.PROCEEDING, "ACK"): ([], State.PROCEEDING),
    (State.PROCEEDING, "1xx"): ([Send(RINGING)], State.PROCEEDING),
    (State.PROCEEDING, "2xx"): ([Send(OK)], State.ACCEPTED),
    (State.PROCEEDING, "final"): ([Send(BUSY)], State.COMPLETED),
    (State.PROCEEDING, "failed"): ([Failed()], State.PROCEEDING),
    (State.COMPLETED, "INVITE"): ([Send(BUSY)], State.COMPLETED),
    (State.COMPLETED, "ACK"): ([], State.CONFIRMED),
    (State.COMPLETED, "1xx"): ([], State.COMPLETED),
    (State.COMPLETED, "2xx"): ([], State.COMPLETED),
    (State.COMPLETED, "final"): ([], State.COMPLETED),
    (State.COMPLETED, "failed"): ([Failed()], State.COMPLETED),
    (State.CONFIRMED, "INVITE"): ([], State.CONFIRMED),
    (State.CONFIRMED, "ACK"): ([], State.CONFIRMED),
    (State.CONFIRMED, "1xx"): ([], State.CONFIRMED),
    (State.CONFIRMED, "2xx"): ([], State.CONFIRMED),
    (State.CONFIRMED, "final"): ([], State.CONFIRMED),
    (State.CONFIRMED, "failed"): ([], State.CONFIRMED),
    (State.ACCEPTED, "INVITE"): ([], State.ACCEPTED),
    (State.ACCEPTED, "ACK"): ([Deliver(ACK)], State.ACCEPTED),
    (State.ACCEPTED, "1xx"): ([], State.ACCEPTED),
    (State.ACCEPTED, "2xx"): ([Send(OK)], State.ACCEPTED),
    (State.ACCEPTED, "final"): ([], State.ACCEPTED),
    (State.ACCEPTED, "failed"): ([Failed()], State.ACCEPTED),
    **{(State.TERMINATED, name): ([], State.TERMINATED) for name in EVENTS},
}


def server_in(state: State, *, is_reliable: bool = False) -> InviteServer:
    server = InviteServer(INVITE, is_reliable=is_reliable)
    server.start(0.0)
    way = {
        State.PROCEEDING: [Respond(TRYING)],
        State.COMPLETED: [Respond(BUSY)],
        State.CONFIRMED: [Respond(BUSY), ACK],
        State.ACCEPTED: [Respond(OK)],
        State.TERMINATED: [Respond(OK)],
    }
    for event in way[state]:
        server.handle(event, 0.0)
    if state is State.TERMINATED:
        server.expire(32.0)
    assert server.state is state
    return server


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", EVENTS)
def test_every_event_in_every_state_does_what_figure_7_of_rfc_6026_says(state: State, name: str) -> None:
    server = server_in(state)
    effects, after = TABLE[state, name]
    assert server.handle(EVENTS[name], 1.0) == effects
    assert server.state is after


def test_the_table_of_moves_names_every_state_and_no_way_out_of_the_last() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.TERMINATED] == frozenset()


def test_starting_passes_the_invite_up() -> None:
    assert InviteServer(INVITE, is_reliable=False).start(0.0) == [Deliver(INVITE)]


def test_an_invite_nobody_answers_in_200_ms_gets_100_once() -> None:
    server = InviteServer(INVITE, is_reliable=False)
    server.start(0.0)
    assert server.deadline == 0.2
    assert server.expire(0.199) == []
    assert server.expire(0.2) == [Send(TRYING)]
    assert server.deadline is None


def test_an_invite_that_was_answered_gets_no_100_of_the_transaction() -> None:
    server = InviteServer(INVITE, is_reliable=False)
    server.start(0.0)
    server.handle(Respond(RINGING), 0.1)
    assert server.deadline is None


def test_a_repeated_invite_before_any_answer_gets_nothing() -> None:
    server = InviteServer(INVITE, is_reliable=False)
    server.start(0.0)
    assert server.handle(INVITE, 0.1) == []


def test_a_repeated_invite_gets_the_last_provisional_answer() -> None:
    server = server_in(State.PROCEEDING)
    server.handle(Respond(RINGING), 0.3)
    assert server.handle(INVITE, 0.5) == [Send(RINGING)]


def test_timer_g_repeats_a_refusal_up_to_every_4_seconds_until_timer_h() -> None:
    server = server_in(State.COMPLETED)
    sent_at = []
    while (at := server.deadline) is not None:
        assert server.expire(at - 0.001) == []
        effects = server.expire(at)
        if Send(BUSY) in effects:
            sent_at.append(at)
    assert sent_at == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert effects == [TimedOut()]
    assert at is None
    assert server.is_over


def test_timer_h_is_32_seconds() -> None:
    server = server_in(State.COMPLETED, is_reliable=True)
    assert server.deadline == 32.0
    assert server.expire(32.0) == [TimedOut()]


def test_timer_i_takes_repeated_acks_for_5_seconds() -> None:
    server = server_in(State.CONFIRMED)
    assert server.deadline == 5.0
    assert server.expire(4.999) == []
    assert not server.is_over
    server.expire(5.0)
    assert server.is_over


def test_timer_i_is_zero_over_a_reliable_transport() -> None:
    assert server_in(State.CONFIRMED, is_reliable=True).deadline == 0.0


def test_timer_l_keeps_an_accepted_invite_for_32_seconds() -> None:
    server = server_in(State.ACCEPTED)
    assert server.deadline == 32.0
    assert server.expire(31.999) == []
    assert not server.is_over
    assert server.expire(32.0) == []
    assert server.is_over


@pytest.mark.parametrize("state", LIVE)
def test_only_an_invite_without_a_final_answer_counts_as_unanswered(state: State) -> None:
    assert server_in(state).is_answered is (state is not State.PROCEEDING)
