"""The command line over the plan."""

from pathlib import Path

import pytest

from scenarios.load.arrivals import Stage
from scenarios.load.command import WRONG_PLAN, Options, plan_of, run_load
from scenarios.load.plan_file import PlanError

PLAN = """
load: calls
stages: [{from: 1/s, to: 30/s, for: 10s}, {rate: 30/s, for: 20s}]
mix: [{behaviour: bridge, dials: service}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def test_without_options_the_plan_counts_and_only_the_target_comes_from_outside(file: Path) -> None:
    plan, target = plan_of(Options(file, target="127.0.0.1:5070"))
    assert plan.shape == (Stage(1, 30, 10), Stage(30, 30, 20))
    assert target == ("127.0.0.1", 5070)


@pytest.mark.parametrize(
    ("rate", "duration", "stage"),
    [("5/s", None, Stage(5, 5, 30)), (None, "2m", Stage(30, 30, 120)), ("60/min", "10s", Stage(1, 1, 10))],
)
def test_rate_and_time_of_the_command_line_make_one_stage(
    file: Path, rate: str | None, duration: str | None, stage: Stage
) -> None:
    plan, _ = plan_of(Options(file, rate=rate, duration=duration, target="127.0.0.1:5070"))
    assert plan.shape == (stage,)


def test_media_and_seed_of_the_command_line_replace_those_of_the_plan(file: Path) -> None:
    plan, _ = plan_of(Options(file, target="127.0.0.1:5070", has_media=False, seed=9))
    assert (plan.media, plan.seed) == (False, 9)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "target: is missing; give --target"),
        ({"target": "nowhere"}, "address:port"),
        ({"target": "127.0.0.1:5070", "rate": "fast"}, "is not a rate"),
        ({"target": "127.0.0.1:5070", "duration": "0s"}, "longer than nothing"),
    ],
)
def test_a_wrong_option_is_told_and_exits_with_2(
    file: Path, changes: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = Options(file, **changes)  # type: ignore[arg-type]
    with pytest.raises(PlanError, match=told):
        plan_of(options)
    assert run_load(options) == WRONG_PLAN


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"absent\.yaml: cannot be read"):
        plan_of(Options(tmp_path / "absent.yaml"))
