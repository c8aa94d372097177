"""Gives everything of a call its row on the axis, so that no label covers another."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from scenarios.play.result import CallSeen, Checked, PostingSeen
from scenarios.report.axis import Axis, Room
from scenarios.report.messages import Message
from scenarios.report.seen import PAID_TO, Keys, Note, Seen, Words, entries, seen_of
from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH, Kind

TOP: Final = 78.0
"""Below the heads of the lanes."""
LINE: Final = 14.0
"""Height of a line of text."""
TIME_HEIGHT: Final = 11.0

LABELLED: Final = Room(14, 5)
"""An arrow with its words above it."""
ARROW: Final = Room(5, 5)

WORDS_WIDTH: Final = {CALLER: 32, CALLEE: 35}
"""Letters of a line beside a party."""
MISSED_WIDTH: Final = 29
"""Bold letters are wider."""
MONEY_WIDTH: Final = 42
"""Letters of a line behind the book."""

UNHEARD_LINES_MAX: Final = 3
"""Of words that were broken off before one of them was recognised; all of them are told on hovering."""

END: Final = "ended: "
"""How the timeline begins to say why a call ended."""

FOLD_MIN: Final = 8
"""So many holds in a row are drawn without labels, but for the first two and the last."""

LEFT: Final = "left"
CALLER_SIDE: Final = "caller-side"
CALLEE_SIDE: Final = "callee-side"
RIGHT: Final = "right"
MONEY: Final = "money"
TIME: Final = "time"
WORDS_ZONE: Final = {CALLER: LEFT, CALLEE: RIGHT}
SIDES: Final = {CALLER: CALLER_SIDE, CALLEE: CALLEE_SIDE}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the book with its postings."""

    at: float
    name: str
    kind: str
    postings: Sequence[PostingSeen]


@dataclass(frozen=True, slots=True)
class Folded:
    """A hold that is drawn without words."""

    note: Note
    left: int
    """How many more follow without words."""
    is_first: bool


Thing = Seen | Entry | Checked | Folded


@dataclass(frozen=True, slots=True)
class Row:
    """One thing with its place and its text in lines."""

    y: float
    thing: Thing
    lines: tuple[str, ...] = ()
    is_timed: bool = True
    """Whether its instant has room to be told."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A call laid out."""

    axis: Axis
    rows: tuple[Row, ...]
    bottom: float


def lay_out(call: CallSeen, missed: Iterable[Checked] = ()) -> Rows:
    """Lay a call out, with expectations that failed while it lasted."""
    things: list[tuple[float, Thing | None]] = [(_at(thing), thing) for thing in _folded(seen_of(call))]
    things += [(each.at, each) for each in missed if each.at is not None]
    for (name, kind), postings in entries(call).items():
        at = max(each.at for each in postings)
        things.append((at, Entry(at, name, kind, postings)))
    ends = [each.until for _, each in things if isinstance(each, Words) and each.until is not None]
    things += [(at, None) for at in [*ends, call.since, *([] if call.until is None else [call.until])]]
    things.sort(key=lambda pair: (pair[0], isinstance(pair[1], Entry)))  # stable: else as they were seen
    axis = Axis(TOP)
    rows = [_row(axis, at, thing) for at, thing in things if not isinstance(thing, Folded)]
    rows += [Row(axis.y(thing.note.at), thing, is_timed=False) for _, thing in things if isinstance(thing, Folded)]
    bottom = max([axis.bottom, *axis.taken.values()])
    return Rows(axis, tuple(row for row in rows if row is not None), bottom)


def _row(axis: Axis, at: float, thing: Thing | None) -> Row | None:
    zones, lines = ({}, ()) if thing is None else _needs(thing)
    y = axis.place(at, zones)
    if thing is None:
        return None
    # The instant is told if the one before is not too near.
    is_timed = y >= axis.taken.get(TIME, y)
    if is_timed:
        axis.taken[TIME] = y + TIME_HEIGHT
    return Row(y, thing, lines, is_timed)


def _needs(thing: Thing) -> tuple[Mapping[str, Room], tuple[str, ...]]:
    """Which zones a thing takes, and its text in lines."""
    match thing:
        case Message(party=party):
            return {SIDES[party]: LABELLED}, ()
        case Keys(party=party):
            return {SIDES[party]: Room(11, 10)}, ()
        case Words(party=party, said=said, heard=heard, is_watched=is_watched):
            lines = _wrapped(heard or said, WORDS_WIDTH[party])
            if is_watched and not heard and len(lines) > UNHEARD_LINES_MAX:
                lines = (*lines[: UNHEARD_LINES_MAX - 1], f"{lines[UNHEARD_LINES_MAX - 1]} …")
            return {WORDS_ZONE[party]: _room(lines)} | ({SIDES[party]: ARROW} if said else {}), lines
        case Checked(text=text, found=found):
            lines = _wrapped(f"✗ {text}: {found}", MISSED_WIDTH)
            return {LEFT: _room(lines)}, lines
        case Note(target=target, text=text) if target == BOOK:
            lines = _wrapped(text, MONEY_WIDTH)
            return {MONEY: _room(lines), CALLEE_SIDE: ARROW}, lines
        case Note(source=source, target=target, text=text) if source == target == SWITCH:
            across = {CALLER_SIDE: ARROW} if text.startswith(END) else {}
            return {CALLEE_SIDE: LABELLED, RIGHT: LABELLED} | across, ()
        case Note(source=source, target=target):
            return {SIDES.get(source, SIDES.get(target, CALLEE_SIDE)): LABELLED}, ()
        case Entry(postings=postings):
            return {MONEY: Room(16, (len(postings) + 1) * LINE)}, ()
        case Folded():
            return {}, ()
        case _ as never:
            assert_never(never)


def _room(lines: Sequence[str]) -> Room:
    return Room(13, len(lines) * LINE - 4)


def _folded(seen: Sequence[Seen]) -> list[Seen | Folded]:
    """Many holds in a row are one step after the other: their words would say nothing new."""
    found: list[Seen | Folded] = []
    run: list[Note] = []
    for each in [*seen, None]:
        if isinstance(each, Note) and each.kind is Kind.MONEY and PAID_TO.search(each.text):
            run.append(each)
            continue
        if each is None or isinstance(each, Note | Keys | Message):
            found += _fold(run)
            run = []
        if each is not None:
            found.append(each)
    return found


def _fold(run: Sequence[Note]) -> list[Note | Folded]:
    if len(run) < FOLD_MIN:
        return list(run)
    middle = [Folded(note, len(run) - 4 - number, is_first=number == 0) for number, note in enumerate(run[2:-1])]
    return [*run[:2], *middle, run[-1]]


def _at(thing: Thing) -> float:
    if isinstance(thing, Folded):
        return thing.note.at
    assert not isinstance(thing, Checked) or thing.at is not None
    return thing.at if thing.at is not None else 0.0


def _wrapped(text: str, width: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, width) or [""])
