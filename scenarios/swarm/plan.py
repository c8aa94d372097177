"""A plan: all of one run, decided before it starts.

It is only values. What a run does with it is the same every time, and any part of it can be left out
(`Plan.parts`, `Plan.without`), which is how a failure is shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from scenarios.sim.links import Link
from scenarios.swarm.facility_plan import PARTS as FACILITY_PARTS
from scenarios.swarm.facility_plan import PLAIN_FACILITY, FacilityPlan, Suspected
from scenarios.swarm.model import Prices
from scenarios.swarm.service_plan import AtCounter, AtMailroom, CounterPlan, LinePlan, MailPlan, OnLine

SWITCH_HOST: Final = "10.0.0.1"
FACILITY_FREE: Final = "youth"
FACILITY: Final = "prison"
BAD_PIN: Final = "0000"
PIN_LENGTH: Final = 4
"""Of what people are given; they may choose digits behind it."""


@dataclass(frozen=True, slots=True)
class StationPlan:
    """A phone inside."""

    user: str
    host: str
    facility: str


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """A person inside."""

    person: str
    pin: str
    facility: str
    debit: int | None
    allowed: tuple[str, ...] | None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """What the owner of a called phone does with one call.

    `keys` are pressed so many seconds after the answer, or after the key before.
    """

    after: float
    status: int | None = None
    is_ignoring: bool = False
    keys: tuple[tuple[float, str], ...] = ()
    leaves_after: float | None = None
    is_dropping: bool = False
    holds: tuple[float, float] | None = None
    top_up: tuple[float, int] | None = None
    """Seconds after the first key, and how much: into the account that pays."""


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """A called number with its phone."""

    number: str
    user: str | None
    host: str
    line: str | None
    advancepay: int | None
    is_free: bool
    is_privileged: bool
    answers: tuple[Answering, ...]
    hears_greeting: bool = True
    """Without a greeting its calls are accepted by the answer, and free."""
    limit: float | None = None
    """Its longest call, where it has a limit of its own."""

    is_passive: bool = False
    """Whether staying on the line accepts its calls."""
    is_household: bool = False
    """Whether the account of the household pays its calls."""

    @property
    def is_billable(self) -> bool:
        """Whether its phone company bills it for collect calls (S1-2)."""
        return self.line == "landline"


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call of a person inside."""

    name: str
    station: int
    person: int
    number: int
    waits: float
    is_asked: bool
    is_debit: bool
    pins: tuple[str, ...]
    thinks: float
    leaves_after: float | None
    is_dropping: bool
    holds: tuple[float, float] | None
    language: str = ""
    """The key pressed where a language is asked for, before anything else."""
    asks_balance: int = 0
    """How often the balance is asked for, where it may be."""


@dataclass(frozen=True, slots=True)
class CardPlan:
    """What is offered to a number that cannot be billed. Amounts in micros, times in seconds."""

    fee: int
    most: int | None
    courtesy: float
    """Of its one free call; 0: it gets none."""
    offers: tuple[str, ...]
    amounts: tuple[int, ...]
    """Deposits of a sale, in dollars."""
    answer: float
    """Until the processor is taken not to answer."""


@dataclass(frozen=True, slots=True)
class HouseholdPlan:
    """One account that pays for several numbers (S3-3), perhaps after their calls (S3-9)."""

    deposit: int
    settles_after: float | None
    """Seconds from the end of a call to its charge; None: money is held before it is talked."""


@dataclass(frozen=True, slots=True)
class Deposited:
    """Money paid in by another program, at an instant."""

    at: float
    account: str
    micros: int


@dataclass(frozen=True, slots=True)
class BlockedByAgent:
    """Customer service blocks a number, in another program."""

    at: float
    number: int


@dataclass(frozen=True, slots=True)
class Killed:
    """The switch dies as by kill -9 and is started again; or it is stopped in good order.

    `rounds` of the event loop are still run at that instant; the wall clock is `step` seconds off afterwards.
    """

    at: float
    rounds: int
    after: float
    step: float
    is_orderly: bool


@dataclass(frozen=True, slots=True)
class BookTrouble:
    """The database is slow, fails, or loses the confirmation of what it stored."""

    at: float
    kind: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ProcessorTrouble:
    """The payment processor is down, does what it is asked and is not heard, or hears of it late."""

    at: float
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Parted:
    """A host is cut off from the switch for a while."""

    at: float
    host: str
    seconds: float


@dataclass(frozen=True, slots=True)
class OnAccept:
    """Something happens so many seconds after the first accept key of the run, the most delicate moment of a call."""

    after: float
    event: Killed | BookTrouble


@dataclass(frozen=True, slots=True)
class OnCard:
    """Something happens so many seconds after a payment processor was asked for the first time."""

    after: float
    event: Killed | BookTrouble


Event = (
    AtCounter
    | AtMailroom
    | OnLine
    | Suspected
    | Deposited
    | BlockedByAgent
    | Killed
    | BookTrouble
    | ProcessorTrouble
    | Parted
    | OnAccept
    | OnCard
)


@dataclass(frozen=True, slots=True)
class Plan:
    """All of one run."""

    seed: int
    has_media: bool
    prices: Prices
    limit: float
    warnings: tuple[float, ...]
    slice: float
    link: Link
    stations: tuple[StationPlan, ...]
    people: tuple[PersonPlan, ...]
    numbers: tuple[NumberPlan, ...]
    calls: tuple[CallPlan, ...]
    events: tuple[Event, ...]
    is_bilingual: bool = False
    """Whether English and Spanish are spoken, and asked for."""
    cards: CardPlan | None = None
    """None: nobody is offered to pay by card for a call."""
    household: HouseholdPlan | None = None
    counter: CounterPlan | None = None
    """None: payments cost nothing on top, and may be of any size."""
    line: LinePlan | None = None
    """None: there is no family's line."""
    mail: MailPlan | None = None
    """None: there are no messages."""
    facility: FacilityPlan = PLAIN_FACILITY

    @property
    def takes_cards(self) -> bool:
        """Whether a payment processor is configured."""
        return self.cards is not None or (self.line is not None and self.line.most is not None)

    @property
    def fees(self) -> dict[str, int]:
        """What payments cost on top, by channel, in micros."""
        of_cards = {} if self.cards is None else {"phone": self.cards.fee}
        return of_cards if self.counter is None else {**dict(self.counter.fees), **of_cards}

    def limit_of(self, person: PersonPlan, number: NumberPlan) -> float:
        """The longest talk of these two: the least of all limits."""
        return min(each for each in (self.limit, person.limit, number.limit) if each is not None)

    @property
    def is_rough(self) -> bool:
        """Whether the network loses or shuffles datagrams."""
        return self.link.loss > 0 or self.link.reordering > 0

    @property
    def parts(self) -> tuple[str, ...]:
        """What can be left out, by name."""
        names = [call.name for call in self.calls]
        names += [f"event-{index}" for index, event in enumerate(self.events) if event not in _NONE]
        if self.link != Link():
            names.append("link")
        if self.household is not None:
            names.append("household")
        if self.cards is not None:
            names.append("cards")
        if self.counter is not None:
            names.append("counter")
        if self.line is not None:
            names.append("line")
        names += [name for name in FACILITY_PARTS if getattr(self.facility, name)]
        for index, number in enumerate(self.numbers):
            names += [f"answer-{index}-{place}" for place, answer in enumerate(number.answers) if answer != _SIMPLE]
        return tuple(names)

    def without(self, name: str) -> Plan:
        """The same plan, one part left out or made simple."""
        kind, _, rest = name.partition("-")
        match kind:
            case "call":
                return replace(self, calls=tuple(call for call in self.calls if call.name != name))
            case "event":
                events = list(self.events)
                events[int(rest)] = NOTHING
                return replace(self, events=tuple(events))
            case "link":
                return replace(self, link=Link())
            case "household":
                numbers = [replace(number, is_household=False) for number in self.numbers]
                return replace(self, household=None, numbers=tuple(numbers))
            case "cards":
                return replace(self, cards=None)
            case "counter":
                return replace(self, counter=None)
            case "line":
                return replace(self, line=None, events=tuple(_unless_on_line(event) for event in self.events))
            case _ if kind in FACILITY_PARTS:
                return replace(self, facility=self.facility.without(kind))
            case "answer":
                index, _, place = rest.partition("-")
                number = self.numbers[int(index)]
                answers = list(number.answers)
                answers[int(place)] = _SIMPLE
                numbers = list(self.numbers)
                numbers[int(index)] = replace(number, answers=tuple(answers))
                return replace(self, numbers=tuple(numbers))
        raise KeyError(name)


def _unless_on_line(event: Event) -> Event:
    return NOTHING if isinstance(event, OnLine) else event


NOTHING: Final = Deposited(0.0, "", 0)
_NONE: Final = (NOTHING,)
_SIMPLE: Final = Answering(after=1.0, keys=((2.0, "5"),), leaves_after=20.0)


HOUSEHOLD: Final = "advanceconnect:household"


def prepaid_account(number: NumberPlan) -> str | None:
    """The account that was paid in before, and pays for the calls of a number; None: there is none."""
    if number.is_household:
        return HOUSEHOLD
    return None if number.advancepay is None else f"advancepay:{number.number}"


def debit_account(person: PersonPlan) -> str:
    """The account of a person inside."""
    return f"debit:{person.person}"
