"""Whether a call of the load went as its kind wants, and the class of what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from scenarios.load.plan import TALKING, Behaviour

BUSY_STATUSES: Final = frozenset({486, 600, 603})
UNANSWERED_STATUSES: Final = frozenset({408, 480, 487})


class End(Enum):
    """How the caller's leg ended."""

    OURS = "we hung up"
    """By our BYE."""
    CANCELLED = "we gave up"
    """By our CANCEL."""
    THEIRS = "BYE from the target"
    STATUS = "refused"
    """By a final status of 300 and above."""
    SILENCE = "silence"
    """The target did not answer the INVITE at all (timer B)."""
    ABANDONED = "unfinished"
    """The run was stopped in the middle of it."""


@dataclass(frozen=True, slots=True)
class Course:
    """What happened in one call.

    Attributes:
        end: How the caller's leg ended.
        status: The final status, where one ended it.
        is_reached: Whether the call arrived at our called party.
        is_connected: Whether both sides came to talk.
        has_talked: Whether they talked for as long as planned.
        is_bye_answered: Whether our BYE got its 200; None where we sent none.
        fault: What else went wrong: no audio in common, no free telephone.
    """

    end: End
    status: int | None = None
    is_reached: bool = False
    is_connected: bool = False
    has_talked: bool = False
    is_bye_answered: bool | None = None
    fault: str | None = None


def failure_of(behaviour: Behaviour, course: Course, *, has_callees: bool, hangs_up: str) -> str | None:
    """The class of a call's failure; None if it went as its kind wants.

    The classes stand in `docs/load.md`. A called party that refuses, blocks, is busy or does not answer makes no
    failed call: it is what was asked for. How the caller learns of it differs between targets: a plain
    bridge passes the status on, a story answers, says why, and hangs up.
    """
    if course.fault is not None:
        return course.fault
    if course.end is End.ABANDONED:
        return "unfinished at the end of the run"
    if course.end is End.SILENCE:
        return "INVITE unanswered"
    if course.is_bye_answered is False:
        return "BYE unanswered"
    if behaviour in TALKING:
        return _talk_failure(course, has_callees=has_callees, hangs_up=hangs_up)
    return _refusal_failure(behaviour, course, has_callees=has_callees)


def _talk_failure(course: Course, *, has_callees: bool, hangs_up: str) -> str | None:
    if course.end is End.STATUS:
        return f"status {course.status}"
    if course.end is End.CANCELLED:
        return "not answered in time"
    if has_callees and not course.is_reached:
        return "called party never reached"
    if not course.is_connected:
        return "BYE before the talk" if course.end is End.THEIRS else "never connected"
    if not course.has_talked:
        return "BYE before the end" if course.end is End.THEIRS else "the target did not end the call"
    is_expected = course.end is End.OURS if hangs_up == "caller" else course.end is End.THEIRS
    return None if is_expected else "ended by the wrong side"


def _refusal_failure(behaviour: Behaviour, course: Course, *, has_callees: bool) -> str | None:
    if has_callees and not course.is_reached:
        return f"status {course.status}" if course.end is End.STATUS else "called party never reached"
    if course.end is End.OURS:
        return "the target did not end the call"
    if behaviour is Behaviour.NO_ANSWER:
        if course.end is End.STATUS and course.status not in UNANSWERED_STATUSES:
            return f"status {course.status}"
        return None
    if course.end is End.CANCELLED:
        return "not answered in time"
    if behaviour is Behaviour.BUSY:
        if course.end is End.STATUS and course.status not in BUSY_STATUSES:
            return f"status {course.status}"
        return None
    return f"status {course.status}" if course.end is End.STATUS else None
