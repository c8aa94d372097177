"""After a crash: calls that a dead process left open are settled, and their parties released.

Talk that was accepted is charged once, to the last heartbeat of the process that carried it and never
beyond what was held; the rest is released. The record says `recovered`. Before that both softphones get a BYE,
if they can be reached: what is settled is forgotten, and a second crash in between would leave them in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from ivr.ports import Leaver
from ivr.reasons import Reason
from ledger.hold import HoldState
from ledger.liveness import dead, is_running
from ledger.money import ZERO, Money, total
from ledger.outcomes import Refused
from ledger.records import CallRecord, OpenCall
from ledger.requests import Charge, EndCall, Process, RetireProcess
from ledger.store import Book
from rating.explain import explain
from rating.price import afford
from rating.terms import Terms
from switch.call.billing import charge_of

Release = Callable[[OpenCall], object]
"""Lets go of what a dead process has left of a call: of its dialogs (a BYE, once, however often it is asked to), and of
names that were spoken for it."""


async def recover(
    book: Book, processes: Iterable[Process], *, now: datetime, settles_after: timedelta, release: Release, log: Any
) -> tuple[CallRecord, ...]:
    """Settle every call of those processes that are gone (`ledger.liveness`); returns the records made.

    What is charged later (S3-9) is charged so long after the end of its call, as if nobody had died.
    """
    records: list[CallRecord] = []
    for process in dead(processes, now, is_running):
        for call in await book.open_calls(process_id=process.process_id):
            holds = await book.holds(call_id=call.call_id, state=HoldState.PLACED)
            release(call)
            record, charge = settle(call, process, total(hold.amount for hold in holds))
            posts_at = None if charge is None or not call.granted else record.ended_at + settles_after
            outcome = await book.submit(EndCall(record, charge, posts_at))
            if isinstance(outcome, Refused):  # Another process was quicker, and settled it in its own way.
                log.error("call_not_recovered", call_id=call.call_id, why=outcome.why.value)
                continue
            log.warning("call_recovered", call_id=call.call_id, charged=str(record.charged), talk=str(record.talk))
            records.append(record)
        await book.submit(RetireProcess(process.process_id))
    return tuple(records)


def settle(call: OpenCall, process: Process, held: Money) -> tuple[CallRecord, Charge | None]:
    """The record and the charge of a call whose process died: talk to the last heartbeat, at most what is held."""
    talk, charge, explanation = timedelta(0), None, None
    ended_at = max(process.beat_at, call.started_at)
    if call.accepted_at is not None and call.rate is not None:
        ended_at = max(process.beat_at, call.accepted_at)
        terms = Terms.from_json(call.rate)
        # What is charged later was granted without a hold.
        talk = min(ended_at - call.accepted_at, max(afford(terms, held), call.granted))
        ended_at = call.accepted_at + talk
        explained = explain(terms, talk)
        if call.payer is not None and call.income is not None:
            explained = explained.with_postings([f"{call.call_id}/charge"])
            memo = f"{terms.opening.rate.place}, recovered"
            charge = charge_of(terms, talk, payer=call.payer, income=call.income, memo=memo)
        explanation = explained.to_json()
    record = CallRecord(
        call_id=call.call_id,
        facility=call.facility,
        station=call.station,
        person=call.person,
        number=call.number,
        billing=call.billing,
        payer=call.payer,
        started_at=call.started_at,
        ended_at=ended_at,
        why=Reason.RECOVERED.value,
        ended_by=Leaver.SWITCH.value,
        rang_at=call.rang_at,
        answered_at=call.answered_at,
        accepted_at=call.accepted_at,
        talk=talk,
        charged=charge.amount if charge else ZERO,
        tariff=call.tariff,
        explanation=explanation,
        recording=call.recording,
    )
    return record, charge
