"""What a run keeps of its calls for people to listen to: what both parties heard, side by side."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Final

import numpy as np

from scenarios.phones.codec import SAMPLES_PER_SECOND, Audio
from scenarios.play.stage import Stage
from scenarios.play.traces import Side, Trace
from switch.call.timeline import CALLEE, CALLER

HEARD: Final = "heard-{number}.wav"
"""A call's file in the folder of a run: stereo, the caller's ear left, the called party's right."""


def keep_heard(stage: Stage, folder: Path) -> list[Path]:
    """Write what was heard in each call, in the order they began; returns the files."""
    files: list[Path] = []
    for number, trace in enumerate(stage.traces, start=1):
        heard = _heard(stage, trace)
        if heard is None:
            continue
        file = folder / HEARD.format(number=number)
        with wave.open(str(file), "wb") as stream:
            stream.setnchannels(2)
            stream.setsampwidth(2)
            stream.setframerate(SAMPLES_PER_SECOND)
            stream.writeframes(np.column_stack(heard).astype("<i2").tobytes())
        files.append(file)
    return files


def _heard(stage: Stage, trace: Trace) -> tuple[Audio, Audio] | None:
    """Both ears from the first answer to the last end; None where nobody answered."""
    sides = [trace.side(party) for party in (CALLER, CALLEE)]
    answered = [side.call.answered_at for side in sides if side is not None and side.call.answered_at is not None]
    if not answered:
        return None
    ended = [_end(stage, side) for side in sides if side is not None]
    caller, callee = (_ear(side, min(answered), max(ended)) for side in sides)
    return caller, callee


def _end(stage: Stage, side: Side) -> float:
    return stage.loop.time() if side.call.ended_at is None else side.call.ended_at


def _ear(side: Side | None, since: float, until: float) -> Audio:
    if side is None:
        return np.zeros(round((until - since) * SAMPLES_PER_SECOND), np.int16)
    return side.call.heard.audio(since, until)
