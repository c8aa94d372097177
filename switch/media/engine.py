"""The pure step of the media engine: what arrived goes in, what to send comes out, for every leg at once.

Time is cut into ticks of 5 ms. Each leg is due at every fourth one, its phase given by its row, so that legs
spread over the four; eight neighbouring rows share a phase, so that a switch with one call wakes 50 times a
second and not 200. A step runs every tick that has come due since the last one, in order: due legs are heard,
recordings take their frames, due legs speak. After a stall longer than `CATCH_UP` frames the rest is left
out: timestamps leap with the clock, and no burst follows.

Commands change the state at once and take effect with the next tick. There is no clock, no socket and no chance
in here: `now` and `Random` are arguments.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

import numpy as np

from switch.media.control import Address, Audio, LegStatistics, MediaLost, PlayId, Stream
from switch.media.g711 import LAW
from switch.media.hearing import Hearing
from switch.media.leaping import Incoming, Leap, Leaping
from switch.media.legs import FEW, NEVER, NO_ROW, LegId, Legs
from switch.media.listening import Listening
from switch.media.playing import Playing
from switch.media.receiving import Events, Receiver
from switch.media.resting import Resting
from switch.media.rota import FRAME_TICKS, Rota
from switch.media.sending import Packet, Sender
from switch.media.taping import RecordedFrames, RecordingId, Taping
from switch.media.wire import FRAME_SAMPLES, AnyPacket

TICK: Final = 0.005
CATCH_UP: Final = 3
"""Frames a late step makes up for: 60 ms, what the far end's jitter buffer is likely to hold."""
SILENCE_MAX: Final = 30.0
"""Seconds without media before it is told to be lost."""
WATCH_TICKS: Final = 20
"""How often silence is looked for: every 100 ms."""
STEPS_MAX: Final = 500
"""Steps of one leap: ten seconds."""
_EPSILON: Final = 1e-6
"""A step called at the very instant of a tick runs it, whatever the last bit of `now` says."""
_NOWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104


@dataclass(slots=True)
class Step:
    """What one step brought forth, in order."""

    packets: list[Packet] = field(default_factory=list)
    events: Events = field(default_factory=list)
    recorded: list[RecordedFrames] = field(default_factory=list)


class Engine:
    """All legs and recordings of one process or worker."""

    def __init__(
        self, *, capacity: int, now: float, tick: float = TICK, silence_max: float = SILENCE_MAX, few: int = FEW
    ) -> None:
        self._legs = Legs(capacity, few=few)
        self._epoch = now
        self._tick_seconds = tick
        self._silence_max = silence_max
        self._done = -1
        self._watched = 0
        self._last_play = 0
        self._rota = Rota()
        self._resting = Resting(self._legs)
        self._receiver = Receiver(self._legs)
        self._hearing = Hearing(self._legs)
        self._sender = Sender(self._legs)
        self._taping = Taping(self._legs)
        self._listening = Listening(self._legs)
        self._leaping = Leaping(self._legs, self._taping)
        self.frames_skipped = 0
        """Frames of 20 ms left out in stalls, counted once for all legs."""

    def open(self, random: Random) -> LegId:
        """Make a leg; its SSRC and first numbers are by chance (RFC 3550 §5.1)."""
        legs = self._legs
        leg = legs.open()
        row = self._row(leg)
        legs.ssrc[row] = random.getrandbits(32)
        legs.sequence[row] = random.getrandbits(16)
        legs.timestamp[row] = random.getrandbits(32)
        return leg

    def close(self, leg: LegId) -> None:
        """Forget a leg; its recordings go on with silence in its place."""
        row = self._legs.row_of(leg)
        if row is not None:
            self._taping.forget(row)
            self._listening.forget(row)
            self._rota.leave(row)
            self._resting.leave(row)
            self._legs.close(leg)

    def connect(self, leg: LegId, stream: Stream, now: float) -> None:
        """Start, or change, the stream of a leg; a new remote address may be latched anew."""
        legs = self._legs
        row = self._row(leg)
        law = LAW[stream.codec]
        is_first = not legs.is_connected[row]
        if is_first or legs.law[row] != law or legs.payload_type[row] != stream.payload_type:
            legs.forget_source(row)
            legs.law[row] = law
            legs.hush(np.array([row]))
        if stream.remote != legs.remote[row]:
            legs.remote[row] = stream.remote
            legs.latched[row] = None
            if not is_first:
                legs.rearmed_at[row] = now
            legs.target[row] = None if _is_nowhere(stream.remote) else stream.remote
        if is_first or (stream.is_sending and not legs.is_sending[row]):
            legs.is_marked[row] = True
        if stream.digits_payload_type is None or not stream.is_sending:
            legs.dialling.pop(row, None)
        legs.signalled_from[row] = stream.signalled_from
        legs.payload_type[row] = stream.payload_type
        digits, own_digits = stream.digits_payload_type, stream.own_digits_payload_type
        legs.digits_payload_type[row] = -1 if digits is None else digits
        legs.own_digits_payload_type[row] = legs.digits_payload_type[row] if own_digits is None else own_digits
        self._listening.for_keys(row, is_needed=digits is None)
        legs.is_sending[row] = stream.is_sending
        legs.is_receiving[row] = stream.is_receiving
        legs.is_lost_told[row] = False
        legs.arrived_at[row] = now
        legs.is_connected[row] = True
        self._pace(row, now, is_first=is_first, is_active=stream.is_sending or stream.is_receiving)

    def play(self, leg: LegId, audio: Sequence[Audio], now: float, *, is_looped: bool) -> PlayId:
        """Say this instead of anything else, an overlay too."""
        play = self._playing(audio, is_looped=is_looped)
        row = self._row(leg)
        self._legs.playing[row] = play
        self._legs.overlay.pop(row, None)
        if row in self._resting:
            self._resting.begin(row, play, self._rota.first_due(row, self._until(now)))
        return play.play_id

    def overlay(self, leg: LegId, audio: Sequence[Audio], now: float) -> PlayId:
        """Say this over anything else."""
        play = self._playing(audio, is_looped=False)
        row = self._row(leg)
        self._legs.overlay[row] = play
        if row in self._resting:
            self._resting.begin(row, play, self._rota.first_due(row, self._until(now)))
        return play.play_id

    def stop(self, leg: LegId) -> None:
        """Stop the play and the overlay."""
        row = self._row(leg)
        self._legs.playing.pop(row, None)
        self._legs.overlay.pop(row, None)

    def hear(self, leg: LegId, source: LegId | None, *, with_digits: bool) -> None:
        """Let the peer of `leg` hear what `source` receives, with its keys or without."""
        legs = self._legs
        row = self._row(leg)
        heard = None if source is None else legs.row_of(source)
        legs.hears[row] = NO_ROW if heard is None else heard
        legs.relays_digits[row] = with_digits and heard is not None
        if not legs.relays_digits[row]:
            legs.dialling.pop(row, None)

    def record(self, left: LegId, right: LegId, now: float) -> RecordingId:
        """Record the peers of two legs, beginning with the next frame of the first: one step then serves all."""
        row = self._legs.row_of(left)
        until = self._until(now)
        return self._taping.start(left, right, until + 1 if row is None else self._rota.first_due(row, until))

    def stop_recording(self, recording: RecordingId, now: float) -> int:
        """Record no more; how many frames there are, those left out at the end too."""
        is_paced = self._rota.next_due(self._done) < NEVER
        return self._taping.stop(recording, self._done if is_paced else self._until(now))

    def listen_for_third_party(self, leg: LegId) -> None:
        """Listen for a third party on a leg, until it is closed."""
        self._listening.for_third_party(self._row(leg))

    def listen_for_machine(self, leg: LegId, speech_seconds: float | None) -> None:
        """Listen for a machine on a leg from now on; None: no more."""
        self._listening.for_machine(self._row(leg), speech_seconds)

    def statistics(self, leg: LegId) -> LegStatistics:
        """Counters of a leg that is open."""
        legs = self._legs
        row = self._row(leg)
        return LegStatistics(
            packets_in=int(legs.packets_in[row]),
            packets_out=int(legs.packets_out[row]),
            packets_lost=legs.lost(row),
            packets_late=int(legs.packets_late[row]),
            packets_discarded=int(legs.packets_discarded[row]),
        )

    @property
    def idle_until(self) -> float | None:
        """The instant of the next tick at which there is something to do; None while all legs rest."""
        tick = self._next()
        return None if tick == NEVER else self._epoch + tick * self._tick_seconds

    def step(self, now: float, arrived: Sequence[tuple[LegId, bytes, Address, float]]) -> Step:
        """Take what arrived and run every tick that is due."""
        step = Step()
        if arrived:
            self._receiver.receive(arrived, step.events)
        last = self._tick_at(now)
        if last <= self._done:
            return step
        self._leave_out(last)
        while self._done < last:
            tick = self._next()
            if tick > last:
                break
            self._run(tick, now, step)
            self._done = tick
        self._done = last
        if last - self._watched >= WATCH_TICKS:
            self._watched = last
            self._watch(now, step.events)
        return step

    def look_ahead(self, until: float) -> list[float]:
        """The instants of coming steps that may be made at once, as far as is known now, and of the next after them.

        The last is not before `until`, or its step is not plain; there is none where no step is due.
        """
        tick, end = self._next(), self._resting.next_end()
        due = self._rota.all_due(tick)
        if due is None or tick == NEVER or end <= tick:
            return []
        steps = min(self._leaping.steps_max(due, tick), self._listening.steps_max(due), STEPS_MAX)
        # The last frame of a play tells of its end, also of one that nobody hears.
        steps = min(steps, max(0, math.ceil((until - self._epoch) / self._tick_seconds) - tick) // FRAME_TICKS + 1)
        ticks: Sequence[int] = range(tick, tick + steps * FRAME_TICKS + 1, FRAME_TICKS)
        if end < ticks[-1]:
            ticks = [*range(tick, end, FRAME_TICKS), end]
        instants = [self._epoch + each * self._tick_seconds for each in ticks]
        return instants[: bisect_left(instants, until) + 1]

    def is_plain(self, leg: LegId, packet: AnyPacket) -> bool:
        """Whether a packet that arrives for a leg begins nothing and is told to nobody."""
        row = self._legs.row_of(leg)
        return row is not None and self._leaping.is_plain(row, packet)

    def leap(self, instants: Sequence[float], arrived: Mapping[LegId, Incoming]) -> Leap | None:
        """Make the steps `look_ahead` told of; None where what arrives is not plain. Nothing changes until `keep`."""
        tick, legs = self._next(), self._legs
        rows = self._rota.all_due(tick)
        assert rows is not None, "`look_ahead` told of these steps"
        for row in rows:
            leg = legs.id_of(row)
            is_watched = legs.is_receiving[row] and legs.is_sending[row] and leg not in arrived
            if is_watched and legs.arrived_at[row] <= instants[-1] - self._silence_max:
                return None
        return self._leaping.leap(rows, tick, instants, arrived)

    def keep(self, leap: Leap) -> None:
        """Let everything be as after these steps."""
        self._rota.due(self._next())  # Who joins with the first of them has joined.
        for row, heard in leap.heard.items():
            self._listening.keep(row, heard.octets)
        self._leaping.keep(leap)
        first = leap.last_tick - (leap.steps - 1) * FRAME_TICKS
        watched = self._watched + WATCH_TICKS
        watched = max(first, watched + (first - watched) % FRAME_TICKS)
        if watched <= leap.last_tick:
            self._watched = leap.last_tick - (leap.last_tick - watched) % WATCH_TICKS
        self._done = leap.last_tick

    def _next(self) -> int:
        """The next tick with something to do. Recordings wait while nobody says or hears anything."""
        tick = self._rota.next_due(self._done)
        if tick < NEVER:
            tick = min(tick, self._taping.next_due(self._done))
        return min(tick, self._resting.next_end())

    def _pace(self, row: int, now: float, *, is_first: bool, is_active: bool) -> None:
        """Let a leg have its frames, or rest."""
        if is_active and (is_first or row in self._resting):
            first = self._rota.first_due(row, self._until(now))
            if not is_first:
                self._resting.wake(row, first)
            self._rota.join(row, first)
        elif not is_active and row not in self._resting:
            done = self._until(now) if is_first else self._done
            self._resting.rest(row, self._rota.due_of(row, done))
            self._rota.leave(row)

    def _run(self, tick: int, now: float, step: Step) -> None:
        self._resting.end(tick, now, step.events)
        due = self._rota.due(tick)
        is_few = len(due) <= self._legs.few
        if is_few:
            for row in due:
                self._hearing.advance_one(row, tick)
        else:
            self._hearing.advance(self._rota.due_array(tick), tick)
        if self._listening.is_on:
            self._listening.hear(due, now, step.events)
        recorded = self._taping.take(tick)
        if recorded is not None:
            step.recorded.append(recorded)
        if is_few and all(map(self._sender.is_plain, due)):
            for row in due:
                self._sender.send_one(row, tick, now, step.packets, step.events)
        else:
            self._sender.send(self._rota.due_array(tick), tick, now, step.packets, step.events)

    def _leave_out(self, last: int) -> None:
        """After a stall, move on to the last few frames: time was lost, so timestamps leap and audio is gone."""
        earliest = last - CATCH_UP * FRAME_TICKS + 1
        if self._done + 1 >= earliest or self._rota.next_due(self._done) >= earliest:
            return
        legs = self._legs
        rows, frames = self._rota.postpone(self._done, earliest)
        legs.playhead[rows] += frames
        legs.timestamp[rows] += (frames * FRAME_SAMPLES).astype(np.uint32)
        legs.is_marked[rows] = True
        self.frames_skipped += int(frames.max())
        self._done = max(self._done, earliest - 1)

    def _watch(self, now: float, events: Events) -> None:
        """Tell of legs that should hear something and have not, once until they do."""
        legs = self._legs
        is_silent = legs.is_connected & legs.is_receiving & legs.is_sending & ~legs.is_lost_told
        is_silent &= legs.arrived_at <= now - self._silence_max
        if not is_silent.any():
            return
        for row in np.flatnonzero(is_silent).tolist():
            legs.is_lost_told[row] = True
            events.append((legs.id_of(row), MediaLost(now)))

    def _playing(self, audio: Sequence[Audio], *, is_looped: bool) -> Playing:
        self._last_play += 1
        return Playing(PlayId(self._last_play), audio, is_looped=is_looped)

    def _until(self, now: float) -> int:
        """The last tick that is done, or past."""
        return max(self._done, self._tick_at(now))

    def _tick_at(self, now: float) -> int:
        return int((now - self._epoch) / self._tick_seconds + _EPSILON)

    def _row(self, leg: LegId) -> int:
        row = self._legs.row_of(leg)
        assert row is not None, "a command to a leg that was closed"
        return row


def _is_nowhere(remote: Address) -> bool:
    """Whether an address means no sending: the hold of RFC 2543, or a refused stream."""
    return remote[0] in _NOWHERE or remote[1] == 0
