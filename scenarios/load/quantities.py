"""Times, rates and shares as people write them, and back."""

from __future__ import annotations

import re
from typing import Final

_TIMES: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_PER: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_TIME: Final = re.compile(rf"{_NUMBER}\s*([a-z]+)")
_RATE: Final = re.compile(rf"{_NUMBER}\s*/\s*([a-z]+)")
_SHARE: Final = re.compile(rf"{_NUMBER}\s*%")


def seconds(text: str) -> float:
    """Read a time: `150ms`, `1.5s`, `2m`, `1h`.

    Raises:
        ValueError: It is none.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None or found[2] not in _TIMES:
        raise ValueError(f'{text!r} is not a time; write for example "150ms", "20s" or "2m"')
    return float(found[1]) * _TIMES[found[2]]


def per_second(text: str) -> float:
    """Read a rate: `20/s`, `1200/min`; calls a second.

    Raises:
        ValueError: It is none.
    """
    found = _RATE.fullmatch(text.strip())
    if found is None or found[2] not in _PER:
        raise ValueError(f'{text!r} is not a rate; write for example "20/s" or "600/min"')
    return float(found[1]) / _PER[found[2]]


def share(text: str) -> float:
    """Read a share: `0.1%` is 0.001.

    Raises:
        ValueError: It is none, or above a hundred.
    """
    found = _SHARE.fullmatch(text.strip())
    if found is None or float(found[1]) > 100:
        raise ValueError(f'{text!r} is not a share; write for example "0.1%"')
    return float(found[1]) / 100


def time_text(value: float) -> str:
    """A time for people, three digits of it."""
    if value < 1e-3:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.3g} s" if value < 100 else f"{value:.0f} s"


def rate_text(value: float) -> str:
    """A rate for people."""
    return f"{value:.4g}/s"


def share_text(value: float) -> str:
    """A share for people: three digits, however small."""
    return f"{100 * value:.3g}%"
