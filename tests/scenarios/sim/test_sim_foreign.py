import asyncio
import threading

import pytest

from scenarios.sim.foreign import ForeignWork
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.stalled import StalledError


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenarios.sim.foreign.PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr("scenarios.sim.foreign.ANSWER_SECONDS_MAX", 0.03)


def questions(loop: VirtualLoop, work: ForeignWork, count: int) -> list[asyncio.Future[None]]:
    asked = [asyncio.Future(loop=loop) for _ in range(count)]
    for future in asked:
        work.ask(future)
    return asked


def answer(loop: VirtualLoop, work: ForeignWork, question: asyncio.Future[None]) -> asyncio.Handle:
    handle = asyncio.Handle(question.set_result, (None,), loop)
    work.deliver(handle, question.set_result, (None,))
    return handle


@pytest.fixture
def loop():
    made = VirtualLoop()
    yield made
    made.close()


def test_answers_are_taken_in_the_order_of_their_questions(loop: VirtualLoop) -> None:
    work = ForeignWork(lambda: False)
    one, two, three = questions(loop, work, 3)
    handles = [answer(loop, work, question) for question in (three, one, two)]
    assert [work.take() for _ in range(3)] == [handles[1], handles[2], handles[0]]
    assert (work.outstanding, work.take()) == (0, None)


def test_a_younger_answer_is_taken_when_the_oldest_keeps_everybody_waiting(loop: VirtualLoop, impatient: None) -> None:
    work = ForeignWork(lambda: False)
    _, younger, youngest = questions(loop, work, 3)
    last, first = answer(loop, work, youngest), answer(loop, work, younger)
    assert [work.take(), work.take()] == [first, last]
    assert work.outstanding == 1


def test_a_question_never_answered_is_an_error(loop: VirtualLoop, impatient: None) -> None:
    work = ForeignWork(lambda: False)
    questions(loop, work, 2)
    with pytest.raises(StalledError, match="2 questions"):
        work.take()


def test_a_call_nobody_asked_for_is_taken_before_the_answer_that_is_awaited(loop: VirtualLoop) -> None:
    work = ForeignWork(lambda: False)
    questions(loop, work, 1)
    handle = asyncio.Handle(print, (), loop)
    work.deliver(handle, print, ())
    assert work.take() is handle
    assert work.outstanding == 1


def test_waking_ends_the_wait_only_if_there_is_something_to_run(loop: VirtualLoop) -> None:
    awake = [False, True]
    work = ForeignWork(lambda: awake.pop(0))
    questions(loop, work, 1)
    work.wake()
    waker = threading.Timer(0.01, work.wake)
    waker.start()
    assert work.take() is None
    assert awake == []
    waker.join()
