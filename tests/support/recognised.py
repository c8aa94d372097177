"""What the switch said against what telephones recognised, clip by clip.

The rule. A clip counts as

* whole, if all of it left the switch while the telephone's call was up: it must be recognised, to its end;
* cut, if a key, another play or the end of the call broke it off: it must be recognised, in part, where `CUT_MIN`
  or more of it was said; a shorter beginning may be passed over;
* over talk, if it was said over sound of the other party: the switch attenuates that by 12 dB, which of a loud tone
  leaves as much as the words have; it may be recognised or not;
* broken by the network, if it began before the telephone knew that it was answered, or its line loses more than 2 %,
  or if a tenth of a second of its sound arrived as nothing (five packets in a row, as no
  independent loss of a few percent does it): it may be recognised or not;
* and whatever is recognised beyond these, at another time or in another order, is wrong; but for a beep on a line
  that loses more than 2 %: a steady tone that is torn to pieces is a row of beeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from prompts.audio import RATE, Audio, Library
from prompts.catalog import ClipId
from prompts.recognise import HEARD_MIN
from scenarios.phones.heard import LOUD_DBOV
from scenarios.play.result import LEVEL_FLOOR, LEVEL_SECONDS, CallSeen, ClipHeard, PhoneSide
from tests.support.said import FRAME_SECONDS, Said

RECOGNISED: Final = "recognised"
"""Name of the property under which a test tells its count."""

EARLY_MAX: Final = 0.05
LATE_MAX: Final = 0.35
"""Seconds by which a clip may be heard later than it began: the frame, the network and the jitter of a scenario."""

CUT_MIN: Final = HEARD_MIN + 0.3
"""Seconds of a clip after which it must be known: what must match, and what the edges and whole segments take."""

LOUD: Final = 300
"""Largest sample of a window that cannot arrive as silence: -41 dB."""

TONES: Final = "tone/"
"""Clips that are no words."""

LOOPS_MAX: Final = 40
"""Rounds of hold music, of half a minute each: longer than anybody waits."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One clip that was said, or begun."""

    audio: Audio
    at: float
    until: float
    """When it ended, or was cut."""
    is_whole: bool
    over_since: float | None
    """When the words began that it belongs to, if they were said over the talk."""


@dataclass(slots=True)
class Count:
    """Clips by what became of them."""

    whole: int = 0
    cut: int = 0
    cut_short: int = 0
    """Cut before `CUT_MIN`."""
    over: int = 0
    broken: int = 0
    whole_heard: int = 0
    cut_heard: int = 0
    cut_short_heard: int = 0
    over_heard: int = 0
    broken_heard: int = 0
    seconds: float = 0.0
    """Of audio that was searched."""
    faults: list[str] = field(default_factory=list)
    """Clips that were missed, and what was recognised and not said."""


def told(counts: Sequence[Mapping[str, Any]]) -> str:
    """All counts together, as a line for people."""
    total = {name: sum(count[name] for count in counts) for name in counts[0] if name != "faults"}
    return (
        f"clips recognised in {total['seconds'] / 60:.0f} minutes of {len(counts)} scenarios: "
        f"{total['whole_heard']} of {total['whole']} said to their end, {total['cut_heard']} of {total['cut']} cut, "
        f"{total['cut_short_heard']} of {total['cut_short']} cut before {CUT_MIN} s, "
        f"{total['over_heard']} of {total['over']} over talk, "
        f"{total['broken_heard']} of {total['broken']} broken by the network; "
        f"faults: {sum(len(count['faults']) for count in counts)}"
    )


def judge(
    calls: Sequence[CallSeen],
    said: Sequence[Said],
    hosts: Mapping[str, str],
    library: Library,
    *,
    is_lossy: bool,
) -> Count:
    """Compare all telephones of a scenario. `hosts` are their addresses; times of both run from the same zero."""
    count = Count()
    for call in calls:
        for side in call.phones:
            if side.answered_at is not None:
                _judge_side(side, _said_to(side, said, hosts[side.actor]), library, count, is_lossy=is_lossy)
    return count


def _said_to(side: PhoneSide, said: Sequence[Said], host: str) -> list[Expected]:
    since, until = side.answered_at or 0.0, float("inf") if side.ended_at is None else side.ended_at
    return [
        expected
        for one in said
        if one.host == host and since - LATE_MAX <= one.at < until
        for expected in _clips(one, until)
    ]


def _clips(said: Said, call_until: float) -> Iterator[Expected]:
    """The sounding recordings of a row that were begun."""
    last = min(call_until, float("inf") if said.until is None else said.until)
    rounds = LOOPS_MAX if said.is_looped else 1
    at = said.at + FRAME_SECONDS / 2
    for audio in said.audio * rounds:
        end = at + len(audio) / RATE
        if at >= last:
            return
        if audio.any():
            is_whole = end + FRAME_SECONDS <= last or (said.is_whole and end <= call_until)
            yield Expected(audio, at, min(end, last), is_whole, said.at if said.is_overlay else None)
        at = end


def _judge_side(side: PhoneSide, expected: list[Expected], library: Library, count: Count, *, is_lossy: bool) -> None:
    heard = list(side.heard)
    count.seconds += len(side.levels) * LEVEL_SECONDS
    for one in expected:
        found = next((each for each in heard if _is_same(each, one, library)), None)
        if found is not None:
            heard.remove(found)
        where = f"{side.actor} at {one.at:.2f}-{one.until:.2f}"
        if is_lossy or _is_broken(one, side):
            count.broken += 1
            count.broken_heard += found is not None
        elif _is_over_talk(one, side):
            count.over += 1
            count.over_heard += found is not None
        elif one.is_whole:
            count.whole += 1
            count.whole_heard += found is not None and found.is_whole
            if found is None or not found.is_whole:
                missing = "not heard" if found is None else "heard in part"
                count.faults.append(f"{where}: {_name(one.audio, library)} was said and {missing}")
        elif one.until - one.at >= CUT_MIN:
            count.cut += 1
            count.cut_heard += found is not None
            if found is None:
                count.faults.append(f"{where}: {_name(one.audio, library)} was cut and not heard")
        else:
            count.cut_short += 1
            count.cut_short_heard += found is not None
    for each in heard:
        if is_lossy and each.clip.startswith(TONES):
            continue
        count.faults.append(f"{side.actor} at {each.at:.2f}: {each.clip} was heard and not said")


def _is_same(heard: ClipHeard, expected: Expected, library: Library) -> bool:
    is_in_time = -EARLY_MAX <= heard.at - expected.at <= LATE_MAX + (not expected.is_whole) * 0.3
    return is_in_time and np.array_equal(library.clip(ClipId(heard.clip)), expected.audio)


def _is_over_talk(expected: Expected, side: PhoneSide) -> bool:
    """Whether sound was heard just before the words that lie over it began, or just after this one: the other party's.

    Who begins to speak in the middle of the words is heard after them.
    """
    if expected.over_since is None:
        return False
    since = side.levels_since or 0.0
    before = int((expected.over_since - since) / LEVEL_SECONDS)
    after = int((expected.until + LATE_MAX - since) / LEVEL_SECONDS)
    around = side.levels[max(0, before - 3) : before] + side.levels[after : after + 3]
    return any(level > LOUD_DBOV for level in around)


def _is_broken(expected: Expected, side: PhoneSide) -> bool:
    """Whether a window of received audio is digital silence where the recording is loud, or all the rest is."""
    size, since = round(LEVEL_SECONDS * RATE), side.levels_since or 0.0
    if expected.at < since:
        return True
    sounding = [window for window, level in enumerate(side.levels) if level > LEVEL_FLOOR]
    if not sounding or since + (sounding[-1] + 2) * LEVEL_SECONDS < expected.until:
        return True
    for window, level in enumerate(side.levels):
        at = round((since + window * LEVEL_SECONDS - expected.at) * RATE)
        is_within = at >= size and at + 2 * size <= (expected.until - expected.at) * RATE
        # Where exactly it arrived is not known to the sample: a window before and behind must be loud as well.
        if level <= LEVEL_FLOOR and is_within:
            around = np.abs(expected.audio[at - size : at + 2 * size].astype(np.int32))
            if around.reshape(3, size).max(axis=1).min() >= LOUD:
                return True
    return False


def _name(audio: Audio, library: Library) -> str:
    return next((clip for clip in library.catalog.clip_ids if np.array_equal(library.clip(clip), audio)), "?")
