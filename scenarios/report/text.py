"""A call as text for a terminal or a log: its ladder, its record, its money and how the charge came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from scenarios.play.result import CallSeen, Moment
from scenarios.report.facts import explanation, record_rows, title
from scenarios.report.hidden import keys_shown
from scenarios.report.ladder import Line, as_text, draw, with_keys
from scenarios.report.messages import messages
from scenarios.report.seen import SOUND, Words, entries, seen_of
from switch.call.timeline import CALLEE, CALLER, SWITCH, Item, Kind

WIDTH: Final = 100

LOST: Final = " – lost"


def text(call: CallSeen, width: int = WIDTH) -> str:
    """All of a call, in lines of `width` letters where words allow; times count from the scenario's start."""
    parts = [f"{title(call)}  ({call.call_id})", as_text(ladder(call, width))]
    parts += [_columns(rows) for rows in (record_rows(call), _holds(call), _postings(call)) if rows]
    if explained := explanation(call):
        parts.append("\n".join(f"  {line}" for line in explained.splitlines()))
    return "\n\n".join(parts)


def ladder(call: CallSeen, width: int) -> list[Line]:
    """The lines of the ladder, for `as_text` or in colours for `as_rich`."""
    return draw(items(call), since=0.0, width=width)


def items(call: CallSeen) -> list[Item]:
    """The switch's timeline with the keys that were pressed, what people heard of each other, and what was lost.

    Messages of which only a phone knows are there too: those before the switch took the call, and the lost.
    """
    pressed = {party: [each.key for each in keys] for party, keys in keys_shown(call).items()}
    noted = with_keys([_item(moment) for moment in call.timeline], pressed)
    found = [(item.at, float(item.number), item) for item in noted]
    for message in messages(call):
        is_noted = (message.sent_at if message.is_from_switch else message.arrived_at) is not None
        source, target = (SWITCH, message.party) if message.is_from_switch else (message.party, SWITCH)
        words = f"{message.line}{LOST}" if message.is_lost else message.line
        if is_noted and message.is_lost:
            found = [
                (at, order, replace(item, text=words) if order == message.order else item) for at, order, item in found
            ]
        elif not is_noted:
            found.append((message.at, message.order, Item(0, message.at, Kind.SIP, source, target, words)))
    for each in seen_of(call):
        if isinstance(each, Words) and not each.said:
            other = CALLEE if each.party == CALLER else CALLER
            source = SWITCH if each.heard.startswith(SOUND) else other
            found.append((each.at, each.order, Item(0, each.at, Kind.WORDS, source, each.party, each.heard)))
    return [item for _, _, item in sorted(found, key=lambda each: each[:2])]


def _item(moment: Moment) -> Item:
    return Item(moment.number, moment.at, Kind(moment.kind), moment.source, moment.target, moment.text)


def _holds(call: CallSeen) -> list[tuple[str, ...]]:
    holds = [
        (hold.hold.removeprefix(f"{call.call_id}/"), hold.account, hold.amount, f"captured {hold.captured}", hold.state)
        for hold in call.holds
    ]
    return [("hold", "account", "amount", "", "state"), *holds] if holds else []


def _postings(call: CallSeen) -> list[tuple[str, ...]]:
    return [
        (kind if number == 0 else "", posting.account, posting.amount)
        for (_, kind), postings in entries(call).items()
        for number, posting in enumerate(postings)
    ]


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows with their columns below each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"  {line}".rstrip() for line in lines)
