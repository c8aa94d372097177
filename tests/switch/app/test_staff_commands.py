"""`payphone contacts`, `facility` and `live`: what they do, print, and how they exit."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ledger.liveness import this_process
from ledger.money import CallId
from ledger.records import OpenCall
from ledger.requests import StartCall, UpdateCall
from ledger.store import Book
from switch.app import staff
from switch.directory.blocks import BlockKind, Blocks
from switch.directory.flags import Flag, Flags, Source, Suspicion
from switch.directory.switches import FacilitySwitches

RUN = CliRunner()
NOON = datetime(2021, 6, 1, 12, tzinfo=UTC)
CONFIG = """
[[facilities]]
id = "prison"
contacts_max = 2
[[people]]
id = "riley"
pin = "2290"
facility = "prison"
allowed = ["+12125550124"]
[[people]]
id = "jordan"
pin = "4417"
facility = "prison"
"""
CALL = OpenCall(CallId("c1"), "p", "prison", "yard", "jordan", "+12125550123", "free", None, NOON, rate="{}")


class Desk:
    """The commands on one book, which is made first."""

    def __init__(self, folder: Path) -> None:
        self.app = typer.Typer(pretty_exceptions_enable=False)
        staff.register(self.app)
        self.db = str(folder / "book.db")
        self.config = folder / "payphone.toml"
        self.config.write_text(CONFIG, encoding="utf-8")

    def run(self, *words: str, config: bool = True) -> Any:
        options = ["--config", str(self.config)] if config else []
        return RUN.invoke(self.app, [*words, *options, "--db", self.db])

    def json(self, *words: str, config: bool = True) -> Any:
        result = self.run(*words, "--json", config=config)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


async def opened(db: str, *calls: OpenCall) -> None:
    async with await Book.open(db) as book:
        await book.register(this_process("p", NOON))
        for call in calls:
            await book.submit(StartCall(replace(call, rate=None)))
            await book.submit(UpdateCall(call))


async def security_block(db: str) -> tuple[BlockKind, str, str]:
    async with await Book.open(db) as book:
        (block,) = await Blocks(book).of("+12125550123")
        return block.kind, block.facility, block.why


async def said(db: str) -> list[tuple[str, bool, bool]]:
    async with await Book.open(db) as book:
        found = await FacilitySwitches(book).all()
        return [(each.facility, each.is_off, each.ends_calls) for each in found.values()]


async def flagged(db: str) -> None:
    async with await Book.open(db) as book:
        await Flags(book).add(Flag(CallId("c1"), Suspicion.THREE_WAY, Source.HEARD, NOON))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    asyncio.run(opened(desk.db))
    return desk


def test_a_list_changes_and_is_shown_with_what_became_of_each_number(desk: Desk) -> None:
    assert desk.run("contacts", "add", "riley", "2125550123").stdout == "+12125550123 may be called for riley\n"
    assert desk.json("contacts", "remove", "riley", "+12125550124")["state"] == "removed"
    assert desk.json("contacts", "request", "riley", "+12125550125")["state"] == "requested"
    assert desk.json("contacts", "refuse", "riley", "+12125550125")["state"] == "refused"
    assert desk.json("contacts", "request", "riley", "+12125550126")["state"] == "requested"
    assert desk.json("contacts", "approve", "riley", "+12125550126")["state"] == "approved"
    facts = desk.json("contacts", "list", "riley")
    assert facts["allowed"] == ["+12125550123", "+12125550126"]
    assert facts["others"] == {"+12125550124": "removed", "+12125550125": "refused"}
    assert len(facts["changes"]) == 6
    assert "+12125550125  refused" in desk.run("contacts", "list", "riley").stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["add", "riley", "+12125550124"], 1, "it is on the list already"),
        (["remove", "riley", "+12125550125"], 1, "it is not on the list"),
        (["approve", "riley", "+12125550125"], 1, "nobody asked for it"),
        (["add", "riley", "911"], 2, "not a number that can be called"),
        (["add", "casey", "+12125550125"], 2, "nobody inside is called 'casey'"),
        (["add", "jordan", "+12125550125"], 2, "may call any number"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(desk: Desk, words: list[str], code: int, told: str) -> None:
    result = desk.run("contacts", *words)
    assert (result.exit_code, told in result.stderr) == (code, True)
    assert desk.json("contacts", "list", "riley")["changes"] == []


def test_a_facility_is_turned_off_and_on(desk: Desk) -> None:
    assert "its calls are ended" in desk.run("facility", "off", "prison", "--end-calls").stdout
    assert asyncio.run(said(desk.db)) == [("prison", True, True)]
    assert desk.json("facility", "on", "prison") == {"facility": "prison", "off": False, "ends_calls": False}
    assert asyncio.run(said(desk.db)) == [("prison", False, False)]
    result = desk.run("facility", "off", "prisn")
    assert (result.exit_code, "known: prison" in result.stderr) == (2, True)


def test_calls_that_go_on_are_shown_and_a_privileged_one_is_never_monitorable(desk: Desk) -> None:
    talking = replace(CALL, answered_at=NOON, accepted_at=NOON, recording="c1.wav")
    privileged = replace(talking, call_id=CallId("c2"), number="+12125550150", recording=None)
    ringing = replace(CALL, call_id=CallId("c3"))
    greeted = replace(ringing, call_id=CallId("c4"), answered_at=NOON)
    asked = replace(CALL, call_id=CallId("c5"), person=None, number=None, rate=None)
    assert desk.run("live", config=False).stdout == "no call goes on\n"
    asyncio.run(opened(desk.db, talking, privileged, ringing, greeted, asked))
    facts = {each["call"]: (each["stage"], each["monitorable"]) for each in desk.json("live", config=False)}
    assert facts == {
        "c1": ("talking", True),
        "c2": ("talking", False),
        "c3": ("ringing", False),
        "c4": ("greeting", False),
        "c5": ("caller asked", False),
    }
    lines = {line.split()[0]: line for line in desk.run("live", config=False).stdout.splitlines()}
    assert lines["c1"].endswith("recording c1.wav") and lines["c2"].endswith("not monitored")


def test_a_call_is_cut_by_a_security_block_of_its_number(desk: Desk) -> None:
    asked = replace(CALL, call_id=CallId("c5"), number=None, rate=None)
    asyncio.run(opened(desk.db, CALL, asked))
    for name, told in (("c5", "no number to block"), ("c9", "no such call goes on")):
        result = desk.run("live", "cut", name, "--why", "threats", config=False)
        assert (result.exit_code, told in result.stderr) == (1, True)
    assert desk.json("live", "cut", "c1", "--why", "threats", config=False)["number"] == "+12125550123"
    assert asyncio.run(security_block(desk.db)) == (BlockKind.SECURITY, "prison", "threats")


def test_suspicions_are_shown_with_their_calls(desk: Desk) -> None:
    assert desk.run("live", "flags", config=False).stdout == "no third party was suspected\n"
    asyncio.run(flagged(desk.db))
    (facts,) = desk.json("live", "flags", config=False)
    assert (facts["call"], facts["suspicion"], facts["source"]) == ("c1", "three-way", "heard")
    assert desk.run("live", "flags", config=False).stdout == "c1  three-way  heard  2021-06-01 12:00:00\n"


def test_a_wrong_configuration_is_wrong_use(desk: Desk) -> None:
    desk.config.write_text("[swich]", encoding="utf-8")
    assert desk.run("contacts", "list", "riley").exit_code == 2
    assert desk.run("facility", "off", "prison").exit_code == 2


def test_without_a_configuration_the_built_in_example_holds(desk: Desk) -> None:
    assert desk.json("contacts", "list", "riley", config=False)["person"] == "riley"
    result = desk.run("contacts", "list", "taylor", config=False)
    assert (result.exit_code, "name your --config" in result.stderr) == (2, True)
