"""Call records as plain facts, for JSON and for other programs: amounts and talk are decimal strings."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ledger.records import CallRecord


def record_facts(record: CallRecord) -> dict[str, Any]:
    """A record as facts: instants in ISO 8601 with their zone, the explanation taken apart."""

    def instant(at: datetime | None) -> str | None:
        return None if at is None else at.isoformat()

    return {
        "call": record.call_id,
        "facility": record.facility,
        "station": record.station,
        "person": record.person,
        "number": record.number,
        "billing": record.billing,
        "payer": record.payer,
        "started_at": instant(record.started_at),
        "rang_at": instant(record.rang_at),
        "answered_at": instant(record.answered_at),
        "accepted_at": instant(record.accepted_at),
        "ended_at": instant(record.ended_at),
        "why": record.why,
        "ended_by": record.ended_by,
        "talk_seconds": f"{record.talk.total_seconds():.6f}",
        "charged": str(record.charged),
        "tariff": record.tariff,
        "explanation": None if record.explanation is None else json.loads(record.explanation),
        "recording": record.recording,
    }


def record_json(record: CallRecord) -> str:
    """A record as one line of JSON."""
    return json.dumps(record_facts(record), ensure_ascii=False)
