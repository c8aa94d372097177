"""The configuration: one TOML file, validated once into frozen values.

Every mistake is told at once, each with file, line and key, and what to write instead.
`switch.app.world` turns a valid configuration into the values the switch works with.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    Field,
    PrivateAttr,
    ValidationError,
)

from ivr.complaints import complaints
from ivr.mistake import Mistake
from rating.locate import Lines, key_text
from rating.tariff import DAY_MIN
from switch.app.billing_tables import (
    AccountTable,
    AllowanceTable,
    BillingTable,
    FeeTable,
    FreeDaysTable,
    PaymentsTable,
)
from switch.app.control_tables import (
    VELOCITY_MAX,
    WATCHES_MAX,
    ControlsTable,
    VelocityTable,
    WatchTable,
    too_long,
    unwatchable,
)
from switch.app.fields import (
    FORMS,
)
from switch.app.message_tables import MessagesTable
from switch.app.telephone_tables import (
    BookTable,
    FacilityTable,
    LineTable,
    MediaTable,
    PersonTable,
    PhoneTable,
    PromptsTable,
    RouteTable_,
    StationTable,
    SwitchTable,
    Table,
    TrunkTable,
    UserTable,
)

PRICED_BEFORE: Final = date(9999, 1, 1)
"""A call goes on after the day it is priced as on; the calendar ends with this year."""
FILE_SIZE_MAX: Final = 10_000_000
"""Ten megabytes: a hundred thousand stations; a larger file is not a configuration."""


class ConfigError(Exception):
    """The configuration cannot be used. `mistakes` tells every reason."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


class Config(Table):
    """The whole file."""

    switch: SwitchTable = SwitchTable()
    media: MediaTable = MediaTable()
    book: BookTable = BookTable()
    prompts: PromptsTable = PromptsTable()
    tariffs: tuple[str, ...] = ("california-2021",)
    priced_as_on: Annotated[date, Field(ge=DAY_MIN, lt=PRICED_BEFORE)] | None = None
    """Price every call as on this day, whatever day it is: history can be emulated."""
    places: tuple[str, ...] = ()
    """CSV files of area codes and exchanges, before the shipped ones."""
    local_calls: tuple[str, ...] = ()
    """CSV files of rate centres that are local to each other."""
    taxes: tuple[str, ...] = ()
    """TOML files of taxes, fees and shares of states."""
    billing: BillingTable = BillingTable()
    payments: PaymentsTable = PaymentsTable()
    messages: MessagesTable = MessagesTable()
    accounts: tuple[AccountTable, ...] = ()
    allowances: tuple[AllowanceTable, ...] = ()
    free_days: tuple[FreeDaysTable, ...] = ()
    fees: tuple[FeeTable, ...] = ()
    controls: ControlsTable = ControlsTable()
    velocity: Annotated[tuple[VelocityTable, ...], Field(max_length=VELOCITY_MAX)] = ()
    watches: Annotated[tuple[WatchTable, ...], Field(max_length=WATCHES_MAX)] = ()
    facilities: tuple[FacilityTable, ...] = ()
    stations: tuple[StationTable, ...] = ()
    people: tuple[PersonTable, ...] = ()
    phones: tuple[PhoneTable, ...] = ()
    lines: tuple[LineTable, ...] = ()
    trunks: tuple[TrunkTable, ...] = ()
    users: tuple[UserTable, ...] = ()
    routes: tuple[RouteTable_, ...] = ()
    _lines: Lines | None = PrivateAttr(default=None)

    def line(self, *place: str | int) -> int | None:
        """The line of the file where a key is set, None for a configuration that was never a file."""
        return None if self._lines is None else self._lines.line(place)


def load_config(path: Path) -> Config:
    """Read and validate a file, relations between its tables included.

    Raises:
        ConfigError: With every mistake found.
    """
    file = str(path)
    try:
        if path.stat().st_size > FILE_SIZE_MAX:
            raise ConfigError((Mistake(file, None, "", f"larger than {FILE_SIZE_MAX} bytes"),))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError((Mistake(file, None, "", f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        raise ConfigError((Mistake(file, None, "", "is not UTF-8 text"),)) from error
    return parse_config(text, file)


def parse_config(text: str, file: str) -> Config:
    """Validate a text; `file` names it in mistakes.

    Raises:
        ConfigError: With every mistake found.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = next((int(word) for word in str(error).replace(",", " ").split() if word.isdigit()), None)
        raise ConfigError((Mistake(file, line, "", f"not TOML: {error}"),)) from error
    except (ValueError, RecursionError) as error:  # Numbers longer than Python reads, arrays nested without end.
        raise ConfigError((Mistake(file, None, "", f"not TOML: {error}"),)) from error
    return validate_config(raw, file, Lines(text))


def validate_config(raw: Mapping[str, Any], file: str, lines: Lines) -> Config:
    """Validate what a file says, read already; `lines` knows where each key stands.

    Raises:
        ConfigError: With every mistake found.
    """
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        # Without what was written, secrets too.
        found = complaints(error.errors(include_input=False, include_url=False), Config, FORMS)
        raise ConfigError(
            tuple(Mistake(file, lines.line(place), key_text(place), text) for place, text in found)
        ) from None
    config._lines = lines
    mistakes = tuple(
        Mistake(file, lines.line(place), key_text(place), message) for place, message in _unrelated(config)
    )
    if mistakes:
        raise ConfigError(mistakes)
    return config


Finding = tuple[tuple[str | int, ...], str]


def _unrelated(config: Config) -> list[Finding]:
    """Names that lead nowhere, and names given twice."""
    found: list[Finding] = []
    facilities = {facility.id for facility in config.facilities}
    trunks = {trunk.name for trunk in config.trunks}
    homes: list[tuple[str, Sequence[StationTable | PersonTable]]] = [
        ("stations", config.stations),
        ("people", config.people),
    ]
    for table, rows in homes:
        found += [
            (
                (table, index, "facility"),
                f"there is no facility {row.facility!r}; known: {_known(facilities)}",
            )
            for index, row in enumerate(rows)
            if row.facility not in facilities
        ]
    found += [
        (("routes", index, "trunk"), f"there is no trunk {route.trunk!r}; known: {_known(trunks)}")
        for index, route in enumerate(config.routes)
        if route.trunk is not None and route.trunk not in trunks
    ]
    known_facilities = {row.id for row in config.facilities}
    for index, route in enumerate(config.routes):
        if route.account_line is not None and (route.facility or "") not in {"", *known_facilities}:
            text = f"there is no facility {route.facility!r}; known: {_known(known_facilities)}"
            found.append((("routes", index, "facility"), text))
        elif route.account_line is not None and not known_facilities:
            found.append((("routes", index, "account_line"), "speaks for a facility, and there is none"))
    users = [("stations", index, "user", row.user) for index, row in enumerate(config.stations)]
    users += [("phones", index, "user", row.user) for index, row in enumerate(config.phones) if row.user]
    users += [("users", index, "user", row.user) for index, row in enumerate(config.users)]
    found += _twice(users, "SIP user")
    found += _twice([("facilities", i, "id", row.id) for i, row in enumerate(config.facilities)], "facility")
    found += _twice([("people", i, "id", row.id) for i, row in enumerate(config.people)], "person")
    found += _twice([("phones", i, "number", row.number) for i, row in enumerate(config.phones)], "number")
    found += _twice([("accounts", i, "id", row.id) for i, row in enumerate(config.accounts)], "account")
    paid = [("accounts", i, "numbers", number) for i, row in enumerate(config.accounts) for number in row.numbers]
    found += _twice(paid, "number of an account")
    found += _twice([("allowances", i, "name", row.name) for i, row in enumerate(config.allowances)], "allowance")
    known = {row.id for row in config.accounts}
    found += [
        (("people", index, "debits"), f"there is no account {row.debits!r} in [[accounts]]; known: {_known(known)}")
        for index, row in enumerate(config.people)
        if row.debits is not None and row.debits not in known
    ]
    found += _twice([("velocity", i, "name", row.name) for i, row in enumerate(config.velocity)], "velocity limit")
    found += _twice([("watches", i, "name", row.name) for i, row in enumerate(config.watches)], "watch")
    privileged = {row.number for row in config.phones if row.privileged}
    found += unwatchable(config.watches, {row.id for row in config.people}, privileged)
    contacts_max = {row.id: row.contacts_max for row in config.facilities}
    found += too_long([(row.allowed, contacts_max.get(row.facility)) for row in config.people])
    found += _twice([("trunks", i, "name", row.name) for i, row in enumerate(config.trunks)], "trunk")
    found += _fees_twice(config.fees)
    found += _pins_twice(config.people)
    found += _ports_twice(config)
    return found


def _known(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _twice(rows: list[tuple[str, int, str, str]], what: str) -> list[Finding]:
    first: set[str] = set()
    found: list[Finding] = []
    for table, index, key, value in rows:
        if value in first:
            found.append(((table, index, key), f"{what} {value!r} is given twice; it must be unique"))
        first.add(value)
    return found


def _fees_twice(fees: Sequence[FeeTable]) -> list[Finding]:
    """Two fees of one channel on one day: nobody could say which is meant."""
    return [
        (
            ("fees", index, "channel"),
            f"{fee.channel!r} has another fee on some of these days; part them by since and until",
        )
        for index, fee in enumerate(fees)
        if any(fee.channel == other.channel and fee.meets(other) for other in fees[:index])
    ]


def _pins_twice(people: Sequence[PersonTable]) -> list[Finding]:
    """Two people of a facility whom their PIN does not tell apart; the PIN itself is not shown."""
    first: dict[tuple[str, str], str] = {}
    found: list[Finding] = []
    for index, person in enumerate(people):
        other = first.setdefault((person.facility, person.pin.get_secret_value()), person.id)
        if other != person.id:
            text = f"{other!r} has the same PIN at {person.facility!r}; it tells who calls, so give each their own"
            found.append((("people", index, "pin"), text))
    return found


def _ports_twice(config: Config) -> list[Finding]:
    """SIP on a port that a call would need for its audio."""
    (host, port), (low, high) = config.switch.listen, config.media.ports
    is_shared = host == config.media.listen or any(
        ipaddress.ip_address(each).is_unspecified for each in (host, config.media.listen)
    )
    if not is_shared or port % 2 or not low <= port <= high:
        return []
    return [(("media", "ports"), f"SIP listens on {port}, one of these; take other ports for one of the two")]
