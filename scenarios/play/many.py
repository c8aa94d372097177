"""Runs many scenarios: finds their files, one after another or in several processes."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Final

from scenarios.language.scenario import EXTENSIONS, load_scenario
from scenarios.language.source import ScenarioError
from scenarios.play.noise import silence
from scenarios.play.result import Result, Verdict
from scenarios.play.run import Options, run_scenario
from scenarios.play.softphones import Phones, unfit

FILES_MAX: Final = 10_000
"""Scenarios of one run; a folder with more is none of scenarios."""


FILES_SHARED: Final = 4
"""With fewer files, starting processes takes longer than running them one after another."""

COLLECTED_AFTER: Final = (20_000, 10, 100)
"""New objects before the youngest are looked through: some seconds of a call's time."""

JOBS_MAX: Final = 8
"""Processes nobody asked for: each takes 150 MB."""


LIVE_EACH: Final = 4
"""Scenarios with softphones for each core: one takes two seconds of it, in twenty."""


class NoScenarioError(Exception):
    """A path leads to no scenario; says what was looked for."""


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The scenarios of files and folders, each once, in the order of their names.

    Raises:
        NoScenarioError: A path leads to none.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            files = sorted(each for each in path.rglob("*") if each.suffix in EXTENSIONS and each.is_file())
            if not files:
                raise NoScenarioError(f"{path} has no scenario: no file in it ends in {' or '.join(EXTENSIONS)}")
            found += files
        elif path.is_file():
            found.append(path)
        else:
            raise NoScenarioError(f"there is no {path}")
    files = list(dict.fromkeys(found))
    if len(files) > FILES_MAX:
        raise NoScenarioError(f"{len(files)} scenarios are more than the {FILES_MAX} one run takes")
    return files


def run_file(path: Path, options: Options) -> Result:
    """Read and run one file; a file with mistakes has a result as well."""
    silence()
    _spare_the_old()
    try:
        scenario = load_scenario(path)
    except ScenarioError as error:
        return Result(path.stem, str(path), (), 0, options.is_live, Verdict.WRONG, str(error), 0.0, 0.0)
    return run_scenario(scenario, options)


@lru_cache(maxsize=1)
def _spare_the_old() -> None:
    """Let the collector pass over the program itself, and come seldom: a run keeps little, and then it is over."""
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def is_for_live(path: Path) -> bool:
    """Whether a scenario also runs live; one with mistakes is kept, so that they are told."""
    try:
        return load_scenario(path).header.live
    except ScenarioError:
        return True


def why_not_softphones(path: Path) -> str:
    """Why foreign softphones do not play a scenario, in words; empty where they do, or its mistakes are to be told."""
    try:
        scenario = load_scenario(path)
    except ScenarioError:
        return ""
    if scenario.header.softphones:
        return ""
    return "; ".join(dict.fromkeys(each.text for each in unfit(scenario))) or "it does not say `softphones: true`"


def run_files(files: Sequence[Path], options: Options, jobs: int) -> Iterator[Result]:
    """Run files, in several processes if wanted; results come in the order of the files."""
    cores = os.cpu_count() or 1
    # Softphones keep their own time, and most of it nothing happens.
    jobs = jobs or min(JOBS_MAX, cores if options.phones is Phones.OWN else LIVE_EACH * cores)
    if jobs == 1 or len(files) < FILES_SHARED:
        for path in files:
            yield run_file(path, options)
        return
    kind = "spawn"
    if not options.is_live:
        # What the first run reads and compiles (words, statements, tables) every process then has from its birth.
        yield run_file(files[0], options)
        files = files[1:]
        if "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1:
            kind = "fork"
    with ProcessPoolExecutor(min(jobs, len(files)), mp_context=multiprocessing.get_context(kind)) as pool:
        yield from pool.map(run_file, files, [options] * len(files))
