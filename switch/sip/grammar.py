"""Pieces of the grammar that several header fields share (RFC 3261 §25.1).

Every expression here is linear: no two neighbouring repetitions can match the same character.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from switch.sip.errors import MalformedHeaderError

Params: TypeAlias = tuple[tuple[str, str | None], ...]
"""Parameters in order: lower-case name, value as it stands (quotes included), None without a value."""

_TOKENISH: Final = r"A-Za-z0-9\-.!%*_+`'~"
_QUOTED: Final = r'"[^"\\]*(?:\\.[^"\\]*)*"'

TOKEN: Final = re.compile(rf"[{_TOKENISH}]+")
_TOKENS: Final = re.compile(rf"[{_TOKENISH}]+(?: [{_TOKENISH}]+)*")
# A value may be a token, a host or a quoted string; we let any visible character but separators pass,
# since branches and tags with '/', '=' or '@' are seen in practice and harm nobody.
_PARAM: Final = re.compile(
    rf'[ \t]*;[ \t]*([{_TOKENISH}]+)(?:[ \t]*=[ \t]*({_QUOTED}|[^\x00-\x20\x7f",;<>]+))?', re.DOTALL
)
_PLAIN: Final = rf';([{_TOKENISH}]+)(?:=([^\x00-\x20\x7f",;<>]+))?'
_ONE_OR_TWO_PLAIN: Final = re.compile(rf"{_PLAIN}(?:{_PLAIN})?")
_LIST_STOP: Final = re.compile(r'[,"<]')
_QUOTED_TAIL: Final = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_PAIR: Final = re.compile(r'["\\\x00-\x08\x0b\x0c\x0e-\x1f\x7f]')
_WHITE: Final = " \t"


def parse_params(name: str, text: str, start: int = 0) -> Params:
    """Read `*( SEMI generic-param )` to the end of the text; `name` is the header field, for the error.

    Raises:
        MalformedHeaderError: Something else than parameters follows `start`, or one stands twice.
    """
    plain = _ONE_OR_TWO_PLAIN.fullmatch(text, start)
    if plain is not None:
        key, value, second_key, second_value = plain.groups()
        if second_key is None:
            return ((key.lower(), value),)
        return ((key.lower(), value), (second_key.lower(), second_value))
    params: list[tuple[str, str | None]] = []
    position, end = start, len(text)
    while position < end:
        found = _PARAM.match(text, position)
        if found is None:
            if text[position:].strip(_WHITE):
                raise MalformedHeaderError(name, text)
            break
        key, value = found.groups()
        params.append((key.lower(), value))
        position = found.end()
    return tuple(params)


def format_params(params: Params) -> str:
    """Write parameters as they stand in a header field."""
    return "".join([f";{key}" if value is None else f";{key}={value}" for key, value in params])


def find_param(params: Params, name: str) -> str | None:
    """The value of a parameter without its quotes: empty where it stands alone, None where it is absent."""
    for key, value in params:
        if key == name:
            return "" if value is None else unquote(value)
    return None


def with_param(params: Params, name: str, value: str | None) -> Params:
    """The same parameters with one set, in its old place or at the end."""
    if any(key == name for key, _ in params):
        return tuple((key, value if key == name else old) for key, old in params)
    return (*params, (name, value))


def split_list(name: str, text: str) -> list[str]:
    """Cut a comma-separated list, minding quoted strings and `<...>`; `name` is for the error.

    Raises:
        MalformedHeaderError: A quote or a bracket is left open, or an element is empty.
    """
    if "," not in text:
        return [text]
    parts: list[str] = []
    begin = position = 0
    while (found := _LIST_STOP.search(text, position)) is not None:
        position = found.end()
        stop = found.group()
        if stop == ",":
            parts.append(text[begin : position - 1].strip(_WHITE))
            begin = position
        elif stop == "<":
            position = text.find(">", position) + 1
            if position == 0:
                raise MalformedHeaderError(name, text)
        else:
            tail = _QUOTED_TAIL.match(text, position)
            if tail is None:
                raise MalformedHeaderError(name, text)
            position = tail.end()
    parts.append(text[begin:].strip(_WHITE))
    if not all(parts):
        raise MalformedHeaderError(name, text)
    return parts


def unquote(text: str) -> str:
    """Take the quotes off a quoted string and undo its escapes; any other text stays as it is."""
    if not text.startswith('"') or len(text) < 2:
        return text
    inner = text[1:-1]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def quote(text: str) -> str:
    """Write any text without line ends as a quoted string."""
    return '"' + _NEEDS_PAIR.sub(lambda found: "\\" + found.group(), text) + '"'


def format_display(text: str) -> str:
    """Write a display name: bare where it is tokens, quoted where not."""
    return text if _TOKENS.fullmatch(text) is not None else quote(text)


def is_token(text: str) -> bool:
    """Whether a text is one token."""
    return TOKEN.fullmatch(text) is not None
