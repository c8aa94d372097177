"""The library in other hands: the people of its scenarios use baresip, which shares no line with the switch.

All of them are played by one command, several at a time, as a user plays them.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from scenarios.language.scenario import load_scenario
from scenarios.play.many import find_files
from scenarios.play.run import Options, run_scenario
from scenarios.play.softphones import Phones, unfit
from tests.live.programs import program
from tests.live.serving import PAYPHONE

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

LIBRARY: Final = Path(__file__).parents[2] / "scenarios" / "library"
FILES: Final = [file for file in find_files([LIBRARY]) if "\nsoftphones: true\n" in file.read_text(encoding="utf-8")]

RUN_SECONDS: Final = 800.0
"""Two minutes and a half on two idle cores; far more beside a parallel run."""

RULES: Final = {
    *(f"S1-{number}" for number in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17)),
    *(f"S2-{number}" for number in (5, 6)),
    *(f"S3-{number}" for number in (2, 3, 4, 5, 6, 8, 10, 11, 12, 13)),
}
"""Rules that show at a telephone, within a minute or so of real time."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of each file. One that failed among others is played again, alone: real time may have been short."""
    program("baresip", "baresip-core")
    folder = tmp_path_factory.mktemp("softphones")
    found = played(folder, *map(str, FILES))
    again = [file for file, result in found.items() if result["verdict"] == "failed"]
    return found | (played(folder, "--jobs", "1", *again) if again else {})


def played(folder: Path, *words: str) -> dict[str, dict[str, Any]]:
    """Run the command, and read what it writes."""
    ended = subprocess.run(
        [PAYPHONE, "run", "--live", "--phones", "baresip", "--json", "results.json", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert ended.returncode in {0, 1}, ended.stdout.decode()[-4000:] + ended.stderr.decode()[-4000:]
    return {each["file"]: each for each in json.loads((folder / "results.json").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(LIBRARY).with_suffix("")) for file in FILES])
def test_a_scenario_passes_with_foreign_softphones(file: Path, results: dict[str, dict[str, Any]]) -> None:
    result = results[str(file)]
    assert result["verdict"] == "passed", result["fault"]


def test_the_rules_that_show_at_a_telephone_are_shown_by_foreign_ones() -> None:
    shown = {rule for file in FILES for rule in load_scenario(file).header.rules}
    assert shown >= RULES, sorted(RULES - shown)


def test_what_says_it_is_for_softphones_asks_nothing_of_them_that_they_cannot_do() -> None:
    assert [mistake for file in FILES for mistake in unfit(load_scenario(file))] == []


def test_without_baresip_the_command_says_what_to_install(tmp_path: Path) -> None:
    ended = subprocess.run(
        [PAYPHONE, "run", "--live", "--phones", "baresip", str(FILES[0])],
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert b"apt-get install baresip-core" in ended.stdout


REGISTERING = """scenario: registering
world: per-second
softphones: true
telephones: {family: {registered: false}, cell: {registered: false, password: guessed}}
script:
  - family: {registers: true}
  - cell: {registers in vain: 403}
  - family: {unregisters: true}
  - station 4-yard: {dials: "2125550123", pin: "4417", hears: reason/unreachable, released: true}
  - family: {registers: true}
  - station 4-yard: {dials: "2125550123", pin: "4417"}
  - family: {rings: true}
  - station 4-yard: {gives up: true}
  - family: {released: true}
after:
  records: [{why: unreachable}, {why: gave-up, rang: true}]
  messages: {CANCEL to family: 1}
"""


def test_a_softphone_registers_in_vain_and_rightly_and_no_more(tmp_path: Path) -> None:
    program("baresip", "baresip-core")
    file = tmp_path / "registering.yaml"
    file.write_text(REGISTERING, encoding="utf-8")
    result = run_scenario(load_scenario(file), Options(is_live=True, phones=Phones.BARESIP))
    assert result.fault == ""
