"""The death of a switch, as by kill -9, inside a loop that lives on.

What a killed process does is nothing: no datagram leaves it, nothing more is booked, nobody hears of its
calls. So its sockets close and its book takes no more at this instant; what its tasks then still do on
their way out reaches nobody. What the book's thread was in the middle of is stored or not before anybody
goes on, as with a transaction that the system finishes or undoes.

Deviates: a recording is completed on the way out, where a real crash leaves its header unfinished.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from ledger.errors import BookClosedError
from scenarios.sim.datagrams import SimulatedDatagramTransport
from scenarios.sim.loop import VirtualLoop
from switch.app.switch import Switch

BUSY_SECONDS: Final = 30.0
GONE: Final = "gone"
"""What the book knows of a process in the system's words (`ledger.liveness`) is true of no process any more."""


async def crash(switch: Switch, loop: VirtualLoop, book: Path) -> None:
    """Let a switch vanish at this instant. Its task is then to be cancelled, and awaited some time."""
    _sever(switch, loop)
    # Private, as only a crash may be: who dies asks nobody.
    with contextlib.suppress(RuntimeError):
        await switch.services.book._writing.rest()
    _bury(switch.services.process_id, book)


def _sever(switch: Switch, loop: VirtualLoop) -> None:
    """Close every socket, and let the book take no more."""
    host = switch.address[0]
    for receiver in [*loop.network._receivers.values()]:
        if isinstance(receiver, SimulatedDatagramTransport) and receiver.get_extra_info("sockname")[0] == host:
            receiver.close()
    switch.services.book._writer.kill()
    switch.services.ended.clear()
    switch.services.watchers.clear()


def _bury(process_id: str, book: Path) -> None:
    """Say what the system would say: that pid is another process now."""
    with contextlib.closing(sqlite3.connect(book, timeout=BUSY_SECONDS)) as connection:
        connection.execute("UPDATE processes SET pid_started = ? WHERE process_id = ?", (GONE, process_id))
        connection.commit()


async def mourn(dead: list[asyncio.Task[None]]) -> None:
    """Wait until nothing of the dead runs any more."""
    for task in dead:
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, BookClosedError):
            raise error
    dead.clear()
