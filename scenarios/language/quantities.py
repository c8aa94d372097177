"""Durations, shares and amounts as they stand in a scenario, and their pydantic types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from ledger.money import AmountError, Money

UNITS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

TOLERANCE: Final = 0.05
"""Seconds: what an instant without a tolerance may be off, as the switch promises of its cut."""

_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_PART: Final = re.compile(rf"({_NUMBER})\s*(ms|min|s|m|h|d)")
_DURATION: Final = rf"(?:{_NUMBER}\s*(?:ms|min|s|m|h|d)\s*)+"
_SPAN: Final = re.compile(rf"\s*(?P<length>{_DURATION})(?:(?:±|\+-|\+/-)\s*(?P<tolerance>{_DURATION}))?\s*")
_SHARE: Final = re.compile(rf"\s*({_NUMBER})\s*%\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """A duration or an instant, with how far it may be off."""

    seconds: float
    tolerance: float | None = None

    @property
    def earliest(self) -> float:
        """The least that still fits."""
        return self.seconds - self.slack

    @property
    def latest(self) -> float:
        """The most that still fits."""
        return self.seconds + self.slack

    @property
    def slack(self) -> float:
        """The tolerance, or the usual one."""
        return TOLERANCE if self.tolerance is None else self.tolerance

    def fits(self, seconds: float) -> bool:
        """Whether a measured value is this one."""
        return self.earliest - 1e-9 <= seconds <= self.latest + 1e-9

    def __str__(self) -> str:
        return f"{seconds_text(self.seconds)} ± {seconds_text(self.slack)}"


def seconds_text(seconds: float) -> str:
    """Seconds as people write them: `180 s`, `50 ms`."""
    if 0 < abs(seconds) < 1:
        return f"{seconds * 1000:.3f}".rstrip("0").rstrip(".") + " ms"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"


def parse_span(value: object) -> Span:
    """Read `3s`, `1m30s`, `120s ± 50ms` (`+-` for those without the key).

    Raises:
        ValueError: It is anything else.
    """
    if isinstance(value, Span):
        return value
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{value!r} is no duration; write for example 3s, 500ms, 1m30s or "120s ± 50ms"')
    tolerance = found["tolerance"]
    return Span(_seconds(found["length"]), None if tolerance is None else _seconds(tolerance))


def parse_share(value: object) -> float:
    """Read `2%`.

    Raises:
        ValueError: It is anything else, or more than 100%.
    """
    if isinstance(value, float):
        return value
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if found is None or float(found[1]) > 100:
        raise ValueError(f"{value!r} is no share; write for example 2%")
    return float(found[1]) / 100


def parse_amount(value: object) -> Money:
    """Read an amount from text, or from whole dollars.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, Money):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f'{value!r} is no amount; write for example "0.075"')
    try:
        return Money.from_text(str(value))
    except AmountError as error:
        raise ValueError(str(error)) from None


def _seconds(text: str) -> float:
    return sum(float(number) * UNITS[unit] for number, unit in _PART.findall(text))


def _text_schema(pattern: str, description: str, *examples: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "description": description, "examples": list(examples)}


_LENGTH_PATTERN: Final = (
    r"^\s*([0-9]+(\.[0-9]+)?\s*(ms|min|s|m|h|d)\s*)+((±|\+-|\+/-)\s*([0-9]+(\.[0-9]+)?\s*(ms|min|s|m|h|d)\s*)+)?$"
)

Duration = Annotated[
    Span,
    BeforeValidator(parse_span),
    WithJsonSchema(_text_schema(_LENGTH_PATTERN, "A duration, or an instant with a tolerance.", "3s", "120s ± 50ms")),
]
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    WithJsonSchema(_text_schema(r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$", "A share of all.", "2%")),
]
Amount = Annotated[
    Money,
    BeforeValidator(parse_amount),
    WithJsonSchema(
        {
            "anyOf": [
                _text_schema(r"^-?\$?[0-9]+(\.[0-9]{1,6})?$", "An amount in dollars, in quotes.", "0.075"),
                {"type": "integer", "description": "Whole dollars."},
            ]
        }
    ),
]
