"""The configuration: one TOML file, validated once into frozen values.

Every mistake is told at once, each with file, line and key, and what to write instead.
`switch.app.world` turns a valid configuration into the values the switch works with.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from ivr.ports import Acceptance
from ivr.profile import Language
from rating.calendar import is_zone
from rating.locate import Lines, key_text
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
    Limited,
    LimitedFacility,
    VelocityTable,
    WatchTable,
    too_long,
    unwatchable,
)
from switch.app.fields import (
    E164,
    FORMS,
    Address,
    Amount,
    Clip,
    Dialled,
    Ip,
    Name,
    Network,
    Password,
    Pin,
    Prefix,
    Realm,
    must_be_advertised,
)
from switch.app.message_tables import MessagesTable
from switch.directory.people import LineType

FILE_SIZE_MAX: Final = 10_000_000
"""Ten megabytes: a hundred thousand stations; a larger file is not a configuration."""


class ConfigError(Exception):
    """The configuration cannot be used. `mistakes` tells every reason."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend."""

    file: str
    line: int | None
    key: str
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.text}" if self.key else f"{place}: {self.text}"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SwitchTable(_Table):
    """`[switch]`: SIP."""

    listen: Address = ("127.0.0.1", 5060)
    advertised: Ip | None = None
    """What Via and Contact say, where it is not the address listened on."""
    realm: Realm = "payphone"
    algorithms: tuple[Literal["MD5", "SHA-256"], ...] = ("MD5",)
    trusted: tuple[Network, ...] = ()
    calls_max: Annotated[int, Field(ge=1, le=100_000)] = 2_000

    @model_validator(mode="after")
    def _is_reached(self) -> SwitchTable:
        must_be_advertised(self.listen[0], self.advertised)
        return self


class MediaTable(_Table):
    """`[media]`: RTP."""

    listen: Ip = "127.0.0.1"
    advertised: Ip | None = None
    ports: tuple[Annotated[int, Field(ge=1024, le=65535)], Annotated[int, Field(ge=1024, le=65535)]] = (
        20_000,
        28_000,
    )
    recordings: Path | Literal[False] = Path("recordings")
    """The folder of the recordings; false records nothing."""
    names: Path = Path("names")
    """The folder of the names that people spoke (`name` of a profile)."""
    codecs: tuple[Literal["PCMU", "PCMA"], ...] = ("PCMU", "PCMA")
    silence_max: Annotated[float, Field(ge=1, le=3600)] = 30
    """Seconds without any RTP from a party after which the call is ended: its phone is gone."""

    @model_validator(mode="after")
    def _has_ports(self) -> MediaTable:
        if self.ports[1] - self.ports[0] < 3:
            raise ValueError("ports must span at least four ports, for example [20000, 28000]")
        must_be_advertised(self.listen, self.advertised)
        return self


class BookTable(_Table):
    """`[book]`: the ledger's database."""

    url: str = "sqlite+aiosqlite:///payphone.db"
    records: Path | None = None
    """A file that gets each call record as a line of JSON, besides the book."""


class PromptsTable(_Table):
    """`[prompts]`: the words."""

    overrides: Path | None = None
    """A folder of your own recordings; a file of the same name replaces ours."""


class FacilityTable(_Table, LimitedFacility):
    """`[[facilities]]`."""

    id: Name
    name: Clip = "facility/correctional-facility"
    profile: str = "california-gtl"
    free: bool = False
    zone: str | None = None
    """Whose days and months count; that of the first tariff if left out."""
    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    """Postal code: with it calls within the state are told from others."""
    rate_centre: str = ""
    lata: Annotated[str, StringConstraints(pattern=r"^([0-9]{3,5})?$")] = ""
    taxed_by: tuple[str, ...] = ()
    """Jurisdictions of the tables of taxes that tax its calls (S3-8)."""
    state_pays: str | None = None
    """The state that pays a share of its calls."""
    cell_phones: bool = True
    """Whether cell phones may be called at all (S3-4)."""
    debit_needs_account: bool = False
    """Whether debit calls go only to numbers that some account pays for (S3-6)."""

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str | None) -> str | None:
        if zone is not None and not is_zone(zone):
            raise ValueError(f"this machine knows no time zone {zone!r}; write one like America/Los_Angeles")
        return zone


class StationTable(_Table, Limited):
    """`[[stations]]`: a phone inside."""

    user: Name
    password: Password
    facility: Name
    off: bool = False


class PersonTable(_Table, Limited):
    """`[[people]]`: a person inside."""

    id: Name
    pin: Pin
    facility: Name
    name: Clip = "name/incarcerated-person"
    allowed: tuple[E164, ...] | None = None
    debit: Amount | None = None
    """Opens an inmate debit account with this much, once."""
    debits: str | None = None
    """The account that debit calls are taken from, instead of one of their own (S3-6)."""
    inmate_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)] | None = None
    """With `legal_name`: what a sender to the trust account must know (S2-4)."""
    legal_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _is_known(self) -> PersonTable:
        if (self.inmate_id is None) != (self.legal_name is None):
            raise ValueError("give both inmate_id and legal_name, or neither: senders to the trust account need both")
        return self


class PhoneTable(_Table, Limited):
    """`[[phones]]`: a called number; with `user` and `password` a softphone registers for it."""

    number: E164
    user: Name | None = None
    password: Password | None = None
    advancepay: Amount | None = None
    """Opens an AdvancePay account with this much, once."""
    privileged: bool = False
    free: bool = False
    accepts: Acceptance = Acceptance.KEY
    """By `key`, by staying on the line (`passive`), or by the `answer`: without a greeting, and free."""
    language: Language | None = None
    """The language of its greeting; the first of the profile if left out."""

    @model_validator(mode="after")
    def _can_register(self) -> PhoneTable:
        if (self.user is None) != (self.password is None):
            raise ValueError("give both user and password, or neither (a number behind a trunk)")
        return self


class LineTable(_Table):
    """`[[lines]]`: the line table, by prefix of the number."""

    prefix: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{1,15}$")]
    type: LineType
    bills: bool = True
    approved: bool = True


class TrunkTable(_Table):
    """`[[trunks]]`: a gateway that takes calls."""

    name: Name
    address: Address
    prefixes: tuple[Prefix, ...] = ("",)


class UserTable(_Table):
    """`[[users]]`: a SIP account and nothing more (a load test's)."""

    user: Name
    password: Password


class RouteTable_(_Table):  # noqa: N801 - the table of one route, beside routing.RouteTable
    """`[[routes]]`: numbers outside the story."""

    bridge: Dialled | None = None
    """A prefix of the dialled user part, bridged plainly to the trunk."""
    menu: Dialled | None = None
    """A service number: say `words`, take a key, bridge to `bridge_to` + key."""
    account_line: Dialled | None = None
    """The family's line: balance and blocks by keypad."""
    words: tuple[Clip, ...] = ()
    bridge_to: str = ""
    """Before the key of a menu; of an account line, what customer service is dialled as."""
    trunk: Name | None = None
    facility: Name | None = None
    """Of an account line, whose profile is spoken: the first if left out."""

    @model_validator(mode="after")
    def _is_one(self) -> RouteTable_:
        if sum(each is not None for each in (self.bridge, self.menu, self.account_line)) != 1:
            raise ValueError("give one of bridge = PREFIX, menu = NUMBER, account_line = NUMBER")
        if self.trunk is None and self.account_line is None:
            raise ValueError("trunk is missing: who takes the call?")
        if self.account_line is not None and (self.trunk is None) != (not self.bridge_to):
            raise ValueError("customer service needs both trunk and bridge_to; leave both out if there is none")
        if self.facility is not None and self.account_line is None:
            raise ValueError("facility is of an account line alone")
        return self


class Config(_Table):
    """The whole file."""

    switch: SwitchTable = SwitchTable()
    media: MediaTable = MediaTable()
    book: BookTable = BookTable()
    prompts: PromptsTable = PromptsTable()
    tariffs: tuple[str, ...] = ("california-2021",)
    priced_as_on: date | None = None
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
    return validate_config(raw, file, Lines(text))


def validate_config(raw: Mapping[str, Any], file: str, lines: Lines) -> Config:
    """Validate what a file says, read already; `lines` knows where each key stands.

    Raises:
        ConfigError: With every mistake found.
    """
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(
            tuple(
                Mistake(file, lines.line(item["loc"]), key_text(item["loc"]), _remedy(item))
                for item in error.errors(include_input=False, include_url=False)
            )
        ) from None  # Its text would show what was written, secrets too.
    config._lines = lines
    mistakes = tuple(
        Mistake(file, lines.line(place), key_text(place), message) for place, message in _unrelated(config)
    )
    if mistakes:
        raise ConfigError(mistakes)
    return config


def _remedy(error: ErrorDetails) -> str:
    kind, message = error["type"], error["msg"]
    if kind == "string_pattern_mismatch":
        return FORMS.get(error["ctx"]["pattern"], message)
    if kind == "extra_forbidden":
        return "is not a key of this table; see docs/configuration.md"
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


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
    found += _twice(
        [("people", i, "pin", f"{p.facility} {p.pin.get_secret_value()}") for i, p in enumerate(config.people)],
        "PIN at this facility",
        is_secret=True,
    )
    return found


def _known(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _twice(rows: list[tuple[str, int, str, str]], what: str, *, is_secret: bool = False) -> list[Finding]:
    first: dict[str, int] = {}
    found: list[Finding] = []
    for table, index, key, value in rows:
        if value in first:
            shown = "the same" if is_secret else f"{value!r}"
            found.append(((table, index, key), f"{what} {shown} is given twice; it must be unique"))
        first.setdefault(value, index)
    return found
