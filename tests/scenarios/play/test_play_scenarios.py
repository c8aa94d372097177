"""Scenarios pass when what they say is so, and fail when it is not: each check is seen to fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.language.scenario import parse_scenario
from scenarios.language.source import ScenarioError
from scenarios.play.api import setting_of
from scenarios.play.result import Result, Verdict
from scenarios.play.run import Options, run_scenario
from scenarios.play.setting import prepare

HEAD = "scenario: one\nworld: demo-6s\n"
ACCEPTED = """script:
  - station 4-yard: {dials: 2125550123, pin: 4417}
  - family: {answers: true, presses: 5}
"""


def play(text: str, *, seed: int | None = None, folder: Path | None = None) -> Result:
    return run_scenario(parse_scenario(text, "one.yaml", Path()), Options(seed=seed, folder=folder))


def failures(text: str) -> list[str]:
    result = play(text)
    assert result.verdict is Verdict.FAILED, "it passed"
    return [f"{each.line}: {each.text}: {each.found}" for each in result.failures]


def test_what_is_so_passes_with_the_facts_of_the_call() -> None:
    result = play(
        HEAD
        + ACCEPTED
        + """  - family: {hears: five-seconds-left, at: 13s}
  - expect: {ended: {why: funds-exhausted, by: switch, at: 18s}}
after:
  balance: {family: "0", "+12125550123": 0}
  record: {talk: 18s ± 0ms, charged: "0.075", billing: advancepay, person: jordan, recorded: true, tariff: demo}
  messages: {INVITE to family: 1, BYE to family: 1, 200 to INVITE from family: 1}
  charges: 1
"""
    )
    assert result.fault == ""
    assert result.is_passed
    (call,) = result.calls
    assert call.record is not None
    assert (call.record["why"], call.record["charged"]) == ("funds-exhausted", "0.075")
    assert [(side.actor, side.party) for side in call.phones] == [("station 4-yard", "caller"), ("family", "callee")]
    assert [key.key for key in call.phones[0].keys] == list("4417")
    assert len(call.holds) == 3
    assert [posting.amount for posting in call.postings] == ["-0.075", "0.075"]
    assert call.accepted_at is not None
    assert call.until == pytest.approx(call.accepted_at + 18, abs=0.02)
    assert len(call.phones[1].levels) >= 180


@pytest.mark.parametrize(
    ("script", "registered"),
    [
        ("  - station 4-yard: {dials: 2125550123}\n", {"family"}),
        ("  - station 4-yard: {dials: '5550123'}\n  - neighbor: {unregisters: true}\n", {"family", "neighbor"}),
    ],
)
def test_telephones_register_that_the_scenario_names_or_dials(script: str, registered: set[str]) -> None:
    setting = prepare(parse_scenario(f"{HEAD}script:\n{script}", "one.yaml", Path()), is_live=False)
    assert {name for name, each in setting.telephones.items() if each.is_registered} == registered


def test_every_called_telephone_registers_for_a_program() -> None:
    telephones = setting_of("demo-6s", name="one", base=Path()).telephones.values()
    assert all(each.is_registered for each in telephones if each.number is not None)


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        ("  - family: {hears: five-seconds-left, at: 12s}\n", "6: family: {hears: five-seconds-left, at: 12s}: at 13"),
        ("  - family: {hears: one-minute-left, within: 3s}\n", "6: family: {hears: one-minute-left, within: 3s}: "),
        ("  - family: {hears: ten-seconds-left, not heard: left}\n", "6: family: {hears: ten-seconds-left, not heard"),
        ("  - expect: {talking: false}\n", "6: expect: {talking: false}: they talk"),
        ('  - expect: {held: {family: "0.05"}}\n', "6: expect: {held: {family: 0.05}}: 0.025"),
        ('  - expect: {balance: {family: "0.08"}}\n', "6: expect: {balance: {family: 0.08}}: 0.075"),
        ("  - expect: {ended: {why: hung-up}}\n", "6: expect: {ended: {why: hung-up}}: it ended: funds-exhausted"),
        ("  - expect: {ended: {at: 17s}}\n", "6: expect: {ended: {at: 17s}}: it ended at 18 s"),
        ("  - expect: {ended: {by: callee}}\n", "6: expect: {ended: {by: callee}}: the switch did"),
        ("  - expect: {calls: 2}\n", "6: expect: {calls: 2}: 1"),
        ("  - neighbor: {rings: true, within: 5s}\n", "6: neighbor: {rings: true, within: 5s}: neighbor has no call"),
        ("  - neighbor: {hangs up: true}\n", "6: neighbor: {hangs up: true}: neighbor has no call"),
        ("  - family: {hears nothing: 15s}\n", "6: family: {hears nothing: 15s}: sound for"),
        (
            "  - family: {hears: {tone: 1000}, within: 2s}\n",
            "6: family: {hears: {tone: 1000}, within: 2s}: it was heard",
        ),
        ("  - family: {released: {status: 486}}\n", "6: family: {released: {status: 486}}: with "),
        ("  - station 4-yard: {rings back: true, within: 1s}\n", "6: station 4-yard: {rings back: true, within: 1s}"),
        ("  - customer service: {deposits: {nobody: 1}}\n", "6: customer service: {deposits: {nobody: 1}}: it is refu"),
        (
            "  - customer service: {unblocks: {number: 2125550123}}\n",
            "6: customer service: {unblocks: {number: 2125550123}}: ",
        ),
        ("  - customer service: {deposits: {family: 1}, refused: true}\n", "6: customer service: {deposits: {family"),
        ("  - switch: {starts: true}\n", "6: switch: {starts: true}: the switch runs already"),
        ("  - network: {moves: family}\n", "6: network: {moves: family}: family is behind no NAT"),
        ("  - family: {registers in vain: true}\n", "6: family: {registers in vain: true}: it is registered"),
        ("  - network: {cuts: famly}\n", "6: network: {cuts: famly}: famly is no telephone"),
        ("  - family: {hangs up: true, at: 1s}\n  - family: {presses: 1}\n", "7: family: {presses: 1}: "),
    ],
)
def test_what_is_not_so_fails_with_its_line_and_what_was_found(script: str, failure: str) -> None:
    found = failures(HEAD + ACCEPTED + script)
    assert any(each.startswith(failure) for each in found), found


@pytest.mark.parametrize(
    ("after", "failure"),
    [
        ('balance: {family: "0.07"}', "balance of family is 0.07: 0.05"),
        ("balance: {nobody: 0}", "balance of nobody is 0: no account"),
        ("record: {talk: 6s}", "talk is 6 s ± 50 ms: 4.0"),
        ('record: {charged: "0.05"}', "charged: 0.05: 0.025"),
        ("record: {why: refused}", "why: refused: hung-up"),
        ("record: {ended by: callee}", "ended by: callee: caller"),
        ("record: {recorded: false}", "recorded: False: there is a recording"),
        ("record: {rang: false}", "rang: False: True"),
        ("records: []", "0 calls have records: 1"),
        ("records: {station 2-gym: {why: hung-up}}", "a call of station 2-gym has a record: none has"),
        ("messages: {INVITE to family: 0}", "INVITE to family: 0: 1"),
        ("charges: 2", "charges: 2: 1"),
        (
            "flow: {family: [<- INVITE, -> 100, -> 200, <- ACK]}",
            "flow of family is [<- INVITE, -> 100, -> 200, <- ACK]: message 3 is `-> 180 to INVITE`, expected `-> 200`",
        ),
    ],
)
def test_what_is_expected_of_the_end_can_fail(after: str, failure: str) -> None:
    found = failures(HEAD + ACCEPTED + f"  - station 4-yard: {{hangs up: true, at: 4s}}\nafter: {{{after}}}\n")
    assert any(each.partition(": ")[2].startswith(failure) for each in found), found


def test_a_scenario_in_which_nothing_can_happen_is_told_to_hang() -> None:
    result = play(f"{HEAD}limit: 10s\nscript:\n  - wait: 20s\n")
    assert result.verdict is Verdict.FAILED
    assert "virtual time would pass 10.000 s" in result.fault


def test_the_same_seed_is_the_same_run_and_another_is_not() -> None:
    text = HEAD + "network: {family: {loss: 3%, jitter: 20ms}}\n" + ACCEPTED + "  - family: {hangs up: true, at: 4s}\n"
    first, again, other = play(text), play(text), play(text, seed=2)
    assert first.trace == again.trace
    assert first.trace != other.trace
    assert first.is_passed and other.is_passed


def test_what_is_wrong_with_names_is_a_result_as_well() -> None:
    result = play(f"{HEAD}script:\n  - famly: {{answers: true}}\n")
    assert result.verdict is Verdict.WRONG
    assert "did you mean `family`?" in result.fault


def test_steps_together_happen_at_the_same_time() -> None:
    result = play(
        HEAD
        + ACCEPTED
        + """  - expect: {talking: true}
  - together:
      - family: {waits: 2s, hangs up: true}
      - station 4-yard: {waits: 2s, hangs up: true}
after: {record: {why: hung-up, talk: 2200ms ± 100ms}}
"""
    )
    assert result.fault == ""


def test_book_and_recordings_are_kept_where_wanted(tmp_path: Path) -> None:
    result = play(HEAD + ACCEPTED + "  - family: {hangs up: true, at: 2s}\n", folder=tmp_path)
    assert result.is_passed
    assert (Path(result.folder) / "book.db").is_file()
    assert len(list((Path(result.folder) / "recordings").iterdir())) == 1


def test_a_flow_with_retransmissions_has_what_was_said_twice() -> None:
    result = play(
        HEAD
        + """script:
  - network: {loses: {message: ACK, from: switch}}
  - station 4-yard: {dials: 2125550123, pin: 4417}
  - family: {refuses: 486, waits: 3s}
after:
  flow: {family: [<- INVITE, -> 100, -> 180, -> 486, <- ACK]}
  flow with retransmissions: {family: [<- INVITE, -> 100, -> 180, -> 486, -> 486, <- ACK]}
"""
    )
    assert result.fault == ""


def test_a_scenario_with_a_nat_is_not_run_live() -> None:
    text = f"{HEAD}live: true\nnetwork: {{family: {{behind nat: true}}}}\n{ACCEPTED}"
    with pytest.raises(ScenarioError, match="there is no NAT on sockets"):
        prepare(parse_scenario(text, "one.yaml", Path()), is_live=True)


def test_who_reads_nothing_of_what_passes_is_told_nothing_of_it_and_all_of_what_fails() -> None:
    quiet = Options(is_telling_passed=False)
    script = HEAD + ACCEPTED + "  - family: {hangs up: true, at: 4s}\n"
    passed = run_scenario(parse_scenario(script, "one.yaml", Path()), quiet)
    failed = run_scenario(parse_scenario(script + "after: {charges: 2}\n", "one.yaml", Path()), quiet)
    assert passed.is_passed and (passed.calls, passed.accounts, passed.trace) == ((), (), "")
    assert [call.record["charged"] for call in failed.calls if call.record] == ["0.025"]
    assert passed.expectations


@pytest.mark.parametrize(
    ("script", "may_kill"),
    [
        ("script:\n  - wait: 1s\n", False),
        ("script:\n  - switch: {restarts: true}\n", False),
        ("script:\n  - switch: {killed: true}\n", True),
        ("script:\n  - together:\n    - switch: {killed: true}\n    - wait: 1s\n", True),
    ],
)
def test_the_heart_of_the_switch_beats_slowly_only_where_nobody_kills_it(script: str, *, may_kill: bool) -> None:
    assert prepare(parse_scenario(HEAD + script, "one.yaml", Path()), is_live=False).may_kill is may_kill


def test_a_program_may_kill_the_switch_at_any_time() -> None:
    assert setting_of("demo-6s", name="python", base=Path()).may_kill


def test_what_a_scenario_amends_is_not_amended_in_the_next_one() -> None:
    def raw(amendment: str = "") -> object:
        text = f"{HEAD}{amendment}script:\n  - wait: 1s\n"
        return prepare(parse_scenario(text, "one.yaml", Path()), is_live=False).raw

    plain, amended = raw(), raw('accounts: {"+12125550123": {advancepay: "7"}}\n')
    assert amended != plain == raw()
