"""The SIP messages of a call, each once: what the switch noted put together with what the phones saw.

A message that both ends tell of has the instant it left and the instant it came; one that left and never came
is lost. Timelines begin with the call, so of its first challenge only the phone knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from scenarios.play.result import CallSeen, Moment, SipSeen
from scenarios.report.hidden import without_secrets
from switch.call.timeline import CALLEE, CALLER, SWITCH, Kind

PARTIES: Final = (CALLER, CALLEE)

TRAVEL_SECONDS_MAX: Final = 32.0
"""64·T1 (RFC 3261 §17.1.1.2): a message that takes longer is none any more."""

ORDER_STEP: Final = 1e-3
"""Between numbers of the timeline there is room for so many messages of which it does not know."""


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message between the switch and a party."""

    number: int
    at: float
    """Where it stands: when the switch had it in hand, if that is known."""
    order: float
    party: str
    is_from_switch: bool
    sent_at: float | None
    """None where the sender was not watched."""
    arrived_at: float | None
    line: str
    whole: str
    """Empty where only the line is known."""
    is_lost: bool


def messages(call: CallSeen) -> list[Message]:
    """The SIP messages of both legs, numbered in order of time."""
    found: list[Message] = []
    for party in PARTIES:
        watched = [message for phone in call.phones if phone.party == party for message in phone.sip]
        inside = [item for item in call.timeline if item.kind == Kind.SIP.value and party in (item.source, item.target)]
        leg: list[tuple[int, Message]] = []
        for is_from_switch in (False, True):
            ours = [item for item in inside if (item.source == SWITCH) is is_from_switch]
            theirs = [(place, each) for place, each in enumerate(watched) if each.is_sent is not is_from_switch]
            direction = _Direction(party, is_from_switch, ours, theirs, inside, is_watched=bool(watched))
            found += [message for place, message in direction.paired() if place is None]
            leg += [(place, message) for place, message in direction.paired() if place is not None]
        found += _in_order([message for _, message in sorted(leg, key=lambda each: each[0])])
    found.sort(key=lambda each: (each.at, each.order))
    return [replace(message, number=number) for number, message in enumerate(found, start=1)]


def message_line(text: str) -> str:
    """A SIP message in a line, as timelines have it: `INVITE (SDP)`, `200 OK to INVITE (SDP)`."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    first, *fields = head.split("\n")
    if not fields:
        return first.strip()
    named: dict[str, str] = {}
    for each in fields:
        name, colon, value = each.partition(":")
        if colon:
            named.setdefault(name.strip().lower(), value.strip())
    if first.startswith("SIP/2.0 "):
        method = named.get("cseq", "").split()[-1:]
        line = " to ".join([first.removeprefix("SIP/2.0 "), *method])
    else:
        line = first.split(" ", 1)[0]
    content = named.get("content-type", named.get("c", ""))
    return f"{line} (SDP)" if body.strip() and content.lower().startswith("application/sdp") else line


@dataclass(frozen=True, slots=True)
class _Direction:
    """Messages of a leg in one direction: what the switch noted, and what the phone saw, with its place there."""

    party: str
    is_from_switch: bool
    ours: Sequence[Moment]
    theirs: Sequence[tuple[int, SipSeen]]
    inside: Sequence[Moment]
    """All that the switch noted of the leg."""
    is_watched: bool

    def paired(self) -> list[tuple[int | None, Message]]:
        """Each message once, with its place at the phone. Those with the same line are matched by their instants."""
        by_line: dict[str, tuple[list[Moment], list[tuple[int, SipSeen]]]] = {}
        for item in self.ours:
            by_line.setdefault(item.text, ([], []))[0].append(item)
        for place, seen in self.theirs:
            by_line.setdefault(message_line(seen.text), ([], []))[1].append((place, seen))
        found: list[tuple[int | None, Message]] = []
        for line, (noted, watched) in by_line.items():
            noted_at, watched_at = [each.at for each in noted], [each.at for _, each in watched]
            if self.is_from_switch:
                pairs = _matched(noted_at, watched_at)
            else:
                pairs = [(ours, theirs) for theirs, ours in _matched(watched_at, noted_at)]
            for ours, theirs in pairs:
                item_seen = watched[theirs] if theirs is not None else None
                item_noted = noted[ours] if ours is not None else None
                message = self._message(line, item_noted, item_seen[1] if item_seen else None)
                found.append((item_seen[0] if item_seen else None, message))
        return found

    def _message(self, line: str, item: Moment | None, seen: SipSeen | None) -> Message:
        ours_at, theirs_at = None if item is None else item.at, None if seen is None else seen.at
        at = theirs_at if ours_at is None else ours_at
        assert at is not None, "a message left or came"
        sent_at, arrived_at = (ours_at, theirs_at) if self.is_from_switch else (theirs_at, ours_at)
        is_lost = sent_at is not None and arrived_at is None and self.is_watched and self._covers(sent_at)
        return Message(
            number=0,
            at=at,
            order=0.0 if item is None else item.number,
            party=self.party,
            is_from_switch=self.is_from_switch,
            sent_at=sent_at,
            arrived_at=arrived_at,
            line=line,
            whole="" if seen is None or "\n" not in seen.text else without_secrets(seen.text.replace("\r\n", "\n")),
            is_lost=is_lost,
        )

    def _covers(self, at: float) -> bool:
        """Whether both ends were watched at this instant: the timeline begins and ends with the call."""
        return bool(self.inside) and self.inside[0].at <= at < self.inside[-1].at


def _in_order(leg: Sequence[Message]) -> list[Message]:
    """A leg in the order in which the phone saw it: what the switch did not note was sent before what came next."""
    found: list[Message] = []
    following: Message | None = None
    for message in reversed(leg):
        placed = message
        if message.order == 0 and following is not None:
            placed = replace(message, at=min(message.at, following.at), order=following.order - ORDER_STEP)
        found.append(placed)
        following = placed if placed.is_from_switch or following is None or not message.order else following
    return found


def _matched(departures: Sequence[float], arrivals: Sequence[float]) -> list[tuple[int | None, int | None]]:
    """Which departure came as which arrival, by index.

    As many of both are taken in their order; else each arrival is the last departure before it that is left.
    """
    if len(departures) == len(arrivals) and all(d <= a for d, a in zip(departures, arrivals, strict=True)):
        return [(index, index) for index in range(len(departures))]
    left = list(range(len(departures)))
    pairs: list[tuple[int | None, int | None]] = []
    for index, arrived_at in enumerate(arrivals):
        before = [each for each in left if arrived_at - TRAVEL_SECONDS_MAX <= departures[each] <= arrived_at]
        pairs.append((before[-1] if before else None, index))
        if before:
            left.remove(before[-1])
    return pairs + [(each, None) for each in left]
