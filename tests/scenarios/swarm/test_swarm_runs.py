"""Whole runs of the swarm: they repeat, they find nothing, and a failure can be made smaller."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ledger.money import Money
from rating import bill as billing
from rating.rounding import GRAINS_PER_MICRO
from scenarios.swarm import setting
from scenarios.swarm.many import run_many
from scenarios.swarm.run import run_plan
from scenarios.swarm.shrink import kinds, shrink
from scenarios.swarm.telling import tell_run
from scenarios.swarm.world import make_plan

PRINT_DIGEST = """
from scenarios.swarm.run import run_plan
from scenarios.swarm.world import make_plan
print(run_plan(make_plan({seed}, has_media={media})).digest)
"""


@pytest.mark.parametrize(("seed", "media"), [(1010, False), (1013, False), (920011, False), (950051, False), (5, True)])
def test_a_seed_is_the_same_run_every_time_and_in_every_process(seed: int, media: bool) -> None:
    once, again = (run_plan(make_plan(seed, has_media=media)) for _ in range(2))
    assert not once.faults
    assert once.digest == again.digest
    script = PRINT_DIGEST.format(seed=seed, media=media)
    environment = {**os.environ, "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0")}
    elsewhere = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert elsewhere.stdout.strip() == once.digest


def test_other_seeds_are_other_runs() -> None:
    assert run_plan(make_plan(1010, has_media=False)).digest != run_plan(make_plan(1011, has_media=False)).digest


def test_a_run_leaves_no_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(setting, "MEMORY", tmp_path)
    setting.empty_book.cache_clear()
    assert not run_plan(make_plan(1010, has_media=False)).faults
    assert not list(tmp_path.iterdir())


def test_a_handful_of_seeds_violates_nothing() -> None:
    outcomes = list(run_many(first=500, seeds=6, share=0.2, jobs=1, seconds=None))
    assert [outcome.seed for outcome in outcomes] == list(range(500, 506))
    assert [outcome.faults for outcome in outcomes] == [()] * 6
    assert sum(outcome.calls for outcome in outcomes) > 6


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(29, id="the answer to StartCall is lost"),
        pytest.param(397, id="two calls of one person at once"),
        pytest.param(20092, id="the clock goes back between two lives"),
        pytest.param(800066, id="a call that costs nothing, to be paid by card"),
        pytest.param(6009, id="a switch stops while its book fails, and its pid is gone"),
        pytest.param(6333, id="the clock goes back before an account was opened"),
        pytest.param(6367, id="a charge is not due by a clock that went back"),
        pytest.param(6044, id="a switch is to die twice at one instant"),
        pytest.param(930037, id="a switch dies that asked for a card on the family's line"),
        pytest.param(795964672, id="an INVITE is repeated as the switch begins to close"),
        pytest.param(7200248, id="a card is asked for in the book alone"),
        pytest.param(8000027, id="a third party is suspected on a call whose end is not stored"),
        pytest.param(8000642, id="a phone vanishes with two calls on the line"),
        pytest.param(8000783, id="a card is approved while the book is slow"),
        pytest.param(8011375, id="a third party is suspected between the last heartbeat and the death of the switch"),
        pytest.param(9101403, id="a third party is suspected where nobody heard that it rang"),
    ],
)
def test_seeds_that_failed_once_pass(seed: int) -> None:
    assert run_plan(make_plan(seed, has_media=False)).faults == ()


@pytest.mark.parametrize("seed", [pytest.param(8040618, id="a phone presses keys to the port of a switch that died")])
def test_seeds_with_media_that_failed_once_pass(seed: int) -> None:
    assert run_plan(make_plan(seed, has_media=True)).faults == ()


def test_a_failure_is_made_smaller_and_stays_the_same_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "money_of", lambda exact: Money(exact // GRAINS_PER_MICRO + 1))
    plan = make_plan(1003, has_media=False)
    wanted = kinds(run_plan(plan).faults)
    assert wanted
    dropped, smaller = shrink(plan, run_plan)
    assert dropped
    assert len(smaller.parts) < len(plan.parts)
    assert kinds(run_plan(smaller).faults) & wanted


def test_a_replay_shows_the_plan_the_ladders_and_the_verdict() -> None:
    lines, is_clean = tell_run(1010, media=0.0, without=())
    assert is_clean
    assert lines[0].startswith("seed 1010, without media")
    assert any("caller   switch   callee    book" in line for line in lines)
    assert "nothing was violated" in lines


def test_a_part_that_is_not_there_is_named() -> None:
    lines, is_clean = tell_run(1010, media=0.0, without=("call-99",))
    assert is_clean is None
    assert "there is no part 'call-99'" in lines[0]
