"""How a price came about: every amount, what was rounded, and where it was booked.

`connection + first + further` is `exact`, the unrounded price of the talk (to twelve decimals where it has no end).
`exact + rounding`, less what a state pays, and taxes and fees on top, is the total that the payer pays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, asdict, dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from ledger.money import MICROS_PER_UNIT, Money
from rating.bill import levied, micros, state_part, talk_price
from rating.errors import RateError
from rating.price import price
from rating.rounding import dollars_of, grains, to_shown
from rating.stairs import SECOND
from rating.tariff import MidCall, Rate
from rating.tax import Levy
from rating.terms import Priced, Segment, Terms, plain

_RULES: Final = {
    "": "",
    MidCall.FIXED.value: "the price was fixed at acceptance",
    MidCall.SPLIT.value: "an increment costs what holds at the instant it begins",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Increments of one rate, one after another."""

    after_seconds: Decimal
    """Of talk: where the first of them begins."""
    tariff: str
    band: str
    increments: int
    increment_seconds: int
    per_minute: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Levied:
    """One tax or fee."""

    kind: str
    name: str
    jurisdiction: str
    share: Decimal
    """Of the payer's part of the price of talk."""
    per_call: Decimal
    exact: Decimal
    """Before it was rounded."""
    amount: Decimal

    @property
    def rounding(self) -> Decimal:
        """What rounding to whole micros added, or took when negative."""
        return to_shown(Fraction(self.amount) - Fraction(self.exact))


@dataclass(frozen=True, slots=True)
class Explanation:
    """The price of one talk, taken apart. Amounts are dollars.

    What is said of a first interval and of increments is of the rate with which the paid part begins; where the rate
    changed in mid-call, `stretches` has the increments of each.
    """

    tariff: str
    prefix: str
    place: str
    talk: timedelta
    billed_seconds: int
    """The first interval and the increments begun: what the paid talk counts as."""
    connection: Decimal
    first_seconds: int
    first: Decimal
    increments: int
    increment_seconds: int
    minimum_seconds: int
    per_minute: Decimal
    further: Decimal
    """All increments together."""
    exact: Decimal
    rounding: Decimal
    """What rounding to whole micros added, or took when negative."""
    total: Money
    """What the payer pays."""
    postings: tuple[str, ...] = ()
    """Ids of the postings that booked the total, once there are any."""
    band: str = ""
    mid_call: str = ""
    """`fixed` or `split`; empty for a call that was admitted by a rate alone."""
    allowance: str = ""
    """Why talk was free, empty where none was."""
    free: Decimal = Decimal(0)
    """Seconds of this talk that were free."""
    stretches: tuple[Stretch, ...] = ()
    """Empty where one rate held throughout."""
    state: str = ""
    """Which state pays a part."""
    state_share: Decimal = Decimal(0)
    """Which part of the price of talk that is."""
    state_pays: Decimal = Decimal(0)
    levies: tuple[Levied, ...] = ()

    @property
    def state_rounding(self) -> Decimal:
        """What rounding added to the state's part and took from the payer's, or the reverse when negative."""
        exact = (Fraction(self.exact) + Fraction(self.rounding)) * Fraction(self.state_share)
        return to_shown(Fraction(self.state_pays) - exact)

    def with_postings(self, ids: Iterable[str]) -> Explanation:
        """The same explanation, naming the postings that booked it."""
        return replace(self, postings=tuple(ids))

    def to_json(self) -> str:
        """One line of JSON; amounts and seconds of talk are decimal strings. What does not apply is left out."""
        facts = asdict(self)
        del facts["talk"]
        for each in _EXTRAS:
            if getattr(self, each.name) == each.default:
                del facts[each.name]
        talk_seconds = {"talk_seconds": f"{_seconds(micros(self.talk)):f}"}
        return json.dumps(_decimals_as_text(talk_seconds | facts | {"total": str(self.total)}), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Explanation:
        """Read what `to_json` wrote.

        Raises:
            RateError: The text is anything else.
        """
        try:
            facts = json.loads(text)
            talk = Fraction(facts.pop("talk_seconds")) * SECOND
            amounts = {name: Decimal(facts[name]) for name in _AMOUNTS}
            amounts |= {name: Decimal(facts[name]) for name in ("free", "state_share", "state_pays") if name in facts}
            rest: dict[str, Any] = {"total": Money.from_text(facts["total"]), "postings": tuple(facts["postings"])}
            rest["stretches"] = tuple(Stretch(**_read(each, _STRETCH)) for each in facts.get("stretches", ()))
            rest["levies"] = tuple(Levied(**_read(each, _LEVIED)) for each in facts.get("levies", ()))
            return cls(**facts | amounts | rest | {"talk": timedelta(microseconds=int(talk))})
        except (ValueError, ArithmeticError, AttributeError, KeyError, TypeError) as error:
            raise RateError(f"not a stored explanation: {error}") from None

    def to_text(self) -> str:
        """A few lines for people: what was talked, each amount, and the total."""
        band = f", {self.band}" if self.band else ""
        head = (
            f"{_seconds(micros(self.talk)):f} s of talk to {self.place} ({self.prefix}) by tariff {self.tariff}{band}, "
            f"billed as {self.billed_seconds} s"
        )
        items = list(self._items())
        width = max(len(label) for label, _ in items)
        lines = [f"  {label:<{width}}  {_shown(amount)}" for label, amount in items]
        if self.mid_call:
            lines.append(f"  {_RULES[self.mid_call]}")
        if self.postings:
            lines.append(f"  booked as {', '.join(self.postings)}")
        return "\n".join([head, *lines])

    def _items(self) -> Iterator[tuple[str, Decimal]]:
        if self.free:
            yield f"{_shown(self.free)} s free by {self.allowance or 'allowance'}", Decimal(0)
        elif self.allowance:
            yield f"free: {self.allowance}", Decimal(0)
        if self.connection:
            yield "connection", self.connection
        if self.billed_seconds or not self.free:
            yield f"first {self.first_seconds} s", self.first
        for each in self.stretches:
            where = f" from {_shown(each.after_seconds)} s by {', '.join(filter(None, (each.tariff, each.band)))}"
            yield _increments(each.increments, each.increment_seconds, each.per_minute) + where, each.amount
        if self.increments and not self.stretches:
            yield _increments(self.increments, self.increment_seconds, self.per_minute), self.further
        if self.rounding:
            yield "rounding to whole micros", self.rounding
        if self.state_pays:
            yield f"paid by {self.state}{_basis(self.state_share, self.state_rounding)}", -self.state_pays
        for levy in self.levies:
            yield (
                f"{levy.kind} {levy.name} of {levy.jurisdiction}{_basis(levy.share, levy.rounding, levy.per_call)}",
                levy.amount,
            )
        yield "total", self.total.decimal


def explain(priced: Priced, talk: timedelta) -> Explanation:
    """Take `price(priced, talk)` apart."""
    terms = plain(priced) if isinstance(priced, Rate) else priced
    rate, stairs, talked = terms.opening.rate, terms.stairs, micros(talk)
    is_paid = not stairs.free or talked > stairs.free
    connection, first = (grains(rate.connection), rate.first_grains) if is_paid else (0, 0)
    runs = _runs(terms, talked) if is_paid else []
    stretches = _stretches(runs, connection + first)
    count = sum(each.increments for each in stretches)
    gross = talk_price(terms, talk)
    state = state_part(terms, gross)
    exact = to_shown(dollars_of(stairs.grains(talked)))
    shown_first, shown_connection = to_shown(dollars_of(first)), to_shown(dollars_of(connection))
    free = min(talked, stairs.free)
    rule = terms.mid_call.value if terms.as_of is not None else ""
    is_one = len(stretches) < 2 and all(segment is terms.opening for segment, _, _ in runs)
    return Explanation(
        tariff=rate.tariff,
        prefix=rate.prefix,
        place=rate.place,
        talk=talk,
        billed_seconds=(stairs.end(talked) - stairs.free) // SECOND if is_paid else 0,
        connection=shown_connection,
        first_seconds=rate.first_seconds,
        first=shown_first,
        increments=count,
        increment_seconds=rate.increment_seconds,
        minimum_seconds=rate.minimum_seconds,
        per_minute=rate.per_minute,
        further=to_shown(Fraction(exact) - Fraction(shown_connection) - Fraction(shown_first)),
        exact=exact,
        rounding=to_shown(Fraction(gross.micros, MICROS_PER_UNIT) - Fraction(exact)),
        total=price(priced, talk),
        band=terms.opening.band,
        mid_call=rule,
        allowance=terms.allowance if free or terms.is_free else "",
        free=_seconds(free),
        stretches=() if is_one else stretches,
        state=terms.share.payer if terms.share and state else "",
        state_share=terms.share.share if terms.share and state else Decimal(0),
        state_pays=to_shown(Fraction(state.micros, MICROS_PER_UNIT)),
        levies=tuple(_levied(terms, gross - state)),
    )


def _runs(terms: Terms, talked: int) -> list[tuple[Segment, int, int]]:
    """The segment, the beginning and the number of increments, for each run of them in this talk."""
    stairs = terms.stairs
    billed = stairs.billed(talked)
    segments = terms.priced[terms.priced.index(terms.opening) :]
    runs = []
    for flight in stairs.flights[1:]:
        if flight.begins < billed:
            steps = flight.steps(billed)
            count = steps if flight.count is None else min(steps, flight.count)
            runs.append((segments[flight.pace], flight.begins, count))
    return runs


def _stretches(runs: list[tuple[Segment, int, int]], below: int) -> tuple[Stretch, ...]:
    """Shown amounts are differences of shown sums, so that they add up to the last digit."""
    stretches = []
    for segment, begins, count in runs:
        rate = segment.rate
        through = below + count * rate.increment_grains
        amount = to_shown(Fraction(to_shown(dollars_of(through))) - Fraction(to_shown(dollars_of(below))))
        below = through
        stretches.append(
            Stretch(
                after_seconds=_seconds(begins),
                tariff=rate.tariff,
                band=segment.band,
                increments=count,
                increment_seconds=rate.increment_seconds,
                per_minute=rate.per_minute,
                amount=amount,
            )
        )
    return tuple(stretches)


def _levied(terms: Terms, payer: Money) -> Iterator[Levied]:
    for levy, amount in zip(terms.levies, levied(terms, payer), strict=True):
        if amount:
            exact = Fraction(payer.micros, MICROS_PER_UNIT) * Fraction(levy.share) + Fraction(levy.per_call)
            yield _of_levy(levy, to_shown(exact), amount)


def _of_levy(levy: Levy, exact: Decimal, amount: Money) -> Levied:
    return Levied(
        kind=levy.kind.value,
        name=levy.name,
        jurisdiction=levy.jurisdiction,
        share=levy.share,
        per_call=levy.per_call,
        exact=exact,
        amount=amount.decimal,
    )


_AMOUNTS: Final = ("connection", "first", "per_minute", "further", "exact", "rounding")
_EXTRAS: Final = [each for each in fields(Explanation) if each.default is not MISSING and each.name != "postings"]
_STRETCH: Final = {"after_seconds", "per_minute", "amount"}
_LEVIED: Final = {"share", "per_call", "exact", "amount"}


def _read(facts: dict[str, Any], amounts: set[str]) -> dict[str, Any]:
    return {name: Decimal(value) if name in amounts else value for name, value in facts.items()}


def _decimals_as_text(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value:f}"
        case dict():
            return {name: _decimals_as_text(each) for name, each in value.items()}
        case list() | tuple():
            return [_decimals_as_text(each) for each in value]
        case _:
            return value


def _increments(count: int, seconds: int, per_minute: Decimal) -> str:
    return f"{count} × {seconds} s at {per_minute:f} a minute"


def _basis(share: Decimal, rounding: Decimal, per_call: Decimal = Decimal(0)) -> str:
    parts = [f"{_shown(share * 100)} %"] if share else []
    if per_call:
        parts.append(f"{_shown(per_call)} a call")
    if rounding:
        parts.append(f"rounded by {_shown(rounding)}")
    return f" ({', '.join(parts)})"


def _seconds(talk: int) -> Decimal:
    return to_shown(Fraction(talk, SECOND))


def _shown(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
