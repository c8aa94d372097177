"""What happens around the telephones: messages lost, links bad, the switch stopped, started and killed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.language.scenario import parse_scenario
from scenarios.play.network import message_name
from scenarios.play.result import Result
from scenarios.play.run import Options, run_scenario

HEAD = "scenario: one\nworld: demo-6s\n"
ACCEPTED = """script:
  - station 4-yard: {dials: 2125550123, pin: 4417}
  - family: {answers: true, presses: 5}
  - expect: {talking: true}
"""


def play(text: str) -> Result:
    return run_scenario(parse_scenario(text, "one.yaml", Path()), Options())


def passes(text: str) -> Result:
    result = play(text)
    assert result.fault == ""
    return result


@pytest.mark.parametrize(
    ("message", "party"),
    [
        ("INVITE", "to: family"),
        ("180 to INVITE", "from: family"),
        ("200 to INVITE", "from: family"),
        ("ACK", "to: family"),
        ("INVITE", "from: station 4-yard"),
        ("200 to INVITE", "to: station 4-yard"),
        ("BYE", "to: family"),
        ("200 to BYE", "from: family"),
    ],
)
def test_a_lost_message_is_sent_again_and_changes_no_charge(message: str, party: str) -> None:
    result = passes(
        f"{HEAD}script:\n  - network: {{loses: {{message: {message}, {party}}}}}\n"
        "  - station 4-yard: {dials: 2125550123, pin: 4417}\n"
        "  - family: {answers: true, hears: call-through, presses: 5}\n"
        "  - expect: {ended: {why: funds-exhausted}}\nafter: {record: {talk: 18s, charged: '0.075'}}\n"
    )
    assert "LOST" not in result.fault


def test_the_message_that_is_to_be_lost_is_lost() -> None:
    result = passes(
        HEAD
        + "script:\n  - network: {loses: {message: INVITE, to: family, times: 2}}\n"
        + "  - station 4-yard: {dials: 2125550123, pin: 4417}\n"
        + "  - family: {rings: true, at: 2200ms ± 200ms, since: start}\n"
    )
    assert result.is_passed, "two INVITEs lost: the third leaves 1.5 s after the first (RFC 3261 §17.1.1.2)"


def test_words_are_recognised_through_loss_and_jitter() -> None:
    passes(
        HEAD
        + "network: {family: {loss: 2%, jitter: 10ms}}\n"
        + "script:\n  - station 4-yard: {dials: 2125550123, pin: 4417}\n"
        + "  - family: {answers: true, hears: greeting, not heard: inside/welcome}\n"
    )


def test_a_cut_network_ends_the_talk_as_lost() -> None:
    passes(
        HEAD
        + "media: {silence_max: 3s}\naccounts: {'+12125550123': {advancepay: '1'}}\n"
        + ACCEPTED
        + "  - network: {cuts: family}\n  - expect: {ended: {why: media-lost, by: switch, at: 3s ± 400ms}}\n"
    )


def test_a_telephone_that_drops_off_and_comes_back_talks_on() -> None:
    passes(
        HEAD
        + "accounts: {'+12125550123': {advancepay: '1'}}\n"
        + ACCEPTED
        + "  - family: {drops off: true, waits: 4s, comes back: true}\n  - family: {waits: 4s, hangs up: true}\n"
        + "after: {record: {why: hung-up, ended by: callee, talk: 8s ± 200ms}}\n"
    )


def test_a_switch_that_is_stopped_ends_the_talk_and_another_takes_the_next_call() -> None:
    passes(
        HEAD
        + ACCEPTED
        + """  - wait: 2s
  - switch: {restarts: {after: 5s}}
  - family: {released: true}
  - station 4-yard: {dials: 2125550123, pin: 4417}
  - family: {answers: true, presses: 5, hangs up: true}
after:
  records: [{why: shut-down, talk: 2s ± 200ms, charged: "0.025"}, {why: hung-up, charged: "0.025"}]
  charges: 2
"""
    )


def test_a_restart_takes_other_tariffs() -> None:
    passes(
        HEAD
        + """priced as on: 2021-06-01
script:
  - switch: {restarts: {tariffs: [california-2021]}}
  - station 4-yard: {dials: 2125550123, pin: 4417}
  - family: {answers: true, presses: 5, waits: 2s, hangs up: true}
after: {record: {charged: "0.025", tariff: california-2021}}
"""
    )


@pytest.mark.parametrize("seconds", [0, 1, 7, 17])
def test_a_killed_switch_charges_once_and_holds_nothing(seconds: int) -> None:
    result = passes(
        HEAD
        + "accounts: {'+12125550123': {advancepay: '1'}}\n"
        + ACCEPTED
        + f"""  - wait: {seconds}s
  - switch: {{killed: true}}
  - wait: 3s
  - switch: {{starts: true}}
  - expect: {{ended: {{why: recovered}}}}
  - family: {{released: true}}
"""
    )
    (call,) = result.calls
    assert call.record is not None
    assert float(call.record["talk_seconds"]) <= seconds + 1
    assert float(call.record["talk_seconds"]) >= seconds - 1.5


def test_a_killed_switch_says_nothing_to_anybody() -> None:
    result = passes(
        HEAD
        + ACCEPTED
        + "  - switch: {killed: true}\n  - wait: 40s\n"
        + "  - expect: {messages: {BYE to family: 0, BYE to station 4-yard: 0}}\n  - switch: {starts: true}\n"
    )
    assert result.calls[0].record is not None


def test_customer_service_blocks_deposits_and_adjusts() -> None:
    passes(
        HEAD
        + """script:
  - customer service: {deposits: {family: "0.5"}, adjusts: {jordan: "-0.05"}, blocks: {number: neighbor}}
  - station 4-yard: {dials: 2125550124, pin: 4417, hears: reason/blocked, released: true}
  - customer service: {unblocks: {number: neighbor}}
  - station 4-yard: {dials: 2125550124, pin: 4417}
  - neighbor: {rings: 1s, refuses: 603}
after:
  balance: {family: "0.575", jordan: 0}
  records: [{why: blocked}, {why: refused}]
"""
    )


def test_a_step_of_the_wall_clock_is_seen_by_the_next_switch() -> None:
    result = passes(f"{HEAD}script:\n  - clock: {{steps: 1h}}\n  - switch: {{restarts: true}}\n" + ACCEPTED[8:])
    assert result.calls[0].record is not None
    assert result.calls[0].record["started_at"].startswith("2021-06-01T13:00")


def test_messages_have_names_people_write() -> None:
    assert message_name("SIP/2.0 200 OK", "INVITE") == "200 to INVITE"
    assert message_name("BYE sip:x SIP/2.0", "BYE") == "BYE"
