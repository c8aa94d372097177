"""The meter of one talk: holds before it is talked, warnings, and the instant of the cut.

Pure: `now` is the talk so far, from acceptance. The shell (`switch.call.charging`) carries out the
effects and tells the outcomes. The states are those of a credit session (RFC 8506 §7):

    IDLE ──start──▶ PENDING_INITIAL ──granted──▶ OPEN ◀──────────────┐
                        │ refused                │ slice runs low      │ granted / refused
                        ▼                        ▼                     │
                      CLOSED ◀──stop── (any)  PENDING_UPDATE ──────────┘

Refused in PENDING_INITIAL, where another call took money since the balance was read and what it left pays less
talk, the session is IDLE again, and starts with that.

Its words, in those of talk: a *unit* is the talk that one hold pays for. A unit is *valid* until the talk
reaches its end: time itself uses it up, so that no Validity-Time is counted beside it, and the next one is
asked for before. The unit granted last is *final* when all that is held and available buys not one increment
more (a refused hold says so too). A final unit *terminates* the talk at its end; where the profile *redirects*,
both are told before how to top up. Talk already granted is talked in any case.

Warnings follow what can be afforded by all that is held and available. Money that comes, from a top-up or from
another call on the same account, takes back warnings and a final unit, and is asked for at once if it is due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Final

from ledger.money import ZERO, Money
from rating.price import afford, price, step
from rating.terms import Priced

SECOND: Final = timedelta(seconds=1)

LEAD_MAX: Final = timedelta(seconds=5)
"""A slice is asked for so long before the last one ends: longer than a slow commit, shorter than a slice."""

WARNING_LATE_MAX: Final = timedelta(seconds=1)
"""A warning this late is still true to the ear."""

WARNING_WORDS: Final = timedelta(seconds=2)
"""How long it takes to say what is left: a warning that is due meanwhile would only repeat it."""

REDIRECT_WORDS: Final = timedelta(seconds=10)
"""How long both are told how to top up, what is left of the talk included: no warning talks over that."""


class State(Enum):
    """Where the credit session is."""

    IDLE = "idle"
    PENDING_INITIAL = "pending-initial"
    OPEN = "open"
    PENDING_UPDATE = "pending-update"
    CLOSED = "closed"


MOVES: Final[dict[State, frozenset[State]]] = {
    State.IDLE: frozenset({State.PENDING_INITIAL, State.OPEN, State.CLOSED}),
    State.PENDING_INITIAL: frozenset({State.IDLE, State.OPEN, State.CLOSED}),
    State.OPEN: frozenset({State.PENDING_UPDATE, State.CLOSED}),
    State.PENDING_UPDATE: frozenset({State.OPEN, State.CLOSED}),
    State.CLOSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Hold:
    """Effect: hold this amount more; it pays the talk up to `talk`."""

    number: int
    amount: Money
    talk: timedelta


@dataclass(frozen=True, slots=True)
class Warn:
    """Effect: so much talk is left."""

    remaining: timedelta


@dataclass(frozen=True, slots=True)
class Redirect:
    """Effect: the unit granted last is final, so much of the talk is left; say how to top up (RFC 8506 §5.6.2)."""

    remaining: timedelta


@dataclass(frozen=True, slots=True)
class Cut:
    """Effect: the last paid instant has come."""

    is_time_limit: bool
    """The limit of the profile ended it, not the money."""


Effect = Hold | Warn | Redirect | Cut


class Meter:
    """One talk's credit session."""

    __slots__ = (
        "_asked", "_available", "_first", "_granted", "_held", "_holds", "_is_on_trust", "_is_redirected",
        "_is_starved", "_limit", "_quiet_until", "_rate", "_redirects", "_slice", "_state", "_warned", "_warnings",
    )  # fmt: skip

    def __init__(
        self,
        *,
        rate: Priced,
        limit: timedelta,
        slice_: timedelta,
        warnings: tuple[timedelta, ...],
        first: Money = ZERO,
        is_on_trust: bool = False,
        redirects: bool = False,
    ) -> None:
        """Begin a session.

        Args:
            rate: What talk costs.
            limit: The longest talk.
            slice_: About how much talk is held ahead.
            warnings: How long before the end both are warned.
            first: The least to hold first, where the price at acceptance may be another than now.
            is_on_trust: The payer is charged later, and nothing is held (S3-9).
            redirects: Both are told how to top up when the final unit is granted; else it only ends the talk.
        """
        self._first = first
        self._is_on_trust = is_on_trust
        self._rate = rate
        self._limit = limit
        self._slice = slice_
        self._warnings = warnings
        self._state = State.IDLE
        self._granted = timedelta(0)
        self._held = ZERO
        self._available = ZERO
        self._asked: Hold | None = None
        self._holds = 0
        self._is_starved = False
        self._warned: set[timedelta] = set()
        self._redirects = redirects
        self._is_redirected = False
        self._quiet_until = timedelta(0)

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._state

    @property
    def granted(self) -> timedelta:
        """Talk paid for so far, counted from acceptance."""
        return self._granted

    @property
    def held(self) -> Money:
        """What is held for this talk."""
        return self._held

    @property
    def affordable(self) -> timedelta:
        """The longest talk that what is held and available pays, never past the limit."""
        if self._is_on_trust:
            return self._limit
        return max(self._granted, min(self._limit, afford(self._rate, self._held + self._available)))

    @property
    def is_final(self) -> bool:
        """Whether the unit granted last is the final one (RFC 8506 §5.6): money, not the limit, ends the talk there."""
        is_open = self._state in {State.OPEN, State.PENDING_UPDATE}
        return is_open and self._granted < self._limit and self.affordable == self._granted

    def start(self, available: Money) -> list[Effect]:
        """Ask for the first slice. An empty list: it costs nothing and is granted (OPEN), or cannot be paid (CLOSED).

        What is free, or charged later, is granted to the limit at once, and no hold is ever placed. What is free now
        and may cost at acceptance is held for.
        """
        self._available = max(ZERO, available)
        if self._is_on_trust or (self._rate.is_free and not self._first):
            self._granted = self._limit
            self._move(State.OPEN)
            return []
        hold = self._first_hold()
        if hold is None and self._granted:
            self._move(State.OPEN)  # What is paid is asked for when it is due.
            return []
        self._move(State.CLOSED if hold is None else State.PENDING_INITIAL)
        return self._ask(hold)

    def shorten(self, limit: timedelta) -> None:
        """The longest talk is not longer than this, whatever was thought at admission: hours end at an instant."""
        self._limit = min(self._limit, limit)
        self._granted = min(self._granted, self._limit)

    def accepted(self, rate: Priced) -> None:
        """The talk begins, and this is what it costs: what is held pays for as much as it pays now."""
        self._rate = rate
        if not self._is_on_trust:
            self._granted = min(self._limit, afford(rate, self._held))

    def granted_hold(self, available: Money) -> None:
        """The hold asked for was placed; so much is still available. Too late for a closed meter: ignored."""
        if self._state is State.CLOSED:
            return
        assert self._asked is not None, "no hold was asked for"
        self._available = max(ZERO, available)
        self._held += self._asked.amount
        self._granted = min(self._asked.talk, self._limit)
        self._asked = None
        self._is_starved = False
        self._move(State.OPEN)

    def refused_hold(self, available: Money) -> None:
        """The hold asked for was refused; so much is available. A smaller one may be asked for next.

        The first one too: the session is IDLE then, to be started again.
        """
        if self._state is State.CLOSED:
            return
        assert self._asked is not None, "no hold was asked for"
        refused, self._asked = self._asked, None
        self._available = max(ZERO, available)
        if self._state is State.PENDING_INITIAL:
            smaller = self._first_hold()
            is_less = smaller is not None and smaller.amount < refused.amount
            self._move(State.IDLE if is_less else State.CLOSED)
            return
        self._is_starved = self._next_hold() is None
        self._move(State.OPEN)

    def balance_changed(self, available: Money) -> None:
        """The payer's account changed: a top-up, another call, a correction."""
        self._available = max(ZERO, available)
        self._is_starved = False

    def advance(self, talk: timedelta) -> list[Effect]:
        """What is due at this instant of the talk; call it again at `deadline`."""
        if self._state not in {State.OPEN, State.PENDING_UPDATE}:
            return []
        if talk >= self._granted:
            self._move(State.CLOSED)
            return [Cut(is_time_limit=self._granted >= self._limit)]
        effects: list[Effect] = []
        if self._state is State.OPEN and talk >= self._renew_at():
            hold = self._next_hold()
            if hold is None:
                self._is_starved = True
            else:
                self._move(State.PENDING_UPDATE)
            effects += self._ask(hold)
        effects += self._tell(talk)
        return effects

    def deadline(self, talk: timedelta) -> timedelta | None:
        """The instant of the talk at which `advance` is due next, None once closed."""
        if self._state not in {State.OPEN, State.PENDING_UPDATE}:
            return None
        due = [self._granted]
        if self._state is State.OPEN and not self._is_starved and self._granted < self._limit:
            due.append(self._renew_at())
        affordable = self.affordable
        due += [
            affordable - warning
            for warning in self._warnings
            if warning not in self._warned and affordable - warning > talk
        ]
        return max(talk, min(due))

    def stop(self, talk: timedelta) -> tuple[timedelta, Money]:
        """End the session: the talk to charge (never past the last paid instant), and its price."""
        if self._state is not State.CLOSED:
            self._move(State.CLOSED)
        charged = min(max(talk, timedelta(0)), self._granted)
        return charged, price(self._rate, charged)

    def _tell(self, talk: timedelta) -> list[Effect]:
        """That the final unit was granted, once until it is taken back; else a warning."""
        is_told, self._is_redirected = self._is_redirected, self._redirects and self.is_final
        if is_told and not self._is_redirected:
            self._quiet_until = timedelta(0)
        warnings = self._warn(talk)
        remaining = timedelta(seconds=(self.affordable - talk) // SECOND)
        if self._is_redirected and not is_told and remaining:
            self._quiet_until = talk + REDIRECT_WORDS
            return [Redirect(remaining)]
        return warnings

    def _warn(self, talk: timedelta) -> list[Effect]:
        """One warning that is true now; a top-up arms the passed ones again.

        Where less is left than the warning says (a call that began with less, a balance that fell),
        what is left is said, in whole seconds. No warning is said while both are told something else.
        """
        remaining = self.affordable - talk
        self._warned = {warning for warning in self._warned if remaining <= warning}
        due = [warning for warning in self._warnings if remaining <= warning and warning not in self._warned]
        self._warned.update(due)
        if not due or talk < self._quiet_until:
            return []
        if min(due) - remaining <= WARNING_LATE_MAX:
            return [Warn(min(due))]
        self._quiet_until = talk + WARNING_WORDS
        return [Warn(timedelta(seconds=remaining // SECOND))]

    def _ask(self, hold: Hold | None) -> list[Effect]:
        if hold is None:
            return []
        self._asked = hold
        self._holds = hold.number
        return [hold]

    def _renew_at(self) -> timedelta:
        return self._granted - min(LEAD_MAX, self._slice / 2)

    def _first_hold(self) -> Hold | None:
        """The first slice, or what the money allows of it; None when nothing is paid, or nothing is to be held."""
        hold = self._next_hold()
        if self._granted:  # Nothing yet, and something if it is accepted a little later.
            return Hold(self._holds + 1, self._first, self._granted) if self._first else None
        if hold is not None and hold.amount < self._first:
            return replace(hold, amount=self._first)
        return hold

    def _next_hold(self) -> Hold | None:
        """The next slice, or what the money allows of it; None when not one increment more is paid.

        Talk that costs nothing more (a first minute for free, a flat price) is granted in passing: a hold
        of nothing is none.
        """
        affordable = afford(self._rate, self._held + self._available)
        while self._granted < self._limit:
            wanted = min(self._slice, self._limit - self._granted)  # Beyond the limit nothing is held.
            talk = min(step(self._rate, self._granted, wanted), affordable)
            amount = price(self._rate, talk) - self._held
            if talk <= self._granted or amount < ZERO:
                return None
            if amount:
                return Hold(self._holds + 1, amount, talk)
            self._granted = min(talk, self._limit)
        return None

    def _move(self, to: State) -> None:
        assert to in MOVES[self._state], f"{self._state} may not become {to}"
        self._state = to
