"""Random worlds: from a seed to its plan."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Final

from scenarios.sim.links import Link
from scenarios.swarm.model import Prices
from scenarios.swarm.plan import (
    BAD_PIN,
    FACILITY,
    FACILITY_FREE,
    Answering,
    BlockedByAgent,
    BookTrouble,
    CallPlan,
    Deposited,
    Event,
    Killed,
    NumberPlan,
    OnAccept,
    Parted,
    PersonPlan,
    Plan,
    StationPlan,
    debit_account,
)
from scenarios.swarm.variety import balance, varied

HORIZON: Final = 120.0
"""Seconds in which calls begin, faults strike and money comes in."""

CALLS_MAX: Final = 6


def make_plan(seed: int, *, has_media: bool) -> Plan:
    """The plan of a seed."""
    chance = Random(f"swarm/{seed}")
    prices = _prices(chance)
    people = tuple(_person(chance, index) for index in range(chance.randint(1, 3)))
    limit = float(chance.choice((20, 45, 60, 90, 120)))
    numbers = tuple(_number(chance, index, prices, limit) for index in range(chance.randint(1, 3)))
    people = tuple(
        replace(person, debit=balance(chance, prices)) if chance.random() < 0.5 else person for person in people
    )
    stations = tuple(
        StationPlan(f"station{index}", f"10.0.1.{index + 1}", FACILITY if chance.random() < 0.95 else FACILITY_FREE)
        for index in range(chance.randint(1, 3))
    )
    people = tuple(
        replace(person, allowed=(numbers[0].number,)) if chance.random() < 0.1 else person for person in people
    )
    calls = tuple(_call(chance, index, stations, people, numbers) for index in range(chance.randint(1, CALLS_MAX)))
    plan = Plan(
        seed=seed,
        has_media=has_media,
        prices=prices,
        limit=limit,
        warnings=_warnings(chance, limit),
        slice=float(chance.choice((2, 5, 6, 10, 30, 60))),
        link=_link(chance),
        stations=stations,
        people=people,
        numbers=numbers,
        calls=calls,
        events=_events(chance, stations, people, numbers, prices) + _delicate(Random(f"swarm/{seed}/accept")),
    )
    return varied(plan)


def _warnings(chance: Random, limit: float) -> tuple[float, ...]:
    """Some instants before the end, none before the beginning."""
    chosen = chance.sample((60.0, 30.0, 20.0, 10.0, 5.0), chance.randint(0, 2))
    return tuple(sorted((each for each in chosen if each < limit), reverse=True))


def _prices(chance: Random) -> Prices:
    first = chance.choice((1, 6, 6, 10, 30, 60))
    increment = chance.choice((1, 1, 6, 6, 10, 30))
    return Prices(
        first_seconds=first,
        increment_seconds=increment,
        minimum_seconds=first + chance.choice((0, 0, 0, 1, 7, 30)),
        per_minute=chance.choice(
            (
                Decimal("0.25"),
                Decimal("0.025"),
                Decimal("0.07"),
                Decimal("0.2433"),
                Decimal("0.000007"),
                Decimal("1.2345678"),
            )
        ),
        first_price=chance.choice((None, None, Decimal("0.5"), Decimal("0.0000005"), Decimal(0))),
        connection=chance.choice((Decimal(0), Decimal(0), Decimal(0), Decimal("0.0333333"))),
    )


def _person(chance: Random, index: int) -> PersonPlan:
    return PersonPlan(
        f"person{index}",
        f"{1000 + 1111 * index + chance.randint(0, 99)}",
        FACILITY if chance.random() < 0.98 else FACILITY_FREE,
        None,
        None,
    )


def _number(chance: Random, index: int, prices: Prices, limit: float) -> NumberPlan:
    kind = chance.choice(("advancepay",) * 12 + ("collect",) * 4 + ("cell", "free"))
    return NumberPlan(
        number=f"+1212555{1000 + index}",
        user=f"family{index}" if chance.random() < 0.97 else None,
        host=f"10.0.2.{index + 1}",
        line={"collect": "landline", "cell": "cell"}.get(kind, chance.choice((None, "landline", "cell"))),
        advancepay=balance(chance, prices) if kind == "advancepay" else None,
        is_free=kind == "free",
        is_privileged=chance.random() < 0.15,
        answers=tuple(_answering(chance, limit) for _ in range(CALLS_MAX)),
    )


def _answering(chance: Random, limit: float) -> Answering:
    after = chance.choice((0.0, 0.01, chance.random(), chance.uniform(0, 10), chance.uniform(0, 32)))
    leaves = chance.choice(
        (None, None, chance.uniform(0, 5), chance.uniform(5, 40), chance.uniform(5, 40), chance.uniform(20, limit + 60))
    )
    way = chance.random()
    if way < 0.05:
        return Answering(after, status=chance.choice((480, 486, 488, 500, 503, 600, 603)))
    if way < 0.09:
        return Answering(after, is_ignoring=True)
    if way < 0.16:
        return Answering(after, keys=((chance.uniform(0, 20), "7"),), leaves_after=leaves)
    if way < 0.24:
        return Answering(after, leaves_after=leaves)
    if way < 0.34:
        mashed = tuple(
            (chance.choice((0.0, 0.1, 1.0)), chance.choice("0123456789*#")) for _ in range(chance.randint(2, 12))
        )
        return Answering(after, keys=mashed, leaves_after=leaves)
    accept = (chance.choice((0.0, chance.uniform(0, 5), chance.uniform(0, 8), chance.uniform(0, 30))), "5")
    price = ((chance.uniform(0, 8), "2"),) if chance.random() < 0.1 else ()
    return Answering(
        after,
        keys=(*price, accept),
        leaves_after=leaves,
        is_dropping=chance.random() < 0.06,
        holds=(chance.uniform(0, 30), chance.uniform(0.5, 10)) if chance.random() < 0.1 else None,
        top_up=(chance.uniform(0, 45), chance.choice((1, 10_000, 250_000))) if chance.random() < 0.3 else None,
    )


def _call(
    chance: Random,
    index: int,
    stations: tuple[StationPlan, ...],
    people: tuple[PersonPlan, ...],
    numbers: tuple[NumberPlan, ...],
) -> CallPlan:
    person = chance.randrange(len(people))
    pin = people[person].pin
    return CallPlan(
        name=f"call-{index}",
        station=chance.randrange(len(stations)),
        person=person,
        number=chance.randrange(len(numbers)),
        waits=chance.choice((0.0, chance.uniform(0, 3), chance.uniform(0, 30))),
        is_asked=chance.random() < 0.4,
        is_debit=chance.random() < (0.15 if people[person].debit is None else 0.8),
        pins=chance.choice(((pin,),) * 24 + ((BAD_PIN, pin), (BAD_PIN, BAD_PIN, BAD_PIN), ())),
        thinks=chance.choice((0.0, 0.5, chance.uniform(0, 3))),
        leaves_after=chance.choice(
            (None, None, None, None, chance.uniform(0, 10), chance.uniform(10, 60), chance.uniform(10, 90))
        ),
        is_dropping=chance.random() < 0.05,
        holds=(chance.uniform(10, 40), chance.uniform(0.5, 10)) if chance.random() < 0.08 else None,
    )


def _link(chance: Random) -> Link:
    if chance.random() < 0.6:
        return Link()
    delay = chance.choice((0.0002, 0.02, 0.08, 0.2))
    if chance.random() < 0.4:
        return Link(delay=delay, jitter=chance.choice((0.0, 0.005, 0.02)))
    return Link(
        delay=delay,
        jitter=chance.choice((0.0, 0.005, 0.02)),
        loss=chance.choice((0.0, 0.01, 0.05, 0.15)),
        loss_burst=chance.choice((1.0, 1.0, 3.0)),
        duplication=chance.choice((0.0, 0.02, 0.1)),
        reordering=chance.choice((0.0, 0.02, 0.1)),
    )


def _events(
    chance: Random,
    stations: tuple[StationPlan, ...],
    people: tuple[PersonPlan, ...],
    numbers: tuple[NumberPlan, ...],
    prices: Prices,
) -> tuple[Event, ...]:
    events: list[Event] = []
    accounts = [debit_account(person) for person in people if person.debit is not None]
    accounts += [f"advancepay:{number.number}" for number in numbers if number.advancepay is not None]
    if accounts:
        events += [
            Deposited(chance.uniform(0, HORIZON), chance.choice(accounts), max(1, balance(chance, prices)))
            for _ in range(chance.choice((0, 0, 1, 3)))
        ]
    if chance.random() < 0.1:
        events.append(BlockedByAgent(chance.uniform(0, HORIZON / 2), chance.randrange(len(numbers))))
    for _ in range(chance.choice((0,) * 5 + (1, 1, 2))):
        events.append(
            Killed(
                at=chance.uniform(0.5, HORIZON / 2),
                rounds=chance.choice((0, 0, 1, 2, 3, 5, 8, 13)),
                after=chance.choice((0.0, 0.2, 1.0, 5.0, 15.0)),
                step=chance.choice((0.0, 0.0, 0.0, 3600.0, -3600.0, -0.5)),
                is_orderly=chance.random() < 0.25,
            )
        )
    for _ in range(chance.choice((0,) * 7 + (1, 1, 2))):
        events.append(
            BookTrouble(
                at=chance.uniform(0.5, HORIZON / 2),
                kind=chance.choice(("slow", "fails", "forgets")),
                count=chance.choice((1, 2, 3, 5, 12, 40)),
                seconds=chance.choice((0.1, 0.5, 2.0)),
            )
        )
    hosts = [station.host for station in stations] + [number.host for number in numbers]
    for _ in range(chance.choice((0,) * 9 + (1,))):
        events.append(Parted(chance.uniform(0, HORIZON / 2), chance.choice(hosts), chance.choice((0.5, 5.0, 40.0))))
    return tuple(events)


def _delicate(chance: Random) -> tuple[Event, ...]:
    """In a fifth of the worlds, the switch dies or the book fails about when a call is accepted."""
    way = chance.random()
    after = chance.choice((0.0, 0.0003, chance.uniform(0, 0.05), chance.uniform(0, 2), chance.uniform(0, 30)))
    if way < 0.12:
        killed = Killed(
            at=0.0,
            rounds=chance.randrange(25),
            after=chance.choice((0.0, 0.2, 2.0)),
            step=chance.choice((0.0, 0.0, 3600.0, -3600.0)),
            is_orderly=chance.random() < 0.25,
        )
        return (OnAccept(after, killed),)
    if way < 0.2:
        kind = chance.choice(("slow", "fails", "forgets"))
        return (OnAccept(after, BookTrouble(0.0, kind, chance.choice((1, 3, 6, 20)), chance.choice((0.1, 0.5, 2.0)))),)
    return ()
