"""A book that dies at one of its commits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger.engine import Session


class KilledError(Exception):
    """The process is dead."""


class Mortal:
    """Lets a book die before, or right after, one of its commits; what is dead commits no more."""

    def __init__(self, session: Session, at: int | None, *, is_stored: bool) -> None:
        self.commits = 0
        self._transact = session.transact
        self._at = at
        self._is_stored = is_stored
        session.transact = self  # type: ignore[method-assign, assignment]

    def __call__(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.commits += 1
        if self._at is None or self.commits < self._at:
            return self._transact(work, *args, **kwargs)

        def last(session: Session) -> Any:
            result = work(session, *args, **kwargs)
            if not self._is_stored:
                raise KilledError
            return result

        if self.commits == self._at:
            self._transact(last)
        raise KilledError
