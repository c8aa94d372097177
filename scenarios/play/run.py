"""Runs one scenario, in virtual or in real time, and gives its result."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scenarios.language.scenario import Scenario
from scenarios.language.source import ScenarioError
from scenarios.play.after import judge_after, judge_always
from scenarios.play.api import LIMIT, virtual_loop
from scenarios.play.errors import CannotActError, NotHappenedError, StageError
from scenarios.play.kept import keep_heard
from scenarios.play.result import Checked, Result, Verdict
from scenarios.play.script import Script
from scenarios.play.setting import Setting, prepare
from scenarios.play.softphones import Phones
from scenarios.play.stage import LAST_MESSAGES_SECONDS, Stage, staged
from scenarios.play.telling import account_facts, call_facts
from scenarios.sim.stalled import StalledError

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder made there has a name of its own
"""Where Linux keeps files in memory."""

LIVE_REST_SECONDS: Final = 1.0
"""After the last call of a live scenario: 64·T1 of real time are not worth waiting for."""


@dataclass(frozen=True, slots=True)
class Options:
    """How scenarios are run."""

    is_live: bool = False
    phones: Phones = Phones.OWN
    """Whose telephones people use; foreign ones only live."""
    seed: int | None = None
    """Instead of the scenario's own."""
    folder: Path | None = None
    """Where books and recordings are kept; None for a folder that is removed again."""
    is_telling_all: bool = False
    """Recognise everything every phone heard, for a report."""
    is_telling_passed: bool = True
    """Tell the calls and accounts of a scenario that passes, too, and note every datagram for `Result.trace`."""


def run_scenario(scenario: Scenario, options: Options) -> Result:
    """Run one scenario. Mistakes of its names are a result as well."""
    began = time.monotonic()
    seed = scenario.header.seed if options.seed is None else options.seed
    ending = _Ending()
    try:
        setting = prepare(scenario, is_live=options.is_live, phones=options.phones)
        with _folder(scenario, options) as folder:
            ending.folder = "" if options.folder is None else str(folder)
            _run(setting, folder, seed, options, ending)
    except ScenarioError as error:
        ending.verdict, ending.fault = Verdict.WRONG, str(error)
    return Result(
        scenario=scenario.name,
        file=scenario.file,
        rules=tuple(scenario.header.rules),
        seed=seed,
        is_live=options.is_live,
        verdict=ending.verdict,
        fault=ending.fault,
        virtual_seconds=ending.seconds,
        real_seconds=time.monotonic() - began,
        expectations=tuple(ending.checked),
        calls=tuple(ending.calls),
        accounts=tuple(ending.accounts),
        trace=ending.trace,
        folder=ending.folder,
    )


@dataclass(slots=True)
class _Ending:
    """What is known of the end, filled in as it becomes known: a run may break off anywhere."""

    verdict: Verdict = Verdict.FAILED
    fault: str = ""
    seconds: float = 0.0
    checked: list[Checked] = field(default_factory=list)
    calls: list = field(default_factory=list)  # type: ignore[type-arg]
    accounts: list = field(default_factory=list)  # type: ignore[type-arg]
    trace: str = ""
    folder: str = ""


@contextmanager
def _folder(scenario: Scenario, options: Options) -> Iterator[Path]:
    """A fresh folder for book and recordings."""
    if options.folder is None:
        # What is thrown away needs no disk: each commit would wait for it.
        memory = None if options.is_live or not SHARED_MEMORY.is_dir() else SHARED_MEMORY
        with tempfile.TemporaryDirectory(prefix="payphone-", dir=memory) as name:
            yield Path(name)
        return
    folder = options.folder / Path(scenario.file).stem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder


def _run(setting: Setting, folder: Path, seed: int, options: Options, ending: _Ending) -> None:
    """Make the loop, and play on it."""
    limit = setting.scenario.header.limit

    factory = None if setting.is_live else virtual_loop(seed, limit=LIMIT if limit is None else limit.seconds)
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(_play(setting, folder, seed, options, ending))
    except StalledError as error:
        ending.fault = f"it hung: {error}"
    except StageError as error:
        ending.fault = str(error)


async def _play(setting: Setting, folder: Path, seed: int, options: Options, ending: _Ending) -> None:
    async with staged(setting, folder=folder, seed=seed, is_traced=options.is_telling_passed) as stage:
        script = Script(stage, ending.checked)
        try:
            await script.play(setting.scenario.steps)
        except (NotHappenedError, CannotActError) as error:
            ending.fault = str(error)
        await stage.clear()
        at_rest = await rest(stage)
        await _judge(stage, ending, at_rest)
        ending.seconds = stage.now
        if options.is_telling_passed or ending.verdict is not Verdict.PASSED:
            await _tell(stage, ending, options)
        if options.folder is not None:
            keep_heard(stage, folder)
        ending.trace = "" if stage.wires is None else stage.wires.fingerprint


async def rest(stage: Stage) -> dict[str, int] | None:
    """Wait until nothing may be left of any call, and read the gauges."""
    if not stage.life.is_running:
        return None
    await asyncio.sleep(LIVE_REST_SECONDS if stage.setting.is_live else LAST_MESSAGES_SECONDS)
    gauges = stage.switch.metrics()
    return {**gauges, "transactions": 0} if stage.setting.is_live else gauges


async def _judge(stage: Stage, ending: _Ending, at_rest: dict[str, int] | None) -> None:
    async with stage.reading() as book:
        stage.traces.complete(await book.calls())
    if not ending.fault:
        ending.checked += await judge_after(stage, stage.setting.scenario.header.after)
    ending.checked += await judge_always(stage, at_rest=at_rest)
    failed = [each for each in ending.checked if not each.is_met]
    if failed and not ending.fault:
        ending.fault = "; ".join(f"{each.text}: {each.found}" for each in failed)
    ending.verdict = Verdict.FAILED if failed or ending.fault else Verdict.PASSED


async def _tell(stage: Stage, ending: _Ending, options: Options) -> None:
    """Fill in what reports show."""
    is_telling_all = options.is_telling_all
    ending.calls += await call_facts(stage, is_recognising=is_telling_all)
    ending.accounts += await account_facts(stage)
