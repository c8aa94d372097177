"""What the live monitor sees of running calls: nothing to listen to where anybody said no."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from switch.directory.live import LiveCall, Stage, live_calls
from tests.support.switchboard import Board, switchboard


def tapes(board: Board) -> list[str]:
    """Every file of the recordings, complete or growing."""
    return sorted(path.name for path in (board.folder / "recordings").glob("*"))


async def monitored(board: Board, number: str, user: str) -> list[LiveCall]:
    """The one call as the monitor sees it while it rings, in the greeting, in the talk; then it ends."""
    seen: list[LiveCall] = []

    async def look() -> None:
        await asyncio.sleep(1)
        seen.extend(await live_calls(board.switch.services.book))

    phone = await board.phone(user)
    call = await (await board.phone("yard")).dial(number)
    await call.answered()
    await call.press("4417")
    ringing = await phone.next_call()
    await look()
    await ringing.answer()
    await look()
    await ringing.press("5")
    await look()
    assert bool(tapes(board)) is seen[-1].is_monitorable
    await call.hang_up()
    return seen


async def test_a_call_that_is_recorded_can_be_monitored_from_acceptance_on(tmp_path: Path) -> None:
    async with switchboard(tmp_path) as board:
        seen = await monitored(board, "12125550123", "family")
        assert [(call.stage, call.is_monitorable) for call in seen] == [
            (Stage.RINGING, False),
            (Stage.GREETING, False),
            (Stage.TALKING, True),
        ]
        record = await board.record()
        assert record.recording == seen[-1].recording is not None


NO = {
    "privileged": ("", "12125550150", "attorney"),
    "the station": ('user = "yard"\n', "12125550123", "family"),
    "the person": ('id = "jordan"\n', "12125550123", "family"),
    "the number": ('user = "family"\n', "12125550123", "family"),
    "the facility": ('id = "prison"\n', "12125550123", "family"),
}


@pytest.mark.parametrize(("row", "number", "user"), NO.values(), ids=NO.keys())
async def test_where_anybody_says_no_nobody_can_listen_and_no_file_is_ever_made(
    tmp_path: Path, row: str, number: str, user: str
) -> None:
    async with switchboard(tmp_path, replacing=(row, f"{row}recorded = false\n") if row else ("", "")) as board:
        seen = await monitored(board, number, user)
        assert [call.stage for call in seen] == [Stage.RINGING, Stage.GREETING, Stage.TALKING]
        assert not any(call.is_monitorable for call in seen)
        assert (await board.record()).recording is None
        assert not tapes(board)
