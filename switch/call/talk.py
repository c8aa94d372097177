"""Two people talking while the meter runs (`ivr.ports.Talk`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from ivr.ports import Leaver, OverlayDue, TalkEnded, TalkEvent
from ivr.profile import Hears, Overlay
from ivr.reasons import Reason
from prompts.catalog import ClipId
from switch.call.charging import Charging
from switch.call.line import Line

QUIET_SECONDS: Final = 10.0
"""So long after a warning or an overlay the next overlay waits: what is said is heard to its end."""


MOMENT_SECONDS: Final = 0.05
"""An overlay comes so much later: a warning of the same instant is told before it."""


class LiveTalk:
    """The bridge of both lines from acceptance on, and all that can end it."""

    def __init__(
        self, *, caller: Line, callee: Line, charging: Charging, accepted_at: float, overlays: Sequence[Overlay] = ()
    ) -> None:
        self.ended_at: float | None = None
        self._caller = caller
        self._callee = callee
        self._charging = charging
        self._accepted_at = accepted_at
        self._overlays = overlays
        self._quiet_until = accepted_at
        self._events: asyncio.Queue[TalkEvent] = asyncio.Queue()

    async def event(self) -> TalkEvent:
        """The next thing that happens (`ivr.ports.Talk.event`)."""
        return await self._events.get()

    async def overlay(self, clips: Sequence[ClipId], heard_by: Hears = Hears.BOTH) -> None:
        """Say it over the conversation."""
        if heard_by is not Hears.CALLEE:
            self._caller.overlay(clips)
        if heard_by is not Hears.CALLER:
            self._callee.overlay(clips)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Both hear each other, and the meter runs, inside this block.

        Digits are not passed on: nobody can dial through the other party.
        """
        caller, callee = self._caller.media, self._callee.media
        caller.stop()
        callee.stop()
        caller.hear(callee)
        callee.hear(caller)
        self._caller.on_lost(self._lost)
        self._callee.on_lost(self._lost)
        tasks = [
            asyncio.create_task(self._charging.run(self._accepted_at, self._tell)),
            asyncio.create_task(self._watch(self._caller, Leaver.CALLER)),
            asyncio.create_task(self._watch(self._callee, Leaver.CALLEE)),
            *(asyncio.create_task(self._repeat(overlay)) for overlay in self._overlays),
        ]
        tasks[0].add_done_callback(self._charging_done)
        try:
            yield
        finally:
            caller.hear(None)
            callee.hear(None)
            self._caller.on_lost(None)
            self._callee.on_lost(None)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, line: Line, leaver: Leaver) -> None:
        await line.left()
        self._tell(TalkEnded(Reason.HUNG_UP, leaver))

    async def _repeat(self, overlay: Overlay) -> None:
        """Tell when an overlay is due, by the talk's own time; nothing else is talked over."""
        loop = asyncio.get_running_loop()
        due = self._accepted_at + overlay.starts + MOMENT_SECONDS
        while True:
            at = max(due, self._quiet_until)
            if at > loop.time():
                await asyncio.sleep(at - loop.time())
                continue  # Something else may have been said meanwhile.
            self._tell(OverlayDue(overlay))
            while due <= at:
                due += overlay.every

    def _lost(self) -> None:
        self._tell(TalkEnded(Reason.MEDIA_LOST, Leaver.SWITCH))

    def _charging_done(self, task: asyncio.Task[None]) -> None:
        """A fault in charging ends the talk: nobody talks unmetered."""
        if not task.cancelled() and task.exception() is not None:
            self._tell(TalkEnded(Reason.FAULT, Leaver.SWITCH))

    def _tell(self, event: TalkEvent) -> None:
        if not isinstance(event, TalkEnded):
            self._quiet_until = asyncio.get_running_loop().time() + QUIET_SECONDS
        if isinstance(event, TalkEnded) and self.ended_at is None:
            self.ended_at = asyncio.get_running_loop().time()
        self._events.put_nowait(event)
