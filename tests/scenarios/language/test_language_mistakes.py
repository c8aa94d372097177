"""Every mistake is told with its line, its key, and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.language.scenario import Scenario, load_scenario, parse_scenario
from scenarios.language.source import ScenarioError, read_source
from scenarios.play.setting import prepare

HEAD = "scenario: one\nworld: demo-6s\n"


def parse(text: str) -> Scenario:
    return parse_scenario(text, "a.yaml", Path())


def mistakes(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        prepare(parse(text), is_live=False)
    return [str(each) for each in caught.value.mistakes]


def step(text: str) -> str:
    return f"{HEAD}script:\n  - {text}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            step("family: {answer: true}"),
            "a.yaml:4: script[1].family.answer: is not known here; did you mean `answers`?",
        ),
        (
            step("famly: {answers: true}"),
            "a.yaml:4: famly: nobody is called so; did you mean `family`?",
        ),
        (
            step("family: {hears: greetings}"),
            "a.yaml:4: family.hears: nobody says 'greetings'; did you mean `greeting`?",
        ),
        (
            step("family: {hears: goodbye}"),
            "a.yaml:4: family.hears: 'goodbye' could be inside/goodbye or outside/goodbye",
        ),
        (step("family: {rings: 3}"), "a.yaml:4: script[1].family.rings: 3 is no duration; write for example 3s"),
        (step("family: {presses: 5x}"), "a.yaml:4: script[1].family.presses: '5x' are no keys of a telephone"),
        (step("family: {at: 3s}"), "a.yaml:4: script[1].family: says nothing that is done or perceived"),
        (
            step("expect: {ended: {wy: x}}"),
            "a.yaml:4: script[1].expect.ended.wy: is not known here; did you mean `why`?",
        ),
        (step("family: true"), "a.yaml:4: script[1].family: is True; write what it does"),
        (
            f"{HEAD}telephones: {{family: {{codec: [PCMA]}}}}\nscript:\n  - wait: 1s\n",
            "a.yaml:3: telephones.family.codec: is not known here; did you mean `codecs`?",
        ),
        (step("wait: soon"), "a.yaml:4: script[1].wait: 'soon' is no duration"),
        (step("expect: {balance: {family: 0.075}}"), "a.yaml:4: script[1].expect.balance.family: 0.075 is a binary"),
        (f"{HEAD}sead: 3\nscript:\n  - wait: 1s\n", "a.yaml:3: sead: is not known here; did you mean `seed`?"),
        (f"{HEAD}script: []\n", "a.yaml:3: script: has no step"),
        (HEAD, "a.yaml:1: script: is missing"),
        ("scenario: one\nworld: california\nscript:\n  - wait: 1s\n", "a.yaml:2: world: no world is called"),
        (
            f"{HEAD}phones: {{family: {{numbr: '1'}}}}\nscript:\n  - wait: 1s\n",
            "a.yaml:3: phones[0].numbr: is not a key",
        ),
        (f"{HEAD}profile: {{talking: {{limit: -1}}}}\nscript:\n  - wait: 1s\n", "a.yaml:3: profile.talking.limit: "),
        (
            f"{HEAD}telephones: {{nobody: {{}}}}\nscript:\n  - wait: 1s\n",
            "a.yaml:3: telephones.nobody: there is no such",
        ),
        (
            f"{HEAD}network: {{famly: {{loss: 2%}}}}\nscript:\n  - wait: 1s\n",
            "a.yaml:3: network.famly: there is no such",
        ),
        (
            f"{HEAD}network: {{to family: {{behind nat: true}}}}\nscript:\n  - wait: 1s\n",
            "a.yaml:3: network.to family: one telephone is behind a NAT",
        ),
        (step("network: {move: family}"), "a.yaml:4: script[1].network.move: is not known here; did you mean `moves`?"),
        (
            step("wait: 1s\nafter: {flow: {family: [INVITE]}}"),
            "a.yaml:5: after.flow.family[1]: 'INVITE' has no arrow; write \"-> INVITE\"",
        ),
        (
            step("wait: 1s\nafter: {flow: {family: [<- INVIT]}}"),
            "a.yaml:5: after.flow.family[1]: '<- INVIT': there is no request INVIT; did you mean `INVITE`?",
        ),
        (
            step("wait: 1s\nafter: {flow: {famly: [<- INVITE]}}"),
            "a.yaml:5: after.flow.famly: there is no such telephone; did you mean `family`?",
        ),
        (step("expect: {of: famly, talking: true}"), "a.yaml:4: expect.of: there is no such telephone; did you mean"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_remedy(text: str, told: str) -> None:
    found = mistakes(text)
    assert any(each.startswith(told) for each in found), found


def head(text: str) -> str:
    return f"{HEAD}{text}\nscript:\n  - wait: 1s\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            head('accounts: {"+12125550123": {deposit: "1"}}'),
            "a.yaml:3: accounts.+12125550123.deposit: is not for a called number or a person; known are advancepay",
        ),
        (
            head('accounts:\n  advanceconnect:a: {numbers: [family]}\n  advanceconnect:b: {advancepay: "1"}'),
            "a.yaml:5: accounts.advanceconnect:b.advancepay: is not for an account by its id; known are deposit",
        ),
        (
            head("accounts:\n  advanceconnect:a: {deposit: 1}\n  directbill:b: {numbers: [family]}"),
            "a.yaml:5: accounts[1]: credit_limit: a Direct Bill account has one",
        ),
        (
            head("accounts:\n  advanceconnect:a:\n    numbers: [famly]"),
            "a.yaml:5: accounts[0].numbers[0]: is not a number in E.164",
        ),
        (head("accounts: {gold:a: {deposit: 1}}"), "a.yaml:3: accounts[0]: 'gold:a' is not an account"),
        (
            head("allowances: {free: {every: 14d, since: 2021-04-04}}"),
            "a.yaml:3: allowances.free: give either free or cap",
        ),
        (
            head("allowances: {free: {free: 90s, every: 14d, since: 2021-04-04}}"),
            "a.yaml:3: allowances.free: free and cap are whole minutes",
        ),
        (
            head("allowances: {free: {cap: 1h, every: 36h, since: 2021-04-04}}"),
            "a.yaml:3: allowances.free: every is day, month, or whole days",
        ),
        (
            head(
                "allowances:\n  free: {cap: 1h, every: day, since: 2021-04-04}\n  Too Long: "
                "{free: 1h, every: 400d, since: 2021-04-04}"
            ),
            "a.yaml:5: allowances[1].every",
        ),
        (head("free days: {x: [soon]}"), "a.yaml:3: free days.x[1]: "),
        (head("billing: {settle after: 60s}"), "a.yaml:3: billing.settle after: is not known here; did you mean"),
        (head("billing:\n  settles after: 60s\n  deposit cap: 10"), "a.yaml:3: billing: deposit_cap: below 50 is"),
        (head("billing:\n  deposit cap: 50\n  settles after: 100d"), "a.yaml:5: billing.settles_after: "),
        (head('fees:\n  web: "1"\n  WEB: "1"'), "a.yaml:5: fees[1].channel: "),
        (head("taxes: [none.toml]"), f"a.yaml:3: taxes[0]: {Path('none.toml').resolve()}: cannot be read"),
        (head("facilities: {valley-prison: {taxed bye: [x]}}"), "a.yaml:3: facilities[0].taxed_bye: is not a key"),
        (head("people: {jordan: {debits: advanceconnect:x}}"), "a.yaml:3: people[0].debits: there is no account"),
        (
            step("customer service: {adds numbers: {advanceconnect:x: [family]}, active after: 25h}"),
            "a.yaml:4: script[1].customer service: active after: a number is active 24h after",
        ),
        (step("customer service: {jobs: {as of: soon}}"), "a.yaml:4: script[1].customer service.jobs.as of: "),
        (
            step("wait: 1s\nafter: {record: {explained: {fre: 1s}}}"),
            "a.yaml:5: after.record.explained.fre: is not known here; did you mean `free`?",
        ),
    ],
)
def test_a_mistake_about_money_is_told_with_its_place_and_a_remedy(text: str, told: str) -> None:
    found = mistakes(text)
    assert any(each.startswith(told) for each in found), found


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    found = mistakes(f"{HEAD}sead: 1\nscript:\n  - family: {{answer: true, pin: x}}\n  - wait: y\n")
    assert [each.split(":")[1] for each in found] == ["3", "5", "5", "6"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "not YAML"),
        ("a: 1\na: 2\n", "a.yaml:2: a: is given twice"),
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("", "is empty"),
        ("? [a]\n: 1\n", "a key must be text"),
    ],
)
def test_yaml_that_reads_otherwise_than_it_looks_is_refused(text: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        read_source(text, "a.yaml")


def test_words_stay_words_and_numbers_keep_their_digits() -> None:
    value = read_source("a: 0123\nb: yes\nc: 12:30\nd: +12125550123\ne: 2021-06-01\nf: 5\ng: true\n", "a.yaml").value
    assert value == {"a": "0123", "b": "yes", "c": "12:30", "d": "+12125550123", "e": "2021-06-01", "f": 5, "g": True}


def test_a_step_is_one_name() -> None:
    found = mistakes(f"{HEAD}script:\n  - family: {{answers: true}}\n    neighbor: {{answers: true}}\n")
    assert "this has 2: family, neighbor; begin each with `- `" in found[0]


def test_the_verbs_of_a_step_keep_their_order() -> None:
    scenario = parse(step("family: {rings: 1s, presses: 5, hears: greeting, answers: true}"))
    assert scenario.steps[0].body.order == ("rings", "presses", "hears", "answers")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "none.yaml")


def test_a_scenario_of_virtual_time_is_not_run_live() -> None:
    with pytest.raises(ScenarioError, match="virtual time alone"):
        prepare(parse(step("wait: 1s")), is_live=True)
