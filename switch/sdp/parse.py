"""Text to descriptions (RFC 8866 §5), tolerant where peers are sloppy.

Passed over: bare line feeds, blank lines, a missing `s=` or `t=`, lines in another order, letters that do not
exist. Not passed over: what the media would have to guess.
"""

from __future__ import annotations

import re
from typing import Final

from switch.sdp.description import Attribute, MediaDescription, Origin, SessionDescription, in_order
from switch.sdp.errors import MalformedDescriptionError

DESCRIPTION_BYTES_MAX: Final = 16_384
"""A browser's description of audio has 4 kB; a telephone's under 1 kB."""

LINES_MAX: Final = 512
"""A browser with every codec writes about 120."""

MEDIA_MAX: Final = 16
"""Audio, video, text, slides and room to spare; each must be answered one by one."""

_LINE: Final = re.compile(r"([A-Za-z])=(.*)", re.DOTALL)
_ORIGIN: Final = re.compile(r"([^\s\x00-\x1f]+) +([0-9]{1,40}) +([0-9]{1,40}) +IN +IP[46] +([!-~]+)", re.IGNORECASE)
_CONNECTION: Final = re.compile(r"IN +IP[46] +([!-.0-~]+)(?:/[0-9/]+)?", re.IGNORECASE)
_MEDIA: Final = re.compile(r"([!-~]+) +([0-9]{1,5})(?:/([0-9]{1,3}))? +([!-~]+)((?: +[!-~]+)+)")


class _Section:
    """The lines of the session or of one medium, as far as they were read."""

    __slots__ = ("attributes", "host", "others")

    def __init__(self) -> None:
        self.host: str | None = None
        self.attributes: list[Attribute] = []
        self.others: list[tuple[str, str]] = []


def parse_description(data: bytes) -> SessionDescription:
    """Read a description.

    Raises:
        MalformedDescriptionError: A line that matters cannot be read; it says which.
    """
    if len(data) > DESCRIPTION_BYTES_MAX:
        raise MalformedDescriptionError(0, "", f"over {DESCRIPTION_BYTES_MAX} octets")
    lines = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > LINES_MAX:
        raise MalformedDescriptionError(LINES_MAX, "", "too many lines")
    origin: Origin | None = None
    single: dict[str, str] = {}
    session = _Section()
    section = session
    media: list[tuple[MediaDescription, _Section]] = []
    version_seen = False
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        found = _LINE.fullmatch(text)
        if found is None:
            raise MalformedDescriptionError(number, text, "not a letter, an equals sign and a value")
        letter, value = found.group(1), found.group(2).rstrip(" \t")
        if not version_seen and (letter != "v" or value.strip() != "0"):
            raise MalformedDescriptionError(number, text, "a description begins with v=0")
        if letter == "v":
            version_seen = True
        elif letter == "m":
            if len(media) == MEDIA_MAX:
                raise MalformedDescriptionError(number, text, f"more than {MEDIA_MAX} media")
            section = _Section()
            media.append((_read_media(number, value), section))
        elif letter == "o" and section is session:
            origin = _read_origin(number, value)
        elif letter in "st" and section is session and letter not in single:
            single[letter] = value
        else:
            _read_line(section, number, letter, value)
    if origin is None:
        raise MalformedDescriptionError(len(lines), "", "o= is missing")
    return SessionDescription(
        origin,
        tuple([_finish(line, lines_of) for line, lines_of in media]),
        single.get("s") or "-",
        session.host,
        single.get("t") or "0 0",
        tuple(session.attributes),
        in_order(session.others),
    )


def _finish(media: MediaDescription, section: _Section) -> MediaDescription:
    return MediaDescription(
        media.media,
        media.port,
        media.protocol,
        media.formats,
        section.host,
        tuple(section.attributes),
        media.port_count,
        in_order(section.others),
    )


def _read_line(section: _Section, number: int, letter: str, value: str) -> None:
    if letter == "a":
        name, colon, rest = value.partition(":")
        section.attributes.append(Attribute(name.strip(" \t"), rest if colon else None))
    elif letter == "c":
        found = _CONNECTION.fullmatch(value.strip(" \t"))
        if found is None:
            raise MalformedDescriptionError(number, f"c={value}", "not IN, IP4 or IP6 and an address")
        # Several c= lines of one medium are a layered multicast; the first is as good as any.
        section.host = section.host if section.host is not None else found.group(1)
    else:
        section.others.append((letter, value))


def _read_origin(number: int, value: str) -> Origin:
    found = _ORIGIN.fullmatch(value.strip(" \t"))
    if found is None:
        raise MalformedDescriptionError(number, f"o={value}", "not a name, two numbers and an address")
    username, session_id, version, host = found.groups()
    return Origin(username, int(session_id), int(version), host)


def _read_media(number: int, value: str) -> MediaDescription:
    found = _MEDIA.fullmatch(value.strip(" \t"))
    if found is None:
        raise MalformedDescriptionError(number, f"m={value}", "not a medium, a port, a protocol and formats")
    media, port, port_count, protocol, formats = found.groups()
    if int(port) > 65535:
        raise MalformedDescriptionError(number, f"m={value}", "no such port")
    return MediaDescription(
        media.lower(), int(port), protocol.upper(), tuple(formats.split()), port_count=int(port_count or 1)
    )
