"""Descriptions to text (RFC 8866 §5), every line where the grammar wants it."""

from __future__ import annotations

from switch.sdp.description import Attribute, Lines, SessionDescription, line_rank


def write_description(description: SessionDescription) -> bytes:
    """Write a description.

    Raises:
        AssertionError: A value holds a line end.
    """
    origin = description.origin
    lines = [
        "v=0",
        f"o={origin.username} {origin.session_id} {origin.version} {_network(origin.host)}",
        f"s={description.name}",
    ]
    lines += _others(description.others, 0)
    if description.host is not None:
        lines.append(f"c={_network(description.host)}")
    lines += _others(description.others, 1)
    lines.append(f"t={description.timing}")
    lines += _others(description.others, 2)
    lines += _attributes(description.attributes)
    for media in description.media:
        count = f"/{media.port_count}" if media.port_count != 1 else ""
        lines.append(f"m={media.media} {media.port}{count} {media.protocol} {' '.join(media.formats)}")
        lines += _others(media.others, 0)
        if media.host is not None:
            lines.append(f"c={_network(media.host)}")
        lines += _others(media.others, 1, 2)
        lines += _attributes(media.attributes)
    text = "\r\n".join(lines) + "\r\n"
    if text.count("\n") != len(lines) or text.count("\r") != len(lines):
        raise AssertionError(f"a line end inside a line: {text!r}")
    return text.encode("utf-8", "surrogateescape")


def _network(host: str) -> str:
    return f"IN IP6 {host}" if ":" in host else f"IN IP4 {host}"


def _others(others: Lines, *ranks: int) -> list[str]:
    return [f"{letter}={value}" for letter, value in others if line_rank(letter) in ranks]


def _attributes(attributes: tuple[Attribute, ...]) -> list[str]:
    return [f"a={item.name}" if item.value is None else f"a={item.name}:{item.value}" for item in attributes]
