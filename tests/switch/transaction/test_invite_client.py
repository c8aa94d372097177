from __future__ import annotations

import pytest

from switch.transaction.effects import Abandon, Deliver, Failed, Send, TimedOut, TransportFailed
from switch.transaction.invite_client import MOVES, InviteClient, State, build_ack, build_cancel
from tests.support.sip_messages import a_request, an_answer

INVITE = a_request(headers=(("Route", "<sip:proxy.example;lr>"),))
TRYING = an_answer(INVITE, 100, to_tag=None)
RINGING = an_answer(INVITE, 180)
OK = an_answer(INVITE, 200)
BUSY = an_answer(INVITE, 486)
ACK = build_ack(INVITE, BUSY)

LIVE = [State.CALLING, State.PROCEEDING, State.COMPLETED, State.ACCEPTED, State.TERMINATED]
EVENTS = {
    "1xx": RINGING,
    "2xx": OK,
    "final": BUSY,
    "failed": TransportFailed(),
    "abandon": Abandon(),
}
# What each event does in each state: the effects, and the state after it.
TABLE = {
    (State.CALLING, "1xx"): ([Deliver(RINGING)], State.PROCEEDING),
    (State.CALLING, "2xx"): ([Deliver(OK)], State.ACCEPTED),
    (State.CALLING, "final"): ([Send(ACK), Deliver(BUSY)], State.COMPLETED),
    (State.CALLING, "failed"): ([Failed()], State.TERMINATED),
    (State.CALLING, "abandon"): ([TimedOut()], State.TERMINATED),
    (State.PROCEEDING, "1xx"): ([Deliver(RINGING)], State.PROCEEDING),
    (State.PROCEEDING, "2xx"): ([Deliver(OK)], State.ACCEPTED),
    (State.PROCEEDING, "final"): ([Send(ACK), Deliver(BUSY)], State.COMPLETED),
    (State.PROCEEDING, "failed"): ([Failed()], State.TERMINATED),
    (State.PROCEEDING, "abandon"): ([TimedOut()], State.TERMINATED),
    (State.COMPLETED, "1xx"): ([], State.COMPLETED),
    (State.COMPLETED, "2xx"): ([], State.COMPLETED),
    (State.COMPLETED, "final"): ([Send(ACK)], State.COMPLETED),
    (State.COMPLETED, "failed"): ([Failed()], State.TERMINATED),
    (State.COMPLETED, "abandon"): ([], State.COMPLETED),
    (State.ACCEPTED, "1xx"): ([], State.ACCEPTED),
    (State.ACCEPTED, "2xx"): ([Deliver(OK)], State.ACCEPTED),
    (State.ACCEPTED, "final"): ([], State.ACCEPTED),
    (State.ACCEPTED, "failed"): ([], State.ACCEPTED),
    (State.ACCEPTED, "abandon"): ([], State.ACCEPTED),
    **{(State.TERMINATED, name): ([], State.TERMINATED) for name in EVENTS},
}


def client_in(state: State, *, is_reliable: bool = False) -> InviteClient:
    client = InviteClient(INVITE, is_reliable=is_reliable)
    client.start(0.0)
    way = {
        State.CALLING: [],
        State.PROCEEDING: [TRYING],
        State.COMPLETED: [BUSY],
        State.ACCEPTED: [OK],
        State.TERMINATED: [Abandon()],
    }
    for event in way[state]:
        client.handle(event, 0.0)
    assert client.state is state
    return client


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", EVENTS)
def test_every_event_in_every_state_does_what_figure_5_says(state: State, name: str) -> None:
    client = client_in(state)
    effects, after = TABLE[state, name]
    assert client.handle(EVENTS[name], 1.0) == effects
    assert client.state is after


def test_the_table_of_moves_names_every_state_and_no_way_out_of_the_last() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.TERMINATED] == frozenset()


def test_starting_sends_the_invite() -> None:
    assert InviteClient(INVITE, is_reliable=False).start(0.0) == [Send(INVITE)]


def test_timer_a_doubles_without_a_ceiling_until_timer_b() -> None:
    client = client_in(State.CALLING)
    sent_at = []
    while client.state is State.CALLING:
        at = client.deadline
        assert at is not None
        assert client.expire(at - 0.001) == []
        if Send(INVITE) in client.expire(at):
            sent_at.append(at)
    assert sent_at == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


def test_timer_b_ends_the_call_after_exactly_32_seconds() -> None:
    client = client_in(State.CALLING, is_reliable=True)
    assert client.deadline == 32.0
    assert client.expire(31.999) == []
    assert client.expire(32.0) == [TimedOut()]
    assert client.is_over
    assert client.deadline is None


def test_over_a_reliable_transport_the_invite_is_sent_once() -> None:
    client = client_in(State.CALLING, is_reliable=True)
    assert client.expire(5.0) == []


def test_a_provisional_answer_stops_timers_a_and_b() -> None:
    client = client_in(State.PROCEEDING)
    assert client.deadline is None
    assert client.expire(1000.0) == []


@pytest.mark.parametrize("state", [State.COMPLETED, State.ACCEPTED])
def test_timers_d_and_m_forget_the_transaction_after_32_seconds(state: State) -> None:
    client = client_in(state)
    assert client.deadline == 32.0
    assert client.expire(31.999) == []
    assert not client.is_over
    assert client.expire(32.0) == []
    assert client.is_over


def test_timer_d_is_zero_over_a_reliable_transport() -> None:
    client = client_in(State.COMPLETED, is_reliable=True)
    assert client.deadline == 0.0
    client.expire(0.0)
    assert client.is_over


def test_timer_m_is_32_seconds_over_a_reliable_transport_too() -> None:
    assert client_in(State.ACCEPTED, is_reliable=True).deadline == 32.0


def test_the_ack_of_a_refusal_copies_what_section_17_1_1_3_names() -> None:
    assert ACK.method == "ACK"
    assert ACK.uri == INVITE.uri
    assert ACK.vias == (INVITE.via,)
    assert ACK.cseq.number == INVITE.cseq.number
    assert ACK.to.tag == "callee-tag"
    assert ACK.from_ == INVITE.from_
    assert ACK.call_id == INVITE.call_id
    assert ACK.headers.all("Route") == ("<sip:proxy.example;lr>",)


def test_a_cancel_has_the_branch_of_its_invite_and_no_tag_in_to() -> None:
    cancel = build_cancel(INVITE)
    assert cancel.via == INVITE.via
    assert cancel.to.tag is None
    assert (cancel.cseq.number, cancel.cseq.method) == (INVITE.cseq.number, "CANCEL")
    assert cancel.body == b""


def test_a_terminated_machine_holds_no_message() -> None:
    client = client_in(State.TERMINATED)
    assert client.request is None
