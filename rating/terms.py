"""Terms: all that the price of one call depends on, fixed at admission.

Nobody knows at admission when the call will be accepted. So the terms hold every price that can apply from
admission to the limit of the talk, by offset; `Terms.accepted` moves them to the instant of acceptance. Nothing is
looked up again: neither a change of tariffs nor a crash changes what a call costs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, TypeAlias

from rating.errors import RateError
from rating.rounding import grains
from rating.stairs import SECOND, Pace, Stairs
from rating.tariff import MidCall, Rate
from rating.tax import Levy, LevyKind, StateShare

SEGMENTS_MAX: Final = 64
"""More changes of price than that in one call is a mistake of units."""
FREE_SECONDS_MAX: Final = 10_000_000
"""Free talk of one call: more than any month has."""

INSTANT: Final = timedelta(microseconds=1)
START: Final = timedelta(0)
_VERSION: Final = 1
_KEYS: Final = {"terms", "as_of", "segments", "mid_call", "free_seconds", "allowance", "levies", "share"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A rate that holds from an offset on."""

    after: timedelta
    rate: Rate
    band: str = ""
    """Empty outside every band."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a call costs, if it is accepted at the instant `as_of`.

    Raises:
        RateError: No segment begins at once, they are not in their order, or something is out of range.
    """

    segments: tuple[Segment, ...]
    """In their order, the first at offset zero; the last holds without end."""
    as_of: datetime | None = None
    """Where offsets are counted from: admission, later acceptance; None where nothing depends on it."""
    mid_call: MidCall = MidCall.FIXED
    free_seconds: int = 0
    """Of an allowance; they come before money, from acceptance on."""
    allowance: str = ""
    """Its name, or the class of free calls that this call is of; empty where there is none."""
    levies: tuple[Levy, ...] = ()
    share: StateShare | None = None
    _stairs: Stairs | None = field(init=False, default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        offsets = [segment.after for segment in self.segments]
        if not offsets or offsets[0] != START or len(offsets) > SEGMENTS_MAX:
            raise RateError(f"segments: {len(offsets)} are not from 1 to {SEGMENTS_MAX}, the first at offset zero")
        if any(later <= earlier for earlier, later in pairwise(offsets)):
            raise RateError("segments: one does not begin after the one before it")
        if self.as_of is None and len(offsets) > 1:
            raise RateError("as_of: a price that changes needs an instant to count from")
        if type(self.free_seconds) is not int or not 0 <= self.free_seconds <= FREE_SECONDS_MAX:
            raise RateError(f"free_seconds: {self.free_seconds!r} is not a whole number from 0 to {FREE_SECONDS_MAX}")

    @property
    def is_free(self) -> bool:
        """Whether no talk of any length costs the payer anything."""
        return self.stairs.is_free or (self.share is not None and self.share.share == 1)

    @property
    def charges_nothing(self) -> bool:
        """Whether the talk costs nothing at whatever instant it is accepted."""
        return all(segment.rate.is_free for segment in self.segments)

    @property
    def opening(self) -> Segment:
        """The segment that prices the first interval: the one in which the free talk ends."""
        return self.priced[self._place(timedelta(seconds=self.free_seconds))]

    @property
    def priced(self) -> tuple[Segment, ...]:
        """The segments that price a call accepted at `as_of`: the first alone where the price is fixed then."""
        return self.segments[:1] if self.mid_call is MidCall.FIXED else self.segments

    @property
    def stairs(self) -> Stairs:
        """The price of talk before the state's share and taxes, as a function of talk."""
        if self._stairs is None:
            made = self._climb()
            object.__setattr__(self, "_stairs", made)
            return made
        return self._stairs

    def accepted(self, at: datetime) -> Terms:
        """The same terms for a call accepted at this instant: offsets are counted from there."""
        if self.as_of is None or at == self.as_of:
            return self
        passed = max(at - self.as_of, START)
        now = self._index(self.segments, passed)
        rest = (replace(segment, after=segment.after - passed) for segment in self.segments[now + 1 :])
        return replace(self, as_of=at, segments=(replace(self.segments[now], after=START), *rest))

    def to_json(self) -> str:
        """One line of JSON: amounts as decimal strings, offsets in microseconds."""
        facts = {
            "terms": _VERSION,
            "as_of": None if self.as_of is None else self.as_of.astimezone(UTC).isoformat(),
            "segments": [
                {"after": each.after // INSTANT, "band": each.band, "rate": each.rate.to_facts()}
                for each in self.segments
            ],
            "mid_call": self.mid_call.value,
            "free_seconds": self.free_seconds,
            "allowance": self.allowance,
            "levies": [
                {
                    "name": each.name,
                    "jurisdiction": each.jurisdiction,
                    "kind": each.kind.value,
                    "share": f"{each.share:f}",
                    "per_call": f"{each.per_call:f}",
                }
                for each in self.levies
            ],
            "share": None if self.share is None else {"payer": self.share.payer, "share": f"{self.share.share:f}"},
        }
        return json.dumps(facts, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Terms:
        """Read what `to_json` wrote, or `Rate.to_json` for calls that were admitted by a rate alone.

        Raises:
            RateError: The text is anything else.
        """
        try:
            facts = json.loads(text)
        except ValueError as error:
            raise RateError(f"not stored terms: {error}") from None
        if isinstance(facts, dict) and "terms" not in facts:
            return plain(Rate.from_facts(facts))
        if not isinstance(facts, dict) or set(facts) != _KEYS or facts["terms"] != _VERSION:
            raise RateError("not stored terms: its fields are not those of terms")
        try:
            return _read(facts)
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError) as error:
            raise RateError(f"not stored terms: {error}") from None

    def _climb(self) -> Stairs:
        number = self._place(timedelta(seconds=self.free_seconds))
        segments = self.priced[number:]
        rate = segments[0].rate
        return Stairs(
            free=self.free_seconds * SECOND,
            first=rate.first_seconds * SECOND,
            first_price=grains(rate.connection) + rate.first_grains,
            minimum=rate.minimum_seconds * SECOND,
            paces=[
                Pace(each.after // INSTANT, each.rate.increment_seconds * SECOND, each.rate.increment_grains)
                for each in segments
            ],
        )

    def _place(self, offset: timedelta) -> int:
        return self._index(self.priced, offset)

    @staticmethod
    def _index(segments: tuple[Segment, ...], offset: timedelta) -> int:
        return max(number for number, segment in enumerate(segments) if segment.after <= offset)


Priced: TypeAlias = Rate | Terms
"""What a price can be asked of: a rate is the terms of a call that depends on nothing else."""


def plain(rate: Rate) -> Terms:
    """The terms of a call that depends on a rate alone."""
    return Terms(segments=(Segment(START, rate),))


def _read(facts: dict[str, Any]) -> Terms:
    share = facts["share"]
    return Terms(
        segments=tuple(
            Segment(timedelta(microseconds=each["after"]), Rate.from_facts(each["rate"]), _text(each["band"]))
            for each in facts["segments"]
        ),
        as_of=None if facts["as_of"] is None else datetime.fromisoformat(facts["as_of"]).astimezone(UTC),
        mid_call=MidCall(facts["mid_call"]),
        free_seconds=facts["free_seconds"],
        allowance=_text(facts["allowance"]),
        levies=tuple(
            Levy(
                name=_text(each["name"]),
                jurisdiction=_text(each["jurisdiction"]),
                kind=LevyKind(each["kind"]),
                share=Decimal(_text(each["share"])),
                per_call=Decimal(_text(each["per_call"])),
            )
            for each in facts["levies"]
        ),
        share=None if share is None else StateShare(_text(share["payer"]), Decimal(_text(share["share"]))),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value
