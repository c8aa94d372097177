"""A switch with several stations, people and called numbers, whose calls one account pays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from ledger.money import AccountId, Money
from ledger.outcomes import Booked
from ledger.requests import Deposit
from ledger.store import Book
from scenarios.phones.call import PhoneCall
from tests.support.switchboard import NOON, Board, switchboard

ACCOUNT = AccountId("advanceconnect:ac-1001")

TARIFF = """
name = "own"
valid_from = 2020-01-01
zone = "UTC"
first = {increment}
increment = {increment}
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.06"
"""
ROWS = """
[[stations]]
user = "station{n}"
password = "station{n}-secret"
facility = "prison"
[[people]]
id = "person{n}"
pin = "500{n}"
facility = "prison"
[[phones]]
number = "+1212555020{n}"
user = "phone{n}"
password = "phone{n}-secret"
"""


@asynccontextmanager
async def sharing(
    folder: Path,
    *,
    count: int,
    deposit: str = "0.1",
    increment: int = 1,
    talking: str = "",
    account: str = "",
    more: str = "",
    tariff: str = TARIFF,
    utc: datetime = NOON,
    life: int = 1,
    is_killed: bool = False,
) -> AsyncIterator[Board]:
    """A switch on which so many calls can go on at the cost of `ACCOUNT`, a tenth of a cent a second.

    Of one that `is_killed`, and of a later `life` than the first, only the book is judged at the end.
    """
    (folder / "own.toml").write_text(tariff.format(increment=increment))
    (folder / "profile.toml").write_text(f'name = "own"\n[talking]\n{talking}\n')
    numbers = [f"+1212555020{number}" for number in range(count)]
    rows = "".join(ROWS.format(n=number) for number in range(count))
    opened = f'\n[[accounts]]\nid = "{ACCOUNT}"\nnumbers = {numbers}\ndeposit = "{deposit}"\n{account}\n'
    facility = 'name = "facility/state-prison"\n'
    replacing = (facility, facility + 'profile = "profile.toml"\n')
    tariffs = '["own.toml"]'
    text = rows + opened + more
    async with switchboard(folder, tariffs=tariffs, seed=life, utc=utc, more=text, replacing=replacing) as board:
        yield board
        if life == 1 and not is_killed:
            await board.is_clean()


async def rung(board: Board, number: int) -> tuple[PhoneCall, PhoneCall]:
    """A call to the phone of this number that rings: the caller's side, the called phone's side."""
    phone = await board.known_phone(f"phone{number}")
    call = await (await board.known_phone(f"station{number}")).dial(f"1212555020{number}")
    await call.answered()
    await call.press(f"500{number}")
    return call, await phone.next_call()


async def talk(board: Board, number: int) -> tuple[PhoneCall, PhoneCall]:
    """The same, accepted."""
    call, answered = await rung(board, number)
    await answered.answer()
    await answered.press("5")
    return call, answered


async def all_talk(board: Board, count: int) -> list[tuple[PhoneCall, PhoneCall]]:
    """So many calls, side by side."""
    return list(await asyncio.gather(*(talk(board, number) for number in range(count))))


async def top_up(book: Book, amount: str, name: str = "top-up") -> None:
    """Put money on the account."""
    outcome = await book.submit(Deposit(name, ACCOUNT, Money.from_text(amount), "processor", NOON))
    assert isinstance(outcome, Booked)
