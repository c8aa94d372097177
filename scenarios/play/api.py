"""Scenarios in Python: the verbs of the language for programs and tests.

    async def two_people() -> None:
        async with playing("demo-6s", accounts={"+12125550123": {"advancepay": "1"}}) as stage:
            caller, family = stage.actor("station 4-yard"), stage.actor("family")
            await caller.dials("2125550123")
            await caller.presses("4417")
            await family.rings(3)
            await family.answers()
            await family.presses("5")
            await family.hangs_up()
            record = await stage.record()

    run_virtual(two_people())

What a file says above its script stands as keywords of `playing`.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from scenarios.language.complaints import told_mistakes
from scenarios.language.scenario import Header, Scenario
from scenarios.language.source import ScenarioError, Source
from scenarios.play.leaping import leap_audio
from scenarios.play.setting import Setting, prepare
from scenarios.play.stage import Stage, staged
from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network

LIMIT: Final = 7200.0
"""Virtual seconds after which a program counts as hung: two hours."""

T = TypeVar("T")


def virtual_loop(seed: int, *, limit: float = LIMIT) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes a loop of virtual time over a simulated network of this seed."""

    def make() -> VirtualLoop:
        loop = VirtualLoop(Network(random.Random(seed)), limit=limit)
        leap_audio(loop)
        return loop

    return make


def run_virtual(work: Coroutine[Any, Any, T], *, seed: int = 1) -> T:
    """Run a program in virtual time.

    Raises:
        StalledError: Nothing in it can ever happen again.
    """
    with asyncio.Runner(loop_factory=virtual_loop(seed)) as runner:
        return runner.run(work)


def setting_of(world: str, *, name: str, base: Path, is_live: bool = False, **header: Any) -> Setting:
    """A world with the amendments a file would have above its script; words with `_` for spaces.

    Raises:
        ScenarioError: With every mistake found.
    """
    values: dict[str, Any] = {"scenario": name, "world": world, "live": is_live, "script": [], **header}
    source = Source(name, values)
    try:
        model = Header.model_validate(values)
    except ValidationError as error:
        raise ScenarioError(tuple(told_mistakes(error, Header, values, (), source))) from error
    return prepare(Scenario(name, base, model, (), source), is_live=is_live)


@asynccontextmanager
async def playing(
    world: str, *, seed: int = 1, folder: Path | None = None, name: str = "python", **header: Any
) -> AsyncIterator[Stage]:
    """A stage with everybody on it, on the running loop: virtual time if that is a `VirtualLoop`, else real.

    Raises:
        ScenarioError: The world or an amendment has mistakes.
        StageError: The switch cannot start.
    """
    is_live = not isinstance(asyncio.get_running_loop(), VirtualLoop)
    setting = setting_of(world, name=name, base=Path.cwd(), is_live=is_live, **header)
    if folder is not None:
        async with staged(setting, folder=folder, seed=seed) as stage:
            yield stage
        return
    with tempfile.TemporaryDirectory(prefix="payphone-") as made:
        async with staged(setting, folder=Path(made), seed=seed) as stage:
            yield stage
