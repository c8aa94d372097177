"""The whole library, each file as it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from scenarios.language.scenario import load_scenario
from scenarios.play.many import find_files
from scenarios.play.run import Options, run_scenario

LIBRARY: Final = Path(__file__).parents[3] / "scenarios" / "library"
FILES: Final = sorted(find_files([LIBRARY]))

SEED_OTHER: Final = 4
"""Not the seed the files were written with: what they say holds for any."""


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(LIBRARY).with_suffix("")) for file in FILES])
def test_a_scenario_of_the_library_passes(file: Path) -> None:
    result = run_scenario(load_scenario(file), Options(seed=SEED_OTHER))
    assert result.fault == "", result.scenario
    assert result.is_passed


def test_no_two_scenarios_have_one_name() -> None:
    names = [load_scenario(file).name for file in FILES]
    assert len(set(names)) == len(names)
