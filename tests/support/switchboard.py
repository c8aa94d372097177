"""A whole switch on the test's own loop, and phones for it."""

from __future__ import annotations

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
from switch.call.timeline import Timeline

NOON = datetime(2021, 6, 1, 12, 0, tzinfo=UTC)

CONFIG = """
tariffs = ["california-2021", "california-collect"]
priced_as_on = 2021-06-01
[switch]
listen = "127.0.0.1:5060"
[media]
ports = [20000, 20200]
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
        self.records: list[CallRecord] = []
        self.timelines: list[Timeline] = []
        self._stack = stack
        self._seed = 0
        switch.services.ended.append(self._ended)

    def _ended(self, record: CallRecord, timeline: Timeline) -> None:
        self.records.append(record)
        self.timelines.append(timeline)

    async def phone(self, user: str, *, registers: bool = True, password: str | None = None, **line: object) -> Phone:
        """A softphone of an account of the configuration."""
        self._seed += 1
        described = Line(user=user, password=password or f"{user}-secret", server=self.switch.address, **line)  # type: ignore[arg-type]
        phone = await self._stack.enter_async_context(Phone(described, Random(self._seed)))
        if registers:
            await phone.register()
        return phone

    async def balances(self) -> dict[str, str]:
        """Every account with its balance."""
        return {account.account_id: str(account.balance) for account in await self.switch.services.book.accounts()}


@asynccontextmanager
async def switchboard(folder: Path, config: str = CONFIG, *, seed: int = 1) -> AsyncIterator[Board]:
    """A switch in this folder; at the end the book is audited and nothing may be held."""
    world = build_world(parse_config(config, "test.toml"), "test.toml", folder)
    async with running(world, base=folder, random=Random(seed), utc=NOON, log=structlog.get_logger("test")) as switch:
        async with AsyncExitStack() as phones:
            board = Board(switch, phones, folder)
            yield board
        report = await audit(switch.services.book)
        assert report.is_clean, report.findings
        if not switch.reception.call_count:
            assert all(not account.held for account in await switch.services.book.accounts())
