"""What was seen of one call from outside, as the model is told of it: keys, hang-ups, blocks, kills, who has to pay."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

from ledger.records import CallRecord
from scenarios.swarm.cards import Cards
from scenarios.swarm.house import NOON, Life
from scenarios.swarm.model import EDGE, Seen
from scenarios.swarm.observed import Barred, Observed
from scenarios.swarm.people import ACCEPT_KEY, Dialled, Taken
from scenarios.swarm.plan import FACILITY, FACILITY_FREE, HOUSEHOLD, debit_account

PRICE_KEY: Final = "2"
BLOCK_CHOICE: Final = "3"
"""On the family's line, pressed once to block the own number, and once more to confirm that."""
PASSIVE_LEAST: Final = 4.0
PASSIVE_MOST: Final = 100.0
"""Who stays so long after the answer has accepted: no sooner than after one silence, and after all that is told."""
STAYS_SECONDS: Final = 0.05
"""Who leaves so soon after the accept key may be gone before the talk."""
BLOCK_SECONDS: Final = 1.0
"""A block by an agent ends talk within a second."""
FAULT_SECONDS: Final = 8.0
"""How long after a fault of book or network a call may still feel it: a retry, and a slice asked for ahead."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A record, and the same call as the people remember it."""

    record: CallRecord
    life: Life
    call: Dialled
    taken: Taken | None
    """None: no called party heard of it."""


def seen_of(observed: Observed, pair: Pair, cards: Cards, room: tuple[float, float]) -> Seen:
    """What was seen of one call; `room` is the longest talk that the facility leaves to it, surely and at best."""
    plan, tap = observed.plan, observed.tap
    record, life, call, taken = pair.record, pair.life, pair.call, pair.taken
    start = life.loop_time(record.started_at)
    is_offered = cards.is_offered(record, call)
    payer = cards.payer(record, start) if is_offered else _payer(record, call)
    is_by_card = payer is not None and payer.startswith("onecall:")
    is_given = is_offered and payer is None
    limit = plan.limit_of(call.person, call.number)
    killed = killed_at(observed, record.why, start)
    dialogs = [call.call_id, *([taken.call_id] if taken else [])]
    hung_up = min(tap.byes.get(dialog, inf) for dialog in dialogs)
    stops = [at for at in observed.stops if at >= start]
    if record.why == "shut-down" and stops:
        hung_up = min(hung_up, *stops)
    end = life.loop_time(record.ended_at)
    is_troubled = _is_troubled(observed, start, end)
    late = FAULT_SECONDS if is_given and is_troubled else 0.0  # A free call is stored before it begins.
    barred, barred_late = _barred(observed, call, start)
    hung_up = min(hung_up, _cut_for_third_party(observed, record, life))
    left = min(hung_up, barred)
    is_dropped = call.is_dropped or (taken is not None and taken.is_dropped)
    is_sure = is_undisturbed(observed, pair)
    return Seen(
        call=record.call_id,
        payer=payer,
        prices=plan.prices,
        limit=min(room[1], limit, cards.courtesy) if is_given else min(room[1], limit),
        limit_sure=room[0],
        accept_keys=cards.talks_from(record)
        if is_by_card
        else [(low, high + late) for low, high in _accept_keys(observed, taken)],
        fee=cards.fee if is_by_card else 0,
        free_once=call.number.number if is_given else "",
        left=left,
        left_late=hung_up if is_troubled else min(hung_up, barred_late),
        over=min([hung_up, *(at for dialog in dialogs for at in tap.switch_byes.get(dialog, ()))]),
        killed=killed,
        is_sure=is_sure,
        is_book_sound=not is_troubled,
        must_talk=is_sure
        and not is_dropped
        and record.why != "recovered"
        and not is_offered
        and _must_talk(observed, taken, left, dialogs),
    )


def killed_at(observed: Observed, why: str, began: float) -> float:
    """When the switch died that had a call; its record says the last heartbeat before. Infinity: none did."""
    return min((at for at in observed.kills if at >= began), default=inf) if why == "recovered" else inf


def is_undisturbed(observed: Observed, pair: Pair) -> bool:
    """Whether book, network, people and switch were all there, so that a call must come out as planned."""
    life, call, taken = pair.life, pair.call, pair.taken
    start, end = life.loop_time(pair.record.started_at), life.loop_time(pair.record.ended_at)
    hosts = {call.station.host, call.number.host}
    is_parted = any(
        low <= end + 1 and start <= high + FAULT_SECONDS and host in hosts for low, high, host in observed.parted
    )
    is_dropped = call.is_dropped or (taken is not None and taken.is_dropped)
    after_crash = any(0 <= start - at < FAULT_SECONDS + 60 for at in observed.kills)
    return not (
        _is_troubled(observed, start, end)
        or is_parted
        or after_crash
        or (is_dropped and observed.plan.has_media)
        or _may_fall_silent(observed, pair.record)
    )


def _is_troubled(observed: Observed, start: float, end: float) -> bool:
    """Whether the book was not what it should be, in a call or shortly before."""
    return any(low <= end + 1 and start <= high + FAULT_SECONDS for low, high in observed.troubled)


def _cut_for_third_party(observed: Observed, record: CallRecord, life: Life) -> float:
    """When a suspicion ended a call, where the facility has it so; one before it rang was of another call.

    Nobody knows that it rang where the word of that was lost on the way.
    """
    begun = record.rang_at or record.answered_at
    if not observed.plan.facility.cuts_third_party or begun is None:
        return inf
    rang, end = life.loop_time(begun), life.loop_time(record.ended_at)
    hits = (at for at, number in observed.suspected if number == record.number and rang <= at <= end + EDGE)
    return min(hits, default=inf)


def _barred(observed: Observed, call: Dialled, start: float) -> tuple[float, float]:
    """From when on an agent's block may end a call, and when it must have; one that stood before refuses the call."""
    blocks = [
        barred
        for barred in observed.barred + _self_barred(observed)
        if barred.number == call.number.number and (barred.stored_at is None or barred.stored_at >= start)
    ]
    if not blocks or call.station.facility != FACILITY:
        return inf, inf
    stored = [barred.stored_at for barred in blocks if barred.stored_at is not None]
    return min(barred.asked_at for barred in blocks), min(stored, default=inf) + BLOCK_SECONDS


def _self_barred(observed: Observed) -> list[Barred]:
    """Who may have blocked the own number on the family's line; whether they did is not told from outside."""
    return [
        Barred(visit.dialled_at, visit.number.number)
        for visit in observed.phoned
        if "".join(keys for _, keys in visit.plan.keys).count(BLOCK_CHOICE) > 1
    ]


def _must_talk(observed: Observed, taken: Taken | None, left: float, dialogs: list[str]) -> bool:
    """Whether the called party accepted while both were there, pressing nothing but the price before."""
    usual = set() if taken is not None and taken.number.is_passive else {ACCEPT_KEY, PRICE_KEY}
    if taken is None or observed.plan.is_rough or {key for _, key in taken.plan.keys} - usual:
        return False
    ended = [left, *(at for dialog in dialogs for at in observed.tap.switch_byes.get(dialog, ()))]
    return any(at + STAYS_SECONDS < min(ended) for _, at in _accept_keys(observed, taken))


def _may_fall_silent(observed: Observed, record: CallRecord) -> bool:
    """With media, a party that is not heard for long ends the talk: allowed where the network is rough."""
    return record.why == "media-lost" and observed.plan.is_rough


def _payer(record: CallRecord, call: Dialled) -> str | None:
    """Who has to pay, by the plan: nobody, the person inside, or the number."""
    if call.number.is_free or not call.number.hears_greeting or call.station.facility == FACILITY_FREE:
        return None
    if record.billing == "debit":
        return debit_account(call.person) if call.plan.is_asked else "nobody chose debit"
    if call.number.is_household and record.started_at >= NOON:  # By a clock set back it is not active yet (S3-5).
        return HOUSEHOLD
    number = call.number.number
    return f"lec:{number}" if call.number.advancepay is None else f"advancepay:{number}"


def _accept_keys(observed: Observed, taken: Taken | None) -> list[tuple[float, float]]:
    """When accept keys arrived: by INFO, and as telephone events; the answer, where nothing is announced."""
    if taken is None:
        return []
    if not taken.number.hears_greeting:
        answered = observed.tap.answered.get(taken.call_id)
        return [] if answered is None else [(answered, answered)]
    if taken.number.is_passive:
        answered = observed.tap.answered.get(taken.call_id)
        return [] if answered is None else [(answered + PASSIVE_LEAST, answered + PASSIVE_MOST)]
    found = [(at, at) for key, at in observed.tap.keys.get(taken.call_id, {}).values() if key == ACCEPT_KEY]
    if observed.plan.has_media:
        found += [
            (at, at)
            for (source, _), (key, at, _) in observed.tap.tones.items()
            if key == ACCEPT_KEY and source[0] == taken.number.host and at >= taken.invited_at
        ]
    return found
