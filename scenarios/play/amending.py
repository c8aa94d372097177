"""What a scenario changes in its world's configuration, and where in the scenario a mistake of the whole stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ivr.mistake import Mistake
from scenarios.language.billing import Fee, Opening
from scenarios.language.model import spoken
from scenarios.language.quantities import parse_span
from scenarios.language.scenario import Scenario
from scenarios.language.source import Place, ScenarioError
from scenarios.worlds.find import Raw, amend_rows, first_facility

SWITCH_HOST: Final = "10.0.0.1"
SWITCH_PORT: Final = 5060
LOCALHOST: Final = "127.0.0.1"
LIVE_PORTS: Final = (23000, 23199)
"""RTP of live scenarios, apart from those of `serve`, the demonstration, and what systems give away."""

ALERTS: Final = "https://alerts.example"
"""Where webhooks go; the scenario itself takes them."""

TODAY: Final = "today"

FILE_ENDINGS: Final = (".toml", ".csv")

FILE_TABLES: Final = ("tariffs", "taxes", "places", "local_calls")
"""Keys of the configuration that name files."""

ROW_KEYS: Final[Mapping[str, str]] = {
    "facilities": "id",
    "stations": "user",
    "people": "id",
    "phones": "user",
    "lines": "prefix",
    "accounts": "id",
    "allowances": "name",
    "free_days": "name",
    "fees": "channel",
    "velocity": "name",
    "watches": "name",
}
"""By table of the configuration: the key that a scenario names its rows by."""

_ROW: Final = re.compile(r"(?P<table>\w+)\[(?P<index>\d+)\](?:\.(?P<key>\w+))?")

_OF_IDS: Final = ("deposit", "numbers", "credit_limit", "settles_later")
_OF_OWNERS: Final = ("advancepay", "debit")


def amend(raw: Raw, scenario: Scenario, *, live_host: str | None) -> None:
    """Put the scenario's changes, and the addresses of this run, into the world's configuration.

    Args:
        raw: The configuration, changed in place.
        scenario: What is played.
        live_host: The loopback address of the switch, None in virtual time.

    Raises:
        ScenarioError: A change fits no row.
    """
    header, facility = scenario.header, first_facility(raw)
    amend_rows(raw, "facilities", "id", _facilities(scenario), {})
    amend_rows(raw, "stations", "user", _rows(header.stations), {"facility": facility})
    amend_rows(raw, "people", "id", _rows(header.people), {"facility": facility})
    amend_rows(raw, "phones", "user", _rows(header.phones), {})
    amend_rows(raw, "lines", "prefix", _rows(header.lines), {"type": "landline"})
    _amend_accounts(raw, scenario, facility)
    _amend_billing(raw, scenario)
    if header.priced_as_on == TODAY:
        raw.pop("priced_as_on", None)
    elif header.priced_as_on is not None:
        raw["priced_as_on"] = header.priced_as_on
    amend_rows(raw, "velocity", "name", {name: each.row() for name, each in header.velocity.items()}, {})
    amend_rows(raw, "watches", "name", _rows(header.watches), {"url": ALERTS})
    raw["controls"] = {**raw.get("controls", {}), **{key.replace(" ", "_"): v for key, v in header.controls.items()}}
    raw["switch"] = {**raw.get("switch", {}), **header.switch}
    if header.payments:
        raw["payments"] = {**raw.get("payments", {}), **header.payments}
    raw["media"] = {**raw.get("media", {}), **{key: in_seconds(value) for key, value in header.media.items()}}
    host = SWITCH_HOST if live_host is None else live_host
    raw["switch"]["listen"] = f"{host}:{SWITCH_PORT if live_host is None else 0}"
    raw["media"]["listen"] = host
    if live_host is not None:
        raw["media"]["ports"] = list(LIVE_PORTS)


def file_names(names: Iterable[str], scenario: Scenario) -> list[str]:
    """Names as a configuration has them; files start at the scenario's folder."""
    return [str((scenario.base / name).resolve()) if name.endswith(FILE_ENDINGS) else name for name in names]


def in_seconds(value: Any) -> Any:
    """Durations as a configuration has them; what is none stays as it is."""
    if isinstance(value, list):
        return [in_seconds(each) for each in value]
    try:
        return parse_span(value).seconds
    except ValueError:
        return value


def in_scenario(mistake: Mistake, scenario: Scenario, raw: Raw) -> Mistake:
    """A mistake of the amended configuration, at the amendment that most likely made it."""
    if mistake.line is not None:
        return mistake
    lines = scenario.source.lines
    for table in FILE_TABLES:
        files, section = raw.get(table, ()), spoken(table)
        if mistake.file in files and (section,) in lines:
            line = scenario.source.line((section, files.index(mistake.file)))
            return Mistake(scenario.file, line, section, f"{mistake.file}: {mistake.text}")
    place = next((place for place in _places(mistake.key, raw) if place in lines), ("world",))
    return Mistake(scenario.file, scenario.source.line(place), mistake.key, mistake.text)


def _places(key: str, raw: Raw) -> Iterator[Place]:
    """Where a scenario may have said what stands at a key of its configuration, the likeliest first."""
    table = key.partition("[")[0].partition(".")[0]
    found = _ROW.match(key)
    if found is not None and table in ROW_KEYS:
        row = raw[table][int(found["index"])]
        names = [row[name] for name in (ROW_KEYS[table], "number") if name in row]
        for section in (spoken(table), "accounts"):
            for name in names:
                if found["key"]:
                    yield (section, name, spoken(found["key"]))
                yield (section, name)
    elif "." in key:
        yield (spoken(table), spoken(key.partition(".")[2]))
    yield (spoken(table),)


def _rows(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows as a configuration has them: `taxed by` and `taxed_by` are one key."""
    return {name: {key.replace(" ", "_"): value for key, value in row.items()} for name, row in rows.items()}


def _facilities(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Facilities; a profile of one's own is a file beside the scenario, or else beside the world."""
    rows = _rows(scenario.header.facilities)
    for row in rows.values():
        beside = scenario.base / str(row.get("profile", ""))
        if beside.is_file():
            row["profile"] = str(beside.resolve())
    return rows


def _amend_accounts(raw: Raw, scenario: Scenario, facility: str) -> None:
    wrong = list(_misplaced(scenario))
    if wrong:
        raise ScenarioError(tuple(wrong))
    telephones = {row["user"]: row["number"] for row in raw.get("phones", ()) if "user" in row and "number" in row}
    for owner, opening in scenario.header.accounts.items():
        if ":" in owner:
            amend_rows(raw, "accounts", "id", {owner: _account(opening, telephones)}, {})
        if opening.advancepay is not None:
            amend_rows(raw, "phones", "number", {owner: {"advancepay": str(opening.advancepay)}}, {})
        if opening.debit is not None:
            amend_rows(raw, "people", "id", {owner: {"debit": str(opening.debit)}}, {"facility": facility})


def _misplaced(scenario: Scenario) -> Iterator[Mistake]:
    """Keys of an account by its id on one by its owner, and the reverse."""
    for owner, opening in scenario.header.accounts.items():
        is_id = ":" in owner
        for name in _OF_OWNERS if is_id else _OF_IDS:
            if getattr(opening, name) is not None:
                known = [spoken(each) for each in (_OF_IDS if is_id else _OF_OWNERS)]
                whose = "an account by its id" if is_id else "a called number or a person"
                text = f"is not for {whose}; known are {', '.join(known)}"
                yield scenario.source.mistake(("accounts", owner, spoken(name)), text)


def _account(opening: Opening, telephones: Mapping[str, str]) -> Raw:
    """What is said of an account, as the configuration has it."""
    row: Raw = {}
    if opening.numbers is not None:
        row["numbers"] = [telephones.get(each, each) for each in opening.numbers]
    if opening.deposit is not None:
        row["deposit"] = str(opening.deposit)
    if opening.credit_limit is not None:
        row["credit_limit"] = str(opening.credit_limit)
    if opening.settles_later is not None:
        row["settles_later"] = opening.settles_later
    return row


def _amend_billing(raw: Raw, scenario: Scenario) -> None:
    header = scenario.header
    for table in FILE_TABLES:
        names = getattr(header, table)
        if names is not None:
            raw[table] = file_names(names, scenario)
    amend_rows(raw, "allowances", "name", {name: each.row() for name, each in header.allowances.items()}, {})
    amend_rows(raw, "free_days", "name", {name: {"days": days} for name, days in header.free_days.items()}, {})
    raw["billing"] = {**raw.get("billing", {}), **header.billing.table()}
    if header.messages:
        raw["messages"] = {**raw.get("messages", {}), **_rows({"messages": header.messages})["messages"]}
    for channel, said in header.fees.items():
        fee = said if isinstance(said, Fee) else Fee(fee=said)
        row = {"channel": channel, "fee": str(fee.fee), "since": fee.since, "until": fee.until}
        others = [each for each in raw.get("fees", ()) if each.get("channel") != channel]
        raw["fees"] = [*others, {key: value for key, value in row.items() if value is not None}]
