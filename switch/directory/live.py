"""The live monitor: which calls go on, on every switch of a book, and cutting one of them (DOMAIN: controls).

What may not be recorded may not be listened to either: the recording of an accepted call, which stands in the book
from acceptance on, is what a monitor listens to, and a privileged call never has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from ledger.money import CallId
from ledger.records import OpenCall
from ledger.store import Book
from switch.directory.blocks import BlockKind, Blocks


class Stage(Enum):
    """How far a call has come."""

    CALLER_ASKED = "caller asked"
    RINGING = "ringing"
    GREETING = "greeting"
    TALKING = "talking"


class NotCut(Enum):
    """Why a call was not cut. Values are what is told."""

    NO_SUCH_CALL = "no such call goes on"
    NO_NUMBER = "nobody is called yet: there is no number to block"


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that goes on."""

    call_id: CallId
    facility: str
    station: str
    person: str | None
    number: str | None
    stage: Stage
    began_at: datetime
    accepted_at: datetime | None
    recording: str | None
    """The file a monitor listens to; None where nothing is recorded, and so nobody may listen."""

    @property
    def is_monitorable(self) -> bool:
        """Whether anybody may listen to it."""
        return self.recording is not None


async def live_calls(book: Book) -> tuple[LiveCall, ...]:
    """Every call that goes on, of every switch on the book, the oldest first.

    Raises:
        LedgerUnavailableError: The database did not answer.
    """
    return tuple(map(_shown, await book.open_calls()))


async def cut(book: Book, call_id: str, *, why: str, at: datetime) -> LiveCall | NotCut:
    """End a call by a security block of its number at its facility; whichever switch has it hears of it in a second.

    Raises:
        LedgerError: The book does not answer.
    """
    call = next((call for call in await live_calls(book) if call.call_id == call_id), None)
    if call is None:
        return NotCut.NO_SUCH_CALL
    if call.number is None or call.stage is Stage.CALLER_ASKED:
        return NotCut.NO_NUMBER
    blocks = Blocks(book)
    await blocks.block(number=call.number, facility=call.facility, kind=BlockKind.SECURITY, why=why, at=at)
    return call


def _shown(call: OpenCall) -> LiveCall:
    if call.accepted_at is not None:
        stage = Stage.TALKING
    elif call.answered_at is not None:
        stage = Stage.GREETING
    else:
        stage = Stage.CALLER_ASKED if call.rate is None else Stage.RINGING
    return LiveCall(
        call.call_id,
        call.facility,
        call.station,
        call.person,
        call.number,
        stage,
        call.started_at,
        call.accepted_at,
        call.recording,
    )
