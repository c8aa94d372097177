"""Profiles: the keys, the order of words, the limits of one provider's system, as data.

A profile is a TOML file (`ivr/profiles/*.toml`, or a user's own), read by `ivr.profile_file` into these
frozen values. What one section can tell is checked here; what needs the others, in `ivr.profile_check`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ivr.answering_machine import AnsweringMachine
from ivr.choices import AccountChoice
from ivr.reasons import Reason
from ivr.third_party import ThirdParty
from ledger.money import AmountError, Money

CAP_LEAST: Final = Money(50_000_000)
"""No cap on deposits may be below $50 (S3-1)."""

PRINTABLE: Final = r"^[^\x00-\x1f\x7f]*$"

OVERLAYS_MAX: Final = 8
"""Overlays of one profile: each is a timer of every talk."""

Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{1,2}$")]
OneKey = Annotated[str, StringConstraints(pattern=r"^[0-9]$")]
KeyOrNone = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{0,2}$")]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Clip = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)+$")]
Language = Literal["en", "es"]
Words = tuple[Clip, ...]
"""Clips in a row: of the catalog, or recordings of your own."""


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


class SpokenName(Enum):
    """Which recording of the name the called party hears."""

    CONFIGURED = "configured"
    """That of the configuration, or words in its place."""
    ONCE = "once"
    """Spoken by the person on the first call, and kept."""
    EACH_CALL = "each-call"
    """Spoken before every call."""


class Hears(Enum):
    """Who hears words over the conversation."""

    BOTH = "both"
    CALLER = "caller"
    CALLEE = "callee"


class FinalUnit(Enum):
    """What is done when the last unit of talk that money buys was granted (RFC 8506 §5.6)."""

    TERMINATE = "terminate"
    """Nothing; the talk is cut at its end."""
    REDIRECT = "redirect"
    """Both are told that the money ends, and how to top up; it is cut at its end all the same, unless somebody does."""


class Offer(Enum):
    """How a called party whose number cannot be billed may pay all the same."""

    ONECALL = "onecall"
    """This one call, by card (S1-11)."""
    SALE = "sale"
    """A prepaid account of the number, opened by card while the caller holds (S1-10)."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _wrong(text: str, *place: str | int) -> PydanticCustomError:
    """A mistake of a section, at one of its keys (`ivr.profile_file` finds its line)."""
    return PydanticCustomError("profile", "{text}", {"text": text, "place": place})


def _amount(value: object) -> object:
    """Money as text, or whole dollars; a binary fraction is not exact."""
    if value is None or isinstance(value, Money):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError('write an amount as text, for example "50.00": binary fractions are not exact')
    try:
        return Money.from_text(str(value))
    except AmountError as error:
        raise ValueError(str(error)) from None


def _tell_apart(keys: Mapping[str, str], of_the_file: Collection[str]) -> None:
    """Refuse keys of which one begins another; the complaint is about one of the file, if there is one."""
    for name, key in keys.items():
        for other, other_key in keys.items():
            if name < other and (key.startswith(other_key) or other_key.startswith(key)):
                text = f"{name} and {other} cannot be told apart: {key!r} and {other_key!r}; "
                raise _wrong(text + "no choice may begin another", other if other in of_the_file else name)


class Keys(_Section):
    """The called party's keys. To refuse is to hang up, unless `refuse` names a key as well."""

    accept: Key = "5"
    block: KeyOrNone = "7"
    """Empty: nobody blocks by key."""
    price: Key = "2"
    refuse: Key | None = None
    language: Key | None = None
    """Says the greeting in the next language of the profile."""

    @model_validator(mode="after")
    def _are_apart(self) -> Keys:
        named = {
            name: key for name in ("accept", "block", "price", "refuse", "language") if (key := getattr(self, name))
        }
        _tell_apart(named, self.model_fields_set)
        return self


class Inside(_Section):
    """What the person inside goes through."""

    pin_length: Annotated[int, Field(ge=3, le=12)] = 4
    pin_chosen: Annotated[int, Field(ge=0, le=8)] = 0
    """So many digits at the end of the PIN the person chooses on the first call; the configuration has the others."""
    name: SpokenName = SpokenName.CONFIGURED
    name_seconds: Annotated[float, Field(ge=1, le=10)] = 4
    """How long a spoken name may be."""
    language_keys: tuple[OneKey, ...] = ("1", "2")
    """For each language of the profile; asked only where there are several."""
    pin_tries: Annotated[int, Field(ge=1, le=9)] = 3
    lockout: Seconds = 300
    """How long PINs are refused at a station after the last bad try."""
    collect_key: OneKey = "0"
    debit_key: OneKey = "1"
    balance_key: OneKey | None = None
    """Tells money and free talk that are left, before a number is asked for."""
    tells_debit_price: bool = True
    """Whether the person inside hears the price of a debit call before it rings."""
    number_tries: Annotated[int, Field(ge=1, le=9)] = 3
    first_key: Seconds = 8
    next_key: Seconds = 4
    menus: tuple[str, ...] = ()
    """Menus of `ivr.menus` that the person goes through after the PIN, in order."""

    @model_validator(mode="after")
    def _are_apart(self) -> Inside:
        if self.collect_key == self.debit_key:
            raise _wrong("collect_key and debit_key are the same; give each its own key", "debit_key")
        if self.balance_key in {self.collect_key, self.debit_key}:
            raise _wrong("balance_key chooses who pays already; give it a key of its own", "balance_key")
        if len(set(self.language_keys)) < len(self.language_keys):
            raise _wrong("gives two languages the same key", "language_keys")
        if self.pin_chosen > self.pin_length - 2:
            text = "leaves fewer than two digits that tell people apart; choose fewer, or make pin_length larger"
            raise _wrong(text, "pin_chosen")
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
    provider: Clip = "provider/payphone"
    when_silent: Words = ()
    """Said to whoever pressed nothing, a machine that answers, before it is released."""

    @model_validator(mode="after")
    def _can_be_accepted(self) -> Outside:
        if len(set(self.greeting)) != len(self.greeting):
            twice = next(at for at, part in enumerate(self.greeting) if part in self.greeting[:at])
            raise _wrong(f"names {self.greeting[twice].value!r} twice", "greeting", twice)
        for part in (Part.ACCEPT, Part.RECORDED, Part.PRICE):
            if part not in self.greeting:
                raise _wrong(f"lacks {part.value!r}; the called party must hear it", "greeting")
        return self


class Talking(_Section):
    """Limits and warnings of the conversation."""

    limit: Annotated[float, Field(gt=0, le=24 * 3600)] = 900
    warnings: tuple[Seconds, ...] = (60, 30)
    """So many seconds before the end they are warned."""
    warnings_heard_by: Hears = Hears.BOTH
    warning_words: dict[Annotated[str, StringConstraints(pattern=r"^[0-9]+$")], Words] = Field(default={})
    """Words of your own by the seconds left, where the usual ones are not wanted."""
    slice: Seconds = 60
    """Talk held ahead, in seconds; rounded up to the tariff's increments."""
    final_unit: FinalUnit = FinalUnit.TERMINATE

    @model_validator(mode="after")
    def _warn_in_order(self) -> Talking:
        if list(self.warnings) != sorted(set(self.warnings), reverse=True):
            raise _wrong("warnings must fall, for example [60, 30]", "warnings")
        return self

    @property
    def limit_talk(self) -> timedelta:
        """The longest talk."""
        return timedelta(seconds=self.limit)


class Overlay(_Section):
    """Words over the conversation, again and again while it lasts."""

    every: Annotated[float, Field(ge=10, le=3600)]
    """Seconds of talk between two of them."""
    first: Seconds | None = None
    """The second of talk of the first one; `every` if left out."""
    words: Words = ("talk/from-facility",)
    heard_by: Hears = Hears.BOTH

    @property
    def starts(self) -> float:
        """The second of talk of the first one."""
        return self.every if self.first is None else self.first


class Retry(_Section):
    """How long the same person waits until the same number is called again."""

    wait: Annotated[float, Field(ge=0, le=7 * 24 * 3600)] = 0
    """Seconds from the end of a call that came to nothing; 0: none."""
    after: tuple[Reason, ...] = (
        Reason.REFUSED,
        Reason.NOT_ACCEPTED,
        Reason.ANSWERING_MACHINE,
        Reason.NO_ANSWER,
    )
    """How that call ended."""


class Deposits(_Section):
    """Money put on accounts."""

    cap: Annotated[Money, BeforeValidator(_amount), PlainSerializer(str)] | None = None
    """The most that one payment may be; a switch keeps to the lowest cap of its profiles and its configuration."""

    @model_validator(mode="after")
    def _is_legal(self) -> Deposits:
        if self.cap is not None and self.cap < CAP_LEAST:
            text = f"a cap of ${self.cap} is illegal: nobody may be kept from paying ${CAP_LEAST} at once"
            raise _wrong(f"{text}; raise it, or leave it out", "cap")
        return self


class AccountLine(_Section):
    """The line that the family calls (S3-13). Cards need a payment processor in the configuration."""

    deposits: bool = True
    """Whether money is added by card there; how it is asked for, and its channel, are those of `card`."""
    most: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Dollars: the most of one payment there; a lower cap of the switch holds all the same (S3-1)."""
    balance_key: Key = "1"
    deposit_key: Key = "2"
    block_key: Key = "3"
    service_key: Key = "0"

    @property
    def keys(self) -> dict[AccountChoice, Key]:
        """The key of each choice."""
        return {choice: getattr(self, f"{choice.value}_key") for choice in AccountChoice}

    @model_validator(mode="after")
    def _are_apart(self) -> AccountLine:
        _tell_apart({f"{choice.value}_key": key for choice, key in self.keys.items()}, self.model_fields_set)
        return self

    @model_validator(mode="after")
    def _is_legal(self) -> AccountLine:
        if self.most < CAP_LEAST.decimal:
            text = f"${self.most} at most is illegal: nobody may be kept from paying ${CAP_LEAST} at once"
            raise _wrong(f"{text}; raise it, or leave it out", "most")
        return self


class Card(_Section):
    """What a number that cannot be billed is offered. Cards need a payment processor in the configuration."""

    offers: tuple[Offer, ...] = ()
    """In the order in which they are said; none: such a number is not called at all."""
    courtesy: Annotated[float, Field(ge=0, le=600)] = 0
    """Seconds of the one free call that each such number gets before anything is offered; 0: it gets none."""
    onecall_key: Key = "1"
    sale_key: Key = "2"
    amounts: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(min_length=1, max_length=9)] = (25, 50)
    """Deposits of a sale in dollars, chosen by the keys 1, 2, ... in this order."""
    most: Annotated[Decimal, Field(gt=0, le=10_000, decimal_places=2)] | None = None
    """Dollars: the most that is authorised for one call, though its longest talk may cost more."""
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "phone"
    """The channel of the payment, which decides its fee (S3-7)."""
    tries: Annotated[int, Field(ge=1, le=9)] = 3
    """Of each choice and of each thing that is entered; and so many cards may be declined."""
    first_key: Seconds = 10
    next_key: Seconds = 5
    answer: Annotated[float, Field(gt=0, le=120)] = 20
    """Seconds until a payment processor that says nothing is taken not to answer."""

    @model_validator(mode="after")
    def _are_apart(self) -> Card:
        if self.onecall_key.startswith(self.sale_key) or self.sale_key.startswith(self.onecall_key):
            raise ValueError(
                f"onecall_key {self.onecall_key!r} and sale_key {self.sale_key!r} cannot be told apart; "
                "no choice may begin another"
            )
        if len(set(self.offers)) != len(self.offers) or len(set(self.amounts)) != len(self.amounts):
            raise ValueError("offers and amounts may name nothing twice")
        return self


class Profile(_Section):
    """One provider's system."""

    name: Annotated[str, StringConstraints(pattern=PRINTABLE, min_length=1, max_length=80)]
    title: Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=80)] = ""
    """What people call it, for reports."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("en",)
    """The first is spoken where nobody chose."""
    keys: Keys = Keys()
    inside: Inside = Inside()
    outside: Outside = Outside()
    talking: Talking = Talking()
    overlays: Annotated[tuple[Overlay, ...], Field(max_length=OVERLAYS_MAX)] = ()
    retry: Retry = Retry()
    reasons: dict[Reason, Words] = Field(default={})
    """Words of your own for a reason that the person inside is told."""
    deposits: Deposits = Deposits()
    card: Card = Card()
    account_line: AccountLine = AccountLine()
    machine: AnsweringMachine = AnsweringMachine()
    third_party: ThirdParty = ThirdParty()

    @model_validator(mode="after")
    def _can_be_understood(self) -> Profile:
        if len(set(self.languages)) < len(self.languages):
            raise _wrong("names a language twice", "languages")
        if len(self.languages) > len(self.inside.language_keys):
            text = f"has {len(self.inside.language_keys)} keys for {len(self.languages)} languages; give one to each"
            raise _wrong(text, "inside", "language_keys")
        if self.keys.language is not None and len(self.languages) < 2:
            raise _wrong("changes to no other language: languages has one; leave the key out", "keys", "language")
        return self
