"""The decisions of a live call: start it, hold for it, end it with everything it owes."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from ledger.chart import terms_of
from ledger.draft import Draft, RefusedError
from ledger.entries import EntryDraft, EntryId, EntryKind
from ledger.hold import Hold, HoldState, is_hold_id
from ledger.money import ZERO, CallId, Money, total
from ledger.outcomes import Ended, Expired, Outcome, Placed, Refusal, Released, Started, Updated
from ledger.products import allowances, pending
from ledger.products.collect import check_limits
from ledger.products.shares import charge_id, charge_postings
from ledger.requests import (
    Charge,
    EndCall,
    ExpireHolds,
    PlaceHold,
    ReleaseHold,
    StartCall,
    UpdateCall,
)
from ledger.rows import CloseCall

CallRequest = PlaceHold | ReleaseHold | StartCall | UpdateCall | EndCall | ExpireHolds


def decide_call(draft: Draft, request: CallRequest) -> Outcome:
    """Decide one of the requests that live calls make."""
    match request:
        case PlaceHold():
            return place_hold(draft, request)
        case UpdateCall():
            return update_call(draft, request)
        case StartCall():
            return start_call(draft, request)
        case EndCall():
            return end_call(draft, request)
        case ReleaseHold():
            return release_hold(draft, request)
        case ExpireHolds():
            return expire_holds(draft, request)
        case _:
            assert_never(request)


def start_call(draft: Draft, request: StartCall) -> Started:
    """Store an open call of a registered process, once, and not after its end."""
    call = request.call
    draft.process(call.process_id)
    if f"{call.call_id}/end" in draft.view.remembered:
        raise RefusedError(Refusal.CALL_ENDED, call.call_id)
    draft.put(call)
    return Started(call.call_id)


def update_call(draft: Draft, request: UpdateCall) -> Updated:
    """Store an open call anew."""
    call = request.call
    if call.call_id not in draft.view.open:
        raise RefusedError(Refusal.UNKNOWN_CALL, call.call_id)
    draft.process(call.process_id)
    draft.put(call)
    return Updated(call.call_id)


def place_hold(draft: Draft, request: PlaceHold) -> Placed:
    """Put money aside, if the call is open and so much is available.

    A hold that comes after the call's end is refused: nobody would give it back. A prepaid account that
    settles later has no holds: `AdmitCall` decides there.
    """
    if request.call_id not in draft.view.open:
        raise RefusedError(Refusal.UNKNOWN_CALL, request.call_id)
    account = draft.account(request.account_id)
    if account.floor is None and terms_of(account.account_id).may_settle_later:
        raise RefusedError(Refusal.NOT_ALLOWED, request.account_id)
    draft.check_amount(request.amount, request.hold_id)
    if request.limits is not None:
        check_limits(draft, account, request.amount, request.limits)
    hold = Hold(request.hold_id, request.account_id, request.call_id, request.amount, request.at)
    available = draft.hold(hold, is_remembered=request.limits is None and is_hold_id(request.hold_id))
    return Placed(request.hold_id, available)


def release_hold(draft: Draft, request: ReleaseHold) -> Released:
    """Give a hold back; once given back, giving it back again changes nothing."""
    hold = draft.view.holds.get(request.hold_id)
    if hold is None:
        raise RefusedError(Refusal.UNKNOWN_HOLD, request.hold_id)
    if hold.state is HoldState.CAPTURED:
        raise RefusedError(Refusal.HOLD_SETTLED, request.hold_id)
    if hold.state is HoldState.PLACED:
        draft.settle(hold.release(request.at))
    return Released(hold.hold_id, hold.amount)


def end_call(draft: Draft, request: EndCall) -> Ended:
    """Settle a call: its record, its charge out of its holds, the rest of them released.

    A call that was never stored as open (it was denied at once) may end too, without a charge.
    """
    record, charge = request.record, request.charge
    call_id = record.call_id
    is_open = call_id in draft.view.open
    holds = [draft.view.holds[hold_id] for hold_id in draft.view.placed.get(call_id, ())]
    if charge is not None and charge.total > ZERO:
        if not is_open:
            raise RefusedError(Refusal.UNKNOWN_CALL, call_id)
        entry_id = _charge(draft, request, charge, holds)
    else:
        entry_id = None
        for hold in holds:
            draft.settle(hold.release(record.ended_at))
    allowances.settle(draft, record, request.free_seconds)
    draft.put(record)
    if is_open:
        draft.put(CloseCall(call_id))
    held = total(hold.amount for hold in holds)
    # A call on an account that settles later may cost more than was held for it.
    released = max(ZERO, held - record.charged)
    return Ended(call_id, entry_id, record.charged, released)


def _charge(draft: Draft, request: EndCall, charge: Charge, holds: list[Hold]) -> EntryId | None:
    """Capture the charge from the payer's holds, oldest first, release the rest, and book the entry."""
    call_id, at = request.record.call_id, request.record.ended_at
    draft.check_amount(charge.total, call_id)
    payer = draft.account(charge.payer)
    postings = charge_postings(charge)
    if request.posts_at is not None:
        for hold in holds:
            draft.settle(hold.release(at))
        pending.keep(draft, call_id, charge, request.posts_at)
        return None
    left = charge.amount
    for hold in sorted(holds, key=lambda hold: (hold.placed_at, hold.hold_id)):
        part = min(left, hold.amount) if hold.account_id == charge.payer else ZERO
        draft.settle(hold.capture(part, at) if part else hold.release(at))
        left -= part
    if left and payer.floor is not None:
        raise RefusedError(Refusal.OVER_HELD, charge.payer, charge.amount - left)
    entry = EntryDraft(charge_id(call_id), EntryKind.CHARGE, at, postings, call_id=call_id, memo=charge.memo)
    draft.book(entry)
    return entry.entry_id


def expire_holds(draft: Draft, request: ExpireHolds) -> Expired:
    """Give back every hold in sight that nobody will settle any more."""
    expired = [
        hold
        for hold in draft.view.holds.values()
        if hold.state is HoldState.PLACED and _is_abandoned(draft, hold.call_id, request.silent_since)
    ]
    for hold in expired:
        draft.settle(hold.expire(request.at))
    free_seconds = allowances.give_up(draft, lambda call_id: _is_abandoned(draft, call_id, request.silent_since))
    return Expired(tuple(hold.hold_id for hold in expired), _sum(expired), free_seconds)


def _is_abandoned(draft: Draft, call_id: CallId, silent_since: datetime) -> bool:
    call = draft.view.calls.get(call_id)
    if call is None:
        return True
    process = draft.view.processes.get(call.process_id)
    is_silent = process is None or process.beat_at < silent_since
    return is_silent and call.accepted_at is None


def _sum(holds: list[Hold]) -> Money:
    return total(hold.amount for hold in holds)
