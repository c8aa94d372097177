"""Whole calls in which a card pays, with everything they can leave behind: no digit of it is in any byte of that."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.export import record_json
from ledger.records import CallRecord
from scenarios.language.scenario import parse_scenario
from scenarios.play.result import KeyPressed, Result, Verdict, facts
from scenarios.play.run import Options, run_scenario
from scenarios.play.script import Script
from scenarios.play.setting import prepare
from scenarios.play.stage import Stage, staged
from scenarios.play.telling import HIDDEN_KEY, account_facts, call_facts
from scenarios.report.folder import write_folder
from scenarios.run.junit import write_junit

NUMBER, EXPIRY, CODE = "378282246310005", "1230", "8317"

TALK = """scenario: paid by card
world: demo-6s
payments: {{processor: simulated}}
profile: {{card: {{offers: [onecall, sale]}}}}
script:
  - station 4-yard: {{dials: "2125550126", pin: "4417"}}
  - friend: {{answers: true, hears: call-through, presses: "51", by: {by}}}
  - friend: {{hears: card/charged, presses: "{number}", by: {by}}}
  - friend: {{hears: card/enter-expiry, presses: "{expiry}", by: {by}}}
  - friend: {{hears: card/enter-code, presses: "{code}", by: {by}}}
  - expect: {{talking: true, within: 20s}}
  - station 4-yard: {{speaks: {{tone: 600, for: 2s}}}}
  - friend: {{hangs up: true, at: {until}}}
  - wait: 3s
after:
  record: {{why: hung-up, recorded: true}}
  cards: [captured 0.025]
"""

DEPOSIT = """scenario: money added by card
world: demo-6s
payments: {{processor: simulated}}
script:
  - family: {{dials: "8005550199", hears: account/for-deposit, presses: "2", by: {by}}}
  - family: {{hears: account/enter-dollars, presses: "25#", by: {by}}}
  - family: {{hears: account/to-confirm, presses: "2", by: {by}}}
  - family: {{hears: card/enter-card-number, presses: "{number}", by: {by}}}
  - family: {{hears: card/enter-expiry, presses: "{expiry}", by: {by}}}
  - family: {{hears: card/enter-code, presses: "{code}", by: {by}}}
  - family: {{hears: {then}}}
  - family: {{hangs up: true}}
  - wait: 3s
"""


def spellings(digits: str) -> Iterator[tuple[str, re.Pattern[bytes]]]:
    """Every way in which digits may stand in bytes."""
    codes = [bytes([int(digit)]) for digit in digits]
    for encoding in ("ascii", "utf-16-le", "utf-16-be"):
        yield encoding, re.compile(re.escape(digits.encode(encoding)))
    yield "with something between them", re.compile(rb"[^0-9]{1,3}".join(each.encode() for each in digits))
    yield "lines of INFO", re.compile(rb"[\x00-\xff]{0,200}?".join(rf"Signal ?= ?{each}\b".encode() for each in digits))
    yield (
        "JSON of single keys",
        re.compile(rb"[\x00-\xff]{0,60}?".join(rf'"key": ?"{each}"'.encode() for each in digits)),
    )
    yield "codes of events", re.compile(re.escape(b"".join(codes)))
    for size, name in ((4, "payloads of RFC 4733"), (16, "packets of RFC 4733")):
        gap = rb"[\x00-\xff]{%d}" % (size - 1)
        yield name, re.compile(gap.join(map(re.escape, codes)))


def found_in(folder: Path, digits: str) -> list[str]:
    """Where digits stand in a folder, and how."""
    return [
        f"{path.relative_to(folder)}: {name}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for name, pattern in spellings(digits)
        if pattern.search(path.read_bytes())
    ]


async def play(folder: Path, text: str) -> list[CallRecord]:
    """Play a call, and write down whatever its switch and its phones tell."""
    setting = prepare(parse_scenario(text, "card.yaml", folder), is_live=False)
    async with staged(setting, folder=folder, seed=1) as stage:
        await Script(stage, []).play(setting.scenario.steps)
        await stage.clear()
        await asyncio.sleep(40)
        await _write(stage, folder)
        async with stage.reading() as book:
            return list(await book.calls())


async def _write(stage: Stage, folder: Path) -> None:
    calls = await call_facts(stage, is_recognising=True)
    (folder / "log.txt").write_text("\n".join(stage.noise.lines), encoding="utf-8")
    (folder / "timelines.txt").write_text(
        "\n".join(repr(item) for trace in stage.traces for item in trace.items), encoding="utf-8"
    )
    (folder / "messages.txt").write_text(
        "\n".join(repr(message) for actor in stage.actors.values() for message in actor.messages), encoding="utf-8"
    )
    (folder / "services.txt").write_text(repr(stage.switch.services), encoding="utf-8")
    result = Result(
        scenario="paid by card",
        file="card.yaml",
        rules=(),
        seed=1,
        is_live=False,
        verdict=Verdict.PASSED,
        fault="",
        virtual_seconds=1,
        real_seconds=1,
        calls=tuple(calls),
        accounts=tuple(await account_facts(stage)),
    )
    (folder / "result.json").write_text(json.dumps(facts([result])), encoding="utf-8")
    write_junit([result], folder / "junit.xml")
    write_folder([result], folder / "report")
    async with stage.reading() as book:
        lines = [record_json(record) for record in await book.calls()]
    (folder / "calls.jsonl").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize("by", ["rfc4733", "info"])
async def test_no_digit_of_a_card_is_left_anywhere(tmp_path: Path, by: str) -> None:
    text = TALK.format(by=by, number=NUMBER, expiry=EXPIRY, code=CODE, until="3s")
    (record,) = await play(tmp_path, text)
    assert (record.why, record.billing) == ("hung-up", "onecall")
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"book.db", "processor.jsonl", f"{record.call_id}.wav", "index.html"} <= left, "all of it was looked through"
    assert "card ending 0005" in (tmp_path / "timelines.txt").read_text(encoding="utf-8")
    assert found_in(tmp_path, NUMBER) == []
    assert found_in(tmp_path, NUMBER[:-4]) == []
    told = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    (friend,) = [side for side in told[0]["calls"][0]["phones"] if side["actor"] == "friend"]
    assert [key["key"] for key in friend["keys"]] == [HIDDEN_KEY] * len("51" + NUMBER + EXPIRY + CODE)


@pytest.mark.parametrize("by", ["rfc4733", "info"])
async def test_no_digit_of_a_card_on_the_account_line_is_left_anywhere(tmp_path: Path, by: str) -> None:
    text = DEPOSIT.format(by=by, number=NUMBER, expiry=EXPIRY, code=CODE, then="account/added")
    assert await play(tmp_path, text) == []
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"book.db", "processor.jsonl", "messages.txt", "index.html"} <= left, "all of it was looked through"
    assert '"taken": 25000000' in (tmp_path / "processor.jsonl").read_text(encoding="utf-8"), "it paid"
    assert found_in(tmp_path, NUMBER) == []
    assert found_in(tmp_path, NUMBER[:-4]) == []


def test_a_failing_step_on_the_account_line_tells_no_key_of_a_card(tmp_path: Path) -> None:
    text = DEPOSIT.format(by="rfc4733", number=NUMBER, expiry=EXPIRY, code=CODE, then="card/declined, within: 5s")
    result = run_scenario(parse_scenario(text, "card.yaml", tmp_path), Options(is_telling_all=True))
    assert result.verdict is Verdict.FAILED
    (tmp_path / "result.json").write_text(json.dumps(facts([result])), encoding="utf-8")
    write_folder([result], tmp_path / "report")
    assert found_in(tmp_path, NUMBER) == []


def test_a_failing_step_tells_how_many_keys_there_were_and_not_which(tmp_path: Path) -> None:
    text = TALK.format(by="rfc4733", number=NUMBER, expiry=EXPIRY, code=CODE, until="3s")
    failing = text.replace("hears: card/enter-expiry", "hears: card/declined, within: 5s")
    result = run_scenario(parse_scenario(failing, "card.yaml", tmp_path), Options(is_telling_all=True))
    assert result.verdict is Verdict.FAILED
    (tmp_path / "result.json").write_text(json.dumps(facts([result])), encoding="utf-8")
    write_folder([result], tmp_path / "report")
    assert found_in(tmp_path, NUMBER) == []
    assert "•" * len(EXPIRY) in result.failures[0].text


def test_what_is_looked_for_would_be_found(tmp_path: Path) -> None:
    event = b"".join(bytes([int(digit)]) + b"\x8a\x03\x20" for digit in NUMBER)
    kept = {
        "ascii": NUMBER.encode(),
        "utf-16-le": NUMBER.encode("utf-16-le"),
        "utf-16-be": NUMBER.encode("utf-16-be"),
        "with something between them": " ".join(NUMBER).encode(),
        "lines of INFO": "\r\nDuration=160\r\n".join(f"Signal={digit}" for digit in NUMBER).encode(),
        "JSON of single keys": json.dumps(facts([KeyPressed(1.0, digit) for digit in NUMBER])).encode(),
        "codes of events": bytes(map(int, NUMBER)),
        "payloads of RFC 4733": event,
        "packets of RFC 4733": b"".join(b"\x80\x65" + bytes(10) + event[4 * n : 4 * n + 4] for n in range(len(NUMBER))),
    }
    for name, body in kept.items():
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        (folder / "kept").write_bytes(body)
        assert f"kept: {name}" in found_in(folder, NUMBER), name
