"""A played scenario as the plain values of its result."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ledger.entries import Entry
from ledger.export import record_facts
from ledger.hold import Hold
from ledger.records import CallRecord
from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio
from scenarios.phones.handset import HandsetCall
from scenarios.play.result import (
    LEVEL_FLOOR,
    LEVEL_SECONDS,
    AccountSeen,
    CallSeen,
    ClipHeard,
    HoldSeen,
    KeyPressed,
    Moment,
    PhoneSide,
    PostingSeen,
)
from scenarios.play.stage import Stage
from scenarios.play.traces import Side, Trace
from switch.call.desk import CARD_ASKED, CARD_ENTERED
from switch.call.timeline import CALLEE, Item

HIDDEN_KEY: Final = "•"
"""What stands for a key of a card."""


async def call_facts(stage: Stage, *, is_recognising: bool) -> list[CallSeen]:
    """Every call, in the order they began."""
    async with stage.reading() as book:
        holds, entries = await book.holds(), await book.entries()
    return [_call(stage, trace, holds, entries, is_recognising=is_recognising) for trace in stage.traces]


async def account_facts(stage: Stage) -> list[AccountSeen]:
    """Every account as it stands."""
    async with stage.reading() as book:
        accounts = await book.accounts()
    return [AccountSeen(each.account_id, str(each.balance), str(each.held)) for each in accounts]


def _call(
    stage: Stage, trace: Trace, holds: tuple[Hold, ...], entries: tuple[Entry, ...], *, is_recognising: bool
) -> CallSeen:
    since, record = stage.began_at, trace.record
    return CallSeen(
        call_id=trace.call_id,
        since=trace.since - since,
        until=_since(trace.ended_at, since),
        accepted_at=_since(trace.accepted_at, since),
        timeline=tuple(
            Moment(item.number, item.at - since, item.kind.value, item.source, item.target, item.text)
            for item in trace.items
        ),
        phones=tuple(
            _side(
                stage,
                side,
                card_until(trace.items) - since if side.party == CALLEE else float("-inf"),
                is_recognising=is_recognising,
            )
            for side in trace.sides
        ),
        holds=tuple(
            HoldSeen(
                hold.hold_id,
                hold.account_id,
                str(hold.amount),
                hold.state.value,
                trace.epoch.at(hold.placed_at) - since,
                str(hold.captured),
            )
            for hold in holds
            if hold.call_id == trace.call_id
        ),
        postings=tuple(
            PostingSeen(
                entry.draft.entry_id,
                entry.draft.kind.value,
                trace.epoch.at(entry.draft.at) - since,
                posting.account_id,
                str(posting.amount),
            )
            for entry in entries
            if entry.draft.call_id == trace.call_id
            for posting in entry.draft.postings
        ),
        record=None if record is None else record_facts(record),
        explanation="" if record is None else _explained(record),
    )


def keys_told(keys: Sequence[KeyPressed], secret_until: float) -> tuple[KeyPressed, ...]:
    """Keys as a result has them: those up to an instant are dots, and which they were is nowhere."""
    return tuple(KeyPressed(key.at, HIDDEN_KEY) if key.at <= secret_until else key for key in keys)


def card_until(items: Sequence[Item]) -> float:
    """Until when the called party may have entered a card, ahead of the question too: nobody tells its keys."""
    return max((item.at for item in items if item.text in {CARD_ASKED, CARD_ENTERED}), default=float("-inf"))


def _side(stage: Stage, side: Side, secret_until: float, *, is_recognising: bool) -> PhoneSide:
    call, since, actor = side.call, stage.began_at, stage.actor(side.actor)
    reception = call.heard.reception
    until = stage.loop.time() if call.ended_at is None else call.ended_at
    has_audio = call.answered_at is not None
    return PhoneSide(
        actor=side.actor,
        party=side.party,
        sip=actor.sip_of(call, since),
        keys=keys_told([replace(key, at=key.at - since) for of, key in actor.keys if of is call], secret_until),
        heard=_heard(stage, call, until) if is_recognising and has_audio else (),
        rang_at=_since(call.ringing_at, since),
        answered_at=_since(call.answered_at, since),
        ended_at=_since(call.ended_at, since),
        levels_since=_since(call.answered_at, since),
        levels=levels(call.heard.audio(call.answered_at, until)) if call.answered_at is not None else (),
        packets_received=reception.packets,
        packets_lost=reception.lost,
        jitter_seconds=reception.jitter_seconds,
    )


def _heard(stage: Stage, call: HandsetCall, until: float) -> tuple[ClipHeard, ...]:
    ears, since = stage.setting.ears, stage.began_at
    assert call.answered_at is not None
    return tuple(
        ClipHeard(clip.at - since, clip.until - since, clip.clip_id, ears.text(clip.clip_id), clip.is_whole)
        for clip in call.heard.clips(ears.all_words(), call.answered_at, until)
    )


def levels(audio: Audio) -> tuple[float, ...]:
    """The level of every `LEVEL_SECONDS`, in dBov."""
    size = round(LEVEL_SECONDS * SAMPLES_PER_SECOND)
    windows = audio[: len(audio) // size * size].reshape(-1, size).astype(np.float64)
    power = (windows**2).mean(axis=1) / 32768**2
    floor = 10 ** (LEVEL_FLOOR / 10)
    return tuple(round(float(level), 1) for level in 10 * np.log10(np.maximum(power, floor)))


def _since(at: float | None, since: float) -> float | None:
    return None if at is None else at - since


def _explained(record: CallRecord) -> str:
    """How the charge came about, in words."""
    if record.explanation is None:
        return ""
    facts = json.loads(record.explanation)
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items() if key != "postings")
