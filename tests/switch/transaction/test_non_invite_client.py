from __future__ import annotations

import pytest

from switch.transaction.client import MOVES, Client, State
from switch.transaction.effects import Deliver, Failed, Send, TimedOut, TransportFailed
from tests.support.sip_messages import a_request, an_answer

BYE = a_request("BYE", to_tag="callee-tag")
TRYING = an_answer(BYE, 100, to_tag=None)
OK = an_answer(BYE, 200)
GONE = an_answer(BYE, 481)

LIVE = [State.TRYING, State.PROCEEDING, State.COMPLETED, State.TERMINATED]
EVENTS = {"1xx": TRYING, "2xx": OK, "final": GONE, "failed": TransportFailed()}
TABLE = {
    (State.TRYING, "1xx"): ([Deliver(TRYING)], State.PROCEEDING),
    (State.TRYING, "2xx"): ([Deliver(OK)], State.COMPLETED),
    (State.TRYING, "final"): ([Deliver(GONE)], State.COMPLETED),
    (State.TRYING, "failed"): ([Failed()], State.TERMINATED),
    (State.PROCEEDING, "1xx"): ([Deliver(TRYING)], State.PROCEEDING),
    (State.PROCEEDING, "2xx"): ([Deliver(OK)], State.COMPLETED),
    (State.PROCEEDING, "final"): ([Deliver(GONE)], State.COMPLETED),
    (State.PROCEEDING, "failed"): ([Failed()], State.TERMINATED),
    **{(State.COMPLETED, name): ([], State.COMPLETED) for name in EVENTS},
    **{(State.TERMINATED, name): ([], State.TERMINATED) for name in EVENTS},
}


def client_in(state: State, *, is_reliable: bool = False) -> Client:
    client = Client(BYE, is_reliable=is_reliable)
    client.start(0.0)
    way = {
        State.TRYING: [],
        State.PROCEEDING: [TRYING],
        State.COMPLETED: [OK],
        State.TERMINATED: [TransportFailed()],
    }
    for event in way[state]:
        client.handle(event, 0.0)
    assert client.state is state
    return client


def resends(client: Client) -> list[float]:
    """When the request is sent again, until the machine is over."""
    times = []
    while (at := client.deadline) is not None:
        assert client.expire(at - 0.001) == []
        if Send(BYE) in client.expire(at):
            times.append(at)
    return times


@pytest.mark.parametrize("state", LIVE)
@pytest.mark.parametrize("name", EVENTS)
def test_every_event_in_every_state_does_what_figure_6_says(state: State, name: str) -> None:
    client = client_in(state)
    effects, after = TABLE[state, name]
    assert client.handle(EVENTS[name], 1.0) == effects
    assert client.state is after


def test_the_table_of_moves_names_every_state_and_no_way_out_of_the_last() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.TERMINATED] == frozenset()


def test_timer_e_doubles_up_to_4_seconds_until_timer_f() -> None:
    assert resends(client_in(State.TRYING)) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_after_a_provisional_answer_timer_e_goes_on_every_4_seconds() -> None:
    assert resends(client_in(State.PROCEEDING)) == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]


@pytest.mark.parametrize("state", [State.TRYING, State.PROCEEDING])
def test_timer_f_tells_of_silence_after_exactly_32_seconds(state: State) -> None:
    client = client_in(state, is_reliable=True)
    assert client.deadline == 32.0
    assert client.expire(31.999) == []
    assert client.expire(32.0) == [TimedOut()]
    assert client.is_over


def test_timer_k_takes_late_copies_of_the_answer_for_5_seconds() -> None:
    client = client_in(State.COMPLETED)
    assert client.deadline == 5.0
    assert client.handle(OK, 4.999) == []
    assert client.expire(4.999) == []
    assert client.expire(5.0) == []
    assert client.is_over


def test_timer_k_is_zero_over_a_reliable_transport() -> None:
    assert client_in(State.COMPLETED, is_reliable=True).deadline == 0.0
