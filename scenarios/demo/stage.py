"""The run: a switch on real sockets, phones that register at it, and the calls side by side."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from ledger.audit import AuditReport, audit
from ledger.entries import Entry
from ledger.export import record_json
from ledger.hold import Hold
from ledger.records import CallRecord
from ledger.rows import Account
from prompts.audio import Audio
from prompts.catalog import ClipId
from scenarios.demo import scenes
from scenarios.demo.cast import ACCEPTED, BLOCKED, DENIED, PLAN, REFUSED, UNBILLABLE, Planned
from scenarios.demo.folder import Folder
from scenarios.demo.scenes import Scene, Stage
from scenarios.demo.voices import all_voiced
from scenarios.phones.errors import PhoneError
from scenarios.phones.phone import Line, Phone
from switch.agent.observed import Observed, SipReceived
from switch.app.config import Config, load_config
from switch.app.switch import Switch, running
from switch.app.world import World, build_world
from switch.call.timeline import Timeline
from switch.sip.message import Request

CONFIG: Final = Path(__file__).with_name("demo.toml")

SECONDS_MAX: Final = 55.0
"""The whole run takes some 40 s; one that hangs is ended, and fails, within a minute."""

SETTLING_SECONDS: Final = 5.0
"""How long the switch may take to book the last call, after its people have left."""


SETTLING_STEP: Final = 0.05
LAST_ANSWERS_SECONDS: Final = 0.25
"""After the last BYE: its answer, on the same machine, takes a few milliseconds."""


class OverdueError(Exception):
    """The calls did not come to an end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What may be watched while it runs."""

    switch: Switch
    scenes: tuple[Scene, ...]
    started_at: float
    """On the event loop's clock."""


Watch = Callable[[Progress], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Performance:
    """All that came of it."""

    scenes: tuple[Scene, ...]
    started_at: float
    ended_at: float
    invites: Counter[str]
    """Calls that reached each called number's phone."""
    opening: tuple[Account, ...]
    """The accounts before the first call."""
    accounts: tuple[Account, ...]
    entries: tuple[Entry, ...]
    holds: tuple[Hold, ...]
    audit: AuditReport
    voices: dict[ClipId, Audio]
    open_calls: int
    socket: tuple[str, int]
    """Where the switch listened."""

    def scene(self, planned: Planned) -> Scene:
        """The scene of a planned call."""
        return next(scene for scene in self.scenes if scene.planned is planned)


def demo_world() -> World:
    """The world of `demo.toml`."""
    return build_world(load_config(CONFIG), str(CONFIG), CONFIG.parent)


async def perform(
    world: World,
    folder: Folder,
    *,
    random: Random,
    utc: datetime,
    log: Any,
    watch: Watch | None = None,
) -> Performance:
    """Run the whole demonstration; `watch` runs beside it until it is cancelled.

    Raises:
        OverdueError: A call did not end in time.
        RegistrationError: A phone cannot register.
        LedgerError, OSError, TooFewFilesError: The switch cannot start.
    """
    loop = asyncio.get_running_loop()
    pins = {row.id: row.pin.get_secret_value() for row in world.config.people}
    played = tuple(Scene(planned, pins[planned.person]) for planned in PLAN)
    voices = all_voiced(world.library)
    invites: Counter[str] = Counter()
    async with running(world, base=folder.path, random=random, utc=utc, log=log) as switch:
        switch.services.ended.append(_recorder(played, folder))
        opening = await switch.services.book.accounts()
        progress = Progress(switch, played, loop.time())
        with _bare():
            async with _phones(world.config, switch.address, random, invites) as phones, _watched(progress, watch):
                try:
                    async with asyncio.timeout(SECONDS_MAX):
                        await _play(played, Stage(phones, voices), world.config)
                        await _settled(switch)
                except TimeoutError:
                    raise OverdueError(_overdue(switch, played)) from None
        ended_at = loop.time()
        book = switch.services.book
        await book.read(folder.leave_exports)
        return Performance(
            scenes=played,
            started_at=progress.started_at,
            ended_at=ended_at,
            invites=invites,
            opening=opening,
            accounts=await book.accounts(),
            entries=await book.entries(),
            holds=await book.holds(),
            audit=await audit(book),
            voices=voices,
            open_calls=len(await book.open_calls()),
            socket=switch.address,
        )


@contextmanager
def _bare() -> Iterator[None]:
    """Take a single error out of the groups that the task groups of phones and people put it in."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        raise error from None


@asynccontextmanager
async def _watched(progress: Progress, watch: Watch | None) -> AsyncIterator[None]:
    """Have it watched inside this block; a fault of the watcher is told at its end."""
    if watch is None:
        yield
        return
    watching = asyncio.ensure_future(watch(progress))
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def find_timelines(switch: Switch, played: tuple[Scene, ...]) -> None:
    """Give each scene its timeline, as soon as the switch knows the call."""
    for scene in played:
        if scene.timeline is None and scene.inside is not None:
            shown = switch.services.timelines.find(scene.inside.call_id)
            scene.timeline = None if shown is None else shown[0]


async def _play(played: tuple[Scene, ...], stage: Stage, config: Config) -> None:
    """Four calls at once; the one to the number that blocked follows the block."""
    by_plan = {scene.planned.key: scene for scene in played}
    users = {row.number: row.user for row in config.phones}

    def called(planned: Planned) -> Phone:
        user = users[planned.number]
        assert user is not None, "every called number of the demonstration has a phone"
        return stage.phones[user]

    async def play(planned: Planned, acted: Coroutine[Any, Any, None]) -> None:
        try:
            await acted
        except PhoneError as error:
            by_plan[planned.key].fault = str(error)

    async def blocked_then_denied() -> None:
        await play(BLOCKED, scenes.blocked(by_plan[BLOCKED.key], stage, called(BLOCKED)))
        await asyncio.sleep(0.5)
        await play(DENIED, scenes.denied(by_plan[DENIED.key], stage))

    async with asyncio.TaskGroup() as group:
        group.create_task(play(ACCEPTED, scenes.accepted(by_plan[ACCEPTED.key], stage, called(ACCEPTED))))
        group.create_task(play(REFUSED, scenes.refused(by_plan[REFUSED.key], stage, called(REFUSED))))
        group.create_task(blocked_then_denied())
        group.create_task(play(UNBILLABLE, scenes.unbillable(by_plan[UNBILLABLE.key], stage)))


@asynccontextmanager
async def _phones(
    config: Config, server: tuple[str, int], random: Random, invites: Counter[str]
) -> AsyncIterator[dict[str, Phone]]:
    """Every telephone of the configuration; those of called numbers register."""
    async with AsyncExitStack() as stack:
        phones: dict[str, Phone] = {}

        async def put_up(user: str, password: str) -> Phone:
            line = Line(user=user, password=password, server=server)
            phones[user] = await stack.enter_async_context(Phone(line, Random(random.getrandbits(64))))
            return phones[user]

        for station in config.stations:
            await put_up(station.user, station.password.get_secret_value())
        for row in config.phones:
            assert row.user is not None and row.password is not None, "every called number has a phone"
            phone = await put_up(row.user, row.password.get_secret_value())
            phone.observe(_counter(invites, row.number))
            await phone.register()
        yield phones


def _counter(invites: Counter[str], number: str) -> Callable[[Observed], None]:
    seen: set[str] = set()

    def count(observed: Observed) -> None:
        message = observed.message
        if not isinstance(observed, SipReceived) or not isinstance(message, Request) or message.method != "INVITE":
            return
        if message.call_id not in seen:
            seen.add(message.call_id)
            invites[number] += 1

    return count


def _recorder(played: tuple[Scene, ...], folder: Folder) -> Callable[[CallRecord, Timeline], None]:
    """Keeps each record with its scene, and as a line of JSON."""

    def ended(record: CallRecord, timeline: Timeline) -> None:
        for scene in played:
            if scene.record is None and scene.planned.person == record.person:
                scene.record, scene.timeline = record, timeline
        with folder.calls.open("a", encoding="utf-8") as file:
            file.write(record_json(record) + "\n")

    return ended


def _overdue(switch: Switch, played: tuple[Scene, ...]) -> str:
    """Which calls did not end, and the last thing that happened in each."""
    find_timelines(switch, played)
    last = [
        f"{scene.planned.title}: {scene.timeline.items[-1].text if scene.timeline else 'nothing'}"
        for scene in played
        if scene.record is None
    ]
    return f"calls did not end within {SECONDS_MAX:.0f} s. The last that happened: " + "; ".join(last)


async def _settled(switch: Switch) -> None:
    """Return once the switch has booked every call, and the answers to its last BYEs came."""
    for _ in range(round(SETTLING_SECONDS / SETTLING_STEP)):
        if not switch.reception.call_count:
            break
        await asyncio.sleep(SETTLING_STEP)
    await asyncio.sleep(LAST_ANSWERS_SECONDS)
