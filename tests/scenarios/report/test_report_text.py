from __future__ import annotations

from dataclasses import replace

from scenarios.play.result import Moment
from scenarios.report.text import text
from switch.call.timeline import CALLER, SWITCH
from tests.scenarios.report.made_calls import ACCEPTED, DENIED


def test_a_call_as_text_has_its_ladder_record_money_and_explanation() -> None:
    told = text(ACCEPTED, 100)
    assert told.startswith("jordan → +12125550123  (20260601T120000-aaaa)\n\n  time caller   switch   callee    book\n")
    assert "keys ••" in told and "key 5" in told
    assert "  why           funds-exhausted\n" in told
    assert "  hold/1  advancepay:+12125550123  0.025   captured 0.025  captured\n" in told
    assert "  charge  advancepay:+12125550123  -0.05\n          income:calls:advancepay  0.05" in told
    assert told.endswith("  two slices of six seconds")


def test_every_message_stands_in_the_text_once() -> None:
    ladder = text(ACCEPTED).split("\n\n")[1]
    told = [line.split("   ")[-1] for line in ladder.splitlines()]
    assert told.count("INVITE (SDP)") == 2 and told.count("ACK") == 1
    assert told.count("BYE") == 1, "the same to both parties stands in one line"


def test_what_the_other_person_said_comes_from_the_other_side() -> None:
    (line,) = [line for line in text(ACCEPTED).splitlines() if "It is me." in line]
    assert line == " 19.00    │◀┄┄┄┄┄┄┄┼┄┄┄┄┄┄┄┄│        │   “It is me.”"


def test_a_lost_message_is_said_to_be_lost() -> None:
    lost = Moment(21, 29.0, "sip", SWITCH, CALLER, "INFO")
    call = replace(ACCEPTED, timeline=(*ACCEPTED.timeline[:-1], lost, replace(ACCEPTED.timeline[-1], number=22)))
    assert any(line.endswith("INFO – lost") for line in text(call).splitlines())


def test_a_call_that_cost_nothing_has_no_money() -> None:
    told = text(DENIED)
    assert "hold" not in told and "ended: bad-pin" in told
    assert all(len(line) <= 100 for line in told.splitlines())


def test_the_text_keeps_to_the_width() -> None:
    ladder = text(ACCEPTED, 72).split("\n\n")[1]
    assert max(len(line) for line in ladder.splitlines()) <= 72
