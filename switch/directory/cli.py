"""Commands about blocks: `block` and `unblock`, as customer service has them (S1-14).

Exit codes: 0 done; 1 there was nothing to do; 2 used wrongly, or there is no book.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from ledger.store import DEFAULT_URL, Book
from ledger.terminal import AsJson, Database, fail, print_facts, with_book
from rating.numbers import Undialable, normalise
from switch.directory.blocks import EVERY_FACILITY, BlockKind, Blocks

Number = Annotated[str, typer.Argument(help="The called number, for example +12125550123.")]
At = Annotated[str, typer.Option("--facility", help="The facility's id; without it, every facility.")]
Why = Annotated[str, typer.Option("--why", help="Kept with the block.")]


def register(app: typer.Typer) -> None:
    """Mount the commands."""
    app.command("block")(block)
    app.command("unblock")(unblock)


def block(
    number: Number,
    facility: At = EVERY_FACILITY,
    why: Why = "asked for by the called party",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Block calls to a number, from one facility or from all."""
    e164 = _e164(number)
    now = datetime.now(UTC)

    async def store(book: Book) -> bool:
        return await Blocks(book).block(number=e164, facility=facility, kind=BlockKind.AGENT, why=why, at=now)

    is_new = with_book(db, store)
    facts = {"number": e164, "facility": facility, "blocked": True, "is_new": is_new}
    words = f"calls from {_place(facility)} to {e164} are blocked" + ("" if is_new else " (they were before)")
    print_facts(facts, words, as_json=as_json)


def unblock(
    number: Number,
    facility: At = EVERY_FACILITY,
    why: Why = "asked for by the called party",
    db: Database = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Remove the block of a number for one facility, or the one for all; the history stays."""
    e164 = _e164(number)
    now = datetime.now(UTC)

    async def remove(book: Book) -> tuple[int, tuple[str, ...]]:
        blocks = Blocks(book)
        removed = await blocks.unblock(number=e164, facility=facility, why=why, at=now)
        return removed, tuple(b.facility for b in await blocks.of(e164) if b.removed_at is None)

    removed, left = with_book(db, remove)
    if not removed:
        hint = f"; it is blocked for {', '.join(map(_place, left))}: name it with --facility" if left else ""
        fail(f"{e164} has no block for {_place(facility)}{hint}", 1)
    facts = {"number": e164, "facility": facility, "blocked": False, "still_blocked_for": list(left)}
    still = f"; still blocked for {', '.join(map(_place, left))}" if left else ""
    print_facts(facts, f"calls from {_place(facility)} to {e164} are allowed again{still}", as_json=as_json)


def _place(facility: str) -> str:
    return "every facility" if facility == EVERY_FACILITY else facility


def _e164(number: str) -> str:
    destination = normalise(number)
    if isinstance(destination, Undialable):
        fail(f"{number!r} is not a number that can be called ({destination.value}); write it like +12125550123", 2)
    return destination.e164
