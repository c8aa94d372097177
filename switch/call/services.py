"""What every call of this process shares."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ivr.profile import Profile
from ledger.money import CallId
from ledger.products.policy import DepositPolicy
from ledger.records import CallRecord
from ledger.store import Book
from prompts.audio import Library
from switch.agent.user_agent import UserAgent
from switch.call.alerts import Alerts
from switch.call.clock import Clock
from switch.call.pricing import Pricing
from switch.call.timeline import Timeline, Timelines, Watcher
from switch.directory.attempts import Attempts
from switch.directory.blocks import Blocks
from switch.directory.contacts import Contacts
from switch.directory.courtesy import CourtesyCalls
from switch.directory.enrolments import Enrolments
from switch.directory.flags import Flags
from switch.directory.people import Directory, StationId
from switch.directory.rules import Controls
from switch.directory.switches import FacilitySwitches
from switch.directory.velocity import Velocity
from switch.media.control import MediaDriver
from switch.payments.gateway import PaymentGateway
from switch.routing.registrar import Registrar
from switch.routing.routes import RouteTable
from switch.sip.tokens import Tokens
from switch.sip.uri import SipUri

CallEnded = Callable[[CallRecord, Timeline], None]


@dataclass(slots=True)
class Busy:
    """Who is on a call now: one live call per person and per called number (DOMAIN: controls)."""

    people: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    others: frozenset[str] = frozenset()
    """Other processes on this book, as the last heartbeat told: their calls are asked of the book."""


@dataclass(frozen=True, slots=True)
class Services:
    """The parts a call is made of, made once by `switch.app.switch`."""

    book: Book
    pricing: Pricing
    directory: Directory
    blocks: Blocks
    enrolments: Enrolments
    switches: FacilitySwitches
    contacts: Contacts
    velocity: Velocity
    attempts: Attempts
    controls: Controls
    alerts: Alerts
    flags: Flags
    registrar: Registrar
    routes: RouteTable
    profiles: Mapping[str, Profile]
    agent: UserAgent
    media: MediaDriver
    library: Library
    clock: Clock
    random: Random
    tokens: Tokens
    realm: str
    process_id: str
    codecs: Sequence[str]
    recordings: Path | None
    names: Path | None
    """The folder of the names that people spoke."""
    log: Any
    contact: SipUri
    courtesy: CourtesyCalls
    deposits: DepositPolicy
    gateway: PaymentGateway | None
    """The payment processor; None: nobody pays by card."""
    cards_due: asyncio.Event = field(default_factory=asyncio.Event)
    """Something may be owed to the processor."""
    busy: Busy = field(default_factory=Busy)
    watchers: list[Watcher] = field(default_factory=list)
    timelines: Timelines = field(default_factory=Timelines)
    ended: list[CallEnded] = field(default_factory=list)
    bad_pins: Counter[StationId] = field(default_factory=Counter)
    """Bad PINs in a row at a station, over all its calls: hanging up gives no new tries."""

    def watch(self, call_id: CallId, item: Any) -> None:
        """Tell every watcher of an item of a timeline."""
        for watcher in self.watchers:
            watcher(call_id, item)
