"""The desk of the family's line: what the switch does for whoever pays for calls (`ivr.account_line.AccountDesk`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ledger.chart import advancepay
from ledger.money import Money
from switch.call.services import Services
from switch.directory.blocks import EVERY_FACILITY, BlockKind


class HolderDesk:
    """Serves the telephone of one number."""

    def __init__(self, services: Services, number: str, connect: Callable[[], Awaitable[bool]] | None) -> None:
        """`connect` lets the caller speak to customer service; None where there is none."""
        self._services = services
        self._number = number
        self._connect = connect

    @property
    def has_customer_service(self) -> bool:
        """Whether somebody can be spoken to."""
        return self._connect is not None

    async def balance(self) -> Money | None:
        """What the account that pays for the number can still spend."""
        services = self._services
        now = services.clock.utc(services.clock.now())
        payer = await services.book.payer_of(self._number, now) or advancepay(self._number)
        account = await services.book.balance(payer)
        return None if account is None else account.available

    async def block(self) -> None:
        """Block calls from every facility to the number."""
        services = self._services
        await services.blocks.block(
            number=self._number,
            facility=EVERY_FACILITY,
            kind=BlockKind.KEYPAD,
            why="pressed on the account line",
            at=services.clock.utc(services.clock.now()),
        )

    async def customer_service(self) -> bool:
        """Let both speak until one leaves."""
        return self._connect is not None and await self._connect()
