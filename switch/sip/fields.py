"""Header fields of a message: the map that holds them as text, and how each is read (RFC 3261 §7.3, §20)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from switch.sip.errors import MalformedHeaderError, MissingHeaderError, RepeatedHeaderError
from switch.sip.grammar import is_token, split_list
from switch.sip.headers import STAR, CSeq, NameAddr, Via, parse_cseq, parse_name_addr, parse_via
from switch.sip.names import COMMON, canonical_name

SECONDS_MAX: Final = 2**32 - 1
"""The largest `delta-seconds` (RFC 3261 §20.19)."""

_MEDIA_TYPES_KEPT: Final = 64
"""Telephones send two or three; the longest is a header line."""

_TOKEN_LISTS_KEPT: Final = 256
"""Every model of telephone sends its own Allow and Supported, always the same."""

_NUMBER: Final = re.compile(r"[0-9]{1,30}")
_CALL_ID: Final = re.compile(r"[!-~]+")
_SECONDS: Final = re.compile(r"([0-9]{1,30})[ \t]*(?:[;(].*)?", re.DOTALL)


class Headers:
    """An ordered multi-map of header fields: values under canonical names, unfolded, as text.

    Immutable: `replace`, `append`, `prepend` and `remove` give new ones. The order of values under one name
    is kept, and the order in which names first came; two with the same values under the same names are equal,
    since the order among different names means nothing (RFC 3261 §7.3.1). Content-Length is never in here:
    it is framing, checked when read and counted when written.
    """

    __slots__ = ("fields", "typed")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self.fields: dict[str, tuple[str, ...]] = {}
        self.typed: dict[str, Any] = {}
        fields = self.fields
        for name, value in items:
            key = COMMON.get(name) or canonical_name(name)
            fields[key] = (*fields.get(key, ()), value)

    @classmethod
    def of(cls, fields: dict[str, tuple[str, ...]]) -> Headers:
        """Take over a mapping whose names are canonical already."""
        made = cls.__new__(cls)
        made.fields = fields
        made.typed = {}
        return made

    def get(self, name: str) -> str | None:
        """The first value under a name."""
        values = self.fields.get(COMMON.get(name) or canonical_name(name))
        return values[0] if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """All values under a name; each may hold several elements behind commas."""
        return self.fields.get(COMMON.get(name) or canonical_name(name), ())

    def items(self) -> Iterator[tuple[str, str]]:
        """Every name with every value."""
        for name, values in self.fields.items():
            for value in values:
                yield name, value

    def replace(self, name: str, *values: str) -> Headers:
        """The same with these values under a name, instead of what was there."""
        key = canonical_name(name)
        if not values:
            return self.remove(key)
        return Headers.of({**self.fields, key: values})

    def append(self, name: str, value: str) -> Headers:
        """The same with one more value at the end of a name's."""
        return self.replace(name, *self.all(name), value)

    def prepend(self, name: str, value: str) -> Headers:
        """The same with one more value before a name's."""
        return self.replace(name, value, *self.all(name))

    def remove(self, name: str) -> Headers:
        """The same without a name."""
        key = canonical_name(name)
        return Headers.of({other: values for other, values in self.fields.items() if other != key})

    def __contains__(self, name: str) -> bool:
        return canonical_name(name) in self.fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.fields == other.fields

    def __hash__(self) -> int:
        return hash(frozenset(self.fields.items()))

    def __repr__(self) -> str:
        return f"Headers({list(self.items())!r})"


def read_vias(headers: Headers) -> tuple[Via, ...]:
    """Every hop, the last one first."""
    return tuple([parse_via(value) for value in _elements(headers, "Via")])


def read_top_via(headers: Headers) -> Via:
    """The hop the message came from, or goes back to."""
    values = headers.fields.get("Via")
    if values is None:
        raise MissingHeaderError("Via")
    return parse_via(split_list("Via", values[0])[0])


def _only(headers: Headers, name: str) -> str:
    values = headers.fields.get(name)
    if values is None:
        raise MissingHeaderError(name)
    if len(values) > 1:
        raise RepeatedHeaderError(name)
    return values[0]


def _elements(headers: Headers, name: str) -> Sequence[str]:
    values = headers.fields.get(name, ())
    if len(values) == 1 and "," not in values[0]:
        return values
    return [element for value in values for element in split_list(name, value)]


def read_from(headers: Headers) -> NameAddr:
    """Who sends, by what they say (RFC 3261 §20.20)."""
    return parse_name_addr("From", _only(headers, "From"))


def read_to(headers: Headers) -> NameAddr:
    """Whom the request was first meant for (RFC 3261 §20.39)."""
    return parse_name_addr("To", _only(headers, "To"))


def read_call_id(headers: Headers) -> str:
    """The Call-ID, compared octet by octet (RFC 3261 §20.8)."""
    value = _only(headers, "Call-ID")
    if _CALL_ID.fullmatch(value) is None:
        raise MalformedHeaderError("Call-ID", value)
    return value


def read_cseq(headers: Headers) -> CSeq:
    """The sequence number and the method (RFC 3261 §20.16)."""
    return parse_cseq(_only(headers, "CSeq"))


def read_contacts(headers: Headers) -> tuple[NameAddr, ...]:
    """Every Contact; `*` stands alone or not at all (RFC 3261 §20.10)."""
    elements = _elements(headers, "Contact")
    if "*" in elements:
        if len(elements) > 1:
            raise MalformedHeaderError("Contact", ", ".join(elements))
        return (STAR,)
    return tuple([_read_contact(element) for element in elements])


def _read_contact(element: str) -> NameAddr:
    contact = parse_name_addr("Contact", element)
    expires = contact.param("expires") if contact.params else None
    if expires is not None and (_NUMBER.fullmatch(expires) is None or int(expires) > SECONDS_MAX):
        raise MalformedHeaderError("Contact", element)
    return contact


def addresses_reader(name: str) -> Callable[[Headers], tuple[NameAddr, ...]]:
    """Routes must stand in `<...>`, but a bare URI is unmistakable, so it passes."""
    return lambda headers: tuple([parse_name_addr(name, element) for element in _elements(headers, name)])


def number_reader(name: str, largest: int) -> Callable[[Headers], int | None]:
    """A reader of a field that holds one number, None where the field is absent."""

    def read(headers: Headers) -> int | None:
        if name not in headers.fields:
            return None
        value = _only(headers, name)
        if _NUMBER.fullmatch(value) is None or int(value) > largest:
            raise MalformedHeaderError(name, value)
        return int(value)

    return read


def read_retry_after(headers: Headers) -> int | None:
    """Seconds to wait; the comment and the parameters are of no use to us (RFC 3261 §20.33)."""
    if "Retry-After" not in headers.fields:
        return None
    value = _only(headers, "Retry-After")
    found = _SECONDS.fullmatch(value)
    if found is None or int(found.group(1)) > SECONDS_MAX:
        raise MalformedHeaderError("Retry-After", value)
    return int(found.group(1))


def tokens_reader(name: str) -> Callable[[Headers], tuple[str, ...]]:
    """A reader of a field that lists tokens; an empty list is one too."""

    def read(headers: Headers) -> tuple[str, ...]:
        values = headers.fields.get(name, ())
        if len(values) == 1:
            return _token_list(name, values[0])
        return tuple([token for value in values for token in _token_list(name, value)])

    return read


@lru_cache(maxsize=_TOKEN_LISTS_KEPT)
def _token_list(name: str, value: str) -> tuple[str, ...]:
    tokens = split_list(name, value) if value else []
    if not all(map(is_token, tokens)):
        raise MalformedHeaderError(name, value)
    return tuple(tokens)


def read_content_type(headers: Headers) -> str | None:
    """The media type in lower case, without its parameters (RFC 3261 §20.15)."""
    return _media_type(_only(headers, "Content-Type")) if "Content-Type" in headers.fields else None


@lru_cache(maxsize=_MEDIA_TYPES_KEPT)
def _media_type(value: str) -> str:
    media_type = value.partition(";")[0].strip(" \t")
    main, slash, sub = (part.strip(" \t") for part in media_type.partition("/"))
    if not slash or not is_token(main) or not is_token(sub):
        raise MalformedHeaderError("Content-Type", value)
    return f"{main}/{sub}".lower()
