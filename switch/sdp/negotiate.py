"""Offer and answer (RFC 3264) for one stream of telephone audio.

Directions are always said from our side: `sendonly` means that we send. An answer takes one codec, the first
of theirs that we speak, so that nobody changes it in mid-call, and mirrors their payload types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from switch.sdp.description import (
    DIRECTIONS,
    Attribute,
    MediaDescription,
    Origin,
    SessionDescription,
    parse_address,
)
from switch.sdp.errors import NegotiationError

STATIC_PAYLOAD_TYPES: Final = {"PCMU": 0, "PCMA": 8}
"""Assigned for ever, so an rtpmap may be left out (RFC 3551 §6)."""

DIGITS_PAYLOAD_TYPE: Final = 101
"""Dynamic; the number nearly everybody uses for telephone-event."""

PACKET_MS_MAX: Final = 60
"""The longest packet we would send, whatever a peer asks for; longer ones are lost for too long."""

PROTOCOLS: Final = ("RTP/AVP", "RTP/AVPF")
"""Plain RTP. With feedback (RFC 4585) the packets are the same, and early reports are what one may send, not must."""

WORDS_MAX: Final = 200
"""Letters of an offer in words: a browser offers thirty formats."""

_DIGITS: Final = "TELEPHONE-EVENT"
_STATIC_NAMES: Final = {str(number): name for name, number in STATIC_PAYLOAD_TYPES.items()}
_OURS_OF_THEIRS: Final = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, slots=True)
class AgreedStream:
    """What both sides have agreed to send each other."""

    remote_host: str
    """An address without brackets, of the same family as ours; meaningless while we may not send."""
    remote_port: int
    codec_name: str
    payload_type: int
    digits_payload_type: int | None
    """What to send digits as (RFC 4733), None where the peer does not take them so."""
    direction_for_us: str
    ptime: int
    """Milliseconds of audio in each packet that we send."""
    own_digits_payload_type: int | None = None
    """What the peer sends digits as: our number where the two differ, else the same."""

    @property
    def may_send(self) -> bool:
        """Whether the peer wants to hear us now."""
        return self.direction_for_us in ("sendrecv", "sendonly")

    @property
    def may_receive(self) -> bool:
        """Whether the peer may send to us now."""
        return self.direction_for_us in ("sendrecv", "recvonly")


@dataclass(frozen=True, slots=True)
class Answered:
    """Our answer; without a stream there is nothing to talk over, and 488 is due instead."""

    description: SessionDescription
    stream: AgreedStream | None


def make_offer(
    *,
    session_id: int,
    version: int,
    address: tuple[str, int],
    codecs: Sequence[str],
    digits: bool,
    direction: str = "sendrecv",
    ptime: int = 20,
) -> SessionDescription:
    """Offer one stream of audio with these codecs, best first (RFC 3264 §5)."""
    host, port = address
    formats = [(STATIC_PAYLOAD_TYPES[name], name) for name in codecs]
    event_type = DIGITS_PAYLOAD_TYPE if digits else None
    media = _audio(port, formats, event_type, direction, ptime)
    return SessionDescription(Origin("-", session_id, version, host), (media,), host=host)


def answer(
    offer: SessionDescription,
    *,
    session_id: int,
    version: int,
    address: tuple[str, int],
    codecs: Sequence[str],
    digits: bool = True,
    direction: str = "sendrecv",
    ptime: int = 20,
) -> Answered:
    """Answer an offer: the first stream of audio that we can carry, and port 0 for every other (RFC 3264 §6).

    Args:
        offer: What the peer has sent.
        session_id: Ours, the same for the whole dialog.
        version: Ours; see `revise` for when it grows.
        address: Where we receive.
        codecs: What we speak, in any order: the offer's order decides.
        digits: Whether we take digits as telephone-event.
        direction: The most we want; the offer may leave less of it.
        ptime: What we want to receive, and send where the peer does not say.
    """
    host, port = address
    stream: AgreedStream | None = None
    answered: list[MediaDescription] = []
    for media in offer.media:
        found = None
        if stream is None:
            found = _read_offered(offer, media, host, codecs, direction=direction, ptime=ptime)
        if found is None:
            answered.append(MediaDescription(media.media, 0, media.protocol, media.formats))
            continue
        stream = found if digits else replace(found, digits_payload_type=None, own_digits_payload_type=None)
        formats = [(stream.payload_type, stream.codec_name)]
        ours = _audio(port, formats, stream.digits_payload_type, stream.direction_for_us, ptime)
        answered.append(replace(ours, protocol=media.protocol))
    description = SessionDescription(Origin("-", session_id, version, host), tuple(answered), host=host)
    return Answered(description, stream)


def accept(offer: SessionDescription, answer: SessionDescription) -> AgreedStream:
    """Take the answer to an offer of ours (RFC 3264 §7).

    Raises:
        NegotiationError: It does not fit: media missing or refused, a codec we never offered, an address we
            cannot send to.
    """
    if len(answer.media) != len(offer.media):
        raise NegotiationError(f"{len(offer.media)} media were offered, {len(answer.media)} answered")
    pairs = zip(offer.media, answer.media, strict=True)
    chosen = next(((ours, theirs) for ours, theirs in pairs if ours.port and ours.media == "audio"), None)
    if chosen is None:
        raise NegotiationError("no audio was offered")
    ours, theirs = chosen
    if theirs.media != ours.media or theirs.protocol != ours.protocol or theirs.port == 0:
        raise NegotiationError("the audio was refused")
    offered = {name for _, name in _codecs(ours)}
    found = next(((number, name) for number, name in _codecs(theirs) if name in offered), None)
    if found is None:
        raise NegotiationError("the answer has none of the codecs offered")
    own_host = offer.host_of(ours)
    remote = _remote_host(answer, theirs, own_host or "")
    if remote is None:
        raise NegotiationError(f"{answer.host_of(theirs)!r} is no address we can send to")
    number, name = found
    own_digits, their_digits = _digits(ours), _digits(theirs)
    has_digits = own_digits is not None and their_digits is not None
    return AgreedStream(
        remote,
        theirs.port,
        name,
        number,
        their_digits if has_digits else None,
        _narrow(offer.direction_of(ours), _direction_left(answer, theirs)),
        _packet_ms(theirs, int(ours.attribute("ptime") or 20)),
        own_digits if has_digits else None,
    )


def in_words(offer: SessionDescription) -> str:
    """What was offered, for a log: `audio RTP/SAVP opus/48000/2 PCMU/8000, video RTP/AVP 31`."""
    words = []
    for media in offer.media:
        maps = dict(value.strip().split(" ", 1) for value in media.values("rtpmap") if " " in value.strip())
        words.append(" ".join([media.media, media.protocol, *(maps.get(each, each) for each in media.formats)]))
    told = "".join(letter if " " <= letter <= "~" else "?" for letter in ", ".join(words)) or "no media"
    return told if len(told) <= WORDS_MAX else f"{told[:WORDS_MAX]}…"


def revise(previous: SessionDescription, proposed: SessionDescription) -> SessionDescription:
    """What to send after `previous`: the same session, its version one higher if anything changed (RFC 3264 §8)."""
    origin = previous.origin
    same = replace(proposed, origin=origin)
    if same == previous:
        return same
    return replace(same, origin=replace(origin, version=origin.version + 1))


def with_direction(previous: SessionDescription, direction: str) -> SessionDescription:
    """Offer the same again with another direction: `sendonly` holds, `sendrecv` resumes (RFC 3264 §8.4).

    All media stay in their places, refused ones too (§8).
    """
    media = tuple([_turn(item, direction) if item.port else item for item in previous.media])
    kept = tuple([item for item in previous.attributes if item.name not in DIRECTIONS])
    return revise(previous, replace(previous, media=media, attributes=kept))


def is_hold(description: SessionDescription) -> bool:
    """Whether a peer's description puts us on hold: it will not listen to us (RFC 3264 §8.4)."""
    audio = [media for media in description.media if media.media == "audio" and media.port]
    return bool(audio) and "send" not in _direction_left(description, audio[0])


def _turn(media: MediaDescription, direction: str) -> MediaDescription:
    kept = tuple([item for item in media.attributes if item.name not in DIRECTIONS])
    return replace(media, attributes=(*kept, Attribute(direction)))


def _audio(
    port: int,
    formats: Sequence[tuple[int, str]],
    event_type: int | None,
    direction: str,
    ptime: int,
) -> MediaDescription:
    numbers = [str(number) for number, _ in formats]
    attributes = [Attribute("rtpmap", f"{number} {name}/8000") for number, name in formats]
    if event_type is not None:
        numbers.append(str(event_type))
        attributes.append(Attribute("rtpmap", f"{event_type} telephone-event/8000"))
        attributes.append(Attribute("fmtp", f"{event_type} 0-15"))
    attributes += [Attribute("ptime", str(ptime)), Attribute(direction)]
    return MediaDescription("audio", port, PROTOCOLS[0], tuple(numbers), attributes=tuple(attributes))


def _read_offered(
    offer: SessionDescription,
    media: MediaDescription,
    own_host: str,
    codecs: Sequence[str],
    *,
    direction: str,
    ptime: int,
) -> AgreedStream | None:
    """The stream a medium of an offer would give, None where we cannot carry it."""
    if media.media != "audio" or media.protocol not in PROTOCOLS or media.port == 0:
        return None
    found = next(((number, name) for number, name in _codecs(media) if name in codecs), None)
    remote = _remote_host(offer, media, own_host)
    if found is None or remote is None:
        return None
    number, name = found
    digits = _digits(media)
    left = _direction_left(offer, media)
    return AgreedStream(
        remote, media.port, name, number, digits, _narrow(direction, left), _packet_ms(media, ptime), digits
    )


def _direction_left(description: SessionDescription, media: MediaDescription) -> str:
    """What a peer's description leaves us. An address of zeros is the hold of RFC 2543 (RFC 3264 §8.4)."""
    ours = _OURS_OF_THEIRS[description.direction_of(media)]
    host = parse_address(description.host_of(media) or "")
    if host is not None and host.is_unspecified:
        return _narrow(ours, "recvonly")
    return ours


def _narrow(one: str, other: str) -> str:
    """What two directions, both said from our side, have in common."""
    sends = one in ("sendrecv", "sendonly") and other in ("sendrecv", "sendonly")
    receives = one in ("sendrecv", "recvonly") and other in ("sendrecv", "recvonly")
    if sends:
        return "sendrecv" if receives else "sendonly"
    return "recvonly" if receives else "inactive"


def _remote_host(description: SessionDescription, media: MediaDescription, own_host: str) -> str | None:
    """Where to send, None unless it is an address of our own family (names are not looked up)."""
    remote = parse_address(description.host_of(media) or "")
    own = parse_address(own_host)
    if remote is None or own is None or remote.version != own.version:
        return None
    return str(remote)


def _formats(media: MediaDescription) -> list[tuple[int, str]]:
    """Payload types with their encodings in capitals, in order of preference; mono at 8000 Hz only."""
    maps: dict[str, str] = {}
    for value in media.values("rtpmap"):
        number, _, encoding = value.strip().partition(" ")
        maps.setdefault(number, encoding.strip().upper())
    found: list[tuple[int, str]] = []
    for number in media.formats:
        name, _, rest = maps.get(number, f"{_STATIC_NAMES.get(number, '')}/8000").partition("/")
        if (
            number.isascii()
            and number.isdigit()
            and len(number) <= 3
            and int(number) < 128
            and rest in ("8000", "8000/1")
        ):
            found.append((int(number), name))
    return found


def _codecs(media: MediaDescription) -> list[tuple[int, str]]:
    return [(number, name) for number, name in _formats(media) if name in STATIC_PAYLOAD_TYPES]


def _digits(media: MediaDescription) -> int | None:
    return next((number for number, name in _formats(media) if name == _DIGITS), None)


def _packet_ms(media: MediaDescription, ptime: int) -> int:
    """What to put in a packet: what the peer wants to receive where we can make it (RFC 8866 §6.4)."""
    wanted = _milliseconds(media.attribute("ptime")) or ptime
    largest = min(_milliseconds(media.attribute("maxptime")) or PACKET_MS_MAX, PACKET_MS_MAX)
    wanted = min(wanted, largest)
    return wanted if wanted >= 10 and wanted % 10 == 0 else ptime


def _milliseconds(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None
