"""Thresholds as text: what a load must keep to, `p99 setup < 150ms`, and how it did.

threshold = [statistic] measure ["of" kind] ("<" | "<=" | ">" | ">=") value
statistic = "min" | "mean" | "max" | "p" number        for times
measure   = a time (`setup`), a share (`failed`), a number (`calls`) or a rate (`rate`)
kind      = the name of an entry of the mix
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scenarios.load import quantities
from scenarios.load.measures import Measure
from scenarios.load.tally import Tally

SHARES: Final = ("failed", "rtp_loss", "audio_loss")
RATES: Final = ("rate",)
NUMBERS: Final = ("calls", "in_progress")

_PATTERN: Final = re.compile(
    r"\s*(?:(?P<statistic>min|mean|max|p[0-9]+(?:\.[0-9]+)?)\s+)?(?P<measure>[a-z_]+)"
    r"(?:\s+of\s+(?P<kind>[A-Za-z0-9_-]+))?\s*(?P<sign><=|>=|<|>)\s*(?P<value>\S.*?)\s*"
)
_SIGNS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EXAMPLE: Final = "p99 setup < 150ms"


@dataclass(frozen=True, slots=True)
class Threshold:
    """One line of a plan's `thresholds`."""

    text: str
    measure: str
    statistic: str | None
    kind: str | None
    sign: str
    bound: float

    def judge(self, tally: Tally) -> Judged:
        """What was measured, and whether it holds; nothing measured of a time does not hold."""
        value = self._value(tally)
        is_kept = value is not None and _SIGNS[self.sign](value, self.bound)
        return Judged(self, value, is_kept=is_kept)

    def shown(self, value: float | None) -> str:
        """A value of this measure for people."""
        if value is None:
            return "nothing measured"
        if self.measure in SHARES:
            return quantities.share_text(value)
        if self.measure in RATES:
            return quantities.rate_text(value)
        if self.measure in NUMBERS:
            return f"{value:.0f}"
        return quantities.time_text(value)

    def _value(self, tally: Tally) -> float | None:
        match self.measure:
            case "failed":
                return tally.failed_share(self.kind)
            case "rtp_loss":
                return tally.rtp.loss
            case "audio_loss":
                return tally.audio.loss
            case "rate":
                return tally.rate
            case "calls":
                return float(tally.calls(self.kind))
            case "in_progress":
                return float(tally.in_progress_max)
            case _:
                assert self.statistic is not None
                return tally.statistic(Measure(self.measure), self.statistic, self.kind)


@dataclass(frozen=True, slots=True)
class Judged:
    """A threshold after the run."""

    threshold: Threshold
    value: float | None
    is_kept: bool

    def __str__(self) -> str:
        """In a line for people."""
        mark = "kept" if self.is_kept else "BROKEN"
        measured = self.threshold.shown(self.value)
        return f"{mark}: {self.threshold.text} ({measured if self.value is None else f'measured {measured}'})"


def parse_threshold(text: str) -> Threshold:
    """Read a threshold.

    Raises:
        ValueError: It is none; the message says what to write.
    """
    found = _PATTERN.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is not a threshold; write for example "{_EXAMPLE}" or "failed < 0.1%"')
    measure, statistic, kind = found["measure"], found["statistic"], found["kind"]
    times = [item.value for item in Measure]
    known = [*times, *SHARES, *RATES, *NUMBERS]
    if measure not in known:
        close = difflib.get_close_matches(measure, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
        raise ValueError(f"{text!r}: {measure!r} is not measured; {hint}")
    if (measure in times) != (statistic is not None):
        need = f"needs a statistic: p99 {measure}" if statistic is None else "takes no statistic"
        raise ValueError(f"{text!r}: {measure} {need}")
    if statistic is not None and statistic[0] == "p" and float(statistic[1:]) > 100:
        raise ValueError(f"{text!r}: there is no percentile above 100")
    if kind is not None and measure not in (*times, "failed", "calls"):
        raise ValueError(f"{text!r}: {measure} is not told apart by kind of call")
    return Threshold(text.strip(), measure, statistic, kind, found["sign"], _bound(text, measure, found["value"]))


def _bound(text: str, measure: str, value: str) -> float:
    try:
        if measure in SHARES:
            return quantities.share(value)
        if measure in RATES:
            return quantities.per_second(value)
        return float(int(value)) if measure in NUMBERS else quantities.seconds(value)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
