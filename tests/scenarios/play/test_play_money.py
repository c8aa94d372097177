"""What scenarios say of lines, explanations, free talk, payments and jobs: each check is seen to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.language.scenario import parse_scenario
from scenarios.play.result import Result, Verdict
from scenarios.play.run import Options, run_scenario

HEAD = """scenario: one
world: connecticut-2021
allowances: {two-weeks: {free: 1min, every: 14d, since: 2021-04-04}}
"""

TALK = """script:
  - station 4-yard: {dials: "2035550123", pin: "4417"}
  - family: {answers: true, presses: "1"}
  - family: {hangs up: true, at: 70s}
"""

LINES = 'income:calls:advanceconnect: "0.2433", taxes:connecticut:sales: "0.014598", income:fees:e911: "0.01"'

HOUSEHOLD = "advanceconnect:household"


def play(text: str) -> Result:
    return run_scenario(parse_scenario(HEAD + text, "one.yaml", Path()), Options())


def test_what_is_so_passes() -> None:
    record = f"charged: '0.267898', charge lines: {{{LINES}}}, explained: {{free: 60s, allowance: two-weeks}}"
    result = play(f"{TALK}after:\n  record: {{{record}}}\n  free used: {{jordan: 60s, sam: 0s}}\n")
    assert result.fault == ""


@pytest.mark.parametrize(
    ("after", "failure"),
    [
        (
            'record: {charge lines: {income:calls:advanceconnect: "0.267898"}}',
            "income:calls:advanceconnect: 0.2433, income:fees:e911: 0.01, taxes:connecticut:sales: 0.014598",
        ),
        (f'record: {{charge lines: {{{LINES}, "taxes:connecticut:more": "0"}}}}', "taxes:connecticut:more: 0"),
        ("record: {explained: {free: 61s}}", "61 s of it were free: 60 s"),
        ("record: {explained: {allowance: holidays}}", "free by holidays: two-weeks"),
        ("record: {explained: Massachusetts}", "the explanation says 'Massachusetts'"),
        ("record: {explained: {says: [Connecticut, Vermont]}}", "the explanation says 'Vermont'"),
        ("free used: {jordan: 61s}", "jordan has used 61 s of free talk: 60 s"),
        ("free used: {sam: 60s}", "sam has used 60 s of free talk: 0 s"),
    ],
)
def test_what_is_not_so_fails_and_what_is_found_is_told(after: str, failure: str) -> None:
    result = play(f"{TALK}after:\n  {after}\n")
    assert result.verdict is Verdict.FAILED
    assert len(result.failures) == 1
    (failed,) = result.failures
    assert failure in f"{failed.text}: {failed.found}"


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        (
            f'deposits: {{"{HOUSEHOLD}": "51"}}',
            "a deposit of 51 to advanceconnect:household is booked; instead: it is refused",
        ),
        (f'deposits: {{"{HOUSEHOLD}": "50"}}, refused: true', "is refused; instead: it is booked"),
        ('deposits: {"advanceconnect:nobody": "5"}', "it is refused: there is no such account"),
        (f'adds numbers: {{"{HOUSEHOLD}": [neighbor]}}', "+18605550124 on advanceconnect:household is booked"),
        (f'removes numbers: {{"{HOUSEHOLD}": [neighbor]}}', "+18605550124 off advanceconnect:household is booked"),
        ('decides credit: {"directbill:a": {state: CT}}', "directbill:a gets credit; instead: it is declined"),
        ('decides credit: {"directbill:a": {state: AK}}, refused: true', "credit of 50 for directbill:a is refused"),
        ("jobs: {as of: 2021-06-02, does: [invoiced]}", "the jobs of 2021-06-02: invoiced; instead: nothing is due"),
        ("deposits: {family: 5}", "a deposit of 5 to family is booked; instead: it is"),
    ],
)
def test_what_customer_service_is_not_answered_fails(step: str, fault: str) -> None:
    result = play(f"script:\n  - customer service: {{{step}}}\n")
    assert result.verdict is Verdict.FAILED
    assert fault in result.fault


def test_the_world_is_priced_by_the_day_it_is_where_a_scenario_says_today() -> None:
    text = "scenario: one\nworld: california-2021\ntariffs: [california-2020, california-2021]\n"
    text += "begins: 2021-03-18T12:00:00Z\n{}script:\n  - station 4-yard: {{dials: 2125550123, pin: 4417}}\n"
    text += "  - family: {{answers: true, presses: 5}}\nafter: {{record: {{tariff: {}}}}}\n"
    for key, tariff in (("priced as on: today\n", "california-2020"), ("", "california-2021")):
        result = run_scenario(parse_scenario(text.format(key, tariff), "one.yaml", Path()), Options())
        assert result.fault == "", key
