from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scenarios.play.result import AccountSeen, CallSeen, Checked, Result, SipSeen, Verdict
from scenarios.report.page import checks_of, page, write_html
from tests.scenarios.report.made_calls import ACCEPTED, DENIED, failed, result

VOID = {"meta", "input", "wbr", "rect", "line", "path", "br"}


class Read(HTMLParser):
    """A page as a reader has it: elements with their attributes, ids and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "wbr":
            self.text = self.text.removesuffix(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.text += f"{data} "

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.tags if name in (attributes.get("class") or "").split()]


@pytest.fixture(scope="module")
def read() -> Read:
    return Read(page([result(ACCEPTED, DENIED), failed()]))


def test_every_element_is_closed_and_ids_are_unique(read: Read) -> None:
    assert read.open == []
    assert [name for name, count in Counter(read.ids).items() if count > 1] == []


def test_every_link_leads_to_something_on_the_page(read: Read) -> None:
    links = [attributes["href"] or "" for tag, attributes in read.tags if tag == "a"]
    assert len(links) > 20
    assert {link.removeprefix("#") for link in links} <= set(read.ids)


def test_nothing_comes_from_elsewhere() -> None:
    text = page([result(ACCEPTED, DENIED), failed()]).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"https?://|//[a-z]|@import|url\(|<link|<img|src=", text.split("<script>")[0]) == []
    assert re.findall(r"https?:|fetch|import|XMLHttp", text.split("<script>")[1]) == []


def test_the_index_tells_verdict_time_and_seed_of_each_and_failed_ones_come_first(read: Read) -> None:
    index = read.text.split("all scenarios")[0]
    assert index.index("a warning is missed") < index.index("accepted and cut")
    assert "1 of 2 passed" in index and "64.00 s" in index and "library/cut.yaml" in index
    assert "128 × as fast" in index


def test_what_failed_says_what_was_awaited_and_what_happened(read: Read) -> None:
    told = " ".join(read.text.split())
    assert "✗ awaited family hears ten-seconds-left line 7 at 29.00 s happened never" in told
    assert told.index("✗ awaited") < told.index("1 expectation met")


def test_every_message_key_hold_and_posting_of_a_call_is_told() -> None:
    read = Read(page([result(ACCEPTED)]))
    messages = [name for name in read.ids if re.fullmatch(r"s1c1-t\d+", name)]
    assert len(messages) == sum(item.kind == "sip" for item in ACCEPTED.timeline)
    tables = read.text.split("Money")[1]
    for hold in ACCEPTED.holds:
        assert tables.count(hold.hold.removeprefix(ACCEPTED.call_id + "/")) == 1
    postings = tables.split("hold")[0]
    assert [postings.count(each.account) for each in ACCEPTED.postings] == [1, 1]
    assert "two slices of six seconds" in tables


def test_a_whole_message_can_be_opened_and_its_digest_is_hidden() -> None:
    text = page([result(ACCEPTED)])
    assert "Call-ID: one@phone" in text and "Authorization: (hidden)" in text
    assert "c0ffee" not in text


def test_hostile_names_and_messages_stay_text() -> None:
    evil = "<script>alert(1)</script>\"'&\x00\ud800"
    phones = (
        replace(
            ACCEPTED.phones[0], actor=evil, sip=(SipSeen(0.01, True, f"INVITE {evil} SIP/2.0\r\nX: {evil}\r\n\r\n"),)
        ),
    )
    record = {**(ACCEPTED.record or {}), "person": evil, "why": evil, evil: evil}
    postings = tuple(replace(each, entry=evil, kind=evil, account=evil, amount=evil) for each in ACCEPTED.postings)
    holds = tuple(replace(each, hold=evil, account=evil, state=evil) for each in ACCEPTED.holds)
    call = replace(
        ACCEPTED, call_id=evil, phones=phones, record=record, explanation=evil, postings=postings, holds=holds
    )
    made = failed(
        call,
        scenario=evil,
        file=evil,
        rules=(evil,),
        fault=evil,
        trace=evil,
        folder=evil,
        expectations=(Checked(evil, False, evil, 1, 20.0), Checked(evil, True, evil)),
        accounts=(AccountSeen(evil, evil, evil),),
    )
    read = Read(page([made, made]))
    assert [tag for tag, _ in read.tags].count("script") == 1
    assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)
    assert read.text.count("alert(1)") > 20
    page([made]).encode("utf-8")


def test_a_run_of_one_scenario_has_no_index() -> None:
    read = Read(page([result()]))
    assert "index" not in read.ids and "s1c1" in read.ids


def test_a_file_with_mistakes_has_its_fault_and_no_calls() -> None:
    wrong = replace(result(), verdict=Verdict.WRONG, fault="cut.yaml:3: no such verb", calls=(), expectations=())
    read = Read(page([wrong]))
    assert "cut.yaml:3: no such verb" in read.text and "call" not in read.text.split("</h2>")[0]


def test_a_run_without_scenarios_is_a_page_too() -> None:
    assert "0 of 0 passed" in Read(page([])).text


def test_the_page_is_written_as_utf_8(tmp_path: Path) -> None:
    write_html([result()], tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page([result()])


@pytest.mark.parametrize(
    ("calls", "at", "shown_in"),
    [
        ((ACCEPTED,), 29.0, [ACCEPTED]),
        ((ACCEPTED, DENIED), 62.0, [DENIED]),
        ((ACCEPTED, DENIED), 45.0, []),
        ((ACCEPTED, replace(ACCEPTED, call_id="other")), 29.0, []),
    ],
)
def test_an_expectation_is_drawn_in_the_one_call_it_fell_into(
    calls: tuple[CallSeen, ...], at: float, shown_in: list[CallSeen]
) -> None:
    made: Result = failed(*calls, expectations=(Checked("x", False, "y", at=at),))
    assert [call for call in calls if checks_of(made, call)] == shown_in
