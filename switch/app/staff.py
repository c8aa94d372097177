"""Commands of a facility's staff: `contacts`, `facility` and `live`, beside the switches that run.

Exit codes: 0 done; 1 refused, or there is no such call; 2 used wrongly, no book, or a configuration with mistakes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.store import DEFAULT_URL, Book
from ledger.terminal import AsJson, Database, fail, print_facts, with_book
from rating.numbers import Undialable, normalise
from switch.app.reading import EXAMPLE, Configuration, serving
from switch.directory.contacts import Action, Contacts, ContactState, ListRefusal, listed
from switch.directory.flags import Flags
from switch.directory.live import LiveCall, NotCut, cut, live_calls
from switch.directory.people import Directory, PersonInside
from switch.directory.switches import FacilitySwitch, FacilitySwitches

Who = Annotated[str, typer.Argument(help="The person inside, by the id of the configuration.")]
Number = Annotated[str, typer.Argument(help="The number, for example +12125550123.")]
Where = Annotated[str, typer.Argument(help="The facility's id.")]
Why = Annotated[str, typer.Option("--why", help="Kept with what is done.")]
DONE = {
    ContactState.REQUESTED: "waits for a review",
    ContactState.APPROVED: "may be called",
    ContactState.REFUSED: "is refused",
    ContactState.REMOVED: "is off the list",
}

contacts = typer.Typer(help="Allowed lists: whom a person inside may call.", no_args_is_help=True)
facility = typer.Typer(help="Turn all telephones of a facility off and on.", no_args_is_help=True)
live = typer.Typer(help="The calls that go on, and cutting one of them.")


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.add_typer(contacts, name="contacts")
    app.add_typer(facility, name="facility")
    app.add_typer(live, name="live")


@contacts.command("add")
def add(
    person: Who,
    number: Number,
    config: Configuration = EXAMPLE,
    why: Why = "asked for by the person inside",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Put a number on a list, or up for review where the facility reviews."""
    _change(person, number, Action.ADD, config, why, db, as_json=as_json)


@contacts.command("remove")
def remove(
    person: Who,
    number: Number,
    config: Configuration = EXAMPLE,
    why: Why = "asked for by the person inside",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Take a number off a list."""
    _change(person, number, Action.REMOVE, config, why, db, as_json=as_json)


@contacts.command("request")
def request(
    person: Who,
    number: Number,
    config: Configuration = EXAMPLE,
    why: Why = "asked for from outside",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Ask for a review of a number, as somebody outside who wants to be called (S2-3)."""
    _change(person, number, Action.REQUEST, config, why, db, as_json=as_json)


@contacts.command("approve")
def approve(
    person: Who,
    number: Number,
    config: Configuration = EXAMPLE,
    why: Why = "reviewed",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Put a number that waits for its review on the list."""
    _change(person, number, Action.APPROVE, config, why, db, as_json=as_json)


@contacts.command("refuse")
def refuse(
    person: Who,
    number: Number,
    config: Configuration = EXAMPLE,
    why: Why = "reviewed",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Refuse a number that waits for its review."""
    _change(person, number, Action.REFUSE, config, why, db, as_json=as_json)


@contacts.command("list")
def show(person: Who, config: Configuration = EXAMPLE, db: Database = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show a list as it stands, and what became of every other number."""
    who, start = _listed(serving(config).directory, person)
    changes = with_book(db, lambda book: Contacts(book).changes(who.person_id))
    numbers = listed(start, changes)
    others = {change.number: change.state.value for change in changes if change.number not in numbers}
    facts = {
        "person": person,
        "allowed": sorted(numbers),
        "others": others,
        "changes": [
            {"number": each.number, "state": each.state.value, "at": each.at.isoformat(), "why": each.why}
            for each in changes
        ],
    }
    lines = [f"{number}  may be called" for number in sorted(numbers)]
    lines += [f"{number}  {state}" for number, state in sorted(others.items())]
    print_facts(facts, "\n".join(lines) or f"{person} may call nobody", as_json=as_json)


@facility.command("off")
def turn_off(
    facility_id: Where,
    ends_calls: Annotated[bool, typer.Option("--end-calls", help="End the calls that go on, too.")] = False,
    config: Configuration = EXAMPLE,
    why: Why = "turned off by staff",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Take no call from a facility until it is turned on again."""
    _turn(facility_id, config, why, db, is_off=True, ends_calls=ends_calls, as_json=as_json)


@facility.command("on")
def turn_on(
    facility_id: Where,
    config: Configuration = EXAMPLE,
    why: Why = "turned on by staff",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Take calls from a facility again."""
    _turn(facility_id, config, why, db, is_off=False, ends_calls=False, as_json=as_json)


@live.callback(invoke_without_command=True)
def monitor(context: typer.Context, db: Database = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the calls that go on, of every switch on the book."""
    if context.invoked_subcommand is not None:
        return
    calls = with_book(db, live_calls)
    words = "\n".join(map(_line, calls)) or "no call goes on"
    print_facts([_facts(call) for call in calls], words, as_json=as_json)


@live.command("cut")
def cut_call(
    call: Annotated[str, typer.Argument(help="The call's id, as `payphone live` shows it.")],
    why: Annotated[str, typer.Option("--why", help="Kept with the block.")],
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """End a call: its number is blocked at its facility, by security."""
    now = datetime.now(UTC)
    done = with_book(db, lambda book: cut(book, call, why=why, at=now))
    if isinstance(done, NotCut):
        fail(f"{call}: {done.value}", 1)
    facts = {"call": done.call_id, "number": done.number, "facility": done.facility, "why": why}
    words = f"{done.call_id} is cut; calls from {done.facility} to {done.number} are blocked by security"
    print_facts(facts, words, as_json=as_json)


@live.command("flags")
def show_flags(db: Database = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show on which calls a third party was suspected, the newest last."""
    flags = with_book(db, lambda book: Flags(book).latest())
    facts = [
        {
            "call": flag.call_id,
            "suspicion": flag.suspicion.value,
            "source": flag.source.value,
            "at": flag.at.isoformat(),
        }
        for flag in flags
    ]
    lines = [
        f"{flag.call_id}  {flag.suspicion.value}  {flag.source.value}  {flag.at:%Y-%m-%d %H:%M:%S}" for flag in flags
    ]
    print_facts(facts, "\n".join(lines) or "no third party was suspected", as_json=as_json)


def _change(person: str, number: str, action: Action, config: Path, why: str, db: str, *, as_json: bool) -> None:
    directory = serving(config).directory
    who, start = _listed(directory, person)
    destination = normalise(number)
    if isinstance(destination, Undialable):
        fail(f"{number!r} is not a number that can be called ({destination.value}); write it like +12125550123", 2)
    rules, now = directory.facility(who.facility_id).lists, datetime.now(UTC)

    async def store(book: Book) -> ContactState | ListRefusal:
        return await Contacts(book).change(
            who.person_id, destination.e164, action, start=start, rules=rules, why=why, at=now
        )

    done = with_book(db, store)
    if isinstance(done, ListRefusal):
        fail(f"{destination.e164} for {person}: {done.value}", 1)
    facts = {"person": person, "number": destination.e164, "state": done.value}
    print_facts(facts, f"{destination.e164} {DONE[done]} for {person}", as_json=as_json)


def _turn(facility_id: str, config: Path, why: str, db: str, *, is_off: bool, ends_calls: bool, as_json: bool) -> None:
    known = [each.facility_id for each in serving(config).directory.facilities()]
    if facility_id not in known:
        fail(f"there is no facility {facility_id!r}; known: {', '.join(known)} (name your --config)", 2)
    switch = FacilitySwitch(facility_id, is_off, ends_calls, why, datetime.now(UTC))
    with_book(db, lambda book: FacilitySwitches(book).turn(switch))
    facts = {"facility": facility_id, "off": is_off, "ends_calls": ends_calls}
    also = ", and its calls are ended" if ends_calls else ""
    print_facts(facts, f"{facility_id} is turned {'off' if is_off else 'on'}{also}", as_json=as_json)


def _listed(directory: Directory, person: str) -> tuple[PersonInside, frozenset[str]]:
    """A person who has a list, and what it begins with."""
    who = directory.named(person)
    if who is None:
        fail(f"nobody inside is called {person!r} in this configuration; name your --config", 2)
    start = directory.list_of(who)
    if start is None:
        fail(f"{person} may call any number: give `allowed`, or `everybody_listed = true` of the facility", 2)
    return who, start


def _facts(call: LiveCall) -> dict[str, Any]:
    return {
        "call": call.call_id,
        "facility": call.facility,
        "station": call.station,
        "person": call.person,
        "number": call.number,
        "stage": call.stage.value,
        "began_at": call.began_at.isoformat(),
        "accepted_at": None if call.accepted_at is None else call.accepted_at.isoformat(),
        "monitorable": call.is_monitorable,
        "recording": call.recording,
    }


def _line(call: LiveCall) -> str:
    heard = f"recording {call.recording}" if call.is_monitorable else "not monitored"
    whom = f"{call.person or 'nobody yet'} at {call.station} ({call.facility}) to {call.number or 'no number yet'}"
    return f"{call.call_id}  {call.stage.value}  {whom}  {heard}"
