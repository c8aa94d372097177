"""The whole library, each file as it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest

from scenarios.language.scenario import load_scenario
from scenarios.play.many import find_files
from scenarios.play.run import Options, run_scenario
from scenarios.play.setting import prepare
from tests.support.recognised import RECOGNISED, judge
from tests.support.said import noting_said

LIBRARY: Final = Path(__file__).parents[3] / "scenarios" / "library"
FILES: Final = sorted(find_files([LIBRARY]))

SEED_OTHER: Final = 4
"""Not the seed the files were written with: what they say holds for any."""


LOSS_MAX: Final = 0.02
"""Up to this share of lost packets every clip must be recognised."""


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(LIBRARY).with_suffix("")) for file in FILES])
def test_a_scenario_of_the_library_passes_and_what_is_said_is_heard(
    file: Path, record_property: Callable[[str, object], None]
) -> None:
    scenario = load_scenario(file)
    setting = prepare(scenario, is_live=False)
    with noting_said() as said:
        result = run_scenario(scenario, Options(seed=SEED_OTHER, is_telling_all=True))
    assert result.fault == "", result.scenario
    assert result.is_passed
    hosts = {name: telephone.line.host for name, telephone in setting.telephones.items()}
    is_lossy = any((link.loss or 0) > LOSS_MAX for link in scenario.header.network.values())
    count = judge(result.calls, said, hosts, setting.ears.library, is_lossy=is_lossy)
    record_property(RECOGNISED, asdict(count))
    assert count.faults == []


def test_no_two_scenarios_have_one_name() -> None:
    names = [load_scenario(file).name for file in FILES]
    assert len(set(names)) == len(names)
