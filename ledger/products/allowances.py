"""Free seconds of a person's allowance (S1-7): held for a call, used by its talk, or given back.

What the cycle of an allowance has left is its limit less what is used and what is held, so that no two
calls have the same free minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ledger.draft import Draft, RefusedError
from ledger.money import CallId
from ledger.outcomes import Refusal, Taken
from ledger.products.requests import TakeAllowance
from ledger.products.rows import Allowance, AllowanceTake, DropRow
from ledger.records import CallRecord

_SECOND: Final = timedelta(seconds=1)


def take(draft: Draft, request: TakeAllowance) -> Taken:
    """Hold as many free seconds as are wanted and left, perhaps none, for a call that is open."""
    call_id, key = request.call_id, request.key
    if call_id not in draft.view.open:
        raise RefusedError(Refusal.UNKNOWN_CALL, call_id)
    before = draft.view.products.get(Allowance, f"{key}/{request.cycle}") or Allowance(key, request.cycle, 0, 0)
    left = max(0, request.limit - before.used_seconds - before.held_seconds)
    seconds = min(left, request.wanted)
    if seconds:
        draft.put(replace(before, held_seconds=before.held_seconds + seconds))
        draft.put(AllowanceTake(call_id, key, request.cycle, seconds))
    return Taken(key, seconds)


def settle(draft: Draft, record: CallRecord, free_seconds: int | None) -> None:
    """Use what the call has talked free, to the full second, and give back what it has not.

    Raises:
        RefusedError: It says that more was free than is held for it.
    """
    takes = tuple(draft.view.products.of(AllowanceTake, record.call_id))
    most = max((each.seconds for each in takes), default=0)
    if free_seconds is not None and free_seconds > most:
        raise RefusedError(Refusal.OVER_HELD, record.call_id)
    talked = -(-record.talk // _SECOND) if free_seconds is None else free_seconds
    for each in takes:
        _end(draft, each, min(talked, each.seconds))


def give_up(draft: Draft, is_abandoned: Callable[[CallId], bool]) -> int:
    """Give back what is held for calls that nobody will settle; returns how many seconds."""
    given_up = [each for each in draft.view.products.all(AllowanceTake) if is_abandoned(each.call_id)]
    for each in given_up:
        _end(draft, each, 0)
    return sum(each.seconds for each in given_up)


def _end(draft: Draft, taken: AllowanceTake, used: int) -> None:
    allowance = draft.product(Allowance, f"{taken.key}/{taken.cycle}")
    if allowance is None:
        raise AssertionError(f"{taken.call_id} holds {taken.seconds} s of {taken.key}, which is not there")
    draft.put(
        replace(
            allowance,
            used_seconds=allowance.used_seconds + used,
            held_seconds=allowance.held_seconds - taken.seconds,
        )
    )
    draft.put(DropRow(AllowanceTake, taken.row_id))
