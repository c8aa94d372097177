"""What the staff of a facility does, as another program at the same book."""

from __future__ import annotations

from typing import Final

from scenarios.language.staff import Cut, StaffStep, TurnedOff
from scenarios.play.errors import CannotActError, NotHappenedError
from scenarios.play.stage import Stage
from switch.directory.contacts import Action, Contacts, ListRefusal
from switch.directory.live import cut, live_calls
from switch.directory.switches import FacilitySwitch, FacilitySwitches

ACTIONS: Final = {
    "adds contacts": Action.ADD,
    "removes contacts": Action.REMOVE,
    "requests contacts": Action.REQUEST,
    "approves contacts": Action.APPROVE,
    "refuses contacts": Action.REFUSE,
}


async def oversee(stage: Stage, body: StaffStep) -> None:
    """Do what is asked of staff, in the order written.

    Raises:
        CannotActError: There is no such person or call.
        NotHappenedError: A list took what it was to refuse, or refused.
    """
    for key in body.order:
        match key:
            case "turns off":
                said = body.turns_off if isinstance(body.turns_off, TurnedOff) else None
                facility = str(body.turns_off) if said is None else said.facility
                await _turn(stage, facility, is_off=True, ends_calls=said is not None and said.ends_calls)
            case "turns on":
                await _turn(stage, str(body.turns_on), is_off=False)
            case "cuts":
                await _cut(stage, body.cuts if isinstance(body.cuts, Cut) else Cut(of=str(body.cuts)))
            case _ if key in ACTIONS:
                lists = getattr(body, key.replace(" ", "_"))
                for person, names in lists.items():
                    for name in names:
                        await _change(stage, person, name, ACTIONS[key], is_refused=body.refused)


async def _change(stage: Stage, person_id: str, name: str, action: Action, *, is_refused: bool) -> None:
    directory, number = stage.world.directory, stage.number(name)
    person = directory.named(person_id)
    start = None if person is None else directory.list_of(person)
    if person is None or start is None:
        raise CannotActError(f"{person_id} has no allowed list")
    rules = directory.facility(person.facility_id).lists
    async with stage.book() as book:
        done = await Contacts(book).change(
            person_id, number, action, start=start, rules=rules, why="by staff", at=stage.utc()
        )
    if isinstance(done, ListRefusal) is not is_refused:
        raise NotHappenedError(f"{action.value} {name} {'is refused' if is_refused else 'is done'}", done.value)


async def _turn(stage: Stage, facility: str, *, is_off: bool, ends_calls: bool = False) -> None:
    async with stage.book() as book:
        await FacilitySwitches(book).turn(FacilitySwitch(facility, is_off, ends_calls, "by staff", stage.utc()))


async def _cut(stage: Stage, asked: Cut) -> None:
    number, station = stage.number(asked.of), asked.of.removeprefix("station ")
    async with stage.book() as book:
        calls = await live_calls(book)
        found = next((call for call in calls if call.number == number or call.station == station), None)
        if found is None:
            raise CannotActError(f"{asked.of} is on no call")
        await cut(book, found.call_id, why=asked.why, at=stage.utc())
