"""Menus of the person inside, between the PIN and the number: one function each.

A menu says something, may ask for keys, and returns None for the call to go on, or the reason why it
does not. A profile names the menus of its system in `inside.menus`; `docs/extending.md` adds one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from ivr.ports import Desk, Party, Person
from ivr.reasons import Reason
from ivr.words import Words

Menu: TypeAlias = Callable[[Party, Desk, Words, Person], Awaitable[Reason | None]]

MENUS: Final[dict[str, Menu]] = {}
"""Every menu by the name that profiles call it."""


def menu(name: str) -> Callable[[Menu], Menu]:
    """Let profiles name the function below as a menu."""

    def named(function: Menu) -> Menu:
        assert name not in MENUS, f"two menus are called {name!r}"
        MENUS[name] = function
        return function

    return named


@menu("time-limit")
async def time_limit(caller: Party, _desk: Desk, say: Words, _person: Person) -> Reason | None:
    """Tell how long a call may last."""
    await caller.play((*say.tongue.clips("inside/calls-last"), *say.tongue.duration(say.profile.talking.limit_talk)))
    return None
