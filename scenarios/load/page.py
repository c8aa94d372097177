"""The report of a run: one HTML page that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from scenarios.load import quantities
from scenarios.load.knee import Step
from scenarios.load.measures import Measure
from scenarios.load.outcome import Outcome
from scenarios.load.plots import plots_of

TEMPLATE: Final = Path(__file__).with_name("page.html")
COLUMNS: Final = ("min", "p50", "p90", "p95", "p99", "p99.9", "max")


def page_of(outcome: Outcome, *, made_at: datetime, steps: Sequence[Step] = ()) -> str:
    """The page; `steps` are those of a search for the knee, of which `outcome` is the best."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    tally = outcome.tally
    return template.render(
        outcome=outcome,
        tally=tally,
        target="sip:{}:{}".format(*outcome.target),
        made_at=made_at.strftime("%Y-%m-%d %H:%M UTC"),
        rate=quantities.rate_text(tally.rate),
        elapsed=quantities.time_text(tally.elapsed),
        failed=quantities.share_text(tally.failed_share() or 0.0),
        kinds=[
            {
                "name": kind,
                "finished": tally.calls(kind),
                "well": tally.succeeded[kind],
                "failed": tally.failed(kind),
                "setup": _shown(tally.statistic(Measure.SETUP, "p99", kind)),
            }
            for kind in tally.kinds
        ],
        columns=COLUMNS,
        times=_times(outcome),
        losses=_losses(outcome),
        failures=tally.failure_classes(),
        plots=plots_of(outcome),
        steps=[
            {
                "rate": quantities.rate_text(step.rate),
                "passed": step.has_passed,
                "why": step.why,
            }
            for step in steps
        ],
    )


def _times(outcome: Outcome) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for measure in Measure:
        times = outcome.tally.all_times(measure)
        if len(times):
            figures = [_shown(times.statistic(name)) for name in COLUMNS]
            rows.append({"name": measure.value, "count": len(times), "figures": figures})
    return rows


def _losses(outcome: Outcome) -> list[tuple[str, int, str]]:
    pairs = (("rtp_loss", outcome.tally.rtp), ("audio_loss", outcome.tally.audio))
    return [(name, loss.expected, quantities.share_text(loss.loss)) for name, loss in pairs if loss.loss is not None]


def _shown(seconds: float | None) -> str:
    return "" if seconds is None else quantities.time_text(seconds)
