"""What some worlds have beside people, calls and faults: each thing drawn by itself, so that it changes no other.

Whoever adds a thing adds a function here, what it is to `plan` and `texts`, and what must hold of it to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from scenarios.swarm.facility_variety import (
    with_balances,
    with_enrolment,
    with_hours,
    with_passive_numbers,
    with_suspicions,
    with_velocity,
)
from scenarios.swarm.model import MICROS, Prices
from scenarios.swarm.plan import (
    HOUSEHOLD,
    Answering,
    BookTrouble,
    CallPlan,
    CardPlan,
    Deposited,
    Event,
    HouseholdPlan,
    Killed,
    NumberPlan,
    OnCard,
    Plan,
    ProcessorTrouble,
    prepaid_account,
)
from scenarios.swarm.service_plan import AtCounter, AtMailroom, CounterPlan, LetterPlan, LinePlan, MailPlan, OnLine

CARDS: Final = (
    *("4242424242424242",) * 14,
    "378282246310005",
    "4000000000000002",
    "4000000000009995",
    "4000000000000077",
    "4000000000000259",
    "4000000000000119",
    "4000000000000127",
    "4000000000000341",
    "4111111111111111",
    "4242424242424241",
)
"""Test cards of the simulated processor, one that it declines, and one that is none by Luhn."""
LINE_CARDS: Final = tuple(card for card in CARDS if "5" not in card)
"""Cards typed on the family's line: by its sound nobody can tell there on which call of a phone an accept key was."""
EXPIRY: Final = "1230"
CODES: Final = {"3": "1234"}
CODE: Final = "123"


def varied(plan: Plan) -> Plan:
    """The same world, with what its seed gives it besides."""
    for name, vary in VARIETIES.items():
        plan = vary(plan, Random(f"swarm/{plan.seed}/{name}"))
    return plan


def balance(chance: Random, prices: Prices) -> int:
    """Money for nothing, for exactly so much talk, for a micro less, or for plenty."""
    exact = prices.of(float(chance.randint(1, 60)))
    return max(
        0,
        chance.choice(
            (0, exact, exact, exact, exact, exact - 1, exact + 1, exact + chance.randint(0, 10_000), 5 * MICROS)
        ),
    )


def _with_limits(plan: Plan, chance: Random) -> Plan:
    """In some worlds two languages, limits of persons and numbers, numbers without a greeting."""
    is_bilingual = chance.random() < 0.2
    people = tuple(replace(person, limit=_own_limit(chance)) for person in plan.people)
    numbers = tuple(
        replace(number, limit=_own_limit(chance), hears_greeting=chance.random() >= 0.05) for number in plan.numbers
    )
    languages = [chance.choice(("1", "1", "2", "2", "2", "")) if is_bilingual else "" for _ in plan.calls]
    calls = tuple(replace(call, language=key) for call, key in zip(plan.calls, languages, strict=True))
    return replace(plan, is_bilingual=is_bilingual, people=people, numbers=numbers, calls=calls)


def _own_limit(chance: Random) -> float | None:
    return float(chance.choice((10, 15, 30, 45))) if chance.random() < 0.1 else None


def _with_cards(plan: Plan, chance: Random) -> Plan:
    """In a third of the worlds cards are taken, and most of their numbers cannot be billed."""
    if chance.random() >= 0.33:
        return plan
    cards = CardPlan(
        fee=chance.choice((0, 0, 3_000_000, 1_250_000)),
        most=chance.choice((None, None, None, 10_000, 500_000, 5_000_000)),
        courtesy=chance.choice((0.0, 0.0, 0.0, 8.0, 15.0)),
        offers=chance.choice((("onecall",), ("sale",), ("onecall", "sale"), ("sale", "onecall"))),
        amounts=chance.choice(((1, 25), (2,), (50, 1, 7))),
        answer=chance.choice((3.0, 8.0, 8.0, 20.0)),
    )
    numbers = tuple(_unbillable(number, cards, chance) if chance.random() < 0.8 else number for number in plan.numbers)
    troubles = tuple(
        ProcessorTrouble(
            chance.uniform(0, 90), chance.choice(("down", "mute", "late")), chance.choice((0.5, 2.0, 10.0, 30.0))
        )
        for _ in range(chance.choice((0, 0, 0, 1, 2)))
    )
    people = tuple(replace(person, allowed=None) for person in plan.people)
    calls = tuple(_keen(call, plan, chance) if chance.random() < 0.85 else call for call in plan.calls)
    events = plan.events + troubles + _at_the_card(chance)
    return replace(plan, cards=cards, people=people, numbers=numbers, calls=calls, events=events)


def _keen(call: CallPlan, plan: Plan, chance: Random) -> CallPlan:
    """The same call by somebody who knows the PIN, lets the called party pay, and waits for it."""
    leaves = chance.choice((None, None, None, chance.uniform(20, 120)))
    return replace(call, is_debit=False, pins=(plan.people[call.person].pin,), leaves_after=leaves, is_dropping=False)


def _unbillable(number: NumberPlan, cards: CardPlan, chance: Random) -> NumberPlan:
    """A cell phone without an account, and owners who know what to press; half of them as before."""
    return replace(
        number,
        line="cell",
        advancepay=None,
        is_free=False,
        answers=tuple(
            _buying(answer, cards, chance) if chance.random() < 0.85 else answer for answer in number.answers
        ),
    )


def _buying(answer: Answering, cards: CardPlan, chance: Random) -> Answering:
    """Accepts, chooses an offer, and enters a card, or two, or nothing of it."""
    is_sale = chance.choice(cards.offers) == "sale"
    choice = ["2", chance.choice("1123"[: len(cards.amounts) + 1])] if is_sale else ["1"]
    entered = [key for _ in range(chance.choice((1, 1, 2))) for key in _entered(chance)]
    keys = ["5", *choice, *entered][: chance.choice((99,) * 12 + (2, 4))]
    patience = chance.choice((0.3, 2.0, 6.0))
    pressed = [(chance.uniform(0, patience), key) for key in keys]
    if is_sale:  # Whoever bought an account is asked again.
        pressed += [(chance.uniform(0, 12), "5") for _ in range(chance.choice((1, 2, 3, 3)))]
    return replace(
        answer,
        after=chance.choice((0.0, 1.0, chance.uniform(0, 10))),
        status=None,
        is_ignoring=False,
        keys=tuple(pressed),
        leaves_after=chance.choice((None, None, chance.uniform(5, 60), chance.uniform(20, 120))),
    )


def _entered(chance: Random, cards: Sequence[str] = CARDS) -> tuple[str, ...]:
    """The keys of one card: number, expiry, code; as typed by people."""
    number = chance.choice(cards)
    expiry = chance.choice((EXPIRY,) * 16 + ("0120", "1#"))
    return number, expiry, CODES.get(number[0], CODE)


def _at_the_card(chance: Random) -> tuple[Event, ...]:
    """In a third of these worlds, the switch dies or the book fails about when a card is checked."""
    way = chance.random()
    after = chance.choice(
        (0.0, chance.uniform(0, 0.6), chance.uniform(0, 3), chance.uniform(0, 30), chance.uniform(0, 60))
    )
    if way < 0.22:
        killed = Killed(
            at=0.0,
            rounds=chance.randrange(25),
            after=chance.choice((0.0, 0.2, 2.0, 15.0)),
            step=chance.choice((0.0, 0.0, 3600.0, -3600.0)),
            is_orderly=chance.random() < 0.25,
        )
        return (OnCard(after, killed),)
    if way < 0.33:
        kind = chance.choice(("slow", "fails", "forgets"))
        return (OnCard(after, BookTrouble(0.0, kind, chance.choice((1, 3, 6, 20)), chance.choice((0.1, 0.5, 2.0)))),)
    return ()


def _with_household(plan: Plan, chance: Random) -> Plan:
    """In a fifth of the worlds, several numbers share a balance, and in half of those they are charged later."""
    prepaid = [index for index, number in enumerate(plan.numbers) if number.advancepay is not None]
    if chance.random() >= 0.2 or not prepaid:
        return plan
    numbers = list(plan.numbers)
    for index in prepaid:
        if chance.random() < 0.9:
            numbers[index] = replace(numbers[index], line="landline", advancepay=None, is_household=True)
    after = chance.choice((None, None, 1.0, 5.0, 20.0))
    least = 1 if after is None else 0
    household = HouseholdPlan(
        deposit=max(least, balance(chance, plan.prices) + chance.choice((0, balance(chance, plan.prices)))),
        settles_after=after,
    )
    deposits = tuple(
        Deposited(chance.uniform(0, 120), HOUSEHOLD, max(1, balance(chance, plan.prices)))
        for _ in range(chance.choice((0, 1, 3)))
    )
    return replace(plan, household=household, numbers=tuple(numbers), events=plan.events + deposits)


def _with_counter(plan: Plan, chance: Random) -> Plan:
    """In a quarter of the worlds, owners of prepaid numbers pay in with customer service, which has fees and a cap."""
    owners = [index for index, number in enumerate(plan.numbers) if prepaid_account(number) is not None]
    if chance.random() >= 0.25 or not owners:
        return plan
    counter = CounterPlan(
        fees=tuple((channel, chance.choice((0, 1, 3_000_000, 5_950_000))) for channel in ("phone", "web")),
        cap=chance.choice((None, 50 * MICROS, 50 * MICROS, 200 * MICROS)),
    )
    payments = tuple(
        AtCounter(
            at=chance.uniform(0, 120),
            number=chance.choice(owners),
            micros=_paid_in(plan, counter, chance),
            channel=chance.choice(("phone", "web", "mail")),
            times=chance.choice((1, 1, 1, 2, 3)),
            is_hasty=chance.random() < 0.15,
        )
        for _ in range(chance.randint(1, 5))
    )
    return replace(plan, counter=counter, events=plan.events + payments)


def _paid_in(plan: Plan, counter: CounterPlan, chance: Random) -> int:
    """So much talk and no more, or as much as the cap allows, or a micro above it."""
    talk = max(1, balance(chance, plan.prices))
    return talk if counter.cap is None else chance.choice((talk,) * 6 + (counter.cap, counter.cap + 1))


def _with_line(plan: Plan, chance: Random) -> Plan:
    """In a quarter of the worlds there is a family's line, and owners call it, most of them to add money by card."""
    everybody = range(len(plan.numbers))
    owners = [index for index in everybody if prepaid_account(plan.numbers[index]) is not None]
    if chance.random() >= 0.25 or (not owners and chance.random() < 0.8):
        return plan
    line = LinePlan(most=chance.choice((None, 50, 50, 200, 200)))
    visits = tuple(_visit(line, owners or everybody, chance) for _ in range(chance.randint(1, 5)))
    return replace(plan, line=line, events=plan.events + visits + _at_the_card(chance))


def _visit(line: LinePlan, owners: Sequence[int], chance: Random) -> OnLine:
    """A call to the line: balances, money, money by two cards, a block; or keys in any order."""
    way = chance.random()
    most = line.most or 50
    dollars = str(chance.choice((1, 1, 1, 20, 20, most, most + 1, 201))).replace("5", "4")
    if way < 0.7:
        cards = [key for _ in range(chance.choice((1, 1, 2))) for key in _entered(chance, LINE_CARDS)]
        keys = ["1"] * chance.choice((0, 0, 1)) + ["2", f"{dollars}#", "2", *cards]
        keys = [*keys, "1", "2", "1#", "2", *_entered(chance, LINE_CARDS)] if chance.random() < 0.3 else keys
    elif way < 0.85:
        keys = ["1", "3", chance.choice("313")]
    else:
        keys = [chance.choice("01234678#*") for _ in range(chance.randint(1, 12))]
    patience = chance.choice((0.5, 1.0, 3.0, 6.0))
    return OnLine(
        at=chance.uniform(0, 100),
        number=chance.choice(owners),
        keys=tuple((chance.uniform(0, patience), key) for key in keys[: chance.choice((99,) * 8 + (4, 5))]),
        leaves_after=chance.choice((None, None, None, chance.uniform(1, 40), chance.uniform(10, 60))),
        is_dropping=chance.random() < 0.1,
    )


def _with_mail(plan: Plan, chance: Random) -> Plan:
    """In a fifth of the worlds, owners of prepaid numbers buy credits, some with the money for calls, and write."""
    owners = [index for index, number in enumerate(plan.numbers) if prepaid_account(number) is not None]
    if chance.random() >= 0.2 or not owners:
        return plan
    mail = MailPlan(
        bundles=((1, 250_000), (3, 100_000), (7, 1_000_001), (40, 8_000_000)),
        characters_per_credit=chance.choice((10, 100)),
        keeps_rejected=chance.random() < 0.3,
    )
    orders = tuple(
        AtMailroom(
            at=chance.uniform(0, 100),
            number=chance.choice(owners),
            bundle=chance.randrange(len(mail.bundles)),
            channel=chance.choice((None, None, "web", "phone", "mail")),
            times=chance.choice((1, 1, 2)),
            letters=tuple(_letter(plan, mail, chance) for _ in range(chance.randint(0, 3))),
        )
        for _ in range(chance.randint(1, 4))
    )
    return replace(plan, mail=mail, events=plan.events + orders)


def _letter(plan: Plan, mail: MailPlan, chance: Random) -> LetterPlan:
    """A message of a credit or some, at the edge of one more."""
    return LetterPlan(
        person=chance.randrange(len(plan.people)),
        characters=max(1, mail.characters_per_credit * chance.choice((1, 1, 2, 5)) + chance.choice((-1, 0, 1))),
        fate=chance.choice(("waits", "delivered", "delivered", "early", "rejected", "rejected")),
        waits=chance.choice((0.0, 0.3, 4.0)),
        times=chance.choice((1, 1, 1, 2)),
    )


VARIETIES: Final[dict[str, Callable[[Plan, Random], Plan]]] = {
    "varied": _with_limits,
    "cards": _with_cards,
    "household": _with_household,
    "care": _with_counter,
    "account-line": _with_line,
    "mailroom": _with_mail,
    "hours": with_hours,
    "velocity": with_velocity,
    "passive": with_passive_numbers,
    "balances": with_balances,
    "suspicions": with_suspicions,
    "enrolment": with_enrolment,
}
"""By the name of their chance: new ones at the end, for the worlds of old seeds."""
