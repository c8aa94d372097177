"""Profiles: the keys, the order of words, the limits of one provider's system, as data.

A profile is a TOML file (`ivr/profiles/*.toml`, or a user's own). It is validated once into frozen
values; a wrong one is refused with the name of the key and what to write instead.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from enum import Enum
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

KEYS_MAX: Final = 2
"""A choice is one or two keys (`7`, or `76` as one county had it)."""

Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,2}$")]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class Part(Enum):
    """A part of the greeting heard by the called party (DOMAIN: outside, in this order)."""

    PROVIDER = "provider"
    KIND = "kind"
    NAME = "name"
    FACILITY = "facility"
    RECORDED = "recorded"
    PRICE = "price"
    ACCEPT = "accept"
    REFUSE = "refuse"
    BLOCK = "block"


class FinalUnit(Enum):
    """What is done when the last unit of talk that money buys was granted (RFC 8506 §5.6)."""

    TERMINATE = "terminate"
    """Nothing; the talk is cut at its end."""
    REDIRECT = "redirect"
    """Both are told that the money ends, and how to top up; it is cut at its end all the same, unless somebody does."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Keys(_Section):
    """The called party's keys. To refuse is to hang up, unless `refuse` names a key as well."""

    accept: Key = "5"
    block: Key = "7"
    price: Key = "2"
    refuse: Key | None = None

    @model_validator(mode="after")
    def _are_apart(self) -> Keys:
        named = {name: key for name in ("accept", "block", "price", "refuse") if (key := getattr(self, name))}
        for name, key in named.items():
            for other, other_key in named.items():
                if name < other and (key.startswith(other_key) or other_key.startswith(key)):
                    raise ValueError(
                        f"{name} and {other} cannot be told apart: {key!r} and {other_key!r}; "
                        "no choice may begin another"
                    )
        return self


class Inside(_Section):
    """What the person inside goes through."""

    pin_length: Annotated[int, Field(ge=3, le=12)] = 4
    pin_tries: Annotated[int, Field(ge=1, le=9)] = 3
    lockout: Seconds = 300
    """How long PINs are refused at a station after the last bad try."""
    collect_key: Annotated[str, StringConstraints(pattern=r"^[0-9]$")] = "0"
    debit_key: Annotated[str, StringConstraints(pattern=r"^[0-9]$")] = "1"
    number_tries: Annotated[int, Field(ge=1, le=9)] = 3
    first_key: Seconds = 8
    next_key: Seconds = 4

    @model_validator(mode="after")
    def _are_apart(self) -> Inside:
        if self.collect_key == self.debit_key:
            raise ValueError("collect_key and debit_key are the same; give each its own key")
        return self


class Outside(_Section):
    """What the called party hears, and how long it has."""

    greeting: tuple[Part, ...] = tuple(Part)
    repeats: Annotated[int, Field(ge=1, le=9)] = 3
    """How often the choices are said before the call is released as not accepted."""
    choice: Seconds = 5
    """How long a choice is awaited after the words."""
    next_key: Seconds = 2
    ringing: Seconds = 45
    provider: str = "provider/payphone"

    @model_validator(mode="after")
    def _can_be_accepted(self) -> Outside:
        if len(set(self.greeting)) != len(self.greeting):
            raise ValueError("greeting names a part twice")
        for part in (Part.ACCEPT, Part.RECORDED, Part.PRICE):
            if part not in self.greeting:
                raise ValueError(f"greeting lacks {part.value!r}; the called party must hear it")
        return self


class Talking(_Section):
    """Limits and warnings of the conversation."""

    limit: Annotated[float, Field(gt=0, le=24 * 3600)] = 900
    warnings: tuple[Seconds, ...] = (60, 30)
    slice: Seconds = 60
    """Talk held ahead, in seconds; rounded up to the tariff's increments."""
    final_unit: FinalUnit = FinalUnit.TERMINATE

    @model_validator(mode="after")
    def _warn_in_order(self) -> Talking:
        if list(self.warnings) != sorted(set(self.warnings), reverse=True):
            raise ValueError("warnings must fall, for example [60, 30]")
        return self

    @property
    def limit_talk(self) -> timedelta:
        """The longest talk."""
        return timedelta(seconds=self.limit)


class Profile(_Section):
    """One provider's system."""

    name: str
    keys: Keys = Keys()
    inside: Inside = Inside()
    outside: Outside = Outside()
    talking: Talking = Talking()


class ProfileError(Exception):
    """A profile cannot be used; says which file, which key, and why."""


def shipped() -> tuple[str, ...]:
    """Names of the profiles that come with payphone."""
    folder = resources.files("ivr") / "profiles"
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))


def load_profile(name_or_path: str) -> Profile:
    """Read a shipped profile by name, or a user's own by its path (ending in `.toml`).

    Raises:
        ProfileError: No such profile, not TOML, or wrong values.
    """
    if name_or_path.endswith(".toml"):
        path = Path(name_or_path)
        if not path.is_file():
            raise ProfileError(f"{path}: there is no such file")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ProfileError(f"{path}: is not UTF-8 text") from error
        except OSError as error:
            raise ProfileError(f"{path}: cannot be read: {error.strerror}") from error
    elif name_or_path in shipped():
        text = (resources.files("ivr") / "profiles" / f"{name_or_path}.toml").read_text(encoding="utf-8")
    else:
        raise ProfileError(
            f"{name_or_path}: no such profile; shipped are {', '.join(shipped())}, "
            "or give the path of your own .toml file"
        )
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{name_or_path}: not TOML: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'profile'}: {item['msg']}" for item in error.errors()
        )
        raise ProfileError(f"{name_or_path}: {mistakes}") from error
