import asyncio
import threading
import time
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from scenarios.sim.loop import VirtualLoop
from scenarios.sim.stalled import StalledError


def run(coroutine, **options):
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(**options)) as runner:
        return runner.run(coroutine)


async def test_an_hour_of_waiting_takes_no_real_time() -> None:
    started = time.monotonic()
    await asyncio.sleep(3600)
    assert asyncio.get_running_loop().time() == 3600
    assert time.monotonic() - started < 1


async def test_time_stops_exactly_at_each_timer() -> None:
    loop = asyncio.get_running_loop()
    instants: list[float] = []
    for when in (0.1, 0.3, 0.7, 1e6 + 0.1):
        loop.call_at(when, lambda: instants.append(loop.time()))
    await asyncio.sleep(2e6)
    assert instants == [0.1, 0.3, 0.7, 1e6 + 0.1]


async def test_timers_of_the_same_instant_fire_in_the_order_they_were_set() -> None:
    fired: list[int] = []
    for number in range(100):
        asyncio.get_running_loop().call_at(1.0, fired.append, number)
    await asyncio.sleep(2)
    assert fired == list(range(100))


async def test_time_stands_still_while_anything_is_ready() -> None:
    asyncio.get_running_loop().call_later(0.001, pytest.fail, "the timer came first")
    for _ in range(1000):
        await asyncio.sleep(0)
    assert asyncio.get_running_loop().time() == 0


def test_a_loop_where_nothing_can_happen_names_who_waits() -> None:
    async def forgotten() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        waiting = asyncio.create_task(forgotten(), name="the forgotten one")
        await waiting

    with pytest.raises(StalledError, match=r"the forgotten one: .*forgotten .*Event\.wait"):
        run(main())


def test_a_periodic_timer_cannot_hide_a_stall_beyond_the_limit() -> None:
    async def tick() -> None:
        while True:
            await asyncio.sleep(0.02)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(tick())
            await asyncio.Event().wait()

    with pytest.raises(StalledError, match=r"would pass 60\.000 s"):
        run(main(), limit=60.0)


def test_coroutines_that_wake_each_other_for_ever_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenarios.sim.loop.ROUNDS_STANDING_MAX", 10_000)

    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(StalledError, match="time stands still"):
        run(main())


async def test_a_question_answered_by_a_method_of_its_future_is_foreign_work_too() -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(0.001, lambda: None)
    namespace = {"__name__": "aiosqlite.core", "loop": loop}
    exec("answer = loop.create_future()", namespace)
    answer = namespace["answer"]
    thread = threading.Thread(target=lambda: (time.sleep(0.02), loop.call_soon_threadsafe(answer.set_result, 7)))
    thread.start()
    assert await answer == 7
    assert loop.time() == 0
    thread.join()


async def test_a_question_cancelled_while_asked_still_holds_time(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with aiosqlite.connect(tmp_path / "book.sqlite") as book:
        await book.create_function("dawdle", 0, lambda: time.sleep(0.05))
        asking = asyncio.create_task(book.execute_fetchall("select dawdle()"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        started = time.monotonic()
        await asyncio.sleep(1)
        assert time.monotonic() - started > 0.03
    assert asking.cancelled()
    assert loop.time() == 1


def test_an_error_in_a_callback_ends_the_run() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(1, lambda: 1 / 0)
        await asyncio.sleep(2)

    with pytest.raises(ZeroDivisionError):
        run(main())


def test_whoever_sets_an_exception_handler_hears_of_errors_instead() -> None:
    heard: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: heard.append(context["exception"]))
        loop.call_later(1, lambda: 1 / 0)
        await asyncio.sleep(2)

    run(main())
    assert [type(error) for error in heard] == [ZeroDivisionError]


def test_the_timeout_of_a_test_is_not_swallowed_by_a_callback() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: None)
        loop.call_later(1, pytest.fail, "the time is over")
        await asyncio.sleep(2)

    with pytest.raises(pytest.fail.Exception, match="time is over"):
        run(main())


def test_the_message_of_a_stall_stays_readable_with_a_crowd() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(asyncio.Event().wait(), name=f"waiter {number}")

    with pytest.raises(StalledError, match=r"and 31 more"):
        run(main())


async def test_time_waits_for_the_database(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(0.001, lambda: None)
    async with aiosqlite.connect(tmp_path / "book.sqlite") as book:
        await book.execute("create table t (x)")
        for number in range(20):
            await book.execute("insert into t values (?)", (number,))
        await book.commit()
        rows = await book.execute_fetchall("select count(*) from t")
    assert list(rows) == [(20,)]
    assert loop.time() == 0


async def test_answers_come_in_the_order_they_were_asked_however_long_they_take(tmp_path: Path) -> None:
    order: list[int] = []

    async def ask(number: int, delay: float) -> None:
        async with aiosqlite.connect(tmp_path / f"{number}.sqlite") as book:
            await book.create_function("dawdle", 0, lambda: time.sleep(delay))
            await book.execute("select dawdle()")
            order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(ask(number, (6 - number) * 0.004))
    assert order == [0, 1, 2, 3, 4, 5]


async def test_a_lock_held_by_a_younger_question_does_not_deadlock(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite"
    async with aiosqlite.connect(path) as one, aiosqlite.connect(path) as other:
        await one.execute("create table t (x)")
        await one.commit()
        await other.execute("begin immediate")

        async def write() -> None:
            await one.execute("insert into t values (1)")
            await one.commit()

        async def release() -> None:
            await other.execute("insert into t values (2)")
            await other.commit()

        async with asyncio.TaskGroup() as group:
            group.create_task(write())
            group.create_task(release())
        assert list(await one.execute_fetchall("select count(*) from t")) == [(2,)]


async def test_an_engine_of_sqlalchemy_works_and_closes_on_virtual_time(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'book.sqlite'}")
    try:
        async with engine.begin() as connection:
            await connection.execute(text("create table t (x)"))
            await connection.execute(text("insert into t values (7)"))
        async with asyncio.timeout(0.001), engine.connect() as connection:
            assert (await connection.execute(text("select x from t"))).scalar_one() == 7
    finally:
        await engine.dispose()
    assert asyncio.get_running_loop().time() == 0


async def test_time_waits_for_executors() -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(0.001, lambda: None)
    names = await asyncio.gather(*(asyncio.to_thread(threading.current_thread) for _ in range(8)))
    assert threading.main_thread() not in names
    assert loop.time() == 0
    with pytest.raises(ZeroDivisionError):
        await loop.run_in_executor(None, lambda: 1 / 0)


async def test_a_thread_may_call_back_into_the_loop_and_wait() -> None:
    loop = asyncio.get_running_loop()

    async def later() -> float:
        return loop.time()

    assert await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(later(), loop).result(5)) == 0


def test_sets_of_tasks_iterate_alike_in_every_run() -> None:
    async def main() -> list[str]:
        ended: list[str] = []

        async def member(name: str) -> None:
            try:
                await asyncio.sleep(10)
            finally:
                ended.append(name)

        async def fail() -> None:
            await asyncio.sleep(1)
            raise LookupError

        try:
            async with asyncio.TaskGroup() as group:
                for number in range(50):
                    group.create_task(member(f"m{number}"))
                group.create_task(fail())
        except* LookupError:
            pass
        return ended

    ballast = [object() for _ in range(7777)]  # moves the addresses of the second run
    first = run(main())
    ballast.clear()
    assert first == run(main())
    assert len(first) == 50


async def test_a_signal_reaches_its_handler_when_raised_by_the_test() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    stop = asyncio.Event()
    loop.add_signal_handler(15, stop.set)
    loop.raise_signal(15)
    await stop.wait()
    assert loop.remove_signal_handler(15)
    with pytest.raises(KeyError):
        loop.raise_signal(15)


@pytest.mark.realtime
async def test_a_realtime_test_runs_on_a_real_loop() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)


async def test_cancelled_timers_do_not_pile_up() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    for _ in range(1000):
        loop.call_later(3600, print).cancel()
        await asyncio.sleep(0)
    assert len(loop._timers) <= 110
