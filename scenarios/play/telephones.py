"""What the telephones of a scenario are like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import SecretStr

from scenarios.phones.codec import Law
from scenarios.phones.phone import Line

OPTIONS: Final = ("codecs", "events", "rings", "calls", "registered")


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
        options: Mapping[str, Any],
        *,
        number: str | None = None,
        is_registered: bool = True,
    ) -> Self:
        """A telephone with the options a scenario gives it."""
        line = Line(
            user=user,
            password=password.get_secret_value(),
            host=host,
            laws=tuple(Law[codec] for codec in options.get("codecs", ("PCMU", "PCMA"))),
            takes_events=bool(options.get("events", True)),
            is_ringing=bool(options.get("rings", True)),
            calls_max=int(options.get("calls", 1)),
        )
        return cls(name, number, bool(options.get("registered", is_registered)), line)
