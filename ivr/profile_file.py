"""Reading a profile: a shipped one by its name, or a file of your own; every mistake with file, line and key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ivr.complaints import complaints
from ivr.mistake import Mistake
from ivr.profile import PRINTABLE, Profile
from ivr.profile_check import Finding, unreachable
from rating.locate import Key, Lines, key_text

FILE_SIZE_MAX: Final = 100_000
"""A hundred kilobytes: thirty times the longest shipped one; a larger file is no profile."""

PROFILES_KEPT: Final = 32
"""Texts whose profiles are remembered: more than any switch has facilities of different states."""

UNVERIFIED: Final = "# unverified"
"""The comment beside a value that nobody could check."""

_FORMS: Final = {
    r"^[0-9*#]{1,2}$": "is not a choice; write one or two keys of a telephone, as 5 or 76",
    r"^[0-9*#]{0,2}$": 'is not a choice; write one or two keys of a telephone, as 7 or 76, or "" for none',
    r"^[0-9]$": "is not a digit",
    r"^[a-z][a-z0-9-]{0,31}$": 'is not a channel; write it like "phone", in small letters',
    PRINTABLE: "has letters that cannot be printed",
    r"^[0-9]+$": "is not a number of seconds; write it as 60",
    r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)+$": "is not the name of a recording; write it like talk/from-facility",
}
"""What a text that does not match a pattern should look like."""


class ProfileError(Exception):
    """A profile cannot be used. `mistakes` tells every reason."""

    def __init__(self, *mistakes: Mistake) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda each: each.line or 0))
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A profile with where its values stand."""

    profile: Profile
    file: str
    text: str
    """The file as it stands, to be copied."""
    lines: Lines
    unverified: frozenset[str]
    """Keys whose values are marked `# unverified`, as `keys.accept`."""

    def mistakes(self, findings: Iterable[Finding]) -> list[Mistake]:
        """Findings with their lines."""
        return [_mistake(self.file, self.lines, place, text) for place, text in findings]


def shipped() -> tuple[str, ...]:
    """Names of the profiles that come with payphone."""
    folder = resources.files("ivr") / "profiles"
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))


def load_profile(name_or_path: str) -> Profile:
    """Read a shipped profile by name, or a user's own by its path (ending in `.toml`).

    Raises:
        ProfileError: With every mistake found.
    """
    return read_profile(name_or_path).profile


def read_profile(name_or_path: str) -> ProfileFile:
    """Read a profile, and where its values stand.

    Raises:
        ProfileError: With every mistake found; whether its words exist is not known here.
    """
    return _read(name_or_path, _text(name_or_path))


@lru_cache(maxsize=PROFILES_KEPT)
def _read(name_or_path: str, text: str) -> ProfileFile:
    """What a text says: a reload mostly finds the same one, and who plays many scenarios the same few."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = next((int(word) for word in str(error).replace(",", " ").split() if word.isdigit()), None)
        raise ProfileError(Mistake(name_or_path, line, "", f"not TOML: {error}")) from error
    lines = Lines(text)
    try:
        profile = Profile.model_validate(raw)
    except ValidationError as error:
        found = complaints(_placed(error.errors(include_url=False)), Profile, _FORMS)
        raise ProfileError(*(_mistake(name_or_path, lines, place, text) for place, text in found)) from None
    read = ProfileFile(profile, name_or_path, text, lines, frozenset(_unverified(raw, lines, text.splitlines())))
    mistakes = read.mistakes(unreachable(profile))
    if mistakes:
        raise ProfileError(*mistakes)
    return read


def _text(name_or_path: str) -> str:
    if not name_or_path.endswith(".toml"):
        if name_or_path in shipped():
            return (resources.files("ivr") / "profiles" / f"{name_or_path}.toml").read_text(encoding="utf-8")
        known = f"shipped are {', '.join(shipped())}"
        text = f"there is no such profile; {known}; or give the path of your own .toml file"
        raise ProfileError(Mistake(name_or_path, None, "", text))
    path = Path(name_or_path)
    if not path.is_file():
        raise ProfileError(Mistake(name_or_path, None, "", "there is no such file"))
    try:
        if path.stat().st_size > FILE_SIZE_MAX:
            raise ProfileError(Mistake(name_or_path, None, "", f"larger than {FILE_SIZE_MAX} bytes: no profile"))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProfileError(Mistake(name_or_path, None, "", "is not UTF-8 text")) from error
    except OSError as error:
        raise ProfileError(Mistake(name_or_path, None, "", f"cannot be read: {error.strerror}")) from error


def _placed(errors: Iterable[ErrorDetails]) -> list[ErrorDetails]:
    """Errors of a whole section with the place within it that they are about."""
    return [
        {**error, "loc": (*error["loc"], *error["ctx"]["place"]), "msg": error["ctx"]["text"]}
        if error["type"] == "profile"
        else error
        for error in errors
    ]


def _mistake(file: str, lines: Lines, place: Key, text: str) -> Mistake:
    return Mistake(file, lines.line(place), key_text(place), text)


def _unverified(raw: Mapping[str, Any], lines: Lines, text: list[str], above: Key = ()) -> Iterator[str]:
    """Keys with the mark on their line."""
    for key, value in raw.items():
        place = (*above, key)
        tables = [(place, value)] if isinstance(value, dict) else []
        if isinstance(value, list) and any(isinstance(each, dict) for each in value):
            tables = [((*place, number), each) for number, each in enumerate(value)]
        for inner, table in tables:
            yield from _unverified(table, lines, text, inner)
        line = None if tables else lines.line(place)
        if line is not None and UNVERIFIED in text[line - 1]:
            yield key_text(place)
