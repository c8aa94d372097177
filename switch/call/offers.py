"""Offer and answer of one line: between the SDP of its leg and the stream of its media.

Each party is negotiated on its own; a re-INVITE is answered here and never forwarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from switch.media.control import Address, Codec, MediaLeg, Stream
from switch.sdp import negotiate
from switch.sdp.description import SessionDescription
from switch.sdp.errors import SdpError
from switch.sdp.negotiate import AgreedStream
from switch.sdp.parse import parse_description
from switch.sdp.write import write_description


class Negotiator:
    """The session of one line: its id, its version, what was offered."""

    __slots__ = ("_agreed", "_codecs", "_offered", "_session_id", "_version")

    def __init__(self, *, session_id: int, codecs: Sequence[str]) -> None:
        self._session_id = session_id
        self._version = 0
        self._codecs = tuple(codecs)
        self._offered: SessionDescription | None = None
        self._agreed: AgreedStream | None = None

    def offer(self, media: MediaLeg) -> bytes:
        """Our offer."""
        self._version += 1
        self._offered = negotiate.make_offer(
            session_id=self._session_id,
            version=self._version,
            address=media.address,
            codecs=self._codecs,
            digits=True,
        )
        return write_description(self._offered)

    def answer(self, offer: bytes, media: MediaLeg, peer: Address) -> bytes | None:
        """Answer an offer (an empty one asks for ours) and connect the media; None: nothing in common.

        Here and below `peer` is where the signalling comes from.
        """
        description = self.prepare(offer, media)
        self.connect(media, peer)
        return description

    def prepare(self, offer: bytes, media: MediaLeg) -> bytes | None:
        """The same answer, for later: until `connect` the peer is sent nothing.

        Silence before the answer would replace the ringing tone that its phone makes by itself.
        """
        self._agreed = None
        if not offer:
            return self.offer(media)
        try:
            answered = negotiate.answer(
                parse_description(offer),
                session_id=self._session_id,
                version=self._version + 1,
                address=media.address,
                codecs=self._codecs,
            )
        except SdpError:
            return None
        if answered.stream is None:
            return None
        self._version += 1
        self._agreed = answered.stream
        return write_description(answered.description)

    def connect(self, media: MediaLeg, peer: Address) -> None:
        """Connect the media as it was prepared; nothing to do where our own offer awaits its answer."""
        if self._agreed is not None:
            media.connect(stream_of(self._agreed, peer))

    def answered(self, description: bytes, media: MediaLeg, peer: Address) -> bool:
        """Take the answer to our offer and connect the media; False: it is none, and one is owed.

        A description nobody asked for (some phones repeat theirs in the ACK) changes nothing.
        """
        if self._offered is None:
            return True
        try:
            agreed = negotiate.accept(self._offered, parse_description(description))
        except SdpError:
            return False
        self._offered = None
        self._agreed = agreed
        self.connect(media, peer)
        return True

    def rest(self, media: MediaLeg, peer: Address) -> None:
        """Send nothing more and take nothing: the peer has hung up."""
        if self._agreed is not None:
            media.connect(replace(stream_of(self._agreed, peer), is_sending=False, is_receiving=False))


OFFER_REMEDY: Final = "let the telephone offer PCMU or PCMA over RTP, unencrypted, from an IP address of our family"


def in_words(offer: bytes) -> str:
    """An offer or an answer that was not taken, in words."""
    try:
        return negotiate.in_words(parse_description(offer))
    except SdpError as error:
        return f"no description: {error}"


def refused(offer: bytes) -> dict[str, str]:
    """What the log says of an offer that was refused: what it was, and what to do."""
    return {"offered": in_words(offer), "remedy": OFFER_REMEDY}


def stream_of(agreed: AgreedStream, peer: Address) -> Stream:
    """What the media engine is told of an agreement."""
    return Stream(
        remote=(agreed.remote_host, agreed.remote_port),
        codec=Codec[agreed.codec_name],
        payload_type=agreed.payload_type,
        digits_payload_type=agreed.digits_payload_type,
        own_digits_payload_type=agreed.own_digits_payload_type,
        is_sending=agreed.direction_for_us in {"sendrecv", "sendonly"},
        is_receiving=agreed.direction_for_us in {"sendrecv", "recvonly"},
        signalled_from=peer[0],
    )
