"""Jurisdiction of a call: from the place of its facility and the place of the called number.

    another country                           international
    the same rate centre, or a local pair     local
    another state, or a state nobody knows    interstate
    the same state and LATA                   intralata
    the same state otherwise                  interlata

Deviates: a call to a local pair across a state's border is interstate to the FCC; tariffs price it as local,
and that is what the word is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers

from rating.numbers import MAIN_REGION, NANP_CODE

DOMESTIC: Final = frozenset({MAIN_REGION, "PR", "VI", "GU", "AS", "MP"})
"""The United States and the territories that its numbering and its regulator count in (47 U.S.C. §153)."""


class Jurisdiction(StrEnum):
    """Whose rules, and which rows of a tariff, a call falls under; the nearest first."""

    LOCAL = "local"
    INTRALATA = "intralata"
    INTERLATA = "interlata"
    INTERSTATE = "interstate"
    INTERNATIONAL = "international"


IN_STATE: Final = frozenset({Jurisdiction.LOCAL, Jurisdiction.INTRALATA, Jurisdiction.INTERLATA})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a telephone stands, as far as it is known; empty text is unknown."""

    country: str = MAIN_REGION
    """ISO 3166-1, two letters; territories of the United States are `US` with their postal code as the state."""
    state: str = ""
    """Postal code of a state, territory or province."""
    rate_centre: str = ""
    """Unique within its state."""
    lata: str = ""
    """Three digits: the local access and transport area."""


Centre = tuple[str, str]
"""State and name of a rate centre."""
LocalPair = tuple[Centre, Centre]
"""From where a call to which other rate centre is local; the reverse is a pair of its own."""


def jurisdiction(home: Place, called: Place, local_pairs: Collection[LocalPair] = ()) -> Jurisdiction:
    """Judge a call from a facility at `home` to a number at `called`."""
    if called.country != home.country:
        return Jurisdiction.INTERNATIONAL
    if not (home.state and called.state):
        return Jurisdiction.INTERSTATE
    if home.rate_centre and called.rate_centre:
        from_centre, to_centre = (home.state, home.rate_centre), (called.state, called.rate_centre)
        if from_centre == to_centre or (from_centre, to_centre) in local_pairs:
            return Jurisdiction.LOCAL
    if called.state != home.state:
        return Jurisdiction.INTERSTATE
    return Jurisdiction.INTRALATA if home.lata and home.lata == called.lata else Jurisdiction.INTERLATA


def unplaced(number: str) -> Jurisdiction:
    """What a call to this E.164 number is, when nothing is known of its facility but the country.

    Within the United States and its territories it is interstate.
    """
    return Jurisdiction.INTERSTATE if country_of(number) == MAIN_REGION else Jurisdiction.INTERNATIONAL


def country_of(number: str) -> str:
    """Country of an E.164 number by `phonenumbers`; territories of the United States are `US`, unknown is empty."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    region: str | None = phonenumbers.region_code_for_number(parsed)
    if region is None and parsed.country_code == NANP_CODE:
        return MAIN_REGION
    return MAIN_REGION if region in DOMESTIC else region or ""


class PlaceTable:
    """Places of numbers by the leading digits of their national number (area code, or area code and exchange).

    A longer code fills in what the shorter ones do not say.

    Args:
        places: By code: three digits (NPA) or six (NPA-NXX) of the North American Numbering Plan.
        local_pairs: Rate centres that are local to each other beside being the same.
    """

    __slots__ = ("_local_pairs", "_places")

    def __init__(self, places: dict[str, Place], local_pairs: Collection[LocalPair] = ()) -> None:
        self._places: Final = places
        self._local_pairs: Final = frozenset(local_pairs)

    def place(self, number: str) -> Place:
        """What is known of an E.164 number; where the table says nothing, its country alone."""
        wide = narrow = None
        if number.startswith(f"+{NANP_CODE}"):
            wide, narrow = self._places.get(number[2:5]), self._places.get(number[2:8])
        if narrow is None or wide is None:
            return narrow or wide or Place(country_of(number))
        is_same_state = not narrow.state or narrow.state == wide.state
        return Place(
            narrow.country,
            narrow.state or wide.state,
            narrow.rate_centre or (wide.rate_centre if is_same_state else ""),
            narrow.lata or (wide.lata if is_same_state else ""),
        )

    def jurisdiction(self, home: Place, number: str) -> Jurisdiction:
        """Judge a call from a facility at `home` to an E.164 number."""
        return jurisdiction(home, self.place(number), self._local_pairs)

    def merged(self, other: PlaceTable) -> PlaceTable:
        """Both tables as one; where both name a code, the other's word counts."""
        return PlaceTable(self._places | other._places, self._local_pairs | other._local_pairs)

    def states(self, country: str = MAIN_REGION) -> frozenset[str]:
        """The postal codes of all states of a country that some code is in."""
        return frozenset(place.state for place in self._places.values() if place.state and place.country == country)

    def area_codes(self, is_of: Callable[[Place], bool]) -> list[str]:
        """All area codes whose place answers to the question, in order."""
        return sorted(code for code, place in self._places.items() if len(code) == 3 and is_of(place))
