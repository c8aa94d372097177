"""What the two parties of a call do, from the INVITE to the last BYE."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from scenarios.load.attempt import Attempt, Side
from scenarios.load.media import Media, Voice
from scenarios.load.plan import TALKING, Behaviour, KindTable, Plan
from scenarios.load.signalling import Signalling, login_of
from scenarios.load.verdict import End
from scenarios.phones.bargain import Bargain
from scenarios.phones.codec import Law
from scenarios.phones.rtp import AudioPath
from switch.agent.legs import InboundLeg, OutboundLeg
from switch.leg.events import Answered, Cause, Ended, LegEvent, Reoffered
from switch.sdp.errors import SdpError
from switch.sip.headers import address
from switch.sip.uri import SipUri

INFO_GAP: Final = 0.15
"""Between two keys by INFO."""
CUT_PATIENCE: Final = 10.0
"""How long beyond the paid talk a caller waits for the target to cut the call."""
BYE_PATIENCE: Final = 8.0
"""For the answer to a BYE: four retransmissions at 0.5, 1.5, 3.5 and 7.5 s."""
REFUSED_MEDIA: Final = 488


class Parties:
    """Plays callers and called parties; the same object serves every call of a run.

    Args:
        plan: What they do.
        target: Where callers call.
        inside: The callers' signalling.
        outside: The called parties', None if they are elsewhere.
        media: Everybody's audio.
        clock: Seconds, finer than the loop's.
        on_settled: Is told of each call whose INVITE has its final answer.
    """

    def __init__(
        self,
        plan: Plan,
        target: tuple[str, int],
        *,
        inside: Signalling,
        outside: Signalling | None,
        media: Media,
        clock: Callable[[], float],
        on_settled: Callable[[Attempt], None],
    ) -> None:
        self.plan = plan
        self.target = target
        self.awaited: dict[str, Attempt] = {}
        """Calls that are to arrive at called parties of ours, by what their INVITEs may say."""
        self._inside = inside
        self._outside = outside
        self._media = media
        self._clock = clock
        self._on_settled = on_settled
        self._tasks: set[asyncio.Task[None]] = set()
        if outside is not None:
            outside.agent.on_invite = self._take

    async def close(self) -> None:
        """Let nobody go on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # The caller.

    async def call(self, attempt: Attempt) -> None:
        """Play the caller until the call is over; `attempt` knows everything afterwards."""
        try:
            voice = attempt.caller_voice = self._media.open()
        except OSError:
            attempt.fault = "the generator has no port left"
            return
        bargain = self._bargain(voice)
        kind, caller = attempt.kind, attempt.caller
        number = attempt.callee.number if attempt.callee is not None else ""
        digits = number.removeprefix("+")
        user = kind.dials.format(n=caller.index, number=number, digits=digits, pin=caller.pin, user=caller.user)
        uri = SipUri(user=user, host=self.target[0], port=self.target[1])
        domain = self.plan.domain or self.target[0]
        attempt.started_at = self._clock()
        leg = self._inside.agent.invite(
            uri=uri,
            to=address(SipUri(user=user, host=domain)),
            from_=address(SipUri(user=caller.user, host=domain)),
            destination=self.target,
            offer=bargain.offer(),
            login=login_of(caller.user, caller.password),
        )
        side = attempt.caller_side = self._inside.sides[leg.call_id] = Side(attempt)
        events = _Events(leg, bargain)
        try:
            is_answered = await self._is_answered(attempt, leg, events)
            self._on_settled(attempt)
            if is_answered and self._agree(attempt, voice, bargain, events):
                await self._converse(attempt, leg, events, voice)
            await self._leave(attempt, leg, events, side)
        except asyncio.CancelledError:
            attempt.end = End.ABANDONED
            raise
        finally:
            if not leg.is_ended:
                leg.hang_up()
            self._media.close_voice(voice)
            self._inside.sides.pop(leg.call_id, None)

    async def _is_answered(self, attempt: Attempt, leg: OutboundLeg, events: _Events) -> bool:
        """Wait for the answer, as long as the caller's patience lasts."""
        patience = attempt.kind.patience
        event = await events.until(attempt.intended_at + patience - self._clock(), Answered)
        if event is not None:
            return True
        if events.ended is None:
            leg.cancel()
            attempt.end = End.CANCELLED if attempt.is_heard else End.SILENCE
        return False

    def _agree(self, attempt: Attempt, voice: Voice, bargain: Bargain, events: _Events) -> bool:
        assert isinstance(events.last, Answered)
        try:
            path = bargain.accept(events.last.description)
        except SdpError:
            attempt.fault = "no audio in common"
            return False
        self._connect(voice, path)
        return True

    async def _converse(self, attempt: Attempt, leg: OutboundLeg, events: _Events, voice: Voice) -> None:
        """Press keys, wait for the other party, and talk."""
        kind = attempt.kind
        number = self._number(attempt)
        digits = number.removeprefix("+")
        keys = kind.presses.format(
            n=attempt.caller.index, number=number, digits=digits, pin=attempt.caller.pin, user=""
        )
        if keys:
            await events.pause(kind.thinks)
            attempt.last_key_at = await self._press(leg, voice, keys, kind, events)
        if kind.behaviour not in TALKING:
            await events.pause(kind.patience)
            return
        if attempt.callee is None:
            attempt.connect()
        await events.first(attempt.connected, kind.patience)
        if not attempt.connected.done() or attempt.connected.cancelled():
            return
        await self._talk(attempt, events)

    async def _talk(self, attempt: Attempt, events: _Events) -> None:
        kind = attempt.kind
        match kind.hangs_up:
            case "caller":
                await events.pause(kind.holds)
                attempt.talked = events.ended is None
            case "callee":
                await events.pause(kind.holds + BYE_PATIENCE)
            case "target":
                assert kind.cut_after is not None
                await events.pause(kind.cut_after + CUT_PATIENCE)
                attempt.talked = events.ended is not None

    async def _leave(self, attempt: Attempt, leg: OutboundLeg, events: _Events, side: Side) -> None:
        """Hang up if nobody has, and take note of how it ended."""
        ended = events.ended
        attempt.talk_ended_at = self._clock()
        if attempt.end is not None:
            return
        if ended is None:
            side.bye_answered = asyncio.get_running_loop().create_future()
            leg.hang_up()
            attempt.end = End.OURS
            await asyncio.wait({side.bye_answered}, timeout=BYE_PATIENCE)
        elif attempt.answered_at is not None:
            attempt.end = End.SILENCE if ended.cause is Cause.UNREACHABLE else End.THEIRS
        else:
            attempt.end = End.STATUS if ended.status is not None else End.SILENCE

    async def outlive(self, attempt: Attempt) -> None:
        """Wait until the called party's side is over too, which the caller's end brings about."""
        task = attempt.callee_task
        if task is None:
            return
        await asyncio.wait({task}, timeout=BYE_PATIENCE)
        if not task.done():
            attempt.fault = attempt.fault or "called party's leg stays up"
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    # The called party.

    def _take(self, leg: InboundLeg) -> None:
        """Take the INVITE at one of our called parties."""
        uri = leg.request.uri
        user = uri.user if isinstance(uri, SipUri) else None
        attempt = self.awaited.get((user or "").removeprefix("+"))
        if attempt is None or attempt.reached_at is not None:
            self._media.strays["INVITE nobody waited for"] += 1
            leg.refuse(404)
            return
        attempt.reached_at = self._clock()
        task = attempt.callee_task = asyncio.create_task(self._answer(leg, attempt))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, leg: InboundLeg, attempt: Attempt) -> None:
        assert self._outside is not None
        try:
            voice = self._media.open()
        except OSError:
            attempt.fault = "the generator has no port left"
            leg.refuse(503)
            return
        side = attempt.callee_side = self._outside.sides[leg.call_id] = Side(attempt)
        attempt.callee_voice = voice
        if attempt.caller_voice is not None:
            voice.partner, attempt.caller_voice.partner = attempt.caller_voice.number, voice.number
        try:
            await self._play_callee(leg, attempt, voice, side)
        finally:
            if not leg.is_ended:
                leg.hang_up()
            self._media.close_voice(voice)
            self._outside.sides.pop(leg.call_id, None)

    async def _play_callee(self, leg: InboundLeg, attempt: Attempt, voice: Voice, side: Side) -> None:
        kind, bargain = attempt.kind, self._bargain(voice)
        events = _Events(leg, bargain)
        try:
            description, path = bargain.answer(leg.offer)
        except SdpError:
            attempt.fault = "no audio in common"
            leg.refuse(REFUSED_MEDIA)
            return
        leg.ring()
        if kind.behaviour is Behaviour.NO_ANSWER:
            await events.pause(2 * kind.patience)
            return
        await events.pause(kind.rings)
        if events.ended is not None:
            return
        if kind.behaviour is Behaviour.BUSY:
            leg.refuse(kind.status)
            return
        leg.answer(description)
        self._connect(voice, path)
        attempt.accepted_at = self._clock()
        if kind.behaviour is not Behaviour.BRIDGE:
            await events.pause(kind.listens)
        if kind.outside_key and events.ended is None:
            attempt.accepted_at = await self._press(leg, voice, kind.outside_key, kind, events)
        if kind.behaviour in TALKING and events.ended is None:
            attempt.connect()
            await self._stay(leg, attempt, events, side)
        elif kind.behaviour in {Behaviour.BLOCK, Behaviour.MACHINE}:
            await events.pause(kind.patience)

    async def _stay(self, leg: InboundLeg, attempt: Attempt, events: _Events, side: Side) -> None:
        kind = attempt.kind
        if kind.hangs_up == "callee":
            await events.pause(kind.holds)
            if events.ended is None:
                attempt.talked = True
                side.bye_answered = asyncio.get_running_loop().create_future()
                leg.hang_up()
                await asyncio.wait({side.bye_answered}, timeout=BYE_PATIENCE)
            return
        limit = kind.holds if kind.cut_after is None else kind.cut_after
        await events.pause(limit + CUT_PATIENCE + BYE_PATIENCE)

    # What both do.

    async def _press(
        self, leg: InboundLeg | OutboundLeg, voice: Voice, keys: str, kind: KindTable, events: _Events
    ) -> float | None:
        """Press keys; returns when the last one's first packet left, None if the call ended before."""
        if kind.keys_by == "rfc4733":
            pressed = self._media.press(voice, keys)
            await events.first(pressed, kind.patience)
            return pressed.result() if pressed.done() and not pressed.cancelled() else None
        at: float | None = None
        for key in keys:
            if events.ended is not None:
                return None
            if key != ",":
                at = self._clock()
                leg.send_info(key)
            await events.pause(INFO_GAP)
        return at

    def _connect(self, voice: Voice, path: AudioPath) -> None:
        self._media.connect(voice, path.remote, path.payload_type, path.digits_payload_type)

    def _number(self, attempt: Attempt) -> str:
        return "" if attempt.callee is None else attempt.callee.number

    def _bargain(self, voice: Voice) -> Bargain:
        return Bargain(
            session_id=self._inside.tokens.session_id(),
            address=voice.address,
            laws=(Law[self.plan.codec],),
            takes_events=True,
        )


class _Events:
    """The events of a leg, with bounds of time. A re-INVITE in between is answered, its audio stays where it was."""

    def __init__(self, leg: InboundLeg | OutboundLeg, bargain: Bargain) -> None:
        self.last: LegEvent | None = None
        self.ended: Ended | None = None
        self._leg = leg
        self._bargain = bargain

    async def until(self, seconds: float, wanted: type[LegEvent]) -> LegEvent | None:
        """Wait for an event of a type; None if time or the call ended before."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                while self.ended is None:
                    if isinstance(await self._next(), wanted):
                        return self.last
        except TimeoutError:
            pass
        return None

    async def pause(self, seconds: float) -> None:
        """Let time pass; the end of the call ends it early."""
        await self.until(seconds, Ended)

    async def first(self, future: asyncio.Future[float] | asyncio.Future[None], seconds: float) -> None:
        """Wait for a future, or the end of the call, or that time is over."""
        ended = asyncio.ensure_future(self.until(seconds, Ended))
        try:
            await asyncio.wait({ended, future}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    async def _next(self) -> LegEvent:
        self.last = await self._leg.event()
        if isinstance(self.last, Ended):
            self.ended = self.last
        elif isinstance(self.last, Reoffered):
            self._reanswer(self.last.description)
        return self.last

    def _reanswer(self, offer: bytes) -> None:
        """Agree to a refresh or a hold."""
        try:
            answer = self._bargain.answer(offer)[0] if offer else self._bargain.offer()
        except SdpError:
            self._leg.refuse_reoffer(REFUSED_MEDIA)
        else:
            self._leg.answer_reoffer(answer)
