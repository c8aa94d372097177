"""Call records for other programs: one line of JSON each, amounts as decimal strings."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ledger.records import CallRecord


def record_facts(record: CallRecord) -> dict[str, Any]:
    """A record as plain facts: instants in ISO 8601, talk in seconds as text, amounts as decimal text."""
    facts: dict[str, Any] = {}
    for name, value in asdict(record).items():
        facts[name] = value.isoformat() if isinstance(value, datetime) else value
    facts["talk_seconds"] = f"{record.talk.total_seconds():.6f}"
    del facts["talk"]
    facts["charged"] = str(record.charged)
    facts["explanation"] = json.loads(record.explanation) if record.explanation else None
    return facts


def record_json(record: CallRecord) -> str:
    """A record as one line of JSON."""
    return json.dumps(record_facts(record), ensure_ascii=False)
