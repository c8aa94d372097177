"""Where worlds are, and what a scenario changes in one.

A world is a configuration of the switch (`docs/configuration.md`). Its telephones are the actors of
scenarios: `station 4-yard` is the station of that user, `family` the called phone of that user.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent

Raw = dict[str, Any]
"""A configuration as TOML gives it, not validated."""


class WorldError(Exception):
    """There is no such world, or it cannot be read; says what to write instead."""


def shipped_worlds() -> dict[str, Path]:
    """The worlds that come with payphone, by name."""
    found = sorted(path for path in FOLDER.glob("*.toml") if "." not in path.stem)
    return {path.stem: path for path in found}


def find_world(name: str, base: Path) -> Path:
    """The file of a world: a shipped one by name, or your own by its path from `base`.

    Raises:
        WorldError: There is none.
    """
    if name.endswith(".toml"):
        path = base / name
        if not path.is_file():
            raise WorldError(f"there is no file {path}")
        return path
    shipped = shipped_worlds()
    if name not in shipped:
        raise WorldError(
            f"no world is called {name!r}; shipped are {', '.join(shipped)}, or give a path ending in .toml"
        )
    return shipped[name]


def read_world(path: Path) -> Raw:
    """What a world's file says.

    Raises:
        WorldError: It cannot be read, or is not TOML.
    """
    try:
        return deepcopy(_parsed(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorldError(f"{path}: {error}") from error


@lru_cache(maxsize=32)
def _parsed(text: str) -> Raw:
    """What a file says: many scenarios play in one world, and each amends it."""
    return tomllib.loads(text)


def amend_rows(
    raw: Raw, table: str, key: str, rows: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any]
) -> None:
    """Change rows of a table, found by the value of `key`; a row that is not there is added with `defaults`."""
    present: list[Raw] = raw.setdefault(table, [])
    for name, changes in rows.items():
        row = next((row for row in present if row.get(key) == name), None)
        if row is None:
            row = {key: name, **defaults}
            present.append(row)
        row.update(changes)


def first_facility(raw: Raw) -> str:
    """The facility that those without one belong to."""
    facilities = raw.get("facilities") or [{}]
    return str(facilities[0].get("id", "prison"))
