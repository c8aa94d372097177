"""A whole switch on the test's own loop, and phones for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import structlog

from ledger.audit import audit
from ledger.records import CallRecord
from scenarios.phones.phone import Line, Phone
from switch.app.config import parse_config
from switch.app.switch import Switch, running
from switch.app.world import build_world
from switch.call.timeline import Kind, Timeline

NOON = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)

CONFIG = """
tariffs = TARIFFS
priced_as_on = 2021-06-01
[switch]
listen = "127.0.0.1:5060"
[media]
ports = [20000, 20039]
silence_max = SILENCE
[book]
url = "sqlite+aiosqlite:///book.db"
[[facilities]]
id = "prison"
name = "facility/state-prison"
[[facilities]]
id = "youth"
free = true
[[stations]]
user = "yard"
password = "yard-secret"
facility = "prison"
[[stations]]
user = "gym"
password = "gym-secret"
facility = "prison"
[[stations]]
user = "dorm"
password = "dorm-secret"
facility = "youth"
[[people]]
id = "jordan"
pin = "4417"
facility = "prison"
name = "name/jordan"
debit = "0.05"
[[people]]
id = "riley"
pin = "2290"
facility = "prison"
allowed = ["+12125550124"]
[[people]]
id = "casey"
pin = "3301"
facility = "youth"
[[phones]]
number = "+12125550123"
user = "family"
password = "family-secret"
advancepay = "0.075"
[[phones]]
number = "+12125550124"
user = "neighbor"
password = "neighbor-secret"
[[phones]]
number = "+12125550150"
user = "attorney"
password = "attorney-secret"
privileged = true
free = true
[[lines]]
prefix = "+1212555012"
type = "landline"
[[lines]]
prefix = "+12125550125"
type = "cell"
[[lines]]
prefix = "+12125550126"
type = "landline"
bills = false
"""


class Board:
    """A running switch, its ended calls, and phones."""

    def __init__(self, switch: Switch, stack: AsyncExitStack, folder: Path) -> None:
        self.switch = switch
        self.folder = folder
        self.started = asyncio.get_running_loop().time()
        self.ports = switch.metrics()["media_ports_free"]
        self.records: list[CallRecord] = []
        self.timelines: list[Timeline] = []
        self._ended = asyncio.Condition()
        self._stack = stack
        self._phones: dict[str, Phone] = {}
        switch.services.ended.append(self._call_ended)

    def _call_ended(self, record: CallRecord, timeline: Timeline) -> None:
        self.records.append(record)
        self.timelines.append(timeline)

    async def record(self, number: int = 1) -> CallRecord:
        """The record of the first, second, ... call that ended; waits a while for it."""
        async with asyncio.timeout(60):
            while len(self.records) < number:
                await asyncio.sleep(0.01)
        return self.records[number - 1]

    def said_to_caller(self, number: int = 1) -> list[str]:
        """What was said inside, in order."""
        items = self.timelines[number - 1].items
        return [item.text for item in items if item.kind is Kind.WORDS and item.target == "caller"]

    async def phone(self, user: str, *, password: str | None = None) -> Phone:
        """A registered softphone of an account of the configuration."""
        line = Line(user=user, password=password or f"{user}-secret", server=self.switch.address)
        phone = await self._stack.enter_async_context(Phone(line, Random(len(self._phones))))
        self._phones[user] = phone
        await phone.register()
        return phone

    async def enter(self, phone: Phone) -> Phone:
        """Keep a phone of one's own until the switch stops."""
        return await self._stack.enter_async_context(phone)

    async def known_phone(self, user: str) -> Phone:
        """The phone made before for this user, else a new one."""
        return self._phones.get(user) or await self.phone(user)

    def switch_phone(self, user: str) -> Phone:
        """The phone made before for this user."""
        return self._phones[user]

    async def is_clean(self) -> None:
        """Assert what holds 64*T1 after the last call: nothing is left of it but its record and its charge."""
        await asyncio.sleep(33)
        services, metrics = self.switch.services, self.switch.metrics()
        assert (metrics["calls"], metrics["legs"], metrics["transactions"]) == (0, 0, 0)
        assert metrics["media_ports_free"] == self.ports
        assert metrics.get("faults", 0) == 0
        assert len(services.timelines) == 0
        assert not services.busy.people
        assert not services.busy.numbers
        assert not await services.book.open_calls()
        assert all(not account.held for account in await services.book.accounts())
        records = await services.book.calls()
        assert sorted(record.call_id for record in records) == sorted(record.call_id for record in self.records)

    async def balances(self) -> dict[str, str]:
        """Every account with its balance."""
        return {account.account_id: str(account.balance) for account in await self.switch.services.book.accounts()}


@asynccontextmanager
async def switchboard(
    folder: Path,
    *,
    tariffs: str = '["california-2021", "california-collect"]',
    silence_max: float = 30,
    seed: int = 1,
    utc: datetime = NOON,
    more: str = "",
    replacing: tuple[str, str] = ("", ""),
) -> AsyncIterator[Board]:
    """A switch in this folder; at the end the book is audited and nothing may be held."""
    text = CONFIG.replace("TARIFFS", tariffs).replace("SILENCE", str(silence_max)).replace(*replacing) + more
    world = build_world(parse_config(text, "test.toml"), "test.toml", folder)
    async with running(world, base=folder, random=Random(seed), utc=utc, log=structlog.get_logger("test")) as switch:
        async with AsyncExitStack() as phones:
            board = Board(switch, phones, folder)
            yield board
        while switch.reception.call_count:
            await asyncio.sleep(1)
        report = await audit(switch.services.book)
        assert report.is_clean, report.findings
        assert not await switch.services.book.open_calls()
        assert all(not account.held for account in await switch.services.book.accounts())
