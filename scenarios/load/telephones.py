"""The telephones of a load: which are free, who they are, and the calls that are to arrive at them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from scenarios.load.plan import CallersTable, NumbersTable


@dataclass(frozen=True, slots=True)
class Caller:
    """A telephone that calls."""

    index: int
    user: str
    password: str | None
    pin: str


@dataclass(frozen=True, slots=True)
class Callee:
    """A telephone that is called; with `user` it registers."""

    index: int
    number: str
    user: str | None
    password: str | None

    @property
    def names(self) -> frozenset[str]:
        """What the user part of an INVITE to it may be."""
        return frozenset(filter(None, (self.number, self.number.removeprefix("+"), self.user)))


class Pool:
    """Places of telephones in turn: the one longest at rest is used next, so that late messages find it free."""

    def __init__(self, first: int, count: int) -> None:
        self._free = deque(range(first, first + count))

    def __len__(self) -> int:
        return len(self._free)

    def take(self) -> int | None:
        """A free one; None if all are in use."""
        return self._free.popleft() if self._free else None

    def give_back(self, index: int) -> None:
        """Say that it is free again."""
        self._free.append(index)


def caller_of(table: CallersTable, index: int) -> Caller:
    """The caller at a place."""
    password = None if table.password is None else table.password.format(n=index)
    return Caller(index, table.user.format(n=index), password, table.pin.format(n=index))


def callee_of(table: NumbersTable, index: int) -> Callee:
    """The called party at a place."""
    user = None if table.user is None else table.user.format(n=index)
    password = None if table.password is None else table.password.format(n=index)
    return Callee(index, table.number.format(n=index), user, password)
