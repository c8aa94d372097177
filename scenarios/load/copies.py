"""A world with as many copies of a scenario's telephones as a load wants, as files for `payphone serve --config`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from ivr.mistake import Mistake
from scenarios.language.scenario import STATION
from scenarios.load.plan_file import PlanError
from scenarios.load.scenario_plan import Cast
from scenarios.worlds.find import Raw, find_world

FILE: Final = "world.toml"
NUMBERS_MAX: Final = 10_000
"""Copies of all called parties: the last four digits tell them apart."""
LISTEN: Final = "127.0.0.1"
PORT: Final = 5060
MEDIA_PORTS: Final = [20_000, 28_000]


def write_world(folder: Path, cast: Cast) -> Path:
    """Write the scenario's world with `cast.count` copies of who takes part, and nobody else; returns its file.

    Raises:
        PlanError: There can be no so many copies.
        OSError: It cannot be written.
    """
    check_count(cast)
    raw = _copied(cast)
    folder.mkdir(parents=True, exist_ok=True)
    base = find_world(cast.setting.scenario.header.world, cast.setting.scenario.base).parent
    raw["tariffs"] = [_file_beside(name, base, folder) for name in raw.get("tariffs", [])] or ["california-2021"]
    for table in ("taxes", "places", "local_calls"):
        if table in raw:
            raw[table] = [_file_beside(name, base, folder) for name in raw[table]]
    for facility in raw.get("facilities", []):
        profile = cast.setting.world.profiles[facility.get("profile", "california-gtl")]
        facility["profile"] = f"{facility['id']}.profile.toml"
        values = profile.model_dump(mode="json")
        (folder / facility["profile"]).write_text(toml_text(values), encoding="utf-8")
    if "overrides" in raw.get("prompts", {}):
        raw["prompts"] = {**raw["prompts"], "overrides": str((base / raw["prompts"]["overrides"]).resolve())}
    raw["switch"] = {**raw.get("switch", {}), "listen": f"{LISTEN}:{PORT}"}
    raw["media"] = {**raw.get("media", {}), "listen": LISTEN, "ports": MEDIA_PORTS}
    raw["book"] = {"url": "sqlite+aiosqlite:///payphone.db"}
    file = folder / FILE
    file.write_text(toml_text(raw), encoding="utf-8")
    return file


def check_count(cast: Cast) -> None:
    """See that there can be so many copies; raises what `write_world` raises."""
    count, scenario = cast.count or 1, cast.setting.scenario
    mistakes: list[str] = []
    if count * len(cast.callees) > NUMBERS_MAX:
        mistakes.append(f"--callers: at most {NUMBERS_MAX // len(cast.callees)}, as numbers differ in four digits")
    if cast.pin and count > 10 ** len(cast.pin):
        mistakes.append(f"--callers: at most {10 ** len(cast.pin)}, as PINs have {len(cast.pin)} digits")
    listed = [person.id for person in cast.people() if person.allowed is not None]
    mistakes += [
        f"{who} may call listed numbers only, and copies of a list are not made; take another" for who in listed
    ]
    if mistakes:
        raise PlanError(tuple(Mistake(scenario.file, None, "", text) for text in mistakes))


def _copied(cast: Cast) -> Raw:
    raw = {key: value for key, value in cast.setting.raw.items() if key not in {"stations", "people", "phones"}}
    count, rows = cast.count or 1, cast.setting.raw
    user = cast.station.removeprefix(STATION)
    station = next(row for row in rows["stations"] if row["user"] == user)
    raw["facilities"] = [dict(row) for row in rows.get("facilities", [])]
    raw["stations"] = [{**station, "user": f"{user}-{n}"} for n in range(count)]
    ids = {person.id for person in cast.people()}
    raw["people"] = [
        {**person, "id": f"{person['id']}-{n}", "pin": f"{n:0{len(cast.pin)}}", "debits": _copy_id(person, n)}
        for person in rows.get("people", [])
        if person["id"] in ids
        for n in range(count)
    ]
    raw["phones"], raw["lines"] = [], list(rows.get("lines", []))
    for name in cast.callees:
        phone = next(row for row in rows["phones"] if row.get("user") == name)
        line = _line_of(phone["number"], raw["lines"])
        for n in range(cast.place(name), cast.place(name) + count):
            number = f"{phone['number'][:-4]}{n:04}"
            raw["phones"].append({**phone, "number": number, "user": f"{name}-{n}"})
            if line is not None:
                raw["lines"].append({**line, "prefix": number})
    raw["accounts"] = [
        copy for row in rows.get("accounts", []) for n in range(count) if (copy := _copied_account(row, cast, n))
    ]
    taken = {row["prefix"]: row for row in raw["lines"]}  # a copy's own row before one of the world's
    raw["lines"] = list(taken.values())
    return raw


def _copy_id(person: Raw, n: int) -> str | None:
    """The copy of the account that a person's debit calls are taken from."""
    return f"{person['debits']}-{n}" if "debits" in person else None


def _copied_account(row: Raw, cast: Cast, n: int) -> Raw | None:
    """The nth copy of an account, which pays for the nth copies of its numbers; None where none of them is called."""
    numbers = {
        phone["number"]: f"{phone['number'][:-4]}{cast.place(name) + n:04}"
        for name in cast.callees
        for phone in cast.setting.raw["phones"]
        if phone.get("user") == name
    }
    kind, _, key = row["id"].partition(":")
    if key.startswith("+"):
        return {**row, "id": f"{kind}:{numbers[key]}"} if key in numbers else None
    copy = {**row, "id": f"{row['id']}-{n}"}
    if "numbers" in row:
        copy["numbers"] = [numbers[number] for number in row["numbers"] if number in numbers]
    return copy


def _line_of(number: str, lines: list[Raw]) -> Raw | None:
    """The row of the line table that a number falls under: the longest prefix."""
    return max(
        (row for row in lines if number.startswith(row["prefix"])), key=lambda row: len(row["prefix"]), default=None
    )


def _file_beside(name: str, base: Path, folder: Path) -> str:
    """Copy a file that a world names into the folder; shipped ones have a name alone."""
    if not name.endswith((".toml", ".csv")):
        return name
    shutil.copyfile(base / name, folder / Path(name).name)
    return Path(name).name


def toml_text(values: Mapping[str, Any]) -> str:
    """A configuration as TOML: values first, then tables, then lists of tables. None is left out."""
    return "\n".join(_toml(values)) + "\n"


def _toml(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    plain = {key: value for key, value in values.items() if not _is_table(value) and value is not None}
    for key, value in plain.items():
        yield f"{key} = {_value(value)}"
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield f"\n[{above}{key}]"
            yield from _toml(value, f"{above}{key}.")
        elif _is_table(value):
            for row in value:
                yield f"\n[[{above}{key}]]"
                yield from _toml(row, f"{above}{key}.")


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)
    )


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case SecretStr():
            return json.dumps(value.get_secret_value())
        case date():
            return value.isoformat()
        case int() | float():
            return str(value)
        case _:
            return json.dumps(str(value), ensure_ascii=False)
