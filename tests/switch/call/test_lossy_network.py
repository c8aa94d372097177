"""Whole calls over networks that lose, delay and reorder: charged as talked, and nothing left."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from scenarios.phones.call import PhoneCall
from scenarios.phones.phone import Line, Phone
from scenarios.sim.links import Link
from scenarios.sim.network import Network
from switch.leg.events import Cause
from tests.support.switchboard import Board, switchboard

INSIDE, OUTSIDE, SWITCH = "10.0.0.1", "10.0.0.2", "localhost"
SIP_KINDS = ["INVITE", "ACK", "BYE", "SIP/2.0 100", "SIP/2.0 180", "SIP/2.0 200", "SIP/2.0 401"]


async def phone(board: Board, user: str, host: str) -> Phone:
    line = Line(user=user, password=f"{user}-secret", server=board.switch.address, host=host)
    phone = await board.enter(Phone(line, Random(user)))
    await phone.register()
    return phone


async def talk(board: Board) -> tuple[PhoneCall, PhoneCall]:
    """A station and a family on hosts of their own, talking; pressed slowly, as over a bad line."""
    family = await phone(board, "family", OUTSIDE)
    station = await phone(board, "yard", INSIDE)
    call = await station.dial("12125550123")
    await call.answered()
    await asyncio.sleep(1)
    await call.press("4417")
    answered = await family.next_call()
    await answered.answer()
    await answered.acknowledged()
    await asyncio.sleep(1)
    await answered.press("5")
    return call, answered


def lose_first(network: Network, start: str, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Lose the first datagram that begins so on each way between two hosts; the lost ones are listed."""
    send = network.send
    lost: list[bytes] = []
    ways: set[tuple[str, str]] = set()

    def sending(data: bytes, source: tuple[str, int], target: tuple[str, int], *rest: Any) -> None:
        way = (source[0], target[0])
        if data.startswith(start.encode()) and way not in ways and b"REGISTER" not in data:
            ways.add(way)
            lost.append(data)
        else:
            send(data, source, target, *rest)

    monkeypatch.setattr(network, "send", sending)
    return lost


@pytest.mark.parametrize("kind", SIP_KINDS)
async def test_the_first_message_of_a_kind_may_be_lost_on_every_way(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with switchboard(tmp_path) as board:
        lost = lose_first(network, kind, monkeypatch)
        call, answered = await talk(board)
        await asyncio.sleep(5)
        await call.hang_up()
        assert (await answered.wait_for_end()).cause is Cause.NORMAL
        record = await board.record()
        assert (record.why, str(record.charged)) == ("hung-up", "0.025")
        assert timedelta(seconds=4) < record.talk < timedelta(seconds=7)
        assert len(lost) >= (1 if kind in {"SIP/2.0 180", "SIP/2.0 401"} else 2)
        await board.is_clean()


@pytest.mark.parametrize("loss", [0.05, 0.15])
async def test_a_call_over_a_network_that_loses_is_charged_once(tmp_path: Path, network: Network, loss: float) -> None:
    async with switchboard(tmp_path) as board:
        link = Link(delay=0.03, jitter=0.02, loss=loss, duplication=0.02, reordering=0.05)
        network.link_both(INSIDE, SWITCH, link)
        network.link_both(OUTSIDE, SWITCH, link)
        call, answered = await talk(board)
        await asyncio.sleep(10)
        await call.hang_up()
        await answered.wait_for_end()
        record = await board.record()
        assert (record.why, str(record.charged)) == ("hung-up", "0.025")
        await board.is_clean()


async def test_keys_arrive_once_and_in_order_over_a_network_that_reorders(tmp_path: Path, network: Network) -> None:
    async with switchboard(tmp_path) as board:
        network.link(INSIDE, SWITCH, Link(delay=0.02, jitter=0.01, loss=0.1, duplication=0.1, reordering=0.1))
        station = await phone(board, "yard", INSIDE)
        for _ in range(4):
            call = await station.dial("2125550124")
            await call.answered()
            await asyncio.sleep(0.5)
            await call.press("2290")
            await call.wait_for_end()
        assert [record.why for record in board.records] == ["unreachable"] * 4
        await board.is_clean()


async def test_a_callee_whose_network_is_cut_loses_the_call_and_not_the_money(tmp_path: Path, network: Network) -> None:
    async with switchboard(tmp_path, silence_max=5) as board:
        call, answered = await talk(board)
        await asyncio.sleep(3)
        network.cut(OUTSIDE, SWITCH)
        await call.wait_for_end()
        record = await board.record()
        assert (record.why, record.ended_by) == ("media-lost", "switch")
        assert timedelta(seconds=7) < record.talk < timedelta(seconds=10)
        network.heal(OUTSIDE, SWITCH)
        await answered.wait_for_end()
        await board.is_clean()


async def test_a_bye_that_never_arrives_ends_the_charge_all_the_same(tmp_path: Path, network: Network) -> None:
    async with switchboard(tmp_path) as board:
        call, answered = await talk(board)
        await asyncio.sleep(3)
        network.cut(OUTSIDE, SWITCH)
        await call.hang_up()
        record = await board.record()
        assert record.why == "hung-up"
        assert timedelta(seconds=2) < record.talk < timedelta(seconds=5)
        network.heal(OUTSIDE, SWITCH)
        await answered.wait_for_end()
        await board.is_clean()
