"""Facts of a call for people: who called whom, what it came to, and how its holds ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rating.errors import RateError
from rating.explain import Explanation
from scenarios.play.result import CallSeen
from scenarios.report.seen import grants, phone_of
from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH

UNKNOWN: Final = "–"

FIELDS: Final = (
    "person",
    "number",
    "station",
    "facility",
    "billing",
    "payer",
    "tariff",
    "why",
    "ended_by",
    "talk_seconds",
    "charged",
    "recording",
    "call",
)
"""Of a record, in the order in which people ask for them."""

CLOCKS_SECONDS_MAX: Final = 0.1
"""A key is told at its beginning or its end: talk that ends so near the end of the call ends with it."""

INSTANTS: Final = ("started_at", "rang_at", "answered_at", "accepted_at", "ended_at")


def names(call: CallSeen) -> dict[str, str]:
    """What to write below the names of the lanes."""
    record = call.record or {}
    caller, callee = phone_of(call, CALLER), phone_of(call, CALLEE)
    return {
        CALLER: caller.actor if caller else str(record.get("station") or UNKNOWN),
        SWITCH: "payphone",
        CALLEE: callee.actor if callee else str(record.get("number") or UNKNOWN),
        BOOK: str(record.get("payer") or UNKNOWN),
    }


def title(call: CallSeen) -> str:
    """Who called whom."""
    record = call.record or {}
    told = names(call)
    caller = str(record.get("person") or told[CALLER])
    return f"{caller} → {record.get('number') or told[CALLEE]}"


def headline(call: CallSeen) -> list[tuple[str, str]]:
    """What people ask for first."""
    record = call.record or {}
    if not record:
        return [("record", "none")]
    names_shown = ("why", "billing", "tariff")
    rows = [(name, str(record[name])) for name in names_shown if record.get(name) not in {None, ""}]
    seconds = talk_seconds(call)
    if seconds is not None:
        rows.insert(1, ("talk", f"{seconds:g} s"))
    if record.get("charged") is not None:
        rows.append(("charged", f"${record['charged']}"))
    return rows


def explanation(call: CallSeen) -> str:
    """How the charge came about, amount by amount; empty where nothing was charged."""
    stored = (call.record or {}).get("explanation")
    if not stored:
        return call.explanation
    try:
        return Explanation.from_json(json.dumps(stored)).to_text()
    except RateError:
        return call.explanation


def talk_seconds(call: CallSeen) -> float | None:
    """How long was talked, by the record; None where it has none."""
    try:
        return float((call.record or {})["talk_seconds"])
    except (KeyError, TypeError, ValueError):
        return None


def talk_until(call: CallSeen) -> float | None:
    """When the talk ended; the last that was seen of it, where there is no record."""
    if call.accepted_at is None:
        return None
    seconds = talk_seconds(call)
    if seconds is None:
        return max(call.accepted_at, call.until or max((item.at for item in call.timeline), default=0.0))
    until = call.accepted_at + seconds
    return call.until if call.until is not None and abs(until - call.until) <= CLOCKS_SECONDS_MAX else until


def instant(call: CallSeen, name: str) -> float | None:
    """An instant of the record, on the clock of the run."""
    record = call.record or {}
    try:
        since = datetime.fromisoformat(record["started_at"])
        return call.since + (datetime.fromisoformat(record[name]) - since).total_seconds()
    except (KeyError, TypeError, ValueError):
        return None


def hold_states(call: CallSeen) -> dict[int, str]:
    """How the hold behind each step of the paid talk ended, where it can be told which is which."""
    placed = sorted(call.holds, key=lambda hold: hold.placed_at)
    if len(placed) != len(grants(call)):
        return {}
    return {number: _word(hold.state) for number, hold in enumerate(placed)}


def record_rows(call: CallSeen) -> list[tuple[str, str]]:
    """The record as names and values; instants count from the beginning of the call."""
    record: Mapping[str, Any] = call.record or {}
    rows = [(name.replace("_", " "), _value(record[name])) for name in FIELDS if name in record]
    for name in INSTANTS:
        at = instant(call, name)
        if at is not None:
            after = record[name] if name == "started_at" else f"after {at - call.since:.2f} s"
            rows.append((name.removesuffix("_at"), str(after)))
    known = {*FIELDS, *INSTANTS, "explanation"}
    rows += [(name.replace("_", " "), _value(value)) for name, value in record.items() if name not in known]
    return rows


def _value(value: Any) -> str:
    return UNKNOWN if value is None or value == "" else str(value)


def _word(state: str) -> str:
    """A state as a class of a drawing: letters only, since it is data."""
    return "".join(letter for letter in state if letter.isascii() and letter.isalpha()).lower()
