"""Several meters on one purse, in the talk's own time: a book that is two numbers, and people who come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ledger.money import ZERO, Money, total
from rating.price import price
from rating.terms import INSTANT, Priced
from switch.call.meter import Cut, Hold, Meter, Redirect, State, Warn

NEVER = timedelta.max
STEPS_MAX = 10_000
"""More than any of these talks has instants at which something is due."""


@dataclass(slots=True)
class Talker:
    """One call: what it costs, when it begins, and when somebody hangs up."""

    priced: Priced
    slice_: timedelta = timedelta(seconds=60)
    limit: timedelta = timedelta(minutes=15)
    starts: timedelta = timedelta(0)
    leaves: timedelta = NEVER
    """In its own talk."""
    warnings: tuple[timedelta, ...] = (timedelta(seconds=60), timedelta(seconds=30))
    redirects: bool = False
    meter: Meter = field(init=False)
    told: list[tuple[timedelta, Warn | Redirect | Cut]] = field(init=False, default_factory=list)
    talk: timedelta = field(init=False, default=timedelta(0))
    charged: Money = field(init=False, default=ZERO)
    ended: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.meter = Meter(
            rate=self.priced,
            limit=self.limit,
            slice_=self.slice_,
            warnings=self.warnings,
            redirects=self.redirects,
        )


@dataclass(slots=True)
class Purse:
    """An account: what is in it, and what is held of it. Every change is told to all meters at once."""

    balance: Money
    talkers: Sequence[Talker]
    top_ups: Sequence[tuple[timedelta, Money]] = ()
    delay: timedelta = timedelta(0)
    """How long the book takes to answer."""
    put_in: Money = field(init=False)
    _held: dict[int, Money] = field(init=False, default_factory=dict)
    _answers: list[tuple[timedelta, int, Hold]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.put_in = self.balance

    @property
    def available(self) -> Money:
        """What nobody holds."""
        return self.balance - total(self._held.values())

    def run(self) -> None:
        """Let them talk until the last one ends, or talks without end."""
        now, waiting = timedelta(0), sorted(self.top_ups)
        for _ in range(STEPS_MAX):
            due = [at for at, _ in waiting[:1]] + [at for at, _, _ in self._answers]
            due += [self._due(talker, now) for talker in self.talkers if not talker.ended]
            if not due or min(due) == NEVER:
                return
            now = max(now, min(due))
            while waiting and waiting[0][0] <= now:
                amount = waiting.pop(0)[1]
                self.balance += amount
                self.put_in += amount
                self._tell(now)
            self._answer(now)
            for number, talker in enumerate(self.talkers):
                if not talker.ended:
                    self._step(number, talker, now)
        raise AssertionError(f"they went round and round at {now}")

    def _due(self, talker: Talker, now: timedelta) -> timedelta:
        if talker.meter.state is State.IDLE:
            return talker.starts
        deadline = talker.meter.deadline(now - talker.starts)
        assert deadline is not None, "an open meter is due some time"
        return talker.starts + min(deadline, talker.leaves)

    def _step(self, number: int, talker: Talker, now: timedelta) -> None:
        talk = now - talker.starts
        if talk < timedelta(0):
            return
        if talker.meter.state is State.IDLE:
            for effect in talker.meter.start(self.available):
                assert isinstance(effect, Hold)
                self._decide(number, effect, now)
            if talker.meter.deadline(talk) is None:
                talker.ended = "refused"
                return
            talker.meter.accepted(talker.priced)
        if talk >= talker.leaves:
            self._end(number, talker, now, "left")
            return
        for effect in talker.meter.advance(talk):
            match effect:
                case Hold() if self.delay:
                    self._answers.append((now + self.delay, number, effect))
                case Hold():
                    self._decide(number, effect, now)
                case Cut():
                    talker.told.append((talk, effect))
                    self._cut(number, talker, now, effect)
                case Warn() | Redirect():
                    talker.told.append((talk, effect))

    def _cut(self, number: int, talker: Talker, now: timedelta, cut: Cut) -> None:
        if not cut.is_time_limit and not self.delay:
            more = price(talker.priced, talker.meter.granted + INSTANT) - self._held.get(number, ZERO)
            assert more > max(ZERO, self.available), "cut, though another increment could be paid"
        self._end(number, talker, now, "time" if cut.is_time_limit else "money")

    def _end(self, number: int, talker: Talker, now: timedelta, why: str) -> None:
        talker.talk, talker.charged = talker.meter.stop(now - talker.starts)
        talker.ended = why
        assert talker.charged <= self._held.get(number, ZERO), "charged more than was held"
        self.balance -= talker.charged
        self._held.pop(number, None)
        self._tell(now)

    def _answer(self, now: timedelta) -> None:
        ready = [answer for answer in self._answers if answer[0] <= now]
        self._answers = [answer for answer in self._answers if answer[0] > now]
        for _, number, hold in ready:
            if not self.talkers[number].ended:
                self._decide(number, hold, now)

    def _decide(self, number: int, hold: Hold, now: timedelta) -> None:
        """What a ledger does with a hold."""
        talker = self.talkers[number]
        if hold.amount > self.available:
            talker.meter.refused_hold(self.available)
            return
        self._held[number] = self._held.get(number, ZERO) + hold.amount
        talker.meter.granted_hold(self.available)
        assert talker.meter.held == self._held[number]
        assert talker.meter.held == price(talker.priced, talker.meter.granted), "held something else than its price"
        self._tell(now)

    def _tell(self, now: timedelta) -> None:
        for talker in self.talkers:
            if not talker.ended and talker.meter.state is not State.IDLE:
                talker.meter.balance_changed(self.available)
                deadline = talker.meter.deadline(now - talker.starts)
                assert talker.meter.state is State.CLOSED or deadline is not None
