"""The calls as they happen: a table that lives on a terminal, or a line for each thing that happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ledger.chart import advancepay
from ledger.money import AccountId, Money
from scenarios.demo.scenes import Scene
from scenarios.demo.stage import Progress, find_timelines
from scenarios.report.ladder import STYLES
from switch.call.timeline import CALLEE, CALLER, SWITCH, Item, Kind

REFRESH_SECONDS: Final = 0.125
"""Eight times a second: what ticks looks alive, and drawing takes a few milliseconds of it."""

CALL_WIDTH: Final = 21
"""`morgan → +14155550145`: nothing moves when a row fills."""
KEYS_WIDTH: Final = 17
"""A PIN of four, who pays, and a number of ten digits."""


async def watch_table(progress: Progress, console: Console) -> None:
    """Keep the table up to date until cancelled; its last state stays."""
    loop = asyncio.get_running_loop()
    held: Mapping[AccountId, Money] = {}
    with Live(console=console, auto_refresh=False, transient=False) as live:
        try:
            while True:
                find_timelines(progress.switch, progress.scenes)
                held = {account.account_id: account.held for account in await progress.switch.services.book.accounts()}
                live.update(table(progress, held, loop.time()), refresh=True)
                await asyncio.sleep(REFRESH_SECONDS)
        finally:
            live.update(table(progress, held, loop.time()), refresh=True)


async def watch_lines(progress: Progress, console: Console) -> None:
    """Print what happens as it happens, until cancelled."""
    seen = [0] * len(progress.scenes)
    try:
        while True:
            _print_new(progress, seen, console)
            await asyncio.sleep(REFRESH_SECONDS)
    finally:
        _print_new(progress, seen, console)


def table(progress: Progress, held: Mapping[AccountId, Money], now: float) -> Table:
    """Every call in a row."""
    host, port = progress.switch.address
    drawn = Table(
        title=f"SIP on {host}:{port}, {now - progress.started_at:.1f} s",
        title_justify="left",
        box=SIMPLE_HEAD,
        expand=True,
        pad_edge=False,
    )
    drawn.add_column("call", no_wrap=True, min_width=CALL_WIDTH)
    drawn.add_column("what happens", no_wrap=True, overflow="ellipsis", ratio=1)
    drawn.add_column("keys", no_wrap=True, min_width=KEYS_WIDTH)
    for name, width in (("talk", 6), ("held", 5), ("charged", 7)):
        drawn.add_column(name, justify="right", no_wrap=True, min_width=width)
    for scene in progress.scenes:
        drawn.add_row(*_row(scene, held, now))
    return drawn


def talk_seconds(scene: Scene, now: float) -> float | None:
    """How long they have talked: from the key to now or the end, by the record once there is one."""
    if scene.record is not None:
        return scene.record.talk.total_seconds() or None
    if scene.accepting_at is None:
        return None
    ended_at = None if scene.outside is None else scene.outside.ended_at
    return (now if ended_at is None else ended_at) - scene.accepting_at


def event_line(scene: Scene, item: Item, since: float) -> str:
    """What happened, in a line of its own."""
    between = item.source if item.source == item.target else f"{item.source} → {item.target}"
    who = f"{scene.planned.person} → {scene.planned.number}"
    return f"{item.at - since:6.2f}  {who:<22}  {between:<16}  {_said(item)}"


def keys_shown(scene: Scene) -> str:
    """The keys of both parties: the caller's, then the called party's."""
    inside = " ".join(pressed.shown for pressed in scene.pressed if pressed.party == CALLER)
    outside = " ".join(pressed.shown for pressed in scene.pressed if pressed.party == CALLEE)
    return " / ".join(filter(None, (inside, outside)))


def _row(scene: Scene, held: Mapping[AccountId, Money], now: float) -> Sequence[Text]:
    planned, record = scene.planned, scene.record
    talk = talk_seconds(scene, now)
    amount = held.get(advancepay(planned.number)) if planned.billing == "advancepay" and scene.inside else None
    is_done = record is not None
    return (
        Text(f"{planned.person} → {planned.number}", style="" if scene.inside else "dim"),
        _happening(scene),
        Text(keys_shown(scene), style=STYLES[Kind.KEY]),
        Text("" if talk is None else f"{talk:.1f} s", style="" if is_done else "bold green"),
        Text("" if not amount else str(amount), style=STYLES[Kind.MONEY]),
        Text("" if record is None else str(record.charged), style="bold"),
    )


def _happening(scene: Scene) -> Text:
    """The last thing that happened, or how it ended."""
    if scene.fault:
        return Text(scene.fault, style="bold red")
    if scene.record is not None:
        is_planned = scene.record.why == scene.planned.why.value
        return Text(f"ended: {scene.record.why}", style="bold" if is_planned else "bold red")
    if scene.inside is None:
        return Text("not dialled yet", style="dim")
    if scene.timeline is None or not scene.timeline.items:
        return Text("dialling", style="dim")
    item = scene.timeline.items[-1]
    arrow = "" if item.source == item.target else f"▶ {item.target}: " if item.source == SWITCH else f"{item.source}: "
    return Text(f"{arrow}{_said(item)}", style=STYLES[item.kind])


def _said(item: Item) -> str:
    return f"“{item.text}”" if item.kind is Kind.WORDS else item.text


def _print_new(progress: Progress, seen: list[int], console: Console) -> None:
    find_timelines(progress.switch, progress.scenes)
    new: list[tuple[float, str]] = []
    for place, scene in enumerate(progress.scenes):
        items = [] if scene.timeline is None else scene.timeline.items
        new += [(item.at, event_line(scene, item, progress.started_at)) for item in items[seen[place] :]]
        seen[place] = len(items)
    for _, line in sorted(new):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
