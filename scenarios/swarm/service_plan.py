"""What a plan has of customer service, messages and the family's line, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CounterPlan:
    """Customer service: what a payment costs on top by its channel, and the most one may be. Amounts in micros."""

    fees: tuple[tuple[str, int], ...]
    cap: int | None


@dataclass(frozen=True, slots=True)
class AtCounter:
    """The owner of a number pays money in with an agent, who asks the book so many times over under one id.

    A hasty owner asks to pay before being a customer, where nobody made them one yet.
    """

    at: float
    number: int
    micros: int
    channel: str
    times: int
    is_hasty: bool


@dataclass(frozen=True, slots=True)
class MailPlan:
    """What messages cost: bundles of credits with their prices in micros, and how far a credit goes."""

    bundles: tuple[tuple[int, int], ...]
    characters_per_credit: int
    keeps_rejected: bool


@dataclass(frozen=True, slots=True)
class LetterPlan:
    """A message to a person, asked for so many times, and how it is to end."""

    person: int
    characters: int
    fate: str
    waits: float
    times: int


@dataclass(frozen=True, slots=True)
class AtMailroom:
    """The owner of a number buys credits, by a channel or with the money for calls, and writes."""

    at: float
    number: int
    bundle: int
    channel: str | None
    times: int
    letters: tuple[LetterPlan, ...]


@dataclass(frozen=True, slots=True)
class LinePlan:
    """The family's line: the most of one payment there, in dollars; None: no card is taken there."""

    most: int | None


@dataclass(frozen=True, slots=True)
class OnLine:
    """The owner of a number calls the family's line.

    `keys` are pressed so many seconds after the answer, or after those before.
    """

    at: float
    number: int
    keys: tuple[tuple[float, str], ...]
    leaves_after: float | None
    is_dropping: bool
