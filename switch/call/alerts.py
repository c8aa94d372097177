"""Alerts about watched calls: in the timeline, in the log, and to a webhook, which no call waits for.

A privileged call raises none: who calls an attorney is nobody's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.records import CallRecord, OpenCall
from switch.call.timeline import SWITCH, Kind, Timeline
from switch.directory.people import Directory
from switch.directory.rules import Moment, Watch


@dataclass(frozen=True, slots=True)
class Alert:
    """One message to one receiver."""

    watch: Watch
    alert_id: str
    """The same alert again has the same id: a receiver may get it twice."""
    body: str
    """JSON."""


class Alerts:
    """Looks for watched calls, and tells of them."""

    def __init__(
        self, watches: Sequence[Watch], directory: Directory, *, send: Callable[[Alert], None], log: Any
    ) -> None:
        self._watches = tuple(watches)
        self._directory = directory
        self._send = send
        self._log = log

    def going_on(self, moment: Moment, call: OpenCall, at: datetime, timeline: Timeline) -> None:
        """Tell of a call that was admitted, or accepted."""
        self._tell(moment, call, at, timeline, {})

    def ended(self, record: CallRecord, timeline: Timeline | None) -> None:
        """Tell of the end of a call; one that another process left has no timeline here."""
        facts = {"why": record.why, "ended_by": record.ended_by, "talk_seconds": str(record.talk.total_seconds())}
        self._tell(Moment.ENDED, record, record.ended_at, timeline, facts)

    def _tell(
        self, moment: Moment, call: OpenCall | CallRecord, at: datetime, timeline: Timeline | None, more: dict[str, str]
    ) -> None:
        for watch in self._watches:
            if moment not in watch.moments or not watch.sees(call.number, call.person):
                continue
            if call.number is not None and self._directory.number(call.number).is_privileged:
                continue
            facts = {
                "watch": watch.name,
                "event": moment.value,
                "call": call.call_id,
                "facility": call.facility,
                "station": call.station,
                "person": call.person,
                "number": call.number,
                "at": at.isoformat(),
                **more,
            }
            if timeline is not None:
                timeline.add(Kind.STATE, SWITCH, SWITCH, f"alert {watch.name}: call {moment.value}")
            self._log.warning(
                "watched_call",
                watch=watch.name,
                moment=moment.value,
                call_id=call.call_id,
                person=call.person,
                number=call.number,
            )
            if watch.url is not None:
                alert_id = f"{call.call_id}/{watch.name}/{moment.value}"
                self._send(Alert(watch, alert_id, json.dumps(facts)))
