"""Whose telephones a scenario's people use, and what foreign ones cannot do of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.language.scenario import parse_scenario
from scenarios.language.source import ScenarioError
from scenarios.phones.phone import Line, Phone
from scenarios.play.many import why_not_softphones
from scenarios.play.setting import prepare
from scenarios.play.softphones import Phones, Shelf, unfit

CALL = """scenario: a call
world: demo-6s
softphones: true
script:
  - station 4-yard: {dials: "2125550123", pin: "4417"}
  - family: {rings: true, refuses: 486}
"""


def parsed(text: str) -> list[str]:
    return [str(mistake) for mistake in unfit(parse_scenario(text, "one.yaml", Path()))]


def test_a_plain_call_fits() -> None:
    assert parsed(CALL) == []


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        (CALL + "  - family: {goes silent: true}\n", 7, "always sends audio"),
        (CALL + "  - family: {moves audio: true}\n", 7, "keeps its port"),
        (CALL + "  - together:\n      - family: {comes back: true}\n", 8, "does not come back"),
        (CALL + "  - family: {presses: 5, way: {marker: false}}\n", 7, "in its own way"),
        (CALL + "  - family: {presses: 5, by: info}\n", 7, "telephone events"),
        (CALL + "  - family: {refuses: 603}\n", 7, "486, not 603"),
        (CALL + "  - network: {cuts: family}\n", 7, "virtual time alone"),
        (CALL + "  - switch: {killed: true}\n", 7, "virtual time alone"),
        (CALL + "network: {family: {loss: 2%}}\n", 7, "simulated"),
        (CALL + "telephones: {family: {calls: 2}}\n", 7, "one call at a time"),
        (CALL + "after: {flow: {family: [<- INVITE]}}\n", 7, "our own telephones"),
    ],
)
def test_what_a_softphone_cannot_do_is_told_with_its_line(text: str, line: int, word: str) -> None:
    (mistake,) = unfit(parse_scenario(text, "one.yaml", Path()))
    assert (mistake.line, word in mistake.text) == (line, True), mistake


def test_what_only_bystanders_telephones_cannot_do_fits() -> None:
    assert parsed(CALL + "telephones: {cell: {calls: 2}}\n") == []


@pytest.mark.parametrize(
    ("text", "key"),
    [(CALL.replace("softphones: true\n", ""), "softphones"), (CALL + "network: {all: {}}\n", "network")],
)
def test_what_does_not_fit_is_not_played(text: str, key: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        prepare(parse_scenario(text, "one.yaml", Path()), is_live=True, phones=Phones.BARESIP)
    assert [mistake.key for mistake in caught.value.mistakes] == [key]


def test_the_reason_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(CALL)
    assert why_not_softphones(file) == ""
    file.write_text(CALL.replace("softphones: true\n", ""))
    assert why_not_softphones(file) == "it does not say `softphones: true`"
    file.write_text(CALL.replace("softphones: true\n", "") + "  - family: {goes silent: true}\n")
    assert why_not_softphones(file) == "goes silent: a softphone always sends audio"


async def test_a_telephone_whose_owner_does_nothing_is_our_own() -> None:
    shelf = Shelf(Phones.BARESIP, ["family"], 1)
    assert isinstance(shelf.take("neighbor", Line(user="neighbor")), Phone)
