"""Everything a run has seen, from outside, and what the switch claims."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from ledger.entries import Entry
from ledger.products.card_rows import CardPayment
from ledger.records import CallRecord
from scenarios.swarm.holders import Phoned
from scenarios.swarm.house import Life
from scenarios.swarm.mail_model import Bought, Sent, Stepped
from scenarios.swarm.payments_model import Asked
from scenarios.swarm.people import Callee, Caller
from scenarios.swarm.plan import Plan
from scenarios.swarm.processor import Processor
from scenarios.swarm.tap import Tap
from switch.call.timeline import Timeline


@dataclass(slots=True)
class Paid:
    """A deposit: when it was asked for, and when it was stored."""

    asked_at: float
    account: str
    micros: int
    stored_at: float | None = None


@dataclass(slots=True)
class Barred:
    """A block by an agent: when it was asked for, and when it was stored; None: it stood already, or never was."""

    asked_at: float
    number: str
    stored_at: float | None = None


@dataclass(slots=True)
class Observed:
    """One run."""

    plan: Plan
    tap: Tap
    lives: list[Life]
    troubled: list[tuple[float, float]]
    taped: list[str]
    folder: Path = Path()
    callers: list[Caller] = field(default_factory=list)
    callees: list[Callee] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    """What customer service was asked to take in."""
    mail: list[Bought | Sent | Stepped] = field(default_factory=list)
    """What the mailroom was asked for."""
    phoned: list[Phoned] = field(default_factory=list)
    """Calls to the family's line."""
    barred: list[Barred] = field(default_factory=list)
    suspected: list[tuple[float, str]] = field(default_factory=list)
    """When a third party was suspected on a call that went on, and of which number."""
    kills: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    parted: list[tuple[float, float, str]] = field(default_factory=list)
    processor: Processor | None = None
    cards: tuple[CardPayment, ...] = ()
    """What the book says of every card."""
    timelines: dict[str, Timeline] = field(default_factory=dict)
    """By the id of their calls, as they ended."""
    records: tuple[CallRecord, ...] = ()
    entries: tuple[Entry, ...] = ()
    faults: list[str] = field(default_factory=list)
    accepted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the first accept key, or when all calls are over."""
    is_over: bool = False

    def digest(self) -> str:
        """One number for all that passed the network and all that was booked."""
        whole = self.tap.digest.copy()
        for record in self.records:
            whole.update(repr(record).encode())
        for entry in self.entries:
            whole.update(repr(entry).encode())
        for asked in self.processor.asked if self.processor is not None else ():
            whole.update(repr(asked).encode())
        return whole.hexdigest()
