"""The money ladder of a call as SVG: signalling, keys, words, sound and money on one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, assert_never

from scenarios.play.result import CallSeen, Checked
from scenarios.report import levels, rows
from scenarios.report.facts import hold_states, names, talk_until
from scenarios.report.messages import Message
from scenarios.report.pen import Pen, points, sheet, written
from scenarios.report.rows import Entry, Folded, Row, Rows, lay_out
from scenarios.report.seen import Keys, Note, Words, grants, phone_of
from switch.call.timeline import BOOK, CALLEE, CALLER, SWITCH, Kind

STYLE: Final = Path(__file__).with_name("templates") / "ladder.css"

WIDTH: Final = 1280.0
LANES: Final = {CALLER: 362.0, SWITCH: 534.0, CALLEE: 706.0, BOOK: 972.0}
HEADS: Final = {CALLER: 140.0, SWITCH: 140.0, CALLEE: 140.0, BOOK: 176.0}
TIME_RIGHT: Final = 54.0
TALK_RIGHT: Final = 108.0
LEVEL_WIDTH: Final = 40.0
WORDS_GAP: Final = 50.0
"""From a party's lifeline to its words: behind the curve of its sound."""
STAIR: Final = 8.0
MONEY_LEFT: Final = LANES[BOOK] + 39
HEADS_REPEATED_FROM: Final = 1100.0
"""Taller ladders name their lanes below too."""
FOLD_ROOM: Final = 46.0
"""Between two labels of holds, for one line that says how many have none."""
JUST_BEFORE: Final = 0.0005
"""What ends at an instant ends above the rows of that instant."""
SLANT_MAX: Final = 14.0
TRAVEL_TOLD_SECONDS: Final = 0.25
"""A message on its way for so long is said to be."""


def svg(
    call: CallSeen,
    *,
    prefix: str = "call",
    checks: Sequence[Checked] = (),
    is_alone: bool = True,
    is_linked: bool = False,
) -> str:
    """Draw the ladder of a call.

    Args:
        call: What is drawn.
        prefix: Begins every id, so that several ladders can stand on a page.
        checks: Expectations judged while the call lasted: failed ones in words, the others as a mark.
        is_alone: Whether the drawing brings its style, to be a file of its own.
        is_linked: Whether messages lead to `#<prefix>-t<number>`, where the page has them in full.
    """
    laid = lay_out(call, [check for check in checks if not check.is_met])
    foot = 46.0 if laid.bottom > HEADS_REPEATED_FROM else 14.0
    height = laid.bottom + 16 + foot
    style = STYLE.read_text("utf-8") if is_alone else ""
    pen = sheet(WIDTH, height, "ladder", f"Ladder of call {call.call_id}", style=style)
    pen.rect(0, 0, WIDTH, height, "paper")
    _talk(pen, call, laid)
    _lanes(pen, call, laid, with_foot=foot > 40)
    _sound(pen, call, laid)
    _breaks(pen, laid)
    _stairs(pen, call, laid)
    # What is behind comes first: arrows to the book pass below the words of the called party.
    for row in sorted(laid.rows, key=lambda row: not _is_money(row)):
        _thing(pen, call, laid, row, prefix, is_linked=is_linked)
    _times(pen, call, laid)
    _met(pen, laid, checks)
    return written(pen)


def _lanes(pen: Pen, call: CallSeen, laid: Rows, *, with_foot: bool) -> None:
    """Lifelines with their names."""
    told = names(call)
    bottom = laid.bottom + 16
    group = pen.group("lanes")
    group.line(TALK_RIGHT + 6, rows.TOP - 12, TALK_RIGHT + 6, bottom, "axis")
    for lane, x in LANES.items():
        group.line(x, 46, x, bottom, "life")
        for top in (10.0, bottom)[: 2 if with_foot else 1]:
            group.rect(x - HEADS[lane] / 2, top, HEADS[lane], 36, "head-box", radius=6)
            group.text(x, top + 15, lane, "head-lane", anchor="middle")
            group.text(x, top + 29, _short(told[lane], int(HEADS[lane] / 6.2)), "head-name", anchor="middle")
    group.text(TIME_RIGHT, 36, "time", "head-lane", anchor="end")
    if call.accepted_at is not None:
        group.text(TALK_RIGHT, 36, "talk", "head-lane", anchor="end")


def _times(pen: Pen, call: CallSeen, laid: Rows) -> None:
    """Instants of the run, and of the talk."""
    group = pen.group("times")
    ended = talk_until(call)
    before = ""
    for row in sorted(laid.rows, key=lambda each: each.y):
        if not row.is_timed or isinstance(row.thing, Folded) or row.thing.at is None:
            continue
        shown = f"{row.thing.at:.2f}"
        if shown == before:
            continue
        before = shown
        group.text(TIME_RIGHT, row.y + 3.5, shown, "time", anchor="end")
        if call.accepted_at is not None and ended is not None and call.accepted_at <= row.thing.at <= ended + 0.5:
            group.text(TALK_RIGHT, row.y + 3.5, f"+{row.thing.at - call.accepted_at:.2f}", "talk-time", anchor="end")


def _met(pen: Pen, laid: Rows, checks: Sequence[Checked]) -> None:
    """A mark on the axis for each expectation that held, with its words on hovering."""
    for check in checks:
        if check.is_met and check.at is not None:
            y = laid.axis.y(check.at)
            group = pen.group("met", title=f"{check.at:.2f}: {check.text}")
            group.rect(TALK_RIGHT, y - 6, 12, 12, "reach")
            group.path(f"M{TALK_RIGHT + 2:.0f} {y:.1f}l3 4l6 -8")


def _talk(pen: Pen, call: CallSeen, laid: Rows) -> None:
    """The talk, shaded from the acceptance to its end."""
    until = talk_until(call)
    if call.accepted_at is None or until is None:
        return
    top, bottom = laid.axis.y(call.accepted_at), laid.axis.y(until - JUST_BEFORE)
    group = pen.group("talk", title=f"talk: {until - call.accepted_at:.2f} s")
    group.rect(LANES[CALLER], top, LANES[CALLEE] - LANES[CALLER], bottom - top)


def _sound(pen: Pen, call: CallSeen, laid: Rows) -> None:
    """How loud it was at each party's ear, away from the ladder's middle."""
    for party, way in ((CALLER, -1.0), (CALLEE, 1.0)):
        phone = phone_of(call, party)
        if phone is None or not phone.levels:
            continue
        x = LANES[party]

        def point(y: float, loud: float, x: float = x, way: float = way) -> tuple[float, float]:
            return (x + way * (3 + loud * LEVEL_WIDTH), y)

        shape = levels.shape(phone, rows.TOP, laid.axis.bottom, laid.axis.at, point)
        if shape:
            pen.group(f"sound {party}", title=f"what the {party} hears, -60 to -6 dBov").path(shape)


def _breaks(pen: Pen, laid: Rows) -> None:
    """Where the axis is not to scale: a zigzag through every line, and how long it was."""
    for each in laid.axis.breaks:
        middle = (each.top + each.bottom) / 2
        group = pen.group("break", title=f"{each.seconds:.1f} s, not to scale")
        for x in (TALK_RIGHT + 6, *LANES.values()):
            group.rect(x - 7, middle - 4, 14, 8, "gap")
            for shift in (-3.0, 3.0):
                group.path(f"M{x - 7:.0f} {middle + shift + 2:.1f}l4.7 -4l4.7 4l4.6 -4")
        group.text(TALK_RIGHT - 5, middle + 3.5, f"{each.seconds:.1f} s", anchor="end")


def _stairs(pen: Pen, call: CallSeen, laid: Rows) -> None:
    """Beside the book, how far the talk was paid: one step for each hold."""
    until = talk_until(call)
    if until is None:
        return
    states = hold_states(call)
    for number, grant in enumerate(grants(call)):
        state = states.get(number, "")
        top, bottom = laid.axis.y(min(grant.since, until)), laid.axis.y(min(grant.until, until) - JUST_BEFORE)
        group = pen.group(f"grant {state}".rstrip(), title=f"{grant.text}{f' ({state})' if state else ''}")
        group.rect(LANES[BOOK] + 5 + number % 3 * STAIR, top, STAIR, max(2.0, bottom - top))


def _thing(pen: Pen, call: CallSeen, laid: Rows, row: Row, prefix: str, *, is_linked: bool) -> None:
    match row.thing:
        case Message():
            link = f"#{prefix}-t{row.thing.number}" if is_linked else None
            _message(pen, row, row.thing, f"{prefix}-m{row.thing.number}", link)
        case Keys(party=party, shown=shown):
            group = pen.group(f"keys {party}", title=f"keys of the {party}")
            _arrow(group, party, SWITCH, row.y)
            width, middle = 16 + 8.6 * len(shown), (LANES[party] + LANES[SWITCH]) / 2
            group.rect(middle - width / 2, row.y - 9, width, 18, "chip", radius=9)
            group.text(middle, row.y + 4, shown, "keys-text", anchor="middle")
        case Words():
            _words(pen, call, laid, row, row.thing)
        case Note():
            _note(pen, row, row.thing)
        case Folded(note=note):
            group = pen.group("money folded", title=f"{note.at:.2f}: {note.text}")
            _arrow(group, SWITCH, BOOK, row.y)
            if row.thing.is_first:
                _fold(group, laid, row.thing, row.y)
        case Entry():
            _entry(pen, row, row.thing)
        case Checked():
            group = pen.group("missed")
            group.line(TALK_RIGHT + 6, row.y, LANES[BOOK], row.y)
            _lines(group, LANES[CALLER] - WORDS_GAP, row, anchor="end")
        case _ as never:
            assert_never(never)


def _fold(pen: Pen, laid: Rows, first: Folded, top: float) -> None:
    """Say how many holds have no words of their own, where there is room."""
    until = laid.axis.taken.get(rows.MONEY, top)
    below = min((row.y for row in laid.rows if row.y > top and row.lines and _is_money(row)), default=until)
    if below - top > FOLD_ROOM:
        pen.text(MONEY_LEFT, (top + below) / 2 + 4, f"… {first.left + 1} more holds", "more")


def _is_money(row: Row) -> bool:
    return isinstance(row.thing, Note) and row.thing.target == BOOK


def _message(pen: Pen, row: Row, message: Message, name: str, link: str | None) -> None:
    """An arrow that falls as long as the message travelled; a lost one ends on its way."""
    x1, x2 = LANES[message.party], LANES[SWITCH]
    if message.is_from_switch:
        x1, x2 = x2, x1
    travel = 0.0
    if message.sent_at is not None and message.arrived_at is not None:
        travel = message.arrived_at - message.sent_at
    slant = min(SLANT_MAX, travel * 14)
    y1, y2 = (row.y, row.y + slant) if message.is_from_switch else (row.y - slant, row.y)
    text = message.line + (f" · {travel:.2f} s" if travel >= TRAVEL_TOLD_SECONDS else "")
    group = pen.group(
        f"sip{' lost' if message.is_lost else ''}", name=name, title=message.whole or message.line, link=link
    )
    group.rect(min(x1, x2), row.y - 15, abs(x2 - x1), 20, "reach")
    if message.is_lost:
        x2 = x1 + (x2 - x1) * 0.6
        group.line(x1, y1, x2, y1, "shaft")
        group.path(f"M{x2 - 4:.1f} {y1 - 4:.1f}l8 8m0 -8l-8 8", "cross")
        text = f"{text} – lost"
    else:
        group.arrow(x1, y1, x2, y2)
    group.text((LANES[message.party] + LANES[SWITCH]) / 2, min(y1, y2) - 4, _short(text, 29), anchor="middle")


def _words(pen: Pen, call: CallSeen, laid: Rows, row: Row, words: Words) -> None:
    """What was said as an arrow, what was heard as a bar as long as it sounded, and the words beside it."""
    is_warning = words.said and call.accepted_at is not None and words.at >= call.accepted_at
    kind = "warning" if is_warning else "" if words.said else "person"
    if words.said and words.is_watched and words.since is None:
        kind += " unheard"
    x, way = LANES[words.party], -1 if words.party == CALLER else 1
    title = f"said: {words.said}\nheard: {words.heard}" if words.said and words.heard else words.said or words.heard
    group = pen.group(" ".join(f"words {kind} {words.party}".split()), title=title)
    if words.said:
        _arrow(group, SWITCH, words.party, row.y)
    if words.since is not None and words.until is not None:
        top = laid.axis.y(words.since)
        top = row.y if abs(words.since - words.at) < 0.5 else top
        group.rect(x - 3, top, 6, max(4.0, laid.axis.y(words.until) - top), "heard", radius=3)
    _lines(group, x + way * WORDS_GAP, row, anchor="end" if way < 0 else "start")


def _note(pen: Pen, row: Row, note: Note) -> None:
    """A state, as a mark where it holds or an arrow; money, as an arrow to the book."""
    if note.kind is Kind.MONEY or note.target == BOOK:
        kind = "money refused" if " refused" in note.text else "money"
        group = pen.group(kind)
        _arrow(group, note.source, note.target, row.y)
        _lines(group, MONEY_LEFT, row)
        return
    is_end = note.text.startswith(rows.END)
    group = pen.group(f"state{' end' if is_end else ''}{' cut' if is_end and _is_cut(note.text) else ''}")
    if is_end:
        group.line(LANES[CALLER], row.y, LANES[CALLEE], row.y, "end-line")
    x = LANES[note.source]
    if note.source == note.target:
        group.path(points([(x, row.y - 5), (x + 5, row.y), (x, row.y + 5), (x - 5, row.y)]), "mark")
        group.text(x + 10, row.y - 4 if is_end else row.y + 4, note.text)
    else:
        _arrow(group, note.source, note.target, row.y)
        group.text((x + LANES[note.target]) / 2, row.y - 4, _short(note.text, 29), anchor="middle")


def _entry(pen: Pen, row: Row, entry: Entry) -> None:
    """The postings of an entry, amounts in a column."""
    group = pen.group("entry", title=entry.name)
    bottom = row.y + len(entry.postings) * rows.LINE + 9
    group.rect(MONEY_LEFT - 6, row.y - 12, WIDTH - MONEY_LEFT - 2, bottom - row.y + 12, "entry-box", radius=5)
    group.text(MONEY_LEFT, row.y + 1, f"booked: {entry.kind}", "entry-kind")
    for number, posting in enumerate(entry.postings, start=1):
        y = row.y + number * rows.LINE + 2
        group.text(MONEY_LEFT, y, _short(posting.account, 34), "account")
        group.text(WIDTH - 14, y, posting.amount, "amount", anchor="end")


def _arrow(pen: Pen, source: str, target: str, y: float) -> None:
    pen.arrow(LANES[source], y, LANES[target], y)


def _lines(pen: Pen, x: float, row: Row, *, anchor: str = "start") -> None:
    for number, line in enumerate(row.lines):
        pen.text(x, row.y + 4 + number * rows.LINE, line, anchor=anchor)


def _is_cut(text: str) -> bool:
    return text.removeprefix(rows.END) in {"funds-exhausted", "time-limit"}


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
