"""A TOML file that people wrote becomes a value of a pydantic model, or every mistake in it at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rating.locate import Key, Lines, key_text
from rating.mistake import Mistake

Contradictions = Callable[[Mapping[str, object]], Iterable[tuple[Key, str]]]
"""What each key alone cannot show; looks only at values of the right type."""

_UNKNOWN_KEY: Final = "remove it, or correct its spelling"
_Model = TypeVar("_Model", bound=BaseModel)


def read_text(path: Path, *, bytes_max: int, too_large: str, kind: str) -> str | Mistake:
    """The text of a file.

    Args:
        path: Where it is.
        bytes_max: A larger file is a mistake.
        too_large: What to do about one.
        kind: What the file is, as in `tariff file`.
    """
    try:
        if path.stat().st_size > bytes_max:
            return Mistake(path, None, "", f"the file is larger than {bytes_max} bytes", too_large)
        return path.read_text(encoding="utf-8")
    except OSError as error:
        return Mistake(path, None, "", f"cannot be read: {error.strerror}", f"name a readable {kind}")
    except UnicodeDecodeError:
        return Mistake(path, None, "", "is not UTF-8 text", "save it as UTF-8")


def parse_document(
    text: str, path: Path, model: type[_Model], remedies: Mapping[str, str], contradictions: Contradictions
) -> _Model | list[Mistake]:
    """Read the text of a file; `path` is only named in mistakes.

    Args:
        text: The document.
        path: Where it came from.
        model: What it should be.
        remedies: What to write, by the name of a key.
        contradictions: Looks at the document as it was read.
    """
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        # Beside syntax errors: numbers longer than Python reads, and arrays nested without end.
        return [Mistake(path, _line_in(str(error), text), "", f"is not TOML: {error}", "correct the syntax there")]
    lines = Lines(text)
    found: dict[Key, Mistake] = {}

    def note(key: Key, what: str) -> None:
        names = [part for part in key if isinstance(part, str)]
        remedy = remedies.get(names[-1] if names else "", _UNKNOWN_KEY)
        found.setdefault(key, Mistake(path, lines.line(key), key_text(key), what, remedy))

    value: _Model | None = None
    try:
        value = model.model_validate(document)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            note(detail["loc"], _say(detail))
    for key, what in contradictions(document):
        note(key, what)
    if value is None or found:
        return sorted(found.values(), key=lambda mistake: mistake.line or 0)
    return value


def _line_in(message: str, text: str) -> int | None:
    """The line that an error of `tomllib` names."""
    if "at end of document" in message:
        return len(text.splitlines())
    named = re.search(r"at line (\d+)", message)
    return int(named[1]) if named else None


def _say(detail: ErrorDetails) -> str:
    """What pydantic found, in words for people who do not know pydantic."""
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "there is no such key"
        case "string_pattern_mismatch":
            return f"{detail['input']!r} does not have the right form"
        case _:
            return detail["msg"][:1].lower() + detail["msg"][1:]
