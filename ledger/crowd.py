"""A crowd of holds: decided on plain numbers, stored as plain tuples.

Most requests are holds on prepaid accounts, and most of those are placed. `Crowd` decides these without the values
that every other decision is made of. It only ever says yes, by the same rules as `ledger.settle.place_hold`; what
is not plainly a yes it leaves to `ledger.decide`, after it has shown there what it has placed so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from ledger.draft import AMOUNT_MAX
from ledger.entries import from_micros, to_micros
from ledger.hold import Hold, HoldId, is_hold_id
from ledger.money import AccountId, Money
from ledger.outcomes import Placed
from ledger.requests import REQUEST_ID_MAX, PlaceHold, Request
from ledger.rows import WorkingRows, remembered_of

_NOT_PLAIN: Final = -1
"""What is available of an account whose holds `ledger.decide` has to look at: less than any hold."""


def placed_of(request: Request, result: int) -> Placed:
    """The outcome of a hold that a crowd placed."""
    assert type(request) is PlaceHold
    return Placed(request.hold_id, Money(result))


class Crowd:
    """Places holds on the rows of a group, as many as plainly can be, in the order they were asked for."""

    def __init__(self, rows: WorkingRows) -> None:
        self._rows = rows
        self._left: dict[AccountId, int] = {}
        """What is available of each account in use, in micros."""
        self._placed: set[HoldId] = set()
        """What was placed and is not shown yet: the last ones of the rows' `stored_holds`."""

    def place(self, items: Sequence[Any], results: list[Any]) -> None:
        """Decide items from where the results end, up to the first that is not plainly a hold to be placed.

        A result is what is left, in micros (`placed_of`): values that a thousand askers are to get at once would be
        looked through by the garbage collector, again and again, before they get them.
        It is written out in one loop: a function called for each hold would cost as much as the decision.
        """
        rows, left, placed, most = self._rows, self._left, self._placed, AMOUNT_MAX.micros
        is_open, remembered = rows.open, rows.remembered
        add_hold, add_placed, add_result = rows.stored_holds.append, placed.add, results.append
        for request in islice(items, len(results), None):
            if type(request) is not PlaceHold or request.limits is not None:
                return
            hold_id, account_id, call_id = request.hold_id, request.account_id, request.call_id
            amount, at = request.amount.micros, to_micros(request.at)
            available = left.get(account_id)
            if available is None:
                available = left[account_id] = self._available(account_id)
            if (
                not 0 < amount <= available
                or amount > most
                or call_id not in is_open
                or hold_id in remembered
                or hold_id in placed
                or len(hold_id) > REQUEST_ID_MAX
                or not is_hold_id(hold_id)
            ):
                return
            left[account_id] = available = available - amount
            add_placed(hold_id)
            add_hold((hold_id, account_id, call_id, amount, at, available))
            add_result(available)

    def show(self) -> None:
        """Make everything that was placed seen by the next decision, whose own changes are seen here after it."""
        self.show_accounts()
        if not self._placed:
            return
        rows = self._rows
        for hold_id, account_id, call_id, amount, at, available in rows.stored_holds[-len(self._placed) :]:
            hold = Hold(hold_id, account_id, call_id, Money(amount), from_micros(at), available=Money(available))
            rows.put_hold(hold)
            seen = remembered_of(hold)
            assert seen is not None, "it says itself what was available"
            rows.remembered[hold_id] = seen
        self._placed.clear()

    def show_accounts(self) -> None:
        """Make what is held of each account seen, and written."""
        rows = self._rows
        for account_id, left in self._left.items():
            account = rows.accounts.get(account_id)
            if account is None or left == _NOT_PLAIN or (available := account.available) is None:
                continue
            if taken := available.micros - left:
                rows.apply((account.moved(held=account.held + Money(taken)),))
        self._left.clear()

    def _available(self, account_id: AccountId) -> int:
        account = self._rows.accounts.get(account_id)
        if account is None or account.floor is None or account.floor.micros < 0:
            # Not there; without a limit, or charged later; owing, or on credit: its floor may move.
            return _NOT_PLAIN
        available = account.available
        assert available is not None, "an account with a floor has an end"
        return max(available.micros, _NOT_PLAIN)
