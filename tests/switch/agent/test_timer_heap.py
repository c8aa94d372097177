from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.sim.loop import VirtualLoop
from switch.agent.timers import TimerHeap


@dataclass
class Alarm:
    """Fires at each of its times in turn."""

    times: list[float]
    fired: list[float] = field(default_factory=list)
    scheduled_at: float | None = None

    @property
    def deadline(self) -> float | None:
        return self.times[0] if self.times else None

    def fire(self, now: float) -> None:
        self.fired.append(now)
        self.times.pop(0)


async def test_a_deadline_that_moves_earlier_fires_earlier() -> None:
    heap, alarm = TimerHeap(asyncio.get_running_loop()), Alarm([10.0])
    heap.watch(alarm)
    alarm.times = [1.0]
    heap.watch(alarm)
    await asyncio.sleep(20)
    assert alarm.fired == [1.0]


async def test_a_deadline_that_moves_later_fires_later_and_once() -> None:
    heap, alarm = TimerHeap(asyncio.get_running_loop()), Alarm([1.0])
    heap.watch(alarm)
    alarm.times = [10.0]
    await asyncio.sleep(20)
    assert alarm.fired == [10.0]


async def test_a_deadline_that_is_given_up_never_fires() -> None:
    heap, alarm = TimerHeap(asyncio.get_running_loop()), Alarm([1.0])
    heap.watch(alarm)
    alarm.times = []
    await asyncio.sleep(20)
    assert alarm.fired == []


async def test_after_close_nothing_fires() -> None:
    heap, alarm = TimerHeap(asyncio.get_running_loop()), Alarm([1.0])
    heap.watch(alarm)
    heap.close()
    await asyncio.sleep(20)
    assert alarm.fired == []


async def test_a_broken_machine_that_stays_due_does_not_stop_the_others() -> None:
    heap, good = TimerHeap(asyncio.get_running_loop()), Alarm([2.0])
    broken = Alarm([1.0])
    broken.fire = broken.fired.append  # type: ignore[method-assign]
    heap.watch(broken)
    heap.watch(good)
    await asyncio.sleep(20)
    assert broken.fired == [1.0]
    assert good.fired == [2.0]


@settings(max_examples=50, deadline=None)
@given(plans=st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=4, unique=True), min_size=1, max_size=8))
def test_every_deadline_fires_once_at_its_time(plans: list[list[int]]) -> None:
    async def play() -> None:
        heap = TimerHeap(asyncio.get_running_loop())
        alarms = [Alarm([float(at) for at in sorted(plan)]) for plan in plans]
        for alarm in alarms:
            heap.watch(alarm)
        await asyncio.sleep(60)
        assert [alarm.fired for alarm in alarms] == [sorted(plan) for plan in plans]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(play())
