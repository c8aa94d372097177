"""What pydantic finds, told to people: the place in their file, what is wrong, and what they may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from ivr.mistake import Mistake
from scenarios.language.model import KEYS_PATTERN, Part
from scenarios.language.source import Place, Source

CLOSE: Final = 0.6
"""How alike two words must be to suggest one for the other (0 to 1, `difflib`)."""

KNOWN_MAX: Final = 24
"""Names listed where none is alike: more are not read."""

REMEDIES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "literal_error": "is not one of its words",
    "dict_type": "is keys with values, as {key: value}",
    "list_type": "is a list; begin each item with `- `, or write [one, two]",
    "model_type": "is keys with values, as {key: value}",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
}


def suggestion(word: str, known: Iterable[str]) -> str:
    """Words that tell what somebody may have meant."""
    known = list(dict.fromkeys(known))
    close = difflib.get_close_matches(word, known, 1, cutoff=CLOSE)
    if close:
        return f"did you mean `{close[0]}`?"
    more = ", ..." if len(known) > KNOWN_MAX else ""
    return f"known are {', '.join(sorted(known)[:KNOWN_MAX])}{more}"


def told_mistakes(
    error: ValidationError, model: type[Part], raw: Mapping[str, Any], place: Place, source: Source
) -> list[Mistake]:
    """One mistake for each place. Each member of a union says what it wants: the one that got furthest is told."""
    found: dict[Place, Any] = {}
    for item in error.errors(include_url=False):
        at = _in_document(item, raw)
        if at not in found or (item["type"] == "value_error" and found[at]["type"] != "value_error"):
            found[at] = item
    deepest = [at for at in found if not any(other != at and other[: len(at)] == at for other in found)]
    return [source.mistake((*place, *at), _told(found[at], at, model)) for at in deepest]


def _in_document(item: Any, raw: Any) -> Place:
    """Where a mistake is: pydantic's place without the names of a union's members."""
    place: list[str | int] = []
    value = raw
    for index, part in enumerate(item["loc"]):
        is_last = index == len(item["loc"]) - 1
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]
        elif not (is_last and item["type"] == "missing"):
            continue
        place.append(part)
    return tuple(place)


def _told(item: Any, place: Place, model: type[Part]) -> str:
    """What to do instead, by the kind of mistake."""
    kind, message, value = item["type"], str(item["msg"]).removeprefix("Value error, "), item.get("input")
    if kind == "extra_forbidden":
        return f"is not known here; {suggestion(str(place[-1]), _keys_at(model, place[:-1]))}"
    if kind == "string_pattern_mismatch" and item.get("ctx", {}).get("pattern") == KEYS_PATTERN:
        return f"{value!r} are no keys of a telephone; use 0-9, *, # and A-D"
    if kind == "string_type":
        return f"{value!r} is no text; write it in quotes"
    if kind == "literal_error":
        return f"{value!r} is not one of {item['ctx']['expected']}"
    remedy = REMEDIES.get(kind, message)
    return remedy if isinstance(value, dict | list) or kind in {"missing", "value_error"} else f"{value!r}: {remedy}"


def _keys_at(model: type[Part], place: Place) -> tuple[str, ...]:
    """The keys a mapping inside a model may have."""
    found: type[Part] = model
    for name in place:
        field = next((field for field in found.model_fields.values() if field.alias == name), None)
        inner = None if field is None else next(iter(_parts_of(field.annotation)), None)
        found = inner or found
    return found.keys()


def _parts_of(annotation: Any) -> Iterable[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _parts_of(inner)
