from __future__ import annotations

import pytest

from switch.sip.message import respond
from switch.transaction.effects import Deliver, Failed, Respond, Send, TransportFailed
from switch.transaction.server import MOVES, Server, State
from tests.support.sip_messages import a_request

BYE = a_request("BYE", to_tag="callee-tag")
TRYING = respond(BYE, 100, to_tag=None)
OK = respond(BYE, 200, to_tag=None)
FAULT = respond(BYE, 500, to_tag=None)

LIVE = [State.TRYING, State.PROCEEDING, State.COMPLETED, State.TERMINATED]
EVENTS = {
    "BYE": BYE,
    "1xx": Respond(TRYING),
    "2xx": Respond(OK),
    "final": Respond(FAULT),
    "failed": TransportFailed(),
}
TABLE = {
    (State.TRYING, "BYE"): ([], State.TRYING),
    (State.TRYING, "1xx"): ([Send(TRYING)], State.PROCEEDING),
    (State.TRYING, "2xx"): ([Send(OK)], State.COMPLETED),
    (State.TRYING, "final"): ([Send(FAULT)], State.COMPLETED),
    (State.TRYING, "failed"): ([], State.TRYING),
    (State.PROCEEDING, "BYE"): ([Send(TRYING)], State.PROCEEDING),
    (State.PROCEEDING, "1xx"): ([Send(TRYING)], State.PROCEEDING),
    (State.PROCEEDING, "2xx"): ([Send(OK)], State.COMPLETED),
    (State.PROCEEDING, "final"): ([Send(FAULT)], State.COMPLETED),
    (State.PROCEEDING, "failed"): ([Failed()], State.TERMINATED),
    (State.COMPLETED, "BYE"): ([Send(OK)], State.COMPLETED),
    (State.COMPLETED, "1xx"): ([], State.COMPLETED),
    (State.COMPLETED, "2xx"): ([], State.COMPLETED),
    (State.COMPLETED, "final"): ([], State.COMPLETED),
    (State.COMPLETED, "failed"): ([Failed()], State.TERMINATED),
    **{(State.TERMINATED, name): ([], State.TERMINATED) for name in EVENTS},
}


def server_in(state: State, *, is_reliable: bool = False) -> Server:
    server = Server(BYE, is_reliable=is_reliable)
    assert server.start(0.0) == [Deliver(BYE)]
    way = {
        State.TRYING: [],
        State.PROCEEDING: [Respond(TRYING)],
        State.COMPLETED: [Respond(OK)],
        State.TERMINATED: [Respond(OK), TransportFailed()],
    }
    for event in way[state]:
        server.handle(event, 0.0)
    assert server.state is state
    return server


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", EVENTS)
def test_every_event_in_every_state_does_what_figure_8_says(state: State, name: str) -> None:
    server = server_in(state)
    effects, after = TABLE[state, name]
    assert server.handle(EVENTS[name], 1.0) == effects
    assert server.state is after


def test_the_table_of_moves_names_every_state_and_no_way_out_of_the_last() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.TERMINATED] == frozenset()


def test_timer_j_repeats_the_answer_for_32_seconds() -> None:
    server = server_in(State.COMPLETED)
    assert server.deadline == 32.0
    assert server.expire(31.999) == []
    assert server.handle(BYE, 31.999) == [Send(OK)]
    assert server.expire(32.0) == []
    assert server.is_over


def test_timer_j_is_zero_over_a_reliable_transport() -> None:
    assert server_in(State.COMPLETED, is_reliable=True).deadline == 0.0


@pytest.mark.parametrize("state", [State.TRYING, State.PROCEEDING])
def test_without_an_answer_there_is_no_timer(state: State) -> None:
    server = server_in(state)
    assert server.deadline is None
    assert not server.is_answered
