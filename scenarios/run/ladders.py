"""The ladders of a scenario's calls, as text and as drawings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scenarios.play.result import CallSeen, Result
from scenarios.report.ladder import as_text
from scenarios.report.text import ladder

WIDTH: Final = 110
DRAWING: Final = "ladder-{number}.svg"


def ladders(calls: Sequence[CallSeen], *, width: int = WIDTH) -> str:
    """Each under its parties and how it ended."""
    return "\n\n".join(f"{_heading(call)}\n{as_text(ladder(call, width))}" for call in calls)


def write_ladders(result: Result, folder: Path) -> None:
    """Draw each call's ladder into a folder, in the order the calls began."""
    from scenarios.report.page import checks_of  # noqa: PLC0415 - what draws is read where something is drawn
    from scenarios.report.svg import svg  # noqa: PLC0415

    for number, call in enumerate(result.calls, start=1):
        drawing = svg(call, checks=checks_of(result, call))
        (folder / DRAWING.format(number=number)).write_text(drawing + "\n", encoding="utf-8")


def _heading(call: CallSeen) -> str:
    who = " and ".join(side.actor for side in call.phones) or "nobody"
    return f"{call.call_id}: {who}: {(call.record or {}).get('why', 'no record')}"
