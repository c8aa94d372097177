"""A paid call killed at every commit point and every await around its money, and its recovery as well.

`payphone crashes` kills at all points of all cases; here are those of one call at the instants at which money moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Self

import pytest

from ledger.money import Money
from scenarios.swarm.cases import CASES, PRICES, TALK_SECONDS
from scenarios.swarm.crashes import Verdict, run_crash
from scenarios.swarm.every import around_money, firsts, run_every
from scenarios.swarm.points import Kind, Point
from switch.app import chores as switches
from switch.call import recovery
from switch.call.desk import CallDesk

CALL = CASES["cut"]
KINDS = frozenset({Kind.STEP, Kind.SEND, Kind.COMMIT, Kind.COMMITTED})
"""Statements in the middle of a transaction are left to the command: whatever was done before them is undone."""
SHARDS = 8
"""So many tests share the points, that processes may share the tests."""
IN_TALK = 11.5
"""An instant of the talk at which nothing happens."""


@lru_cache(maxsize=1)
def the_call() -> Verdict:
    return run_crash(CALL, ())


def in_talk() -> int:
    return next(point.number for point in the_call().points if point.at >= IN_TALK)


@lru_cache(maxsize=1)
def recovery_points() -> tuple[Point, ...]:
    return run_crash(CALL, (in_talk(),)).points


def test_the_points_of_a_call_are_the_same_every_time_and_of_every_kind() -> None:
    again = run_crash(CALL, ())
    assert again.digest == the_call().digest
    assert [(point.number, str(point)) for point in again.points] == [
        (point.number, str(point)) for point in the_call().points
    ]
    assert {point.kind for point in again.points} == set(Kind)
    assert [point.number for point in again.points] == list(range(1, len(again.points) + 1))
    # The begin, the admission, the answer, the acceptance, a slice every five seconds, the end.
    assert len(firsts(again.points)) == len(("begin", "hold", "admission", "answer", "acceptance", 5, 10, 15, "end"))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_call_killed_at_any_await_or_commit_around_its_money_is_settled_to_the_micro(shard: int) -> None:
    points = around_money(the_call().points, KINDS)[shard::SHARDS]
    assert len(points) > 10
    assert {number: run_crash(CALL, (number,)).faults for number in points} == dict.fromkeys(points, ())


@pytest.mark.parametrize("shard", range(SHARDS // 4))
def test_a_recovery_killed_at_any_await_or_commit_is_finished_by_the_next(shard: int) -> None:
    points = recovery_points()
    settling = next(point.number for point in points if point.is_money) - 1
    numbers = [number for number in around_money(points, KINDS) if number >= settling][shard :: SHARDS // 4]
    assert len(numbers) > 10
    first = in_talk()
    assert {number: run_crash(CALL, (first, number)).faults for number in numbers} == dict.fromkeys(numbers, ())


@pytest.mark.parametrize("case", CASES)
def test_a_call_of_every_case_is_settled_when_it_dies_right_after_its_end_is_stored(case: str) -> None:
    counted = run_crash(CASES[case], ())
    assert counted.faults == ()
    last = firsts(counted.points)[-1]
    assert {number: run_crash(CASES[case], (number,)).faults for number in (last - 1, last)} == {last - 1: (), last: ()}


def test_a_death_is_told_with_its_place_and_what_it_cost() -> None:
    verdict = run_crash(CALL, (in_talk(),))
    assert verdict.faults == ()
    assert verdict.struck[0].startswith(("11.5", "12.0"))
    assert 0 <= verdict.lost[0] <= 1


def test_a_point_that_never_comes_is_a_fault() -> None:
    verdict = run_crash(CALL, (10_000,))
    assert "TimeoutError" in verdict.faults[0]


def test_every_death_of_a_case_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Here:
        """A pool of this process alone."""

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_exc: object) -> None:
            return None

        def imap(self, _run: object, tasks: list[tuple[str, tuple[int, ...]]], *, chunksize: int) -> list[Verdict]:
            assert chunksize
            return [
                Verdict(case, deaths, ("x",) if deaths == (7, 2) else (), (), lost=(0.5,)) for case, deaths in tasks
            ]

    class Context:
        def Pool(self, *_args: object, **_options: object) -> Here:  # noqa: N802 - of `multiprocessing`
            return Here()

    monkeypatch.setattr("multiprocessing.get_context", lambda _way: Context())
    points = tuple(Point(number, Kind.STEP, 0.0, "", set()) for number in range(1, 7))
    points += (Point(7, Kind.COMMITTED, 0.0, "", {"holds"}),)
    monkeypatch.setattr(
        "scenarios.swarm.every.run_crash",
        lambda case, deaths: Verdict(case.name, deaths, (), points[:3] if deaths else points),
    )
    *_, tally = run_every("cut", jobs=1, is_twice=True)
    assert (tally.points, tally.runs, tally.second_runs, tally.lost_max) == (7, 7, 3, 0.5)
    assert [verdict.deaths for verdict in tally.failed] == [(7, 2)]
    *_, once = run_every("cut", jobs=1, is_twice=False)
    assert (once.runs, once.second_runs) == (7, 0)


def charge_to_the_restart(patch: pytest.MonkeyPatch) -> None:
    """The talk is charged until somebody settles it."""
    settle = recovery.settle

    def late(call: object, process: recovery.Process, held: Money) -> object:
        return settle(call, replace(process, beat_at=process.beat_at + recovery.timedelta(seconds=3)), held)  # type: ignore[arg-type]

    patch.setattr(recovery, "settle", late)


def charge_nothing(patch: pytest.MonkeyPatch) -> None:
    """What a crash interrupted is given away."""
    settle = recovery.settle

    def free(call: recovery.OpenCall, process: recovery.Process, _held: Money) -> object:
        return settle(replace(call, accepted_at=None), process, Money(0))

    patch.setattr(recovery, "settle", free)


def forget_the_acceptance(patch: pytest.MonkeyPatch) -> None:
    """That the call was accepted is kept in memory alone."""

    async def store(_desk: CallDesk) -> None:
        return None

    patch.setattr(CallDesk, "_store_acceptance", store)


def release_nobody(patch: pytest.MonkeyPatch) -> None:
    """Nobody hears that the call is over."""
    patch.setattr(switches._Release, "__call__", lambda _release, _snapshot: None)


def settle_nothing(patch: pytest.MonkeyPatch) -> None:
    """What the dead left open stays open."""
    patch.setattr(recovery, "dead", lambda *_args: ())


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (charge_to_the_restart, "and must"),
        (charge_nothing, "and must"),
        (forget_the_acceptance, "was accepted"),
        (release_nobody, "nobody told"),
        (settle_nothing, "left open"),
    ],
)
def test_a_fault_of_the_recovery_is_seen(
    break_it: Callable[[pytest.MonkeyPatch], None], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = in_talk()
    break_it(monkeypatch)
    assert any(words in fault for fault in run_crash(CALL, (number,)).faults)


def test_the_call_costs_what_its_talk_costs() -> None:
    assert CALL.plan.numbers[0].advancepay == PRICES.of(TALK_SECONDS)
