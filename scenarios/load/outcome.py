"""The judgement of a run: thresholds, warnings, and facts as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from scenarios.load.knee import Step
from scenarios.load.measures import Measure
from scenarios.load.plan import Plan
from scenarios.load.tally import LATE_START, Tally
from scenarios.load.thresholds import Judged

BUSY: Final = 0.85
"""Of a core: beyond it the generator's own waiting stands in its figures."""
TOLD: Final = frozenset(
    {
        "audio after the end of a call",
        "audio of another call",
        "INVITE nobody waited for",
        "registrations not renewed",
        "faults",
    }
)
"""What no call accounts for and is worth a line; the rest stands in the JSON."""
IDLE: Final = 0.5
"""Of a core: a generator that is late and uses less than this was kept from running."""
LAG_MAX: Final = 0.05
"""Seconds the loop may keep a timer waiting: one long garbage collection, no more."""
LATE_SHARE: Final = 0.01
"""Of calls that began late."""
PERCENTILES: Final = (50.0, 90.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run."""

    plan: Plan
    target: tuple[str, int]
    tally: Tally
    judged: tuple[Judged, ...]
    warnings: tuple[str, ...]
    was_stopped: bool

    @property
    def has_passed(self) -> bool:
        """Whether every threshold was kept, and calls were made at all."""
        return self.tally.calls() > 0 and all(judged.is_kept for judged in self.judged)


def judge(plan: Plan, target: tuple[str, int], tally: Tally, *, was_stopped: bool) -> Outcome:
    """Judge a run by the thresholds of its plan."""
    judged = tuple(threshold.judge(tally) for threshold in plan.thresholds)
    return Outcome(plan, target, tally, judged, tuple(warnings_of(tally)), was_stopped)


def is_overloaded(tally: Tally) -> bool:
    """Whether the generator itself could not keep the rate, so that a broken threshold may be its fault."""
    own = tally.generator
    return own.busiest > BUSY or own.late_starts > LATE_SHARE * tally.started


def warnings_of(tally: Tally) -> list[str]:
    """Whether the generator itself was the bottleneck, in sentences."""
    found: list[str] = []
    own = tally.generator
    if own.busiest > BUSY:
        found.append(f"the generator used {own.busiest:.0%} of a core: its own waiting is part of what it measured")
    if own.lag_max > LAG_MAX:
        found.append(f"the generator's event loop was up to {1000 * own.lag_max:.0f} ms late")
    if tally.started and own.late_starts > LATE_SHARE * tally.started:
        late = f"{own.late_starts} of {tally.started} calls began more than {1000 * LATE_START:.0f} ms late"
        found.append(f"{late}: the generator could not keep the rate")
    if found and own.busiest < IDLE:
        found.append(f"it used {own.busiest:.0%} of a core at most: the machine was busy with something else")
    found += [f"{count} times: {what}" for what, count in sorted(own.strays.items()) if what in TOLD]
    return found


def facts(outcome: Outcome) -> dict[str, Any]:
    """Everything as JSON."""
    tally, plan = outcome.tally, outcome.plan
    return {
        "load": plan.load,
        "target": "{}:{}".format(*outcome.target),
        "passed": outcome.has_passed,
        "stopped": outcome.was_stopped,
        "thresholds": [
            {"text": item.threshold.text, "measured": item.value, "kept": item.is_kept} for item in outcome.judged
        ],
        "warnings": list(outcome.warnings),
        "elapsed_seconds": round(tally.elapsed, 3),
        "rate_per_second": round(tally.rate, 3),
        "calls": {
            "started": tally.started,
            "finished": tally.calls(),
            "succeeded": tally.succeeded.total(),
            "failed": tally.failed(),
            "in_progress_max": tally.in_progress_max,
        },
        "kinds": {
            kind: {"finished": tally.calls(kind), "succeeded": tally.succeeded[kind], "times": _times(tally, kind)}
            for kind in tally.kinds
        },
        "failures": [{"class": name, "count": count, "kinds": kinds} for name, count, kinds in tally.failure_classes()],
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "times": _times(tally, None),
        "rtp": {
            "sent": tally.packets_sent,
            "received": tally.packets_received,
            "streams": {"expected": tally.rtp.expected, "received": tally.rtp.received, "loss": tally.rtp.loss},
            "audio": {"expected": tally.audio.expected, "received": tally.audio.received, "loss": tally.audio.loss},
        },
        "generator": {
            "cpu_seconds": round(tally.generator.cpu_seconds, 3),
            "wall_seconds": round(tally.generator.wall_seconds, 3),
            "busiest_cores": round(tally.generator.busiest, 3),
            "loop_lag_max_seconds": round(tally.generator.lag_max, 4),
            "late_starts": tally.generator.late_starts,
            "strays": dict(tally.generator.strays),
        },
        "seconds": [asdict(row) for row in tally.seconds],
        "histograms": {
            measure.value: tally.all_times(measure).encode() for measure in Measure if len(tally.all_times(measure))
        },
    }


def step_of(outcome: Outcome, rate: float) -> Step:
    """A run as a step of a search.

    A generator that is late makes times longer, never shorter, so a run that kept the thresholds has passed all the
    same; why one failed names the generator where it had a part in it.
    """
    broken = [
        f"{item.threshold.text} ({item.threshold.shown(item.value)})" for item in outcome.judged if not item.is_kept
    ]
    why = [*broken, *outcome.warnings, *(["stopped"] if outcome.was_stopped else [])]
    return Step(
        rate,
        has_passed=outcome.has_passed and not outcome.was_stopped,
        why="; ".join(why),
        is_in_doubt=bool(broken) and is_overloaded(outcome.tally),
    )


def knee_facts(steps: Sequence[Step]) -> dict[str, Any]:
    """A search as JSON."""
    passed = [step.rate for step in steps if step.has_passed]
    failed = [step.rate for step in steps if not step.has_passed]
    best = max((rate for rate in passed if rate < min(failed, default=float("inf"))), default=None)
    return {
        "rate_per_second": best,
        "failed_at_per_second": min(failed, default=None),
        "in_doubt": any(step.is_in_doubt and step.rate == min(failed) for step in steps),
        "steps": [asdict(step) for step in steps],
    }


def _times(tally: Tally, kind: str | None) -> dict[str, Any]:
    """The figures of each measure that was taken, in seconds."""
    rows: dict[str, Any] = {}
    for measure in Measure:
        times = tally.all_times(measure, kind)
        if len(times):
            named = {f"p{percent:g}": times.percentile(percent) for percent in PERCENTILES}
            rows[measure.value] = {
                "count": len(times),
                "min": times.statistic("min"),
                "mean": times.statistic("mean"),
                **named,
                "max": times.statistic("max"),
            }
    return rows
