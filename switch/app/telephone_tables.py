"""The tables of the configuration that are of telephones: SIP, media, words, who is where, and routes.

`switch.app.config` has the whole file; money and controls have tables of their own beside this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from ivr.ports import Acceptance
from ivr.profile import Language
from rating.calendar import is_zone
from switch.app.control_tables import Limited, LimitedFacility
from switch.app.fields import (
    E164,
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
from switch.directory.people import LineType


class Table(BaseModel):
    """A table of the file: frozen, and without keys nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class SwitchTable(Table):
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


class MediaTable(Table):
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


class BookTable(Table):
    """`[book]`: the ledger's database."""

    url: str = "sqlite+aiosqlite:///payphone.db"
    records: Path | None = None
    """A file that gets each call record as a line of JSON, besides the book."""


class PromptsTable(Table):
    """`[prompts]`: the words."""

    overrides: Path | None = None
    """A folder of your own recordings; a file of the same name replaces ours."""


class FacilityTable(Table, LimitedFacility):
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


class StationTable(Table, Limited):
    """`[[stations]]`: a phone inside."""

    user: Name
    password: Password
    facility: Name
    off: bool = False


class PersonTable(Table, Limited):
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


class PhoneTable(Table, Limited):
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


class LineTable(Table):
    """`[[lines]]`: the line table, by prefix of the number."""

    prefix: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{1,15}$")]
    type: LineType
    bills: bool = True
    approved: bool = True


class TrunkTable(Table):
    """`[[trunks]]`: a gateway that takes calls."""

    name: Name
    address: Address
    prefixes: tuple[Prefix, ...] = ("",)


class UserTable(Table):
    """`[[users]]`: a SIP account and nothing more (a load test's)."""

    user: Name
    password: Password


class RouteTable_(Table):  # noqa: N801 - the table of one route, beside routing.RouteTable
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
