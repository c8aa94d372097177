"""What a phone offers and answers (RFC 3264), and the path of audio it comes to."""

from collections.abc import Sequence
from dataclasses import replace

from scenarios.phones.codec import Law
from scenarios.phones.rtp import AudioPath
from switch.sdp.description import SessionDescription
from switch.sdp.errors import NegotiationError
from switch.sdp.negotiate import AgreedStream, accept, answer, make_offer, revise, with_direction
from switch.sdp.parse import parse_description
from switch.sdp.write import write_description


class Bargain:
    """The descriptions of one call, from the first offer to the last re-offer.

    Args:
        session_id: The number in our origin line.
        address: Where we receive audio.
        laws: What we speak, best first.
        takes_events: Whether we offer and take telephone events.
        has_audio: Whether audio is to flow at all; without, every direction is `inactive`.
    """

    def __init__(
        self,
        *,
        session_id: int,
        address: tuple[str, int],
        laws: Sequence[Law],
        takes_events: bool,
        has_audio: bool = True,
    ) -> None:
        self._session_id = session_id
        self._address = address
        self._codecs = [law.name for law in laws]
        self._takes_events = takes_events
        self._has_audio = has_audio
        self._ours: SessionDescription | None = None
        self._offered: SessionDescription | None = None

    def offer(self, direction: str = "sendrecv") -> bytes:
        """Return our offer; a later one keeps what was agreed and changes the direction only."""
        direction = self._possible(direction)
        if self._ours is None:
            self._offered = make_offer(
                session_id=self._session_id,
                version=1,
                address=self._address,
                codecs=self._codecs,
                digits=self._takes_events,
                direction=direction,
            )
        else:
            self._offered = with_direction(self._ours, direction)
        return write_description(self._offered)

    def move(self, address: tuple[str, int]) -> None:
        """Receive audio somewhere else; the next offer or answer says so."""
        self._address = address
        if self._ours is not None:
            host, port = address
            media = tuple([replace(item, port=port) if item.port else item for item in self._ours.media])
            self._ours = revise(self._ours, replace(self._ours, host=host, media=media))

    def accept(self, described: bytes) -> AudioPath:
        """Take the answer to our last offer.

        Raises:
            SdpError: It cannot be read or does not fit.
        """
        assert self._offered is not None, "an answer to no offer"
        stream = accept(self._offered, parse_description(described))
        self._ours, self._offered = self._offered, None
        return _path(stream)

    def answer(self, described: bytes, direction: str = "sendrecv") -> tuple[bytes, AudioPath]:
        """Return our answer to an offer, and the path.

        Raises:
            SdpError: The offer cannot be read, or has nothing we speak.
        """
        answered = answer(
            parse_description(described),
            session_id=self._session_id,
            version=1,
            address=self._address,
            codecs=self._codecs,
            digits=self._takes_events,
            direction=self._possible(direction),
        )
        if answered.stream is None:
            raise NegotiationError("nothing in the offer can be spoken here")
        self._ours = answered.description if self._ours is None else revise(self._ours, answered.description)
        return write_description(self._ours), _path(answered.stream)

    def _possible(self, direction: str) -> str:
        return direction if self._has_audio else "inactive"

    def forget_offer(self) -> None:
        """Go back to what was agreed: the peer refused our last offer."""
        self._offered = None


def _path(stream: AgreedStream) -> AudioPath:
    return AudioPath(
        (stream.remote_host, stream.remote_port),
        Law[stream.codec_name],
        stream.payload_type,
        stream.digits_payload_type,
        is_sending=stream.may_send,
        digits_heard_as=stream.own_digits_payload_type,
    )
