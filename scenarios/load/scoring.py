"""From the instants of a call to the counts of the run."""

from __future__ import annotations

from typing import Final

from scenarios.load.attempt import Attempt, Side
from scenarios.load.measures import Measure
from scenarios.load.media import Voice
from scenarios.load.plan import TALKING
from scenarios.load.tally import LATE_START, Tally
from scenarios.load.verdict import Course, End, failure_of

JITTER_PACKETS: Final = 16
"""The mean of RFC 3550 forgets over 16 packets; of fewer it tells little."""
SILENCE_MAX: Final = 1.0
"""Seconds without audio before the end of a talk that say that it stopped."""


def score_setup(tally: Tally, attempt: Attempt) -> None:
    """Count the times of a call's beginning, once its INVITE has a final answer."""
    title, intended_at = attempt.kind.title, attempt.intended_at
    late = attempt.started_at - intended_at
    tally.time(Measure.START_LATE, title, late)
    if late > LATE_START:
        tally.generator.late_starts += 1
    if attempt.rung_at is not None:
        tally.time(Measure.SETUP, title, attempt.rung_at - intended_at)
    if attempt.answered_at is not None:
        tally.time(Measure.ANSWER, title, attempt.answered_at - intended_at)


def score(tally: Tally, attempt: Attempt, *, has_callees: bool, has_audio: bool) -> str | None:
    """Count a call that is over; returns the class of its failure."""
    kind, title = attempt.kind, attempt.kind.title
    if attempt.reached_at is not None:
        since = attempt.intended_at if attempt.last_key_at is None else attempt.last_key_at
        tally.time(Measure.REACH, title, max(0.0, attempt.reached_at - since))
    for side in (attempt.caller_side, attempt.callee_side):
        answered_at = _bye_answered_at(side)
        if side is not None and side.bye_sent_at is not None and answered_at is not None:
            tally.time(Measure.BYE, title, answered_at - side.bye_sent_at)
    _score_release(tally, attempt)
    if has_audio:
        for voice in (attempt.caller_voice, attempt.callee_voice):
            if voice is not None:
                _score_audio(tally, attempt, voice)
    course = _course(attempt, _audio_fault(attempt) if has_callees and has_audio else None)
    failure = failure_of(kind.behaviour, course, has_callees=has_callees, hangs_up=kind.hangs_up)
    tally.finish(title, failure)
    return failure


def _course(attempt: Attempt, audio_fault: str | None) -> Course:
    byes = [
        side.bye_answered
        for side in (attempt.caller_side, attempt.callee_side)
        if side is not None and side.bye_answered is not None
    ]
    return Course(
        end=attempt.end or End.ABANDONED,
        status=attempt.status,
        is_reached=attempt.reached_at is not None,
        is_connected=attempt.connected.done() and not attempt.connected.cancelled(),
        has_talked=attempt.talked,
        is_bye_answered=all(bye.done() for bye in byes) if byes else None,
        fault=attempt.fault or audio_fault,
    )


def _bye_answered_at(side: Side | None) -> float | None:
    answered = None if side is None else side.bye_answered
    return answered.result() if answered is not None and answered.done() and not answered.cancelled() else None


def _score_release(tally: Tally, attempt: Attempt) -> None:
    """How long the target took to pass a BYE on, or by how much it missed the end of the paid talk."""
    kind, sides = attempt.kind, (attempt.caller_side, attempt.callee_side)
    received = [side.bye_received_at for side in sides if side is not None and side.bye_received_at is not None]
    sent = [side.bye_sent_at for side in sides if side is not None and side.bye_sent_at is not None]
    if kind.cut_after is not None:
        if received and attempt.accepted_at is not None:
            tally.time(Measure.CUTOFF, kind.title, abs(min(received) - attempt.accepted_at - kind.cut_after))
    elif kind.behaviour in TALKING and received and sent and min(received) >= min(sent):
        tally.time(Measure.RELEASE, kind.title, min(received) - min(sent))


def _score_audio(tally: Tally, attempt: Attempt, voice: Voice) -> None:
    """Count a party's audio. Words of warning hide marks, so calls that are to be cut tell nothing of them."""
    title = attempt.kind.title
    for stream in voice.arrived.values():
        tally.rtp.add(stream.expected, stream.received)
        if stream.received >= JITTER_PACKETS:
            tally.time(Measure.JITTER, title, stream.jitter)
    if attempt.kind.cut_after is None:
        tally.audio.add(voice.marks.expected, voice.marks.received)
    for delay in voice.delays:
        tally.time(Measure.RTP_DELAY, title, delay)


def _audio_fault(attempt: Attempt) -> str | None:
    """Whether two parties of ours that talked did not hear anything, or not to the end."""
    if attempt.kind.behaviour not in TALKING or not attempt.talked or attempt.talk_ended_at is None:
        return None
    if attempt.talk_ended_at - (attempt.accepted_at or attempt.talk_ended_at) < SILENCE_MAX:
        return None
    for voice in (attempt.caller_voice, attempt.callee_voice):
        if voice is None or voice.heard_at is None:
            return "no audio arrived"
        if attempt.talk_ended_at - voice.heard_at > SILENCE_MAX:
            return "audio stopped before the end"
    return None
