"""What the media step costs a bridged call, without sockets: parse, buffer, bridge, write, both ways."""

from __future__ import annotations

import time
from random import Random

from switch.media.control import Codec, Stream
from switch.media.engine import Engine
from switch.media.legs import LegId
from switch.media.wire import RtpPacket, write

TICK = 0.005
FRAMES = 50
WARM_UP = 10


def _arrivals(legs: list[LegId], frames: int) -> list[list[tuple[LegId, bytes, tuple[str, int], float]]]:
    """The datagrams of every tick: each leg's phone sends every 20 ms, the phones spread over the ticks."""
    random = Random(1)
    payloads = [random.randbytes(160) for _ in range(64)]
    ticks: list[list[tuple[LegId, bytes, tuple[str, int], float]]] = [[] for _ in range(frames * 4)]
    for n, leg in enumerate(legs):
        for frame in range(frames):
            tick = frame * 4 + n % 4
            packet = write(RtpPacket(0, frame, frame * 160, n + 1, payloads[(n + frame) % 64]))
            ticks[tick].append((leg, packet, ("127.0.0.1", 10000 + n), tick * TICK))
    return ticks


def _cost(calls: int, *, is_recorded: bool) -> tuple[float, float]:
    """Seconds of processor a call needs for a second of talk, and the longest step."""
    engine = Engine(capacity=2 * calls, now=0.0)
    random = Random(2)
    legs = [engine.open(random) for _ in range(2 * calls)]
    for n, leg in enumerate(legs):
        engine.connect(leg, Stream(("127.0.0.1", 10000 + n), Codec.PCMU, 0, 101), 0.0)
    for one, two in zip(legs[::2], legs[1::2], strict=True):
        engine.hear(one, two, with_digits=False)
        engine.hear(two, one, with_digits=False)
        if is_recorded:
            engine.record(one, two, 0.0)
    ticks = _arrivals(legs, WARM_UP + FRAMES)
    longest = spent = 0.0
    for tick, arrived in enumerate(ticks):
        started = time.process_time()
        step = engine.step((tick + 1) * TICK, arrived)
        taken = time.process_time() - started
        if tick >= WARM_UP * 4:
            spent += taken
            longest = max(longest, taken)
        assert len(step.packets) <= len(legs)
    assert all(engine.statistics(leg).packets_lost == 0 for leg in legs)
    return spent / (FRAMES * 0.02) / calls, longest


def run() -> list[dict[str, object]]:
    """Measure 100 and 1000 calls, without and with recording."""
    figures: list[dict[str, object]] = []
    for calls in (100, 1000):
        for is_recorded in (False, True):
            cost, longest = _cost(calls, is_recorded=is_recorded)
            name = f"media_step/{calls} calls{', recorded' if is_recorded else ''}"
            figures += [
                {"name": f"{name}: of a core a call", "value": round(cost * 100, 4), "unit": "%"},
                {"name": f"{name}: longest step", "value": round(longest * 1000, 3), "unit": "ms"},
            ]
    return figures


if __name__ == "__main__":
    for figure in run():
        print(f"{figure['name']:55} {figure['value']:>10} {figure['unit']}")
