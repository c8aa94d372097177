"""The bill of a call: who pays how much, and for what.

The price of talk is rounded first. A state's share of it is rounded, and the payer pays the rest, so that both
together are exactly the price. Each tax or fee is rounded once, from the payer's part; where that is nothing,
none is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from ledger.money import ZERO, Money, total
from rating.rounding import money_of, part_of
from rating.stairs import SECOND
from rating.tariff import Rate
from rating.tax import LevyKind
from rating.terms import Priced, Terms


class LineKind(Enum):
    """What a line of a bill is for."""

    TALK = "talk"
    TAX = "tax"
    FEE = "fee"


class By(Enum):
    """Who pays a line."""

    PAYER = "payer"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class BillLine:
    """One amount; a line of zero is left out."""

    kind: LineKind
    name: str
    """The place for talk, the name of a tax or fee."""
    jurisdiction: str
    """Of a tax or fee; for a state's part of the talk, which state. Else empty."""
    amount: Money
    by: By = By.PAYER


@dataclass(frozen=True, slots=True)
class Bill:
    """All amounts of one call: the payer's talk, the state's, taxes and fees as the terms name them."""

    lines: tuple[BillLine, ...]

    @property
    def payer_total(self) -> Money:
        """What the payer pays, taxes and fees included."""
        return total(line.amount for line in self.lines if line.by is By.PAYER)

    @property
    def state_total(self) -> Money:
        """What the state pays."""
        return total(line.amount for line in self.lines if line.by is By.STATE)


def bill(priced: Priced, talk: timedelta) -> Bill:
    """The bill of an accepted call with this much talk."""
    gross = talk_price(priced, talk)
    if isinstance(priced, Rate):
        return Bill(_lines((LineKind.TALK, priced.place, "", gross, By.PAYER)))
    place = priced.opening.rate.place
    state = state_part(priced, gross)
    payer = gross - state
    return Bill(
        _lines(
            (LineKind.TALK, place, "", payer, By.PAYER),
            (LineKind.TALK, place, priced.share.payer if priced.share else "", state, By.STATE),
            *(
                (_KINDS[levy.kind], levy.name, levy.jurisdiction, amount, By.PAYER)
                for levy, amount in zip(priced.levies, levied(priced, payer), strict=True)
            ),
        )
    )


def talk_price(priced: Priced, talk: timedelta) -> Money:
    """The price of the talk alone, whoever pays it, rounded once."""
    return money_of(priced.stairs.grains(micros(talk)))


def state_part(terms: Terms, gross: Money) -> Money:
    """What the state pays of a price of talk."""
    return ZERO if terms.share is None else part_of(gross, terms.share.share)


def levied(terms: Terms, payer: Money) -> list[Money]:
    """Each levy on the payer's part, in the order of the terms."""
    return [part_of(payer, levy.share, levy.per_call) if payer else ZERO for levy in terms.levies]


def payer_pays(terms: Terms, gross: Money) -> Money:
    """What the payer pays, taxes and fees included, where the talk costs so much."""
    payer = gross - state_part(terms, gross)
    return total((payer, *levied(terms, payer)))


def micros(talk: timedelta) -> int:
    """Talk in whole microseconds."""
    assert talk.days >= 0, f"talk is negative: {talk}"
    return (talk.days * 86_400 + talk.seconds) * SECOND + talk.microseconds


_KINDS = {LevyKind.TAX: LineKind.TAX, LevyKind.FEE: LineKind.FEE}


def _lines(*parts: tuple[LineKind, str, str, Money, By]) -> tuple[BillLine, ...]:
    return tuple(
        BillLine(kind, name, jurisdiction, amount, by) for kind, name, jurisdiction, amount, by in parts if amount
    )
