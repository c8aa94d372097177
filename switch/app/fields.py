"""The scalar fields of the configuration: addresses, amounts, numbers, names, PINs.

Each is checked where it stands, and a wrong one is told with what to write instead; secrets are never shown.
"""

from __future__ import annotations

import ipaddress
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from ledger.money import AmountError, Money


def _address(value: object) -> tuple[str, int]:
    if not isinstance(value, str) or ":" not in value:
        raise ValueError('write "address:port", for example "127.0.0.1:5060"')
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(f"{host!r} is not an IP address; names are not looked up") from None
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise ValueError(f"{port!r} is not a port; 0 to 65535")
    return host, int(port)


def _ip(value: str) -> str:
    ipaddress.ip_address(value)
    return value


def _network(value: object) -> Any:
    return ipaddress.ip_network(value) if isinstance(value, str) else value


def _money(value: object) -> Money:
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise ValueError('write an amount as text, for example "5.00": binary fractions are not exact')
    try:
        amount = Money.from_text(str(value))
    except AmountError as error:
        raise ValueError(str(error)) from None
    if amount.micros < 0:
        raise ValueError("an opening balance is not negative")
    return amount


def must_be_advertised(host: str, advertised: str | None) -> None:
    """Refuse to tell peers an address that means every address.

    Raises:
        ValueError: It listens everywhere and does not say where it is reached.
    """
    if advertised is None and ipaddress.ip_address(host).is_unspecified:
        raise ValueError(f"it listens on {host}, which nobody can be told; say in advertised where it is reached")


def _dialled(pin: SecretStr) -> SecretStr:
    text = pin.get_secret_value()
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("a PIN is dialled; write digits only")
    return pin


Address = Annotated[tuple[str, int], BeforeValidator(_address)]
Ip = Annotated[str, AfterValidator(_ip)]
Amount = Annotated[Money, BeforeValidator(_money)]
Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(_network)]
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Clip = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+(/[a-z0-9_-]+)*$")]
Pin = Annotated[SecretStr, Field(min_length=3, max_length=12), AfterValidator(_dialled)]
Password = Annotated[SecretStr, Field(min_length=1)]
Dialled = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9*#+_.-]{1,32}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^(\+[0-9]{0,15})?$")]
Realm = Annotated[str, StringConstraints(pattern=r'^[^"\\\x00-\x1f]{1,64}$')]

FORMS: Final = {
    r"^\+[1-9][0-9]{6,14}$": 'is not a number in E.164; write it like "+12125550123"',
    r"^\+[0-9]{1,15}$": 'is not the beginning of a number in E.164; write it like "+1212"',
    r"^(\+[0-9]{0,15})?$": 'is not the beginning of a number in E.164; write it like "+1212", or "" for every number',
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$": "is not a name; up to 64 letters, digits, points, hyphens or underscores",
    r"^[a-z0-9_-]+(/[a-z0-9_-]+)*$": 'is not the name of a recording; write it like "name/jordan"',
    r"^[A-Za-z0-9*#+_.-]{1,32}$": "cannot be dialled; up to 32 digits or letters",
    r'^[^"\\\x00-\x1f]{1,64}$': "is not a realm; up to 64 characters, neither quotes nor backslashes",
    r"^[A-Z]{2}$": 'is not the postal code of a state; write it like "CT"',
    r"^([0-9]{3,5})?$": 'is not a LATA; write its digits, as "132"',
    r"^[a-z][a-z0-9-]{0,31}$": 'is not a channel; write it like "web", in small letters',
}
"""What a text that does not match a pattern should look like."""
