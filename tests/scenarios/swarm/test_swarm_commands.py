"""The commands `swarm` and `replay`: what they print, and how they exit."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from scenarios.swarm import many
from scenarios.swarm.cli import register
from scenarios.swarm.plan import Plan
from scenarios.swarm.run import Outcome


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("PYTHONHASHSEED", "0")  # or the commands would start this process anew
    app = typer.Typer()
    register(app)
    return app


def test_seeds_that_pass_exit_with_nought_and_are_counted(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["swarm", "--first", "1010", "--seeds", "2", "--media", "0", "--jobs", "1"])
    assert result.exit_code == 0
    first, last = result.output.splitlines()
    assert first == "first seed 1010"
    assert last.startswith("2 seeds from 1010, 0 of them with media: 0 failed; ")


def test_time_that_is_over_ends_a_run_but_not_before_the_least_seeds(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "run_plan", lambda plan: Outcome(plan.seed, (), "", 60.0, 1, 0))
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(many.time, "monotonic", lambda: float(next(clock)))
    arguments = ["swarm", "--first", "7", "--for", "5", "--least", "3", "--jobs", "1", "--media", "0"]
    result = CliRunner().invoke(app, arguments)
    assert result.output.splitlines()[-1].startswith("3 seeds from 7, ")


def test_a_failing_seed_is_told_with_its_replay_and_exits_with_one(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(plan: Plan) -> Outcome:
        faults = ("money: lost", "audit: torn") if plan.seed == 8 else ()
        return Outcome(plan.seed, faults, "", 60.0, 1, 0)

    monkeypatch.setattr(many, "run_plan", fail)
    arguments = ["swarm", "--first", "7", "--seeds", "3", "--media", "0", "--jobs", "1", "--no-shrink"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert result.output.splitlines()[1:3] == [
        "seed 8: money: lost (and 1 more)",
        "  payphone replay 8 --media 0.0",
    ]


@pytest.mark.parametrize(("without", "code"), [([], 0), (["--without", "call-99"], 2)])
def test_a_replay_exits_by_its_verdict(app: typer.Typer, without: list[str], code: int) -> None:
    assert CliRunner().invoke(app, ["replay", "1010", "--media", "0", *without]).exit_code == code
