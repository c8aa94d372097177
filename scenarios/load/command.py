"""`payphone load` from its options to its exit code."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from rich.console import Console

from ivr.mistake import Mistake
from scenarios.load import quantities
from scenarios.load.arrivals import duration_of
from scenarios.load.copies import check_count, write_world
from scenarios.load.generator import Generator, raise_file_limit
from scenarios.load.knee import KneeSearch, Step
from scenarios.load.outcome import Outcome, facts, judge, knee_facts, step_of
from scenarios.load.page import page_of
from scenarios.load.plan import Plan, StageTable, parse_address
from scenarios.load.plan_file import PlanError, load_plan
from scenarios.load.scenario_plan import is_scenario, translate
from scenarios.load.watch import print_knee, print_outcome, watch
from switch.app.loops import loop_factory

KEPT: Final = 0
BROKEN: Final = 1
WRONG_PLAN: Final = 2

out = Console()
err = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; what it leaves out stands in the plan."""

    file: Path
    rate: str | None = None
    duration: str | None = None
    target: str | None = None
    report: Path | None = None
    json_file: Path | None = None
    seed: int | None = None
    is_search: bool = False
    has_media: bool | None = None
    callers: int | None = None
    """How many copies of a scenario's telephones there are; None: each once, under its own name."""
    world_out: Path | None = None


def run_load(options: Options) -> int:
    """Run a plan and return the exit code."""
    try:
        if options.world_out is not None:
            return _write_world(options, options.world_out)
        plan, target = plan_of(options)
    except PlanError as error:
        for mistake in error.mistakes:
            err.print(str(mistake), style="red", highlight=False, soft_wrap=True, markup=False)
        return WRONG_PLAN
    steps: tuple[Step, ...] = ()
    try:
        if options.is_search:
            outcome, steps = search(plan, target)
        else:
            outcome = play(plan, target)
    except OSError as error:
        err.print(f"the load could not be made: {error}", style="red", highlight=False, soft_wrap=True)
        return BROKEN
    print_outcome(outcome, out)
    if options.is_search:
        print_knee(steps, out)
    try:
        if options.json_file is not None:
            told = {**facts(outcome), **({"knee": knee_facts(steps)} if options.is_search else {})}
            options.json_file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        if options.report is not None:
            options.report.write_text(page_of(outcome, made_at=datetime.now(UTC), steps=steps), encoding="utf-8")
    except OSError as error:
        err.print(f"{error.filename} cannot be written: {error.strerror}", style="red", highlight=False)
        return BROKEN
    return KEPT if outcome.has_passed else BROKEN


def search(plan: Plan, target: tuple[str, int]) -> tuple[Outcome, tuple[Step, ...]]:
    """Find the knee: a fresh run a step, each as long as the plan's stages, at one rate.

    Returns the outcome of the highest rate that passed, or of the last that failed where none did.

    Raises:
        OSError: A socket cannot be had, or a telephone was not registered.
    """
    finding = KneeSearch(highest_rate(plan))
    best: Outcome | None = None
    duration = duration_of(plan.shape)
    while (rate := finding.next_rate) is not None:
        out.print(f"[bold]trying {quantities.rate_text(rate)}[/]", highlight=False)
        outcome = play(plan.model_copy(update={"stages": (_held(rate, duration),)}), target)
        step = step_of(outcome, rate)
        finding.tell(step)
        out.print(f"  {'passed' if step.has_passed else 'failed'}  {step.why}", highlight=False, soft_wrap=True)
        if best is None or not best.has_passed or (step.has_passed and rate == finding.best):
            best = outcome
        if outcome.was_stopped:
            break
    assert best is not None
    return best, tuple(finding.steps)


def plan_of(options: Options) -> tuple[Plan, tuple[str, int]]:
    """The plan as the command line changes it, and its target.

    Raises:
        PlanError: One of both is wrong.
    """
    plan = _read(options)
    changes: dict[str, object] = {}
    try:
        if options.rate is not None or options.duration is not None:
            changes["stages"] = (_stage(plan, options),)
        if options.target is not None:
            changes["target"] = parse_address(options.target)
    except ValueError as error:
        raise PlanError((Mistake("command line", None, "", str(error)),)) from error
    if options.has_media is not None:
        changes["media"] = options.has_media
    if options.seed is not None:
        changes["seed"] = options.seed
    plan = plan.model_copy(update=changes)
    if plan.target is None:
        remedy = 'is missing; give --target HOST:PORT, or write target: "127.0.0.1:5060"'
        raise PlanError((Mistake(str(options.file), None, "target", remedy),))
    return plan, plan.target


def _read(options: Options) -> Plan:
    """The plan of a file; what a scenario's load does not judge, or cannot carry, is told at once."""
    if not is_scenario(options.file):
        if options.callers is not None:
            remedy = "multiplies a scenario's telephones; a plan has `count` for that"
            raise PlanError((Mistake("command line", None, "--callers", remedy),))
        return load_plan(options.file)
    if options.rate is None or options.duration is None:
        raise PlanError(
            (Mistake("command line", None, "", "a scenario needs --rate and --for, as --rate 5/s --for 20s"),)
        )
    try:
        stage = _held(quantities.per_second(options.rate), quantities.seconds(options.duration))
    except ValueError as error:
        raise PlanError((Mistake("command line", None, "", str(error)),)) from error
    translated = translate(options.file, stages=[stage], count=options.callers)
    if options.callers is not None:
        check_count(translated.cast)
    for note in translated.notes:
        err.print(f"{options.file}: {note}", style="yellow", highlight=False, soft_wrap=True, markup=False)
    return translated.plan


def _write_world(options: Options, folder: Path) -> int:
    """Write the world a scenario's load is played in, and say how to go on.

    Raises:
        PlanError: The file is no scenario, or cannot be played under load.
    """
    if not is_scenario(options.file) or options.callers is None:
        remedy = "needs a scenario and --callers: how often its telephones are there"
        raise PlanError((Mistake("command line", None, "--world-out", remedy),))
    translated = translate(options.file, stages=[_held(1.0, 1.0)], count=options.callers)
    try:
        file = write_world(folder, translated.cast)
    except OSError as error:
        err.print(f"{error.filename} cannot be written: {error.strerror}", style="red", highlight=False)
        return BROKEN
    out.print(f"{file}: {options.callers} copies of who takes part", highlight=False, soft_wrap=True)
    out.print(f"  payphone serve --config {file}", highlight=False, soft_wrap=True)
    load = f"payphone load {options.file} --callers {options.callers} --rate 5/s --for 20s --target 127.0.0.1:5060"
    out.print(f"  {load}", highlight=False, soft_wrap=True)
    return KEPT


def highest_rate(plan: Plan) -> float:
    """The highest of its stages, in calls a second."""
    return max(max(stage.rate_from, stage.rate_to) for stage in plan.shape)


def play(plan: Plan, target: tuple[str, int]) -> Outcome:
    """One run of a plan, shown as it goes; Ctrl-C ends it early with what was measured until then.

    Raises:
        OSError: A socket cannot be had, or a telephone was not registered.
    """
    raise_file_limit()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    gc.collect()
    gc.freeze()  # what is loaded stays: a full collection would stand in the way of calls
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            return runner.run(_play(plan, target))
    finally:
        gc.unfreeze()


async def _play(plan: Plan, target: tuple[str, int]) -> Outcome:
    generator = Generator(plan, target, seed=plan.seed)
    stopped: list[bool] = []

    def stop() -> None:
        stopped.append(True)
        generator.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    watching = asyncio.create_task(watch(generator, out))
    try:
        tally = await generator.run()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return judge(plan, target, tally, was_stopped=bool(stopped))


def _stage(plan: Plan, options: Options) -> StageTable:
    """One stage: the rate and time of the command line, else the plan's highest rate and whole time."""
    shape = plan.shape
    rate = highest_rate(plan)
    duration = duration_of(shape)
    if options.rate is not None:
        rate = quantities.per_second(options.rate)
    if options.duration is not None:
        duration = quantities.seconds(options.duration)
    if duration <= 0:
        raise ValueError("--for must be longer than nothing")
    return _held(rate, duration)


def _held(rate: float, duration: float) -> StageTable:
    return StageTable.model_validate({"rate": rate, "for": f"{duration}s"})
