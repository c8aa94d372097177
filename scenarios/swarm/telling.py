"""What a person is told of a failure, and of one run played again."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from scenarios.report.ladder import as_text, draw
from scenarios.swarm.cases import CASES
from scenarios.swarm.crashes import run_crash
from scenarios.swarm.every import run_every
from scenarios.swarm.facility_plan import PLAIN_FACILITY
from scenarios.swarm.many import has_media
from scenarios.swarm.plan import Plan
from scenarios.swarm.run import Outcome, run_plan
from scenarios.swarm.shrink import shrink
from scenarios.swarm.world import make_plan

WIDTH_DEFAULT = 120


def tell_failure(outcome: Outcome, *, media: float, is_shrinking: bool) -> Iterable[str]:
    """One line for a failure, and how to see it."""
    yield f"seed {outcome.seed}: {outcome.faults[0]}" + (
        f" (and {len(outcome.faults) - 1} more)" if len(outcome.faults) > 1 else ""
    )
    dropped: tuple[str, ...] = ()
    if is_shrinking:
        dropped, _ = shrink(make_plan(outcome.seed, has_media=has_media(outcome.seed, media)), run_plan)
    yield f"  payphone replay {outcome.seed} --media {media}" + "".join(f" --without {name}" for name in dropped)


def tell_run(seed: int, *, media: float, without: tuple[str, ...]) -> tuple[list[str], bool | None]:
    """The plan, the ladder of each call, and the verdict; None for it where a part is unknown."""
    plan = make_plan(seed, has_media=has_media(seed, media))
    for name in without:
        if name not in plan.parts:
            return [f"there is no part {name!r} in it; parts: {', '.join(plan.parts)}"], None
        plan = plan.without(name)
    outcome = run_plan(plan)
    lines = [*_plan_lines(plan), ""]
    width = shutil.get_terminal_size((WIDTH_DEFAULT, 24)).columns
    for timeline in outcome.timelines:
        if timeline.items:
            first = timeline.items[0]
            lines += [f"call that began at {first.at:.3f} s", as_text(draw(timeline.items, since=0.0, width=width)), ""]
    if len(outcome.timelines) < outcome.calls:
        lines.append(f"{outcome.calls - len(outcome.timelines)} calls have no ladder: their switch died")
    lines += [f"violated: {fault}" for fault in outcome.faults] or ["nothing was violated"]
    lines.append(f"trace {outcome.digest[:16]}, {outcome.virtual_seconds:.1f} virtual seconds")
    return lines, not outcome.faults


def tell_death(case: str, deaths: tuple[int, ...]) -> Iterable[tuple[str, bool]]:
    """One run of a case: where it died, and what was violated; each line, and whether it tells a fault."""
    verdict = run_crash(CASES[case], deaths)
    yield from ((f"{case}: died {where}", False) for where in verdict.struck)
    yield from ((f"violated: {fault}", True) for fault in verdict.faults)
    if not verdict.faults:
        yield "nothing was violated", False


def tell_deaths(case: str, *, jobs: int, is_twice: bool) -> Iterable[tuple[str, bool]]:
    """All deaths of a case: each failure as it is found, and the figures; each line, and whether it tells a fault."""
    told = 0
    for tally in run_every(case, jobs=jobs, is_twice=is_twice):
        for verdict in tally.failed[told:]:
            points = "".join(f" --at {number}" for number in verdict.deaths)
            yield f"payphone crashes {case}{points}: {verdict.faults[0]}", True
        told = len(tally.failed)
    deaths = f"{tally.runs} deaths in the call, {tally.second_runs} in the recovery as well"
    lost = f"at most {tally.lost_max:.3f} s of talk not charged"
    yield f"{case}: {tally.points} points; {deaths}: {told} failed; {lost}", False


def _plan_lines(plan: Plan) -> Iterable[str]:
    """The plan, a line each."""
    media = "with" if plan.has_media else "without"
    yield f"seed {plan.seed}, {media} media, limit {plan.limit:.0f} s, slices of {plan.slice:.0f} s"
    yield f"tariff {plan.prices}"
    yield f"links {plan.link}"
    yield from (f"{person}" for person in plan.people)
    for number in plan.numbers:
        yield f"{number.number} advancepay={number.advancepay} line={number.line} free={number.is_free}"
        if number.limit is not None or not number.hears_greeting or number.is_passive:
            greeting = f"hears_greeting={number.hears_greeting} passive={number.is_passive}"
            yield f"{number.number} limit={number.limit} {greeting}"
    if plan.facility != PLAIN_FACILITY:
        yield f"{plan.facility}"
    yield from (f"{call}" for call in plan.calls)
    yield from (f"{event}" for event in plan.events)
