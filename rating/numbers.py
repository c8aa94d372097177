"""From dialled digits to a number in E.164, or the reason why it is never dialled.

Numbers of the North American Numbering Plan (country code 1) follow the rules of this module, because
numbers kept free for fiction (555-0100 to 555-0199) and area codes younger than any table must pass. All
others must be valid to `phonenumbers`, which also tells the country and whether the called number bills its
caller: unallocated ranges abroad are where fraud by shared revenue lives, so the table decides there.

Never dialled from a facility (15 CCR 3282): 800, 900, 976, 911, 411 and other special numbers. Here that
is the toll-free family, premium and personal numbers, every N11 and 988, directory assistance, the
operator, and codes that choose another carrier. A number that carries no country, such as a satellite
phone's, is special as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType

DIALLED_MAX: Final = 32
"""Characters: access code and 15 digits of E.164 are 18; the rest is room for separators."""
NANP_CODE: Final = 1
MAIN_REGION: Final = "US"

_SEPARATORS: Final = re.compile(r"[ ().-]")
_SPECIAL: Final = re.compile(r"[2-9]11|988")
"""N11 services and the crisis line (NANP numbers of three digits)."""
_OPERATOR: Final = re.compile(r"0(?!11)|101\d{4}")
"""Operator, operator-assisted and international operator calls (0, 00, 01); carrier choice 101XXXX."""
_NANP: Final = re.compile(r"([2-9]\d\d)([2-9]\d\d)(\d{4})")
_SPECIAL_AREA: Final = re.compile(
    r"800|822|833|844|855|866|877|88[0-9]"  # toll-free, in use and reserved for it
    r"|900|700"  # premium; services of the caller's own carrier
    r"|500|52[1-9]|53[2358]|54[2-79]|55[0234568]|566|569|57[78]|58[89]"  # personal; 555: directories
    r"|600|622|633|644|655|677|688"  # Canadian tariffed services
)
"""Area codes without a place. Personal and tariffed services forward anywhere at a price nobody can foretell."""
_RESERVED_AREA: Final = re.compile(r"\d9\d|37\d|96\d")
"""Kept for a longer numbering plan (N9X) or whole blocks (37X, 96X): no such number exists."""
_CALLER_PAYS: Final = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)
_NO_COUNTRY: Final = "001"
"""What `phonenumbers` calls the region of global services: 800, 808, 870, 878, 881 to 883, 888, 979."""


class Undialable(Enum):
    """Why a dialled number goes nowhere; values are the words of the call record."""

    INVALID_NUMBER = "invalid-number"
    NEVER_DIALABLE = "never-dialable"


@dataclass(frozen=True, slots=True)
class Destination:
    """A number that may be called as far as its digits go."""

    e164: str
    country_code: int
    country: str
    """ISO 3166-1, two letters; of several countries with one code, the one `phonenumbers` finds."""


def normalise(dialled: str) -> Destination | Undialable:
    """Read a number as dialled in the United States.

    Ten digits, 1 and ten digits, 011 and an international number, or + and an international number;
    spaces, dots, hyphens and parentheses are ignored.
    """
    if len(dialled) > DIALLED_MAX:
        return Undialable.INVALID_NUMBER
    compact = _SEPARATORS.sub("", dialled)
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return Undialable.INVALID_NUMBER
    if compact.startswith("+"):
        return _international(digits)
    if digits.startswith("011"):
        return _international(digits[3:])
    if _OPERATOR.match(digits) or _SPECIAL.fullmatch(digits.removeprefix("1")):
        return Undialable.NEVER_DIALABLE
    if len(digits) == 7 and digits.startswith("976"):
        return Undialable.NEVER_DIALABLE
    return _nanp(digits.removeprefix("1"))


def _nanp(national: str) -> Destination | Undialable:
    """Judge a national number of ten digits by the North American Numbering Plan."""
    if _SPECIAL.match(national) and len(national) == 10:
        return Undialable.NEVER_DIALABLE
    parts = _NANP.fullmatch(national)
    if parts is None:
        return Undialable.INVALID_NUMBER
    area, exchange, line = parts.groups()
    if _SPECIAL_AREA.fullmatch(area) or exchange == "976" or (exchange, line) == ("555", "1212"):
        return Undialable.NEVER_DIALABLE
    if _RESERVED_AREA.fullmatch(area) or exchange.endswith("11"):
        return Undialable.INVALID_NUMBER
    number = phonenumbers.PhoneNumber(country_code=NANP_CODE, national_number=int(national))
    country = phonenumbers.region_code_for_number(number) or MAIN_REGION
    return Destination(f"+{NANP_CODE}{national}", NANP_CODE, country)


def _international(digits: str) -> Destination | Undialable:
    """Judge country code and national number."""
    if digits.startswith(str(NANP_CODE)):
        return _nanp(digits[1:])
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return Undialable.INVALID_NUMBER
    code = number.country_code or 0
    main_region = phonenumbers.region_code_for_country_code(code)
    if main_region == _NO_COUNTRY or phonenumbers.number_type(number) in _CALLER_PAYS:
        return Undialable.NEVER_DIALABLE
    if not phonenumbers.is_valid_number(number):
        return Undialable.INVALID_NUMBER
    country = phonenumbers.region_code_for_number(number) or main_region
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Destination(e164, code, country)
