"""The digest of a request's body: the same for the same body, whenever and by whomever it is sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from datetime import datetime, timedelta
from enum import Enum
from types import NoneType
from typing import Any, Final

from ledger.entries import MICROSECOND, to_micros
from ledger.money import Money
from ledger.requests import Request

DIGEST_BYTES: Final = 16
"""128 bits: two bodies under one id never meet by chance."""

_BODIES: Final[dict[type[Any], tuple[tuple[str, object], ...]]] = {}
"""Fields and defaults of each class in use: as many as there are kinds of requests."""

_WRITERS: Final[dict[type[Any], Callable[[Any], str]]] = {
    str: repr,
    int: repr,
    bool: repr,
    NoneType: repr,
    Money: lambda amount: str(amount.micros),
    datetime: lambda at: f"@{to_micros(at)}",
    timedelta: lambda span: f"{span // MICROSECOND}us",
    tuple: lambda values: f"({','.join(map(canonical, values))})",
}
"""How each plain type is written. Looked up by the very type: a digest is a tenth of a hold's cost."""

_NOT_BODY: Final = "at"
"""When a request was made is not what it asks for."""


def digest(request: Request) -> str:
    """The digest of all that a request asks for, in hexadecimal.

    Fields that have their default value are left out, so that a field added later, with a default,
    leaves the digests of older requests as they are.
    """
    text = canonical(request)
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def digest_of_hold(hold_id: str, account_id: str, call_id: str, amount_micros: int) -> str:
    """The digest of a `PlaceHold` without limits, by its facts: most requests are of this kind."""
    text = f"PlaceHold(hold_id={hold_id!r},account_id={account_id!r},call_id={call_id!r},amount={amount_micros})"
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES).hexdigest()


def canonical(value: object) -> str:
    """One text for each value that can stand in a request.

    Raises:
        AssertionError: A type this does not know, which would make two bodies look alike.
    """
    kind = type(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if isinstance(value, Enum):
        return f"{kind.__name__}.{value.name}"
    facts = []
    for name, default in _body_of(kind):
        fact = getattr(value, name)
        if default is MISSING or fact != default:  # To compare with what is missing costs as much as to write.
            write = _WRITERS.get(type(fact), canonical)
            facts.append(f"{name}={write(fact)}")
    return f"{kind.__name__}({','.join(facts)})"


def _body_of(kind: type[Any]) -> tuple[tuple[str, object], ...]:
    if (known := _BODIES.get(kind)) is not None:
        return known
    try:
        described = fields(kind)
    except TypeError:
        raise AssertionError(f"{kind.__name__} cannot stand in a request") from None
    body = tuple((field.name, _default(field)) for field in described if field.name != _NOT_BODY)
    _BODIES[kind] = body
    return body


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default
