"""The warning of the last minute is heard at its instant, whatever the price and the money do in mid-call."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ledger.money import Money
from ledger.records import CallRecord
from prompts.english import time_left
from prompts.recognise import Recogniser
from scenarios.phones.call import PhoneCall
from tests.support.switchboard import NOON, Board
from tests.switch.call.shared_account import sharing, talk, top_up

BANDS = """
name = "own"
valid_from = 2020-01-01
zone = "UTC"
mid_call = "split"
first = {increment}
increment = {increment}
[[bands]]
name = "later"
from = "12:01"
until = "18:00"
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "BEFORE"
[[rows]]
band = "later"
place = "United States"
prefixes = ["+1"]
per_minute = "AFTER"
"""
CHANGE = NOON + timedelta(minutes=1)
"""When the price changes."""
TOLERANCE = 0.05
"""Seconds: a frame of audio, the way to the phone, and how well words are found."""


def banded(before: int, after: int) -> str:
    """Prices in tenths of a cent a second."""
    return BANDS.replace("BEFORE", f"0.{before * 6:02}").replace("AFTER", f"0.{after * 6:02}")


def paid(money: Money, accepted_at: datetime, before: int, after: int, increment: int) -> int:
    """Seconds that money pays, increment by increment: each costs what holds when it begins."""
    talked, left = 0, money.micros
    while True:
        price = before if accepted_at + timedelta(seconds=talked) < CHANGE else after
        left -= price * increment * 1000
        if left < 0:
            return talked
        talked += increment


def heard_at(board: Board, call: PhoneCall, record: CallRecord) -> list[float]:
    """When a phone heard `one minute left` begin, in seconds of the talk."""
    assert record.accepted_at is not None and call.ended_at is not None
    accepted_at = call.ended_at - (record.ended_at - record.accepted_at).total_seconds()
    library = board.switch.services.library
    words = time_left(timedelta(minutes=1))
    recogniser = Recogniser({clip: library.clip(clip) for clip in words})
    clips = call.heard.clips(recogniser, accepted_at, call.ended_at)
    assert [clip.clip_id for clip in clips] == [*words] * (len(clips) // len(words))
    return [clip.at - accepted_at for clip in clips[:: len(words)]]


@pytest.mark.parametrize(
    ("starts", "before", "after", "deposit", "increment"),
    [
        (0, 1, 2, "0.25", 1),
        (0, 3, 1, "0.32", 60),
        (37.3, 1, 4, "0.4", 6),
        (37.3, 2, 1, "0.2", 1),
    ],
)
async def test_the_last_minute_is_warned_of_at_its_instant_over_a_change_of_price(
    tmp_path: Path, starts: float, before: int, after: int, deposit: str, increment: int
) -> None:
    utc, tariff = NOON + timedelta(seconds=starts), banded(before, after)
    async with sharing(
        tmp_path, count=1, deposit=deposit, increment=increment, tariff=tariff, utc=utc, talking="warnings = [60]"
    ) as board:
        call, answered = await talk(board, 0)
        await answered.wait_for_end()
        record = await board.record()
        assert record.accepted_at is not None and record.accepted_at < CHANGE < record.ended_at
        seconds = paid(Money.from_text(deposit), record.accepted_at, before, after, increment)
        assert (record.why, record.talk) == ("funds-exhausted", timedelta(seconds=seconds))
        for phone in (call, answered):
            assert heard_at(board, phone, record) == pytest.approx([seconds - 60], abs=TOLERANCE)


@pytest.mark.parametrize(
    ("before", "after", "deposit", "at", "more", "warnings", "increment"),
    [
        (1, 2, "0.14", 15, "0.06", 1, 1),
        (1, 2, "0.14", 70, "0.1", 2, 6),
        (2, 1, "0.16", 50, "0.06", 2, 1),
        (2, 1, "0.16", 80, "0.1", 2, 6),
    ],
)
async def test_a_deposit_in_mid_call_moves_the_warning_and_one_that_was_given_is_given_again(
    tmp_path: Path, before: int, after: int, deposit: str, at: float, more: str, warnings: int, increment: int
) -> None:
    """The deposit comes before the change of price or after it, before the warning or after it."""
    tariff = banded(before, after)
    async with sharing(
        tmp_path, count=1, deposit=deposit, increment=increment, tariff=tariff, talking="warnings = [60]"
    ) as board:
        call, answered = await talk(board, 0)
        await asyncio.sleep(at)
        await top_up(board.switch.services.book, more)
        await answered.wait_for_end()
        record = await board.record()
        assert record.accepted_at is not None and record.accepted_at < CHANGE < record.ended_at
        first = Money.from_text(deposit)
        told, seconds = (
            paid(money, record.accepted_at, before, after, increment)
            for money in (first, first + Money.from_text(more))
        )
        assert (record.why, record.talk) == ("funds-exhausted", timedelta(seconds=seconds))
        expected = [told - 60, seconds - 60][-warnings:]
        for phone in (call, answered):
            assert heard_at(board, phone, record) == pytest.approx(expected, abs=TOLERANCE)
