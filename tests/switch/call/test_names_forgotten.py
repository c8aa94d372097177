"""What was spoken for one call alone is not kept, even if the switch died that had the call."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.language.scenario import parse_scenario
from scenarios.play.run import Options, run_scenario
from scenarios.play.stage import Stage
from switch.call.names import name_of_call, name_of_person
from switch.directory.people import PersonId

TEXT = """scenario: the switch dies with a call
world: demo-6s
profile: {inside: {name: each-call, name_seconds: 2}}
script:
  - station 4-yard: {dials: "2125550123", pin: "4417", hears: say-name}
  - station 4-yard: {speaks: {tone: 500, for: 1s}}
  - family: {rings: true}
  - switch: {killed: true}
  - switch: {starts: true}
  - wait: 5s
after:
  record: {why: recovered}
"""


def test_the_next_switch_removes_what_was_spoken_for_a_call_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Path] = []
    kill_switch = Stage.kill_switch

    async def kill(stage: Stage) -> None:
        """Leave what the death of a process leaves; here every task is still cancelled in good order."""
        await kill_switch(stage)
        async with stage.book() as book:
            (call,) = await book.open_calls()
        names = stage.folder / "names"
        spoken = [name_of_call(call.call_id), f"{name_of_call(call.call_id)}.taken", name_of_person(PersonId("jordan"))]
        left.extend(names / f"{name}.wav" for name in spoken)
        for path in left:
            path.write_bytes(b"RIFF")

    monkeypatch.setattr(Stage, "kill_switch", kill)
    result = run_scenario(parse_scenario(TEXT, "one.yaml", Path()), Options(folder=tmp_path))
    assert result.is_passed, (result.fault, result.failures)
    assert [path.exists() for path in left] == [False, False, True]
