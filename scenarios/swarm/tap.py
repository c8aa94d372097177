"""A wiretap: what crosses the network between the switch and everybody, noted without asking anybody.

It reads the wire with a few patterns of its own, so that no mistake of the switch's parser is shared.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from scenarios.phones.packets import read_packet
from scenarios.sim.network import Passage
from scenarios.swarm.plan import SWITCH_HOST

SIP_PORT: Final = 5060
EVENTS: Final = "0123456789*#ABCD"

_CALL_ID: Final = re.compile(rb"^Call-ID:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)
_CSEQ: Final = re.compile(rb"^CSeq:[ \t]*(\d+) (\w+)", re.MULTILINE | re.IGNORECASE)
_BRANCH: Final = re.compile(rb"branch=([^;,\s]+)", re.IGNORECASE)
_SIGNAL: Final = re.compile(rb"^Signal=(.)", re.MULTILINE)
_STATUS: Final = re.compile(rb"SIP/2\.0 (\d{3}) ")

Transaction = tuple[str, int, str]
"""Call-ID, CSeq and branch of an INVITE."""


class Tap:
    """Everything noted of one run. Instants are those of arrival, or of sending where the switch sends."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.count = 0
        self.last_at = 0.0
        """When signalling last crossed the network."""
        self.keys: dict[str, dict[int, tuple[str, float]]] = {}
        """INFO by Call-ID and CSeq: the key and its first arrival."""
        self.tones: dict[tuple[tuple[str, int], int], tuple[str, float, int]] = {}
        """Telephone events by source and timestamp: the key, its first arrival, and the switch's port."""
        self.byes: dict[str, float] = {}
        """First arrival of a BYE at the switch, by Call-ID."""
        self.invited: dict[Transaction, float] = {}
        """INVITEs that reached the switch."""
        self.finals: dict[Transaction, dict[int, float]] = {}
        """Final responses of the switch to INVITE."""
        self.inviting: dict[Transaction, float] = {}
        """INVITEs the switch sent."""
        self.switch_byes: dict[str, list[float]] = {}
        """BYE requests the switch sent, by Call-ID, each CSeq once."""
        self.answered: dict[str, float] = {}
        """First arrival at the switch of a 200 to its INVITE, by Call-ID."""
        self._bye_numbers: set[tuple[str, int]] = set()

    def note(self, passage: Passage) -> None:
        """Take one datagram."""
        self.count += 1
        said = f"{passage.at!r} {passage.source} {passage.target} {passage.fate.name} {passage.arrives_at!r} "
        self.digest.update(said.encode() + passage.data)
        if (SWITCH_HOST, SIP_PORT) in {passage.source, passage.target}:
            self.last_at = passage.arrives_at or passage.at
        if passage.target == (SWITCH_HOST, SIP_PORT):
            if passage.arrives_at is not None:
                self._hear(passage.data, passage.arrives_at)
        elif passage.source == (SWITCH_HOST, SIP_PORT):
            self._say(passage.data, passage.at)
        elif passage.target[0] == SWITCH_HOST and passage.arrives_at is not None:
            self._hear_tone(passage, passage.arrives_at)

    def _hear(self, data: bytes, at: float) -> None:
        named = _named(data)
        if named is None:
            return
        (call_id, number, branch), method = named
        if data.startswith(b"SIP/2.0 "):
            if method == b"INVITE" and data[8:9] == b"2":
                self.answered[call_id] = min(at, self.answered.get(call_id, at))
            return
        if data.startswith(b"BYE "):
            self.byes[call_id] = min(at, self.byes.get(call_id, at))
        elif data.startswith(b"INVITE "):
            key = (call_id, number, branch)
            self.invited[key] = min(at, self.invited.get(key, at))
        elif data.startswith(b"INFO "):
            signal = _SIGNAL.search(data)
            if signal is not None:
                keys = self.keys.setdefault(call_id, {})
                known = keys.get(number)
                keys[number] = (signal[1].decode(), at if known is None else min(at, known[1]))

    def _say(self, data: bytes, at: float) -> None:
        named = _named(data)
        if named is None:
            return
        (call_id, number, branch), method = named
        status = _STATUS.match(data)
        if status is not None:
            if method == b"INVITE" and int(status[1]) >= 200:
                self.finals.setdefault((call_id, number, branch), {}).setdefault(int(status[1]), at)
        elif data.startswith(b"INVITE "):
            self.inviting.setdefault((call_id, number, branch), at)
        elif data.startswith(b"BYE ") and (call_id, number) not in self._bye_numbers:
            self._bye_numbers.add((call_id, number))
            self.switch_byes.setdefault(call_id, []).append(at)

    def _hear_tone(self, passage: Passage, at: float) -> None:
        packet = read_packet(passage.data)
        if packet is None or packet.payload_type < 96 or len(packet.payload) != 4:
            return
        event = packet.payload[0]
        if event >= len(EVENTS):
            return
        key = (passage.source, packet.timestamp)
        known = self.tones.get(key)
        arrival = at if known is None else min(at, known[1])
        self.tones[key] = (EVENTS[event], arrival, passage.target[1])


def _named(data: bytes) -> tuple[Transaction, bytes] | None:
    call_id, cseq, branch = _CALL_ID.search(data), _CSEQ.search(data), _BRANCH.search(data)
    if call_id is None or cseq is None or branch is None:
        return None
    return (call_id[1].decode(), int(cseq[1]), branch[1].decode()), cseq[2]
