"""What the switch really said to whom, noted at its media legs: to compare with what telephones recognised.

Scenarios never ask the switch what it says; this is for judging whether they heard it right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from prompts.audio import Audio
from switch.media.control import MediaEvent, PlayEnded, PlayId, Stream
from switch.media.driver import InProcessLeg

FRAME_SECONDS: Final = 0.02
"""What is said begins with the next frame, and the end of a play is told with its last one."""


@dataclass(slots=True)
class Said:
    """One row of recordings that was begun, on the loop's clock."""

    host: str
    """Of the telephone it was said to."""
    port: int
    audio: tuple[Audio, ...]
    at: float
    is_looped: bool
    is_overlay: bool
    until: float | None = None
    """When its last sample left, or when it was broken off; None while it goes on."""
    is_whole: bool = False


@dataclass(slots=True)
class _Mouth:
    """What one leg says."""

    remote: tuple[str, int] = ("", 0)
    open: dict[PlayId, Said] = field(default_factory=dict)


@contextmanager
def noting_said() -> Iterator[list[Said]]:
    """Note everything that is said until the end, in the order it was begun."""
    said: list[Said] = []
    mouths: dict[InProcessLeg, _Mouth] = {}
    now: Callable[[InProcessLeg], float] = lambda leg: leg._loop.time()  # noqa: E731
    original = {name: getattr(InProcessLeg, name) for name in ("connect", "play", "overlay", "stop", "tell", "close")}

    def mouth(leg: InProcessLeg) -> _Mouth:
        return mouths.setdefault(leg, _Mouth())

    def break_off(leg: InProcessLeg, *, is_overlay: bool = False) -> None:
        """End what is said: all of it, or what is said over the rest."""
        for play, one in [*mouth(leg).open.items()]:
            if one.is_overlay or not is_overlay:
                one.until = now(leg)
                del mouth(leg).open[play]

    def begin(leg: InProcessLeg, play: PlayId, audio: Sequence[Audio], *, is_looped: bool, is_overlay: bool) -> PlayId:
        host, port = mouth(leg).remote
        one = mouth(leg).open[play] = Said(host, port, tuple(audio), now(leg), is_looped, is_overlay)
        said.append(one)
        return play

    def connect(leg: InProcessLeg, stream: Stream) -> None:
        mouth(leg).remote = stream.remote
        original["connect"](leg, stream)

    def play(leg: InProcessLeg, audio: Sequence[Audio], *, is_looped: bool = False) -> PlayId:
        break_off(leg)
        return begin(
            leg, original["play"](leg, audio, is_looped=is_looped), audio, is_looped=is_looped, is_overlay=False
        )

    def overlay(leg: InProcessLeg, audio: Sequence[Audio]) -> PlayId:
        break_off(leg, is_overlay=True)
        return begin(leg, original["overlay"](leg, audio), audio, is_looped=False, is_overlay=True)

    def stop(leg: InProcessLeg) -> None:
        break_off(leg)
        original["stop"](leg)

    def tell(leg: InProcessLeg, event: MediaEvent) -> None:
        if isinstance(event, PlayEnded) and (one := mouth(leg).open.pop(event.play_id, None)) is not None:
            one.until, one.is_whole = event.at, True
        original["tell"](leg, event)

    def close(leg: InProcessLeg) -> None:
        break_off(leg)
        original["close"](leg)

    instead: dict[str, Any] = {
        "connect": connect,
        "play": play,
        "overlay": overlay,
        "stop": stop,
        "tell": tell,
        "close": close,
    }
    for name, function in instead.items():
        setattr(InProcessLeg, name, function)
    try:
        yield said
    finally:
        for name, function in original.items():
            setattr(InProcessLeg, name, function)
