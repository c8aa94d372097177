"""What the telephones of a scenario are like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr

from scenarios.language.steps import Softphone
from scenarios.phones.codec import Law
from scenarios.phones.phone import Line


@dataclass(frozen=True, slots=True)
class Telephone:
    """One softphone, and whose it is."""

    name: str
    """The name of its actor."""
    number: str | None
    """Its called number, None for a station."""
    is_registered: bool
    """Whether it registers at the start, and after each restart."""
    line: Line

    @classmethod
    def of(
        cls,
        name: str,
        user: str,
        password: SecretStr,
        host: str,
        options: Softphone,
        *,
        number: str | None = None,
        is_registered: bool = True,
    ) -> Self:
        """A telephone with the options a scenario gives it."""
        line = Line(
            user=user,
            password=password.get_secret_value() if options.password is None else options.password,
            host=host,
            laws=tuple(Law[codec] for codec in options.codecs),
            takes_events=options.events,
            is_ringing=options.rings,
            calls_max=options.calls,
        )
        return cls(name, number, is_registered if options.registered is None else options.registered, line)
