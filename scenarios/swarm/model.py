"""An executable model of the money of calls. It knows the tariff, the clock and the people, not the switch.

From what was seen from outside (which keys arrived when, who hung up when, what was deposited, when the switch was
killed) it says for each call whether it may cost anything, and between which two amounts its price lies. All instants
are seconds of one clock, all amounts whole micros of a dollar.

The rules, in words:

* Talk begins when the accept key arrives and ends when somebody hangs up, when an agent blocks the number, when
  the time is over, or when the last increment that the money pays is over. Nothing else is ever charged.
* The price is that of the first interval and of each further increment that was begun, rounded once.
* A switch that was killed may charge the talk until it died, less what it had not stored of it.
* No account that is prepaid falls below zero; what callers lose is what the house earns.
* A card pays a call up to what was reserved of it, and its fee with the call. Of every reservation there is taken what
  the call cost, or a whole deposit with its fee, or nothing; afterwards nothing is reserved.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Final

MICROS: Final = 1_000_000

EDGE: Final = 0.006
"""Seconds within which two instants count as one: a step of the media engine and a packet's way inside."""
LONGEST: Final = 7200.0
"""Talk beyond this is endless: no world lets anybody talk so long."""

TOP_UP_SECONDS: Final = 1.0
"""A deposit is heard of within half a second, and a slice asked for right then; twice that is late."""

BEAT_SECONDS: Final = 1.2
"""A killed switch loses the talk since its last heartbeat: one a second, and the time to store it."""


@dataclass(frozen=True, slots=True)
class Prices:
    """A tariff as a person reads it."""

    first_seconds: int
    increment_seconds: int
    minimum_seconds: int
    per_minute: Decimal
    first_price: Decimal | None = None
    connection: Decimal = Decimal(0)

    def of(self, seconds: float) -> int:
        """What so much talk costs."""
        billed = max(seconds, self.minimum_seconds) - self.first_seconds
        count = 0
        while count * self.increment_seconds < billed:
            count += 1
        return self._of_count(count)

    def reach(self, micros: float) -> float:
        """How long one may talk for this money; below zero: not at all."""
        least, most = self._least(), int(LONGEST) // self.increment_seconds + 1
        paid = bisect_right(range(least, most + 1), micros, key=self._of_count)  # No increment makes it cheaper.
        if not paid:
            return -1.0
        last = self.first_seconds + (least + paid - 1) * self.increment_seconds
        return last if last <= LONGEST else inf

    def _least(self) -> int:
        count = 0
        while self.first_seconds + count * self.increment_seconds < self.minimum_seconds:
            count += 1
        return count

    def _of_count(self, count: int) -> int:
        minute = Fraction(self.per_minute)
        first = minute * self.first_seconds / 60 if self.first_price is None else Fraction(self.first_price)
        return round((Fraction(self.connection) + first + count * minute * self.increment_seconds / 60) * MICROS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one call from outside.

    Attributes:
        accept_keys: When accept keys of the called party arrived at the switch: the earliest and the latest
            instant of each.
        left: When somebody's hang-up arrived, or an agent blocked the number; endless if neither happened.
        left_late: The latest instant the switch may have noticed, where that is not sure.
        over: When the switch or a party ended the talk on the wire, whatever is said of it later.
        killed: When the switch died in mid-call.
        limit_sure: The longest talk that is sure where calls share a limit; `limit` is so at best.
        fee: Comes on top of a price, but where that is nothing.
        free_once: A number of which one call alone is free, this one; empty: none.
        is_sure: Whether nothing disturbed the call, so that it must come out as planned.
        must_talk: Whether they accepted in time and stayed, so that a talk that was not is a fault.
        is_book_sound: Whether the book answered all the time, so that talk that could be paid was.
    """

    call: str
    payer: str | None
    prices: Prices
    limit: float
    accept_keys: Sequence[tuple[float, float]]
    fee: int = 0
    free_once: str = ""
    left: float = inf
    left_late: float = inf
    over: float = inf
    killed: float = inf
    limit_sure: float = inf
    is_sure: bool = True
    is_book_sound: bool = True
    must_talk: bool = False

    def cost_of(self, talk: float) -> int:
        """What so much talk costs with its fee."""
        price = self.prices.of(talk)
        return price + self.fee if price else 0

    def reach(self, micros: float) -> float:
        """How long one may talk for this money, fee included; below zero: not at all."""
        return max(self.prices.reach(micros - self.fee), self.prices.reach(0) if micros >= 0 else -1.0)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the switch says of the call afterwards."""

    call: str
    payer: str | None
    accepted: float | None
    ended: float
    talk: float
    charged: int
    why: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class Money:
    """Something that happened to an account besides calls."""

    at: float
    account: str
    micros: int


@dataclass(frozen=True, slots=True)
class Payment:
    """What a payment processor says of one card in the end.

    Attributes:
        call: The call in which it was entered.
        is_deposit: Whether money was put on an account with it, or an account bought; else it was to pay the call.
    """

    name: str
    call: str
    is_deposit: bool
    asked: int
    reserved: int
    taken: int


@dataclass(slots=True)
class Model:
    """The accounts, and what may be said of them."""

    openings: Mapping[str, int]
    deposits: Sequence[Money]
    unlimited: frozenset[str] = frozenset()
    """Accounts that settle later."""
    shared: frozenset[str] = frozenset()
    """Accounts of which several calls may be talked at once."""
    credit: Mapping[str, int] = field(default_factory=dict)
    """What cards guarantee of the accounts of their calls."""
    payments: Sequence[Payment] = ()
    faults: list[str] = field(default_factory=list)

    def judge(self, calls: Iterable[tuple[Seen, Claimed]]) -> dict[str, int]:
        """Look at every call in the order of their acceptance; returns the balance each account must have."""
        spent: dict[str, int] = {}
        busy_until: dict[str, float] = {}
        given: set[str] = set()
        calls = list(calls)
        self._judge_payments({claimed.call: claimed for _, claimed in calls})
        for seen, claimed in sorted(calls, key=lambda pair: pair[1].accepted or pair[1].ended):
            if claimed.accepted is None:
                self._judge_untalked(seen, claimed)
                continue
            if seen.free_once in given:
                self._fault(claimed, f"is free, and {seen.free_once} had a free call before")
            given |= {seen.free_once} - {""}
            payer = claimed.payer
            if payer is not None:
                if busy_until.get(payer, -inf) > claimed.accepted + EDGE and payer not in self.shared:
                    self._fault(claimed, f"overlaps another call paid by {payer}")
                busy_until[payer] = claimed.ended
            self._judge_talk(seen, claimed, -spent.get(payer or "", 0))
            if payer is not None:
                spent[payer] = spent.get(payer, 0) + claimed.charged
        return self._balances(spent)

    def _judge_untalked(self, seen: Seen, claimed: Claimed) -> None:
        if claimed.charged or claimed.talk:
            self._fault(claimed, f"was never accepted, and costs {claimed.charged}")
        if seen.must_talk:
            self._fault(claimed, f"was accepted at {seen.accept_keys[0][0]:.3f}, and no talk began")

    def _judge_talk(self, seen: Seen, claimed: Claimed, balance: int) -> None:
        assert claimed.accepted is not None
        start = claimed.accepted
        if not any(low - EDGE <= start <= high + EDGE for low, high in seen.accept_keys):
            self._fault(claimed, f"accepted at {start:.3f}, when no accept key arrived: {seen.accept_keys}")
            return
        if seen.payer is None:
            if claimed.charged or claimed.payer is not None:
                self._fault(claimed, f"is free, and costs {claimed.charged}")
            low_reach = high_reach = inf
        elif claimed.payer != seen.payer:
            self._fault(claimed, f"is paid by {claimed.payer} instead of {seen.payer}")
            return
        else:
            low_reach, high_reach = self._reaches(seen, start, balance)
        if high_reach < 0:
            self._fault(claimed, f"was connected, and {seen.payer} cannot pay for it")
            return
        low = min(seen.left - start, low_reach, seen.limit, seen.limit_sure) - EDGE
        high = min(seen.left_late - start, high_reach, seen.limit) + EDGE
        if seen.killed < inf:
            low = min(low, seen.killed - start - BEAT_SECONDS)
            high = min(high, seen.killed - start + EDGE)
        elif seen.over - start > max(0.0, high) + EDGE:
            self._fault(claimed, f"went on for {seen.over - start:.3f} s, when only {high:.3f} s could be paid")
        if not seen.is_sure:
            low = 0.0
        self._compare(seen, claimed, max(0.0, low), max(0.0, high))

    def _compare(self, seen: Seen, claimed: Claimed, low: float, high: float) -> None:
        if not low <= claimed.talk <= high + EDGE:
            self._fault(claimed, f"talked {claimed.talk:.3f} s, and must have between {low:.3f} and {high:.3f}")
        if seen.payer is None:
            return
        exact, least, most = (seen.cost_of(talk) for talk in (claimed.talk, low, high))
        if not least <= claimed.charged <= most or claimed.charged != exact:
            self._fault(claimed, f"costs {claimed.charged}, and must between {least} and {most}, by its talk {exact}")

    def _reaches(self, seen: Seen, start: float, balance: int) -> tuple[float, float]:
        """How far the money lasts: what is sure, and what is possible at best."""
        payer = seen.payer or ""
        if payer in self.unlimited:
            return inf, inf
        if payer in self.shared:  # What a call leaves to another is not known before both are over.
            mine = [each for each in self.deposits if each.account == payer]
            paid_in = sum(each.micros for each in mine if each.micros > 0 or each.at <= start)
            return 0.0, seen.reach(self.openings.get(payer, 0) + paid_in + balance)
        sure = possible = self.openings.get(payer, 0) + self.credit.get(payer, 0) + balance
        mine = sorted((money for money in self.deposits if money.account == payer), key=lambda money: money.at)
        for money in mine:
            if money.at <= start:
                sure, possible = sure + money.micros, possible + money.micros
        low, high = seen.reach(sure), seen.reach(possible)
        for money in mine:
            if money.at <= start:
                continue
            if money.micros < 0 or money.at - start < low - TOP_UP_SECONDS:
                sure += money.micros
                low = seen.reach(sure)
            if money.micros > 0 and money.at - start < high + EDGE:
                possible += money.micros
                high = seen.reach(possible)
        return (low if seen.is_book_sound else 0.0), high

    def _judge_payments(self, calls: Mapping[str, Claimed]) -> None:
        """Look at every card: what is taken of it, and that nothing else is reserved."""
        for each in self.payments:
            may_be_taken = {0, each.asked} if each.is_deposit else range(each.asked + 1)
            if each.reserved or each.taken not in may_be_taken:
                self.faults.append(f"card: of {each} is reserved {each.reserved} and taken {each.taken}")
        for call in {each.call for each in self.payments}:
            taken = sum(each.taken for each in self.payments if each.call == call and not each.is_deposit)
            claimed = calls.get(call)
            cost = claimed.charged if claimed is not None and claimed.payer == f"onecall:{call}" else 0
            if taken != cost:
                self.faults.append(f"card: {taken} is taken for call {call}, which costs {cost}")

    def _balances(self, spent: Mapping[str, int]) -> dict[str, int]:
        balances = dict(self.openings)
        for money in self.deposits:
            balances[money.account] = balances.get(money.account, 0) + money.micros
        for payer, micros in spent.items():
            balances[payer] = balances.get(payer, 0) - micros
            if balances[payer] < 0 and payer not in self.unlimited:
                self.faults.append(f"money: {payer} is at {balances[payer]}, below zero")
        return balances

    def _fault(self, claimed: Claimed, words: str) -> None:
        self.faults.append(f"money: call {claimed.call} ({claimed.why}) {words}")
