"""Which rows a group of requests has to see, so that each table is asked once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from ledger.chart import cash_id
from ledger.entries import EntryId
from ledger.hold import HoldId
from ledger.money import AccountId, CallId
from ledger.requests import (
    Adjust,
    Deposit,
    EndCall,
    ExpireHolds,
    Heartbeat,
    OpenAccount,
    PlaceHold,
    Refund,
    RegisterProcess,
    ReleaseHold,
    Request,
    RetireProcess,
    StartCall,
    Transfer,
    UpdateCall,
    request_id,
)


@dataclass(slots=True)
class Footprint:
    """Keys of rows to be loaded."""

    remembered: set[str] = field(default_factory=set)
    accounts: set[AccountId] = field(default_factory=set)
    holds: set[HoldId] = field(default_factory=set)
    calls: set[CallId] = field(default_factory=set)
    ending: set[CallId] = field(default_factory=set)
    """Calls whose placed holds are all needed."""
    charges: set[EntryId] = field(default_factory=set)
    processes: set[str] = field(default_factory=set)
    every_process: bool = False
    """Who beats wants to know who else there is."""
    retiring: set[str] = field(default_factory=set)
    """Processes whose open calls are all needed."""
    silent_since: datetime | None = None
    """If set: the holds that may be given up, judged by this instant."""

    @property
    def is_of_processes(self) -> bool:
        """Whether beats alone are to be decided, and every process is all they need: most groups of an idle switch."""
        return self.every_process and not (
            self.remembered or self.accounts or self.holds or self.calls or self.retiring or self.silent_since
        )


def footprint(requests: Iterable[Request]) -> Footprint:
    """The rows that deciding these requests one after the other needs."""
    found = Footprint()
    for request in requests:
        if (identity := request_id(request)) is not None:
            found.remembered.add(identity)
        _add(found, request)
    return found


def _add(found: Footprint, request: Request) -> None:
    match request:
        case PlaceHold():
            found.accounts.add(request.account_id)
            found.calls.add(request.call_id)
        case UpdateCall():
            found.calls.add(request.call.call_id)
            found.processes.add(request.call.process_id)
        case StartCall():
            found.processes.add(request.call.process_id)
            found.remembered.add(f"{request.call.call_id}/end")
        case EndCall():
            found.calls.add(request.record.call_id)
            found.ending.add(request.record.call_id)
            if request.charge is not None:
                found.accounts.update((request.charge.payer, request.charge.income))
        case ReleaseHold():
            found.holds.add(request.hold_id)
        case Heartbeat() | RegisterProcess() | RetireProcess() | ExpireHolds():
            _add_of_processes(found, request)
        case OpenAccount():
            found.accounts.add(request.account_id)
        case Deposit():
            found.accounts.update((request.account_id, cash_id(request.channel)))
        case Transfer():
            found.accounts.update((request.source, request.target))
        case Adjust():
            found.accounts.update((request.account_id, request.against))
        case Refund():
            found.charges.add(request.charge_id)
        case _:
            assert_never(request)


def _add_of_processes(found: Footprint, request: Heartbeat | RegisterProcess | RetireProcess | ExpireHolds) -> None:
    match request:
        case Heartbeat():
            found.every_process = True
        case RegisterProcess():
            found.processes.add(request.process.process_id)
        case RetireProcess():
            found.processes.add(request.process_id)
            found.retiring.add(request.process_id)
        case ExpireHolds():
            # Several in one group: load what the latest would give up; each decides for itself.
            latest = found.silent_since
            found.silent_since = request.silent_since if latest is None else max(latest, request.silent_since)
        case _:
            assert_never(request)
