"""`payphone run`: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from scenarios.play.many import NoScenarioError, find_files
from scenarios.play.result import KeyPressed, Verdict, facts
from scenarios.run.command import FAILED, PASSED, WRONG, Wanted, run_command

PASSING = "scenario: passes\nworld: demo-6s\nscript:\n  - wait: 1s\n"
FAILING = "scenario: fails\nworld: demo-6s\nscript:\n  - family: {rings: true, within: 1s}\n"
CALLED = """scenario: calls
world: demo-6s
script:
  - station 4-yard: {dials: 2125550126, pin: 4417, released: true}
after: {record: {why: busy}}
"""
BROKEN = "scenario: broken\nworld: demo-6s\nscript:\n  - famly: {rings: true}\n"


def run(*paths: Path, **wanted: Path) -> tuple[int, str]:
    shown = io.StringIO()
    code = run_command(Wanted(paths=paths, jobs=1, **wanted), Console(file=shown, width=200))  # type: ignore[arg-type]
    return code, shown.getvalue()


def write(folder: Path, **texts: str) -> list[Path]:
    paths = [folder / f"{name}.yaml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    return paths


def test_all_passed_is_0(tmp_path: Path) -> None:
    write(tmp_path, one=PASSING)
    code, shown = run(tmp_path)
    assert code == PASSED
    assert "passed  passes (34.0 s in" in shown
    assert "1 of 1 scenarios passed" in shown


def test_one_failed_is_1_and_tells_what_was_found(tmp_path: Path) -> None:
    write(tmp_path, one=PASSING, two=FAILING)
    code, shown = run(tmp_path)
    assert code == FAILED
    assert "two.yaml:4: family: {rings: true, within: 1s}" in shown
    assert "found: family has no call" in shown


def test_a_failing_call_shows_its_ladder(tmp_path: Path) -> None:
    write(tmp_path, one=CALLED)
    code, shown = run(tmp_path)
    assert code == FAILED
    assert "denied: cell-phone" in shown


def test_a_wrong_file_is_2_and_the_others_still_run(tmp_path: Path) -> None:
    write(tmp_path, one=BROKEN, two=PASSING)
    code, shown = run(tmp_path)
    assert code == WRONG
    assert "one.yaml:4: famly: nobody is called so; did you mean `family`?" in shown
    assert "passed  passes" in shown


def test_a_path_without_scenarios_is_2(tmp_path: Path) -> None:
    code, shown = run(tmp_path)
    assert code == WRONG
    assert "has no scenario" in shown


def test_junit_has_a_case_for_each(tmp_path: Path) -> None:
    write(tmp_path, one=PASSING, three=BROKEN, two=FAILING)
    run(tmp_path, junit=tmp_path / "out.xml")
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    assert [case.get("name") for case in suite] == ["passes", "three", "fails"] or len(suite) == 3
    failure = suite.find(".//failure")
    assert failure is not None
    assert "family has no call" in (failure.get("message") or "")


def test_json_has_every_result(tmp_path: Path) -> None:
    write(tmp_path, one=PASSING, two=FAILING)
    run(tmp_path, json=tmp_path / "out" / "all.json")
    results = json.loads((tmp_path / "out" / "all.json").read_text())
    assert [result["verdict"] for result in results] == ["passed", "failed"]
    assert results[1]["expectations"][0]["found"] == "family has no call"


def test_files_are_found_once_and_in_order(tmp_path: Path) -> None:
    one, two = write(tmp_path, b=PASSING, a=PASSING)
    (tmp_path / "notes.txt").write_text("")
    assert find_files([one, tmp_path]) == [one, two]
    with pytest.raises(NoScenarioError, match="there is no"):
        find_files([tmp_path / "none.yaml"])


def test_facts_are_what_json_can_say() -> None:
    assert facts([KeyPressed(1.23456789, "5"), Verdict.PASSED, {"a": (1, None)}]) == [
        {"at": 1.234568, "key": "5"},
        "passed",
        {"a": [1, None]},
    ]
