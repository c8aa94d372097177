"""Scenarios as loads: what their calls become, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenarios.load.command import KEPT, WRONG_PLAN, Options, plan_of, run_load
from scenarios.load.plan import Behaviour, Plan
from scenarios.load.plan_file import PlanError
from switch.app.config import load_config
from switch.app.world import build_world

HEAD = "scenario: one\nworld: demo-6s\nscript:\n"
DIALS = '  - station 4-yard: {dials: "2125550123", pin: "4417"}\n'
ACCEPTS = '  - family: {rings: 2s, answers: true, waits: 300ms, presses: "5"}\n'
HANGS_UP = "  - station 4-yard: {hangs up: true, at: 4s}\n"


def plan_from(folder: Path, text: str, **options: Any) -> Plan:
    file = folder / "one.yaml"
    file.write_text(text, encoding="utf-8")
    given: dict[str, Any] = {"rate": "5/s", "duration": "20s", "target": "127.0.0.1:5060", **options}
    return plan_of(Options(file, **given))[0]


def mistakes(folder: Path, text: str, **options: Any) -> list[str]:
    with pytest.raises(PlanError) as caught:
        plan_from(folder, text, **options)
    return [str(each).removeprefix(f"{folder}/") for each in caught.value.mistakes]


@pytest.mark.parametrize(
    ("steps", "facts"),
    [
        (ACCEPTS + HANGS_UP, {"behaviour": Behaviour.ACCEPT, "rings": 2, "listens": 0.3, "holds": 4, "key": "5"}),
        (ACCEPTS + "  - family: {waits: 2s, hangs up: true}\n", {"hangs_up": "callee", "holds": 2}),
        (ACCEPTS + "  - family: {released: {at: 18s}}\n", {"hangs_up": "target", "cut_after": 18}),
        (ACCEPTS + "  - expect: {ended: {at: 18s}}\n", {"hangs_up": "target", "cut_after": 18}),
        (
            "  - family: {answers: true, presses: '2', waits: 1s}\n  - family: {presses: '5'}\n" + HANGS_UP,
            {"behaviour": Behaviour.ACCEPT, "key": "2,,5", "listens": 0},
        ),
        ("  - family: {answers: true, waits: 1s, hangs up: true}\n", {"behaviour": Behaviour.REFUSE, "listens": 1}),
        ("  - family: {answers: true, presses: '7'}\n", {"behaviour": Behaviour.BLOCK, "key": "7"}),
        ("  - family: {rings: 1s, refuses: 603}\n", {"behaviour": Behaviour.BUSY, "status": 603, "rings": 1}),
        ("  - family: {rings: true}\n", {"behaviour": Behaviour.NO_ANSWER, "patience": 40}),
        ("  - family: {answers by machine: true}\n", {"behaviour": Behaviour.MACHINE, "patience": 120}),
        ("  - family: {answers: true, presses: '5', by: info}\n" + HANGS_UP, {"keys_by": "info"}),
        (
            "  - together: [{family: {answers: true, waits: 2s, presses: '5'}}, {wait: 1s}]\n" + HANGS_UP,
            {"listens": 2, "holds": 4},
        ),
    ],
)
def test_a_call_of_the_script_is_a_kind_of_call(tmp_path: Path, steps: str, facts: dict[str, Any]) -> None:
    plan = plan_from(tmp_path, HEAD + DIALS + steps)
    (kind,) = plan.mix
    assert {name: getattr(kind, name) for name in facts} == facts
    assert (kind.dials, kind.presses) == ("2125550123", "4417")
    assert (plan.callers.user, plan.callers.count) == ("4-yard", 1)
    assert plan.callees is not None
    assert (plan.callees.user, plan.callees.number, plan.callees.count) == ("family", "+12125550123", 1)


def test_words_that_are_heard_pass_as_time(tmp_path: Path) -> None:
    (kind,) = plan_from(
        tmp_path,
        HEAD + DIALS + "  - family: {answers: true, hears: call-through, presses: '5'}\n" + HANGS_UP,
    ).mix
    assert 1 < kind.listens < 4


def test_calls_of_a_script_are_kinds_by_their_own_names_and_called_parties(tmp_path: Path) -> None:
    neighbor = '  - station 4-yard: {dials: "2125550124", pin: "4417"}\n  - neighbor: {refuses: true}\n'
    plan = plan_from(tmp_path, HEAD + (DIALS + ACCEPTS + HANGS_UP) * 2 + neighbor)
    assert [kind.title for kind in plan.mix] == ["accept", "accept-2", "busy"]
    assert [None if kind.callees is None else kind.callees.number for kind in plan.mix] == [None, None, "+12125550124"]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("  - network: {cuts: family}\n", "one.yaml:5: network: the network is the target's own under load"),
        ("  - switch: {killed: true}\n", "one.yaml:5: switch: the target is not stopped or killed"),
        ("  - customer service: {deposits: {family: 1}}\n", "one.yaml:5: customer service: a load has no book"),
        ("  - clock: {steps: 1h}\n", "one.yaml:5: clock: a load has no clock"),
        ("  - family: {holds: true}\n", "one.yaml:5: family.holds: is not played under load"),
        ("  - family: {deposits: 1}\n", "one.yaml:5: family.deposits: is not played under load"),
        ("  - family: {answers: true, presses: 5, by: inband}\n", "one.yaml:5: family.by: is not played"),
        ("  - family: {rings: false}\n", "one.yaml:5: family.rings: a called party does not do that"),
        ("  - station 4-yard: {gives up: true}\n", "one.yaml:5: station 4-yard.gives up: a caller who gives up"),
        (ACCEPTS, "one.yaml:4: station 4-yard.dials: nobody hangs up"),
        ("  - wait: 1s\n", "one.yaml:4: station 4-yard.dials: no telephone rings, answers or refuses"),
        (ACCEPTS + HANGS_UP + "  - neighbor: {answers: true}\n", "one.yaml:7: neighbor: is not called"),
        ("  - family: {answer: true}\n", "one.yaml:5: script[2].family.answer: is not known here; did you mean"),
        (
            "  - family: {refuses: 486}\n  - station 2-gym: {dials: 2125550123}\n  - family: {refuses: 486}\n",
            "one.yaml:6: station 2-gym.dials: under load one telephone calls",
        ),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_line(tmp_path: Path, steps: str, told: str) -> None:
    found = mistakes(tmp_path, HEAD + DIALS + steps)
    assert any(each.startswith(told) for each in found), found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("network: {family: {loss: 2%}}", "one.yaml:3: network: "),
        ("begins: 2021-06-01T12:00:00Z", "one.yaml:3: begins: a load runs on the real clock"),
        ("telephones: {family: {codecs: [PCMA]}}", "one.yaml:3: telephones: "),
        ("thresholds: [p99 stup < 1s]", "one.yaml:3: thresholds[1]: 'p99 stup < 1s': 'stup' is not measured; did you"),
    ],
)
def test_a_key_that_means_nothing_under_load_is_refused_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    text = f"scenario: one\nworld: demo-6s\n{line}\nscript:\n{DIALS}{ACCEPTS}{HANGS_UP}"
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(told)


def test_thresholds_of_the_scenario_are_those_of_the_load(tmp_path: Path) -> None:
    text = f"scenario: one\nworld: demo-6s\nthresholds: [p99 setup < 1s]\nscript:\n{DIALS}{ACCEPTS}{HANGS_UP}"
    assert [threshold.text for threshold in plan_from(tmp_path, text).thresholds] == ["p99 setup < 1s"]


def test_what_is_not_judged_and_what_is_not_carried_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan_from(tmp_path, HEAD + DIALS + ACCEPTS + "  - expect: {talking: true}\n" + HANGS_UP + "after: {charges: 1}\n")
    told = capsys.readouterr().err
    assert "not judged under load: expect (line 6)" in told
    assert "not judged under load: after (line 8)" in told
    assert "1 caller for calls of some 8 s carry 0.12 a second; more find no free caller. Give --callers 83" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rate": None}, "a scenario needs --rate and --for"),
        ({"rate": "fast"}, "is not a rate"),
        ({"callers": 10_001}, "at most 10000"),
    ],
)
def test_wrong_options_are_told(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    assert any(told in each for each in mistakes(tmp_path, HEAD + DIALS + ACCEPTS + HANGS_UP, **options))


def test_a_plan_has_no_callers_to_multiply(tmp_path: Path) -> None:
    text = "load: x\nstages: [{rate: 1/s, for: 1s}]\nmix: [{behaviour: bridge, dials: a}]\n"
    assert mistakes(tmp_path, text, callers=3)[0].startswith("command line: --callers: multiplies a scenario's")


def test_copies_have_a_world_of_their_own_that_knows_them(tmp_path: Path) -> None:
    file, folder = tmp_path / "one.yaml", tmp_path / "world"
    neighbor = '  - station 4-yard: {dials: "2125550124", pin: "4417"}\n  - neighbor: {refuses: true}\n'
    head = 'scenario: one\nworld: demo-6s\naccounts: {"+12125550123": {advancepay: "5"}}\n'
    text = f"{head}profile: {{outside: {{ringing: 9s}}}}\nscript:\n{DIALS}{ACCEPTS}{HANGS_UP}{neighbor}"
    file.write_text(text, encoding="utf-8")
    assert run_load(Options(file, callers=20, world_out=folder)) == KEPT
    config = load_config(folder / "world.toml")
    world = build_world(config, "world.toml", folder)
    plan = plan_from(tmp_path, text, callers=20)
    assert (plan.callers.user, plan.callers.pin, plan.callers.count) == ("4-yard-{n}", "{n:04}", 20)
    assert [station.user for station in config.stations] == [f"4-yard-{n}" for n in range(20)]
    assert [person.pin.get_secret_value() for person in config.people] == [f"{n:04}" for n in range(20)]
    assert [kind.dials for kind in plan.mix] == ["{digits}", "{digits}"]
    assert {kind.presses for kind in plan.mix} == {"{pin}"}
    numbers = {phone.number: phone.user for phone in config.phones}
    for table in (plan.callees, plan.mix[1].callees):
        assert table is not None
        for n in range(table.first, table.first + table.count):
            assert numbers.pop(table.number.format(n=n)) == (table.user or "").format(n=n)
    assert not numbers
    lines = {line.prefix: line.type.value for line in config.lines}
    assert {lines[phone.number] for phone in config.phones} == {"landline"}
    assert all(profile.outside.ringing == 9 for profile in world.profiles.values())
    assert sorted(str(each.deposit) for each in world.openings.values() if str(each.deposit) == "5") == ["5"] * 20


def test_each_copy_of_a_household_has_an_account_of_its_own(tmp_path: Path) -> None:
    file, folder = tmp_path / "one.yaml", tmp_path / "world"
    head = "scenario: one\nworld: connecticut-2021\npeople: {jordan: {debits: advanceconnect:household}}\n"
    head += 'accounts: {"advancepay:+12035550127": {settles later: true}}\nfree days: {one: [2021-06-05]}\n'
    calls = "".join(
        f'  - station 4-yard: {{dials: "{dialled}", pin: "4417"}}\n  - {name}: {{refuses: true}}\n'
        for dialled, name in (("2035550123", "family"), ("2125550126", "aunt"), ("2035550127", "stranger"))
    )
    file.write_text(f"{head}script:\n{calls}", encoding="utf-8")
    assert run_load(Options(file, callers=3, world_out=folder)) == KEPT
    config = load_config(folder / "world.toml")
    world = build_world(config, "world.toml", folder)
    numbers = {phone.user: phone.number for phone in config.phones if phone.user}
    users = {number: user.rpartition("-") for user, number in numbers.items()}
    paid = {row.id: sorted(users[number][0] for number in row.numbers) for row in config.accounts}
    assert [paid[f"advanceconnect:household-{n}"] for n in range(3)] == [["aunt", "family"]] * 3
    assert all(len({int(users[number][2]) % 3 for number in row.numbers}) < 2 for row in config.accounts)
    later = sorted(row.id for row in config.accounts if row.settles_later)
    assert later == sorted(f"advancepay:{number}" for number in numbers.values() if users[number][0] == "stranger")
    assert [person.debits for person in config.people] == [f"advanceconnect:household-{n}" for n in range(3)]
    assert len(world.pricing.taxes.levies) == 2
    assert len(world.pricing.free_days) == 1


def test_a_world_is_written_for_scenarios_with_callers_only(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(HEAD + DIALS + ACCEPTS + HANGS_UP, encoding="utf-8")
    assert run_load(Options(file, world_out=tmp_path / "world")) == WRONG_PLAN
    assert not (tmp_path / "world").exists()
