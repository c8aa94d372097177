"""A profile as text that people read, and what two of them do differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ivr.ports import Admission, Kind, Person
from ivr.profile import Profile
from ivr.profile_file import ProfileFile
from ivr.words import Words
from ledger.money import ZERO
from prompts.catalog import LANGUAGES, Catalog, ClipId, joined, load_catalog

DEFAULTS: Final = Profile(name="default")
"""What holds where a file says nothing."""

LISTS: Final = frozenset({"overlays", "reasons"})
"""Sections that may be empty: their rows are those of what stands in them."""

NOTHING: Final = "–"

SOMEBODY: Final = Person("somebody", (ClipId("recorded name"),))
"""In place of a person, in texts: a clip that no catalog knows shows as `[recorded name]`."""

SOME_CALL: Final = Admission(
    number="+12125550123",
    kind=Kind.ADVANCE_PAY,
    facility=(ClipId("facility"),),
    first_minute=ZERO,
    each_minute=ZERO,
    is_privileged=False,
    limit=DEFAULTS.talking.limit_talk,
)
"""In place of a call: prepaid, and recorded."""


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a profile."""

    key: str
    """As in the file: `keys.accept`, `overlays[0].every`."""
    value: str
    is_unverified: bool = False
    """Whether the file marks it as a value that nobody could check."""
    is_default: bool = False
    """Whether it is the value that holds where a file says nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One key whose values differ."""

    key: str
    left: Row | None
    right: Row | None


def heard(profile: Profile) -> list[tuple[str, str]]:
    """What is said first inside and outside, as text; what depends on the call stands in brackets."""
    catalog, say = every_word(), Words(profile)
    return [
        ("the person inside hears", catalog.text((*say.welcome(), *say.enter_pin()))),
        ("the called party hears", catalog.text(say.greeting(SOMEBODY, SOME_CALL))),
        ("and again, when it presses nothing", catalog.text(say.choices())),
    ]


def every_word() -> Catalog:
    """The words of every language."""
    return joined([load_catalog(folder) for folder in LANGUAGES.values()])


def rows(read: ProfileFile) -> list[Row]:
    """Every value of a profile, in the order of its sections."""
    usual = dict(_flat(DEFAULTS.model_dump(mode="json")))
    return [
        Row(key, value, key in read.unverified, usual.get(key) == value)
        for key, value in _flat(read.profile.model_dump(mode="json"))
    ]


def sections(shown: Iterable[Row]) -> Mapping[str, list[Row]]:
    """Rows by their section; those before any section under the empty name."""
    found: dict[str, list[Row]] = {}
    for row in shown:
        found.setdefault(row.key.partition(".")[0] if "." in row.key else "", []).append(row)
    return found


def differences(left: ProfileFile, right: ProfileFile) -> list[Difference]:
    """What the two do differently, in the order of the first one; names and titles aside."""
    one = {row.key: row for row in rows(left)}
    other = {row.key: row for row in rows(right)}
    found = []
    for key in dict.fromkeys([*one, *other]):
        here, there = one.get(key), other.get(key)
        is_same = here is not None and there is not None and here.value == there.value
        if key not in {"name", "title"} and not is_same:
            found.append(Difference(key, here, there))
    return found


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        place = f"{above}{key}"
        match value:
            case dict():
                yield from _flat(value, f"{place}.")
            case [] | dict() if place in LISTS and not value:
                continue
            case [dict(), *_]:
                for number, each in enumerate(value):
                    yield from _flat(each, f"{place}[{number}].")
            case _:
                yield place, _text(value)


def _text(value: Any) -> str:
    match value:
        case None | "" | []:
            return NOTHING
        case list():
            return ", ".join(map(_text, value))
        case float():
            return f"{value:g}"
        case _:
            return str(value)
