"""The ladders of a scenario's calls, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scenarios.play.result import CallSeen
from scenarios.report.ladder import as_text
from scenarios.report.text import ladder

WIDTH: Final = 110


def ladders(calls: Sequence[CallSeen], *, width: int = WIDTH) -> str:
    """Each under its parties and how it ended."""
    return "\n\n".join(f"{_heading(call)}\n{as_text(ladder(call, width))}" for call in calls)


def _heading(call: CallSeen) -> str:
    who = " and ".join(side.actor for side in call.phones) or "nobody"
    return f"{call.call_id}: {who}: {(call.record or {}).get('why', 'no record')}"
