"""A book on a server that vanishes from the network: run in a namespace whose loopback it may turn off.

The server is reached over TCP through this process, which carries its octets to the server's own socket. Writes a line
of JSON: after how many seconds a request was refused, in which words, and what came of it once the network was back.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

from ledger.errors import LedgerUnavailableError
from ledger.store import Book
from tests.support.ledger import STORY, end, hold

HOST = "127.0.0.1"


async def main(user: str, database: str, server: Path) -> None:
    """Run once."""
    carrying = set[asyncio.Task[None]]()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(server)
        for source, goal in ((reader, forth), (back, writer)):
            carrying.add(asyncio.create_task(_carry(source, goal)))

    async with await asyncio.start_server(carry, HOST, 0) as carrier:
        port = carrier.sockets[0].getsockname()[1]
        async with await Book.open(f"postgresql://{user}@{HOST}:{port}/{database}") as book:
            for request in (*STORY, hold("4")):
                await book.submit(request)
            _loopback("down")
            began, refused = monotonic(), ""
            try:
                await book.submit(end("3"))
            except LedgerUnavailableError as error:
                refused = str(error)
            seconds = monotonic() - began
            _loopback("up")
            ended = await book.submit(end("3"))
            told = {"seconds": seconds, "refused": refused, "ended": str(ended), "after": monotonic() - began - seconds}
            sys.stdout.write(json.dumps(told) + "\n")
    for task in carrying:
        task.cancel()


async def _carry(source: asyncio.StreamReader, goal: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while octets := await source.read(1 << 16):
            goal.write(octets)
            await goal.drain()
    goal.close()


def _loopback(state: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
