"""What is wrong with a value of a TOML file, in words that say what to write instead.

pydantic tells what it found in the words of Python. Whoever edits a file needs the words of the file.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
"""A place in a document, as pydantic writes it: names of keys, and positions in arrays from 0."""

_TYPES: Final = {
    "string_type": "is text; write it in quotes",
    "int_type": "is a whole number; write it without quotes",
    "int_parsing": "is a whole number; write it without quotes",
    "int_from_float": "is a whole number; write it without a fraction",
    "float_type": "is a number; write it without quotes",
    "float_parsing": "is a number; write it without quotes",
    "bool_type": "is a fact; write true or false",
    "bool_parsing": "is a fact; write true or false",
    "tuple_type": 'is a list; write it in brackets, as ["one", "two"], or a table as [[table]]',
    "model_type": "is a table; write its keys below it",
    "dict_type": "is a table; write its keys below it",
    "date_type": "is a day; write it without quotes, as 2021-06-01",
    "date_parsing": "is a day; write it without quotes, as 2021-06-01",
    "date_from_datetime_parsing": "is a day; write it without quotes, as 2021-06-01",
    "date_from_datetime_inexact": "is a day; write it without a time, as 2021-06-01",
}
"""By pydantic's kinds of error."""

_BOUNDS: Final = {
    "greater_than": ("gt", "must be more than {}"),
    "greater_than_equal": ("ge", "must be {} or more"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be {} or less"),
    "string_too_short": ("min_length", "is too short; at least {}"),
    "too_short": ("min_length", "is too short; at least {}"),
    "string_too_long": ("max_length", "is too long; at most {}"),
    "too_long": ("max_length", "is too long; at most {}"),
}
"""Where a limit is broken: pydantic's name of the limit, and what to say of it."""


def complaints(
    errors: Sequence[ErrorDetails], whole: type[BaseModel], forms: Mapping[str, str]
) -> list[tuple[Place, str]]:
    """Each place with what to write there, in the order found; a place of several forms has one complaint.

    Args:
        errors: As pydantic found them; what was written is shown only where they have `input`.
        whole: The model of the whole file.
        forms: What a text that does not match a pattern should look like.
    """
    told: dict[Place, str] = {}
    for error in errors:
        place, text = _place(error["loc"], whole), _words(error, whole, forms)
        told[place] = f"{told[place]}; or it {text}" if text not in told.get(place, text) else text
    return list(told.items())


def meant(name: str, known: Sequence[str]) -> str:
    """The known word that is meant most likely, or all of them."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"


def _words(error: ErrorDetails, whole: type[BaseModel], forms: Mapping[str, str]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    shown = f"{error['input']!r} " if "input" in error else ""
    if kind in _BOUNDS:
        limit, text = _BOUNDS[kind]
        return text.format(f"{context[limit]:g}" if isinstance(context[limit], float) else context[limit])
    match kind:
        case "extra_forbidden":
            place = _place(error["loc"], whole)
            return f"is not a key here; {meant(str(place[-1]), _keys_of(place[:-1], whole))}"
        case "string_pattern_mismatch":
            return shown + forms.get(context["pattern"], "is not written as it must be")
        case "enum":
            known = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            return f"{shown}is not known; {meant(str(error.get('input', '')), known)}"
        case "literal_error":
            return f"must be {context['expected']}"
        case "missing":
            return "is missing"
        case _:
            return _TYPES.get(kind, error["msg"].removeprefix("Value error, "))


def _place(found: Place, whole: type[BaseModel]) -> Place:
    """The keys of the file, without what pydantic adds: which form of several it tried, that a key is meant."""
    model: type[BaseModel] | None = whole
    place: list[str | int] = []
    is_choice = False
    for part in found:
        if part == "[key]" or (is_choice and isinstance(part, str)):
            continue
        place.append(part)
        if isinstance(part, str) and model is not None:
            field = model.model_fields.get(part)
            annotation = field.annotation if field else None
            model = next(_models(annotation), None)
            is_choice = model is None and _has_choice(annotation)
    return tuple(place)


def _has_choice(annotation: Any) -> bool:
    """Whether pydantic tries several forms, so that it tells of each."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return len([each for each in typing.get_args(annotation) if each is not type(None)]) > 1
    return False


def _keys_of(place: Place, whole: type[BaseModel]) -> list[str]:
    """The keys of a table."""
    model = whole
    for part in place:
        if isinstance(part, str):
            model = next(_models(model.model_fields[part].annotation), whole)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)
