"""What a person's owner needs of a telephone, whoever made it: our own `Phone`, or a foreign softphone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from scenarios.phones.call import KeysBy
from scenarios.phones.codec import Audio
from scenarios.phones.heard import Heard
from scenarios.phones.keys import KeyStyle
from scenarios.phones.phone import Line
from switch.agent.observed import Observed
from switch.leg.events import Ended


class HandsetCall(Protocol):
    """One call at a telephone. Instants are of the loop's clock; verbs raise `PhoneError` where they cannot be done."""

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        ...

    @property
    def ringing_at(self) -> float | None:
        """When the far end rang, or this telephone did."""
        ...

    @property
    def answered_at(self) -> float | None:
        """When the call was answered, by either side."""
        ...

    @property
    def ended_at(self) -> float | None:
        """When it ended."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether it is over."""
        ...

    @property
    def is_held_by_peer(self) -> bool:
        """Whether the far end wants no audio from here."""
        ...

    @property
    def heard(self) -> Heard:
        """What was heard so far; stays after the end."""
        ...

    async def rings(self) -> None:
        """Wait until the far end rings."""
        ...

    async def answered(self) -> None:
        """Wait until the call is answered."""
        ...

    async def wait_for_end(self) -> Ended:
        """Wait until it is over, and return why."""
        ...

    async def ends_within(self, seconds: float) -> bool:
        """Let time pass; return True, at once, if the call ends meanwhile."""
        ...

    async def answer(self) -> None:
        """Pick up."""
        ...

    async def refuse(self, status: int = 486) -> None:
        """Turn down what rings."""
        ...

    async def hang_up(self) -> Ended:
        """End it in whatever way its state asks for."""
        ...

    async def press(self, keys: str, *, by: KeysBy = "rfc4733", style: KeyStyle | None = None) -> None:
        """Press keys, one after another."""
        ...

    async def speak(self, audio: Audio) -> None:
        """Say something; returns when it was said."""
        ...

    def go_silent(self, *, is_silent: bool = True) -> None:
        """Send no audio at all, or again."""
        ...

    async def hold(self) -> None:
        """Put the far end on hold."""
        ...

    async def resume(self) -> None:
        """Undo `hold`."""
        ...

    async def move_audio(self) -> None:
        """Take another port for audio."""
        ...


class Handset(Protocol):
    """A telephone, alive inside its `async with`; leaving that hangs up and frees what it took."""

    line: Line

    @property
    def is_watched(self) -> bool:
        """Whether its messages are told at the instants at which they pass, not some moments later."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def calls(self) -> Sequence[HandsetCall]:
        """The calls that live."""
        ...

    def observe(self, observer: Callable[[Observed], None] | None) -> None:
        """Show every SIP message of this telephone to a function, without secrets."""
        ...

    async def register(self, *, seconds: int = 3600) -> int:
        """Register, and return for how many seconds.

        Raises:
            RegistrationError: The registrar refuses or is silent.
        """
        ...

    async def unregister(self) -> None:
        """Remove the registration; raises what `register` raises."""
        ...

    async def dial(self, number: str) -> HandsetCall:
        """Call a number; the INVITE is on its way when this returns."""
        ...

    async def next_call(self) -> HandsetCall:
        """Wait for the next incoming call."""
        ...

    def drop_off(self) -> None:
        """Vanish without a word to anybody."""
        ...
