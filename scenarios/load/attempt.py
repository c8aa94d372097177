"""One call of the load while it runs: what it is to do, and the instants of what happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from scenarios.load.media import Voice
from scenarios.load.plan import KindTable
from scenarios.load.telephones import Callee, Caller
from scenarios.load.verdict import End


@dataclass(slots=True, eq=False)
class Attempt:
    """One call. Instants are of the generator's clock.

    Attributes:
        intended_at: When it was to begin; what a caller waits counts from here.
        started_at: When its INVITE left.
        is_heard: Whether the target answered the INVITE with anything at all.
        rung_at: When the first 18x came, or the 200 without one.
        last_key_at: When the first packet of the caller's last key left.
        reached_at: When the INVITE came to our called party.
        accepted_at: When the first packet of its accept key left; without a key, its 200.
        connected: Done once both are to talk.
        talked: Whether they talked for as long as planned.
        talk_ended_at: When the caller's talk was over, whoever ended it.
    """

    kind: KindTable
    intended_at: float
    caller: Caller
    callee: Callee | None
    connected: asyncio.Future[None]
    started_at: float = 0.0
    is_heard: bool = False
    rung_at: float | None = None
    answered_at: float | None = None
    last_key_at: float | None = None
    reached_at: float | None = None
    accepted_at: float | None = None
    status: int | None = None
    fault: str | None = None
    talked: bool = False
    talk_ended_at: float | None = None
    end: End | None = None
    caller_side: Side | None = None
    callee_side: Side | None = None
    callee_task: asyncio.Task[None] | None = None
    caller_voice: Voice | None = None
    callee_voice: Voice | None = None

    def connect(self) -> None:
        """Say that both are to talk now."""
        if not self.connected.done():
            self.connected.set_result(None)


@dataclass(slots=True, eq=False)
class Side:
    """The signalling of one party: its BYE, and the other's."""

    attempt: Attempt
    bye_sent_at: float | None = None
    bye_answered: asyncio.Future[float] | None = None
    bye_received_at: float | None = None
