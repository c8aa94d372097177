"""Audio in leaps: the same scenario frame by frame has the same datagrams, words, money and recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scenarios.language.scenario import load_scenario
from scenarios.play import api, leaping
from scenarios.play.result import Result
from scenarios.play.run import Options, run_scenario
from scenarios.sim.loop import VirtualLoop
from scenarios.swarm import run as swarm
from scenarios.swarm.world import make_plan

LIBRARY = Path("scenarios/library")
SCENARIOS = (
    "outside/price-then-accepted.yaml",
    "crash/killed-as-they-talk.yaml",
    "flows/re-invite-hold.yaml",
    "inside/music-while-waiting.yaml",
    "flows/codecs-differ.yaml",
    "network/delay.yaml",
    "network/only-ends-of-keys-arrive.yaml",
    "network/ends-of-keys-never-arrive.yaml",
    "outside/keys-in-the-talk-block-nobody.yaml",
)


def leave_to_timers(_loop: VirtualLoop) -> None:
    """Leap nowhere."""


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steps of each leap made."""
    made: list[int] = []
    land = leaping.InProcessDriver.land

    def count(driver: leaping.InProcessDriver, leap: leaping.Leap, arrived: list[object]) -> None:
        made.append(leap.steps)
        land(driver, leap, arrived)  # type: ignore[arg-type]

    monkeypatch.setattr(leaping.InProcessDriver, "land", count)
    return made


def played(name: str, folder: Path) -> tuple[Result, dict[str, bytes]]:
    result = run_scenario(load_scenario(LIBRARY / name), Options(folder=folder, seed=5))
    tapes = {path.name: path.read_bytes() for path in sorted(folder.rglob("recordings/*"))}
    return replace(result, real_seconds=0.0, folder=""), tapes


@pytest.mark.parametrize("name", SCENARIOS)
def test_leaps_change_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frames: list[int]) -> None:
    leapt = played(name, tmp_path / "leaping")
    assert sum(frames) > 50
    monkeypatch.setattr(api, "leap_audio", leave_to_timers)
    frames.clear()
    assert played(name, tmp_path / "stepping") == leapt
    assert not frames


@pytest.mark.parametrize("seed", [3, 8])
def test_leaps_change_nothing_of_random_worlds(seed: int, monkeypatch: pytest.MonkeyPatch, frames: list[int]) -> None:
    stepped = swarm.run_plan(make_plan(seed, has_media=True))
    assert not frames, "the swarm goes frame by frame"
    monkeypatch.setattr(swarm, "VirtualLoop", leaping_loop)
    assert swarm.run_plan(make_plan(seed, has_media=True)).digest == stepped.digest
    assert frames


def leaping_loop(*args: object, **kwargs: object) -> VirtualLoop:
    make: Callable[..., VirtualLoop] = VirtualLoop
    loop = make(*args, **kwargs)
    leaping.leap_audio(loop)
    return loop
