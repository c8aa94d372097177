"""From a valid configuration to the values the switch works with.

What only files can tell (tariffs, profiles, recordings) is checked here, with the place in the
configuration that names them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.mistake import Mistake
from ivr.profile import Offer, Profile
from ivr.profile_check import wordless
from ivr.profile_file import ProfileError, ProfileFile, read_profile
from ledger.address import book_url
from ledger.chart import advancepay, debit
from ledger.errors import BookAddressError
from ledger.money import MICROS_PER_UNIT, ZERO, AccountId, Money
from ledger.products.policy import ChannelFee, DepositPolicy
from prompts.audio import AudioError, Library
from prompts.catalog import LANGUAGES, ClipId
from rating.jurisdiction import Place
from rating.locate import key_text
from switch.app.config import Config, ConfigError
from switch.app.control_tables import controls_of, restrictions
from switch.app.load_pricing import load_pricing
from switch.call.pricing import Pricing
from switch.directory.people import (
    CalledNumber,
    Directory,
    Facility,
    FacilityId,
    Line,
    PersonId,
    PersonInside,
    Station,
    StationId,
)
from switch.directory.rules import Controls
from switch.routing.routes import AccountRoute, BridgeRoute, MenuRoute, Route, RouteTable, Trunk


@dataclass(frozen=True, slots=True)
class Opening:
    """How the configuration opens an account, once."""

    deposit: Money
    credit_limit: Money | None = None
    numbers: tuple[str, ...] = ()
    settles_later: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Everything a configuration says, checked and ready."""

    config: Config
    pricing: Pricing
    profiles: Mapping[str, Profile]
    directory: Directory
    controls: Controls
    routes: RouteTable
    library: Library
    passwords: Mapping[str, str]
    openings: Mapping[AccountId, Opening]
    """Accounts that the configuration opens."""
    deposits: DepositPolicy
    """Caps and fees of payments."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What of a configuration concerns people and money, not calls."""

    directory: Directory
    deposits: DepositPolicy


def build_world(
    config: Config, file: str, base: Path, *, library: Callable[[Sequence[str]], Library] | None = None
) -> World:
    """Load what the configuration names; relative paths start at `base`, the file's folder.

    `library` gives the recordings of some languages, for who builds many worlds and reads them but once.

    Raises:
        ConfigError: With every mistake found.
    """
    mistakes: list[Mistake] = []
    pricing, read = _rules(config, file, base, mistakes)
    profiles = {name: each.profile for name, each in read.items()}
    languages = _languages(config, profiles)
    words = library(languages) if library else _library(config, file, base, languages, mistakes)
    _named_clips(config, file, words, mistakes)
    _profile_clips(config, file, read, words, mistakes)
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return World(
        config=config,
        pricing=pricing,
        profiles=profiles,
        directory=directory_of(config, pricing),
        controls=controls_of(config.controls, config.velocity, config.watches),
        routes=_routes(config),
        library=words,
        passwords=_passwords(config),
        openings=_openings(config),
        deposits=deposits_of(config, profiles),
    )


def build_rules(config: Config, file: str, base: Path) -> Rules:
    """Load what the configuration names, but no recordings: `build_world` looks for those too.

    Raises:
        ConfigError: With every mistake found.
    """
    mistakes: list[Mistake] = []
    pricing, read = _rules(config, file, base, mistakes)
    if mistakes:
        raise ConfigError(tuple(mistakes))
    profiles = {name: each.profile for name, each in read.items()}
    return Rules(directory_of(config, pricing), deposits_of(config, profiles))


def _rules(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> tuple[Pricing, dict[str, ProfileFile]]:
    """Prices and profiles, with every mistake that can be told without recordings."""
    pricing = load_pricing(config, file, base, mistakes)
    read = _profiles_of(config, file, base, mistakes)
    profiles = {name: each.profile for name, each in read.items()}
    _pins(config, file, profiles, mistakes)
    _sales(config, file, profiles, mistakes)
    _book(config, file, mistakes)
    return pricing, read


def _profiles_of(config: Config, file: str, base: Path, mistakes: list[Mistake]) -> dict[str, ProfileFile]:
    """The profiles of the facilities, by the names that these give."""
    profiles: dict[str, ProfileFile] = {}
    for index, facility in enumerate(config.facilities):
        name = facility.profile
        try:
            profiles[name] = read_profile(str(base / name) if name.endswith(".toml") else name)
        except ProfileError as error:
            line = config.line("facilities", index, "profile")
            mistakes.append(Mistake(file, line, f"facilities[{index}].profile", str(error)))
    return profiles


def _profile_clips(
    config: Config, file: str, profiles: Mapping[str, ProfileFile], library: Library, mistakes: list[Mistake]
) -> None:
    """Every recording that a profile names must be there."""
    for name, read in profiles.items():
        place = ("facilities", next(i for i, row in enumerate(config.facilities) if row.profile == name), "profile")
        mistakes += [
            Mistake(file, config.line(*place), key_text(place), str(wrong))
            for wrong in read.mistakes(wordless(read.profile, library.has))
        ]


def _pins(config: Config, file: str, profiles: Mapping[str, Profile], mistakes: list[Mistake]) -> None:
    """A PIN of another length than its facility's profile asks for could never be entered."""
    insides = {row.id: profiles[row.profile].inside for row in config.facilities if row.profile in profiles}
    lengths = {facility: inside.pin_length - inside.pin_chosen for facility, inside in insides.items()}
    for index, person in enumerate(config.people):
        wanted = lengths.get(person.facility, len(person.pin))
        if len(person.pin) != wanted:
            text = f"has {len(person.pin)} digits; the profile of {person.facility!r} asks for {wanted}"
            mistakes.append(Mistake(file, config.line("people", index, "pin"), f"people[{index}].pin", text))


def _sales(config: Config, file: str, profiles: Mapping[str, Profile], mistakes: list[Mistake]) -> None:
    """No account is sold with a deposit above the cap of payments (S3-1)."""
    cap = deposits_of(config, profiles).cap
    for index, facility in enumerate(config.facilities):
        card = profiles[facility.profile].card if facility.profile in profiles else None
        if card is None or cap is None or Offer.SALE not in card.offers or config.payments.processor is None:
            continue
        if (most := Money(max(card.amounts) * MICROS_PER_UNIT)) > cap:
            text = f"{facility.profile}: sells accounts with deposits up to {most}, and no payment may be above {cap}"
            mistakes.append(
                Mistake(file, config.line("facilities", index, "profile"), f"facilities[{index}].profile", text)
            )


def _book(config: Config, file: str, mistakes: list[Mistake]) -> None:
    try:
        book_url(config.book.url)
    except BookAddressError as error:
        mistakes.append(Mistake(file, config.line("book", "url"), "book.url", str(error)))


def _languages(config: Config, profiles: Mapping[str, Profile]) -> tuple[str, ...]:
    """Every language that somebody may hear; English has the sounds that all share."""
    spoken = [language for profile in profiles.values() for language in profile.languages]
    greeted = [row.language for row in config.phones if row.language is not None]
    return tuple(dict.fromkeys(("en", *spoken, *greeted)))


def _library(config: Config, file: str, base: Path, languages: Sequence[str], mistakes: list[Mistake]) -> Library:
    overrides = config.prompts.overrides
    first, *others = (LANGUAGES[language] for language in languages)
    library = Library(first, base / overrides if overrides else None, others=others)
    try:
        library.load_all()
    except AudioError as error:
        mistakes.append(Mistake(file, config.line("prompts"), "prompts", str(error)))
    return library


def _named_clips(config: Config, file: str, library: Library, mistakes: list[Mistake]) -> None:
    """Every recording that the configuration names must be there."""
    named: list[tuple[tuple[str | int, ...], str]] = []
    named += [(("facilities", i, "name"), row.name) for i, row in enumerate(config.facilities)]
    named += [(("people", i, "name"), row.name) for i, row in enumerate(config.people)]
    named += [
        (("routes", i, "words", n), clip) for i, row in enumerate(config.routes) for n, clip in enumerate(row.words)
    ]
    for place, clip in named:
        try:
            library.clip(ClipId(clip))
        except AudioError as error:
            mistakes.append(Mistake(file, config.line(*place), key_text(place), str(error)))


def directory_of(config: Config, pricing: Pricing) -> Directory:
    """Who is where."""
    zone = next((tariff.zone for tariff in pricing.deck.tariffs), "UTC")
    return Directory(
        facilities=[
            Facility(
                FacilityId(row.id),
                ClipId(row.name),
                row.profile,
                is_free=row.free,
                zone=row.zone or zone,
                place=Place(state=row.state or "", rate_centre=row.rate_centre, lata=row.lata),
                taxed_by=row.taxed_by,
                state_pays=row.state_pays,
                bars_cell_phones=not row.cell_phones,
                debit_needs_account=row.debit_needs_account,
                hours=row.calling_hours(row.zone or zone),
                hours_end_talk=row.hours_end_talk,
                is_off=row.off,
                lists=row.list_rules,
                **restrictions(row),
            )
            for row in config.facilities
        ],
        stations=[
            Station(StationId(row.user), FacilityId(row.facility), is_off=row.off, **restrictions(row))
            for row in config.stations
        ],
        people=[
            PersonInside(
                PersonId(row.id),
                FacilityId(row.facility),
                row.pin.get_secret_value(),
                ClipId(row.name),
                None if row.allowed is None else frozenset(row.allowed),
                None if row.debits is None else AccountId(row.debits),
                inmate_id=row.inmate_id,
                legal_name=row.legal_name,
                **restrictions(row),
            )
            for row in config.people
        ],
        numbers=[
            CalledNumber(
                row.number,
                row.user,
                is_privileged=row.privileged,
                is_free=row.free,
                acceptance=row.accepts,
                language=row.language,
                **restrictions(row),
            )
            for row in config.phones
        ],
        lines=[Line(row.prefix, row.type, row.bills, row.approved) for row in config.lines],
    )


def _routes(config: Config) -> RouteTable:
    routes: list[Route] = []
    for row in config.routes:
        if row.account_line is not None:
            facility = row.facility or config.facilities[0].id
            routes.append(AccountRoute(row.account_line, facility, row.trunk, row.bridge_to))
        elif row.bridge is not None and row.trunk is not None:
            routes.append(BridgeRoute(row.bridge, row.trunk))
        elif row.menu is not None and row.trunk is not None:
            routes.append(MenuRoute(row.menu, tuple(map(ClipId, row.words)), row.bridge_to, row.trunk))
    return RouteTable(
        routes=routes,
        trunks=[Trunk(row.name, row.address, row.prefixes) for row in config.trunks],
        trusted=config.switch.trusted,
    )


def _passwords(config: Config) -> dict[str, str]:
    passwords = {row.user: row.password.get_secret_value() for row in config.stations}
    passwords |= {row.user: row.password.get_secret_value() for row in config.users}
    for row in config.phones:
        if row.user is not None and row.password is not None:
            passwords[row.user] = row.password.get_secret_value()
    return passwords


def _openings(config: Config) -> dict[AccountId, Opening]:
    openings = {advancepay(row.number): Opening(row.advancepay) for row in config.phones if row.advancepay is not None}
    openings |= {debit(row.id): Opening(row.debit) for row in config.people if row.debit is not None}
    openings |= {
        row.account_id: Opening(row.deposit or ZERO, row.credit_limit, row.numbers, settles_later=row.settles_later)
        for row in config.accounts
    }
    return openings


def deposits_of(config: Config, profiles: Mapping[str, Profile]) -> DepositPolicy:
    """Caps and fees of payments. The lowest cap holds: an account may be of people called from every facility."""
    caps = [config.billing.deposit_cap, *(profile.deposits.cap for profile in profiles.values())]
    fees = tuple(ChannelFee(row.channel, row.fee, row.since, row.until) for row in config.fees)
    return DepositPolicy(fees, min((cap for cap in caps if cap is not None), default=None))
