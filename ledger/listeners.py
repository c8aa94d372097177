"""Who wants to know what a book's commits have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ledger.group import Committed
from ledger.money import AccountId

Listener = Callable[[AccountId], None]
RowsListener = Callable[[], None]


class Listeners:
    """Those of one book. They are called by its event loop, one by one."""

    def __init__(self) -> None:
        self._of_accounts: list[Listener] = []
        self._of_rows: list[RowsListener] = []

    def add(self, listener: Listener) -> Callable[[], None]:
        """Tell of each account that changed; returns how to stop that."""
        self._of_accounts.append(listener)
        return lambda: self._of_accounts.remove(listener)

    def add_of_rows(self, listener: RowsListener) -> Callable[[], None]:
        """Tell when rows of other packages may have changed; returns how to stop that."""
        self._of_rows.append(listener)
        return lambda: self._of_rows.remove(listener)

    def tell(self, committed: Committed) -> None:
        """Tell what a commit has changed, soon."""
        loop = asyncio.get_running_loop()
        # Not called here: what a listener raises must not end the writer.
        for listener in self._of_accounts:
            for account_id in sorted(committed.touched):
                loop.call_soon(listener, account_id)
        if committed.is_written_beside:
            for told in self._of_rows:
                loop.call_soon(told)
