"""`payphone load` against programs we did not write, and against a switch of its own process.

What the load counts has to be what the other end counts.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scenarios.load.command import KEPT, Options, run_load
from scenarios.load.copies import toml_text
from scenarios.worlds.find import find_world
from tests.live.child import Child
from tests.live.ports import free_range
from tests.live.programs import REPOSITORY, program
from tests.live.serving import Serving

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

CALLS = 20
PLAN = """
load: {name}
target: 127.0.0.1:{target}
arrivals: fixed
stages: [{{rate: 20/s, for: 1s}}]
{rest}
"""
UAS = """
mix: [{behaviour: bridge, dials: service, holds: 500ms}]
thresholds: [failed < 0.1%, rtp_loss < 1%]
"""
KAMAILIO = """
children=1
log_stderror=yes
listen=udp:127.0.0.1:{proxy}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {{
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here");
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    record_route();
    $du = "sip:127.0.0.1:{behind}";
    if (!t_relay()) sl_reply_error();
}}
"""
TARIFF = """
name = "load"
valid_from = 2020-01-01
zone = "UTC"
first = 3
increment = 3
kinds = ["advancepay"]
[[rows]]
place = "United States"
prefixes = ["+1"]
per_minute = "0.60"
"""
WORLD = """
tariffs = ["tariff.toml"]
[switch]
listen = "127.0.0.1:0"
[media]
ports = [{first}, {last}]
[[trunks]]
name = "load"
address = "127.0.0.1:{listen}"
[[routes]]
bridge = "9"
trunk = "load"
[[facilities]]
id = "load"
profile = "profile.toml"
"""
SEAT = """
[[users]]
user = "load-{n}"
password = "secret"
[[stations]]
user = "station-{n}"
password = "inside"
facility = "load"
[[people]]
id = "person-{n}"
pin = "{pin}"
facility = "load"
[[phones]]
number = "+1212555{n:04}"
user = "family-{n}"
password = "outside"
advancepay = "{funds}"
"""
STORY = """
seed: 3
callers: {user: "station-{n}", password: inside, pin: "1{n:03}", count: 30}
callees: {number: "+1212555{n:04}", user: "family-{n}", password: outside, count: 30}
mix:
  - {behaviour: accept, presses: "{pin}", holds: 1s, weight: 4}
  - {behaviour: refuse, presses: "{pin}", listens: 200ms}
  - {behaviour: busy, presses: "{pin}"}
  - behaviour: accept
    name: cut
    presses: "{pin}"
    hangs_up: target
    cut_after: 3s
    weight: 2
    callees: {number: "+1212555{n:04}", user: "family-{n}", password: outside, first: 30, count: 20}
thresholds: [failed < 0.1%, rtp_loss < 1%, min cutoff of cut < 100ms, max cutoff of cut < 2s]
"""
SCENARIO = """
scenario: accepted, refused, busy
world: per-second
accounts: {"+12125550123": {advancepay: "5"}}
thresholds: [failed < 0.1%, rtp_loss < 1%]
script:
  - station 4-yard: {dials: "2125550123", pin: "4417"}
  - family: {rings: 100ms, answers: true, waits: 300ms, presses: "5"}
  - station 4-yard: {hangs up: true, at: 500ms}
  - station 4-yard: {dials: "2125550123", pin: "4417"}
  - family: {answers: true, waits: 200ms, hangs up: true}
  - station 4-yard: {dials: "2125550123", pin: "4417"}
  - family: {refuses: 486}
"""


class Uas(Child):
    """SIPp with the callee of its own that ships with it, writing down what it counts.

    That callee forgets the Record-Route of a proxy (RFC 3261 §12.1.1); `behind_proxy` puts it back.
    """

    def __init__(self, folder: Path, *, behind_proxy: bool = False) -> None:
        path = program("sipp", "sip-tester")
        self.port = free_range()
        self.counted = folder / "sipp.csv"
        scenario: list[str] = ["-sn", "uas"]
        if behind_proxy:
            shipped = subprocess.run([path, "-sd", "uas"], capture_output=True, check=False, timeout=10).stdout.decode()
            file = folder / "uas.xml"
            file.write_text(shipped.replace("[last_Via:]", "[last_Via:]\n      [last_Record-Route:]"), encoding="utf-8")
            scenario = ["-sf", str(file)]
        options = [
            *scenario,
            "-i",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-mi",
            "127.0.0.1",
            "-mp",
            str(self.port + 10),
        ]
        statistics = ["-rtp_echo", "-nostdin", "-trace_stat", "-stf", str(self.counted), "-fd", "1", "-m", str(CALLS)]
        super().__init__([path, *options, *statistics], folder)

    def counts(self) -> dict[str, int]:
        """What it counted, once it has had all its calls."""
        assert self.ended(within=15) == 0, self.tail()
        rows = list(csv.DictReader(self.counted.read_text(encoding="utf-8").splitlines(), delimiter=";"))
        names = ("TotalCallCreated", "IncomingCall(C)", "SuccessfulCall(C)", "FailedCall(C)", "DeadCallMsgs(C)")
        return {name: int(rows[-1][name]) for name in names}


def load(folder: Path, *, target: int, rest: str, options: tuple[str, ...] = ()) -> tuple[int, dict[str, Any], str]:
    """Run the command; its exit code, its JSON and what it printed."""
    file = folder / "plan.yaml"
    file.write_text(PLAN.format(name=folder.name, target=target, rest=rest), encoding="utf-8")
    return load_file(file, *options)


def load_file(file: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    """Run the command on a plan or a scenario."""
    facts = file.with_name("facts.json")
    ended = subprocess.run(
        [sys.executable, "-m", "scenarios.load", str(file), "--json", str(facts), *options],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = (ended.stdout + ended.stderr).decode()
    assert facts.exists(), said
    return ended.returncode, json.loads(facts.read_text(encoding="utf-8")), said


def test_its_counts_are_those_of_sipp_at_the_other_end(tmp_path: Path) -> None:
    with Uas(tmp_path) as uas:
        code, facts, said = load(
            tmp_path, target=uas.port, rest=UAS, options=("--report", str(tmp_path / "report.html"))
        )
        theirs = uas.counts()
    assert code == 0, said
    assert facts["calls"] == {**facts["calls"], "started": CALLS, "finished": CALLS, "succeeded": CALLS, "failed": 0}
    assert facts["statuses"] == {"200": CALLS}
    assert facts["times"]["setup"]["count"] == facts["times"]["bye"]["count"] == CALLS
    assert facts["rtp"]["audio"]["expected"] > 20 * CALLS, "SIPp echoes what it hears"
    assert (theirs["IncomingCall(C)"], theirs["SuccessfulCall(C)"], theirs["FailedCall(C)"]) == (CALLS, CALLS, 0)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page and page.count("<svg") >= 5


def test_calls_pass_a_foreign_proxy_and_are_counted_the_same_behind_it(tmp_path: Path) -> None:
    proxy = free_range()
    config = tmp_path / "kamailio.cfg"
    with Uas(tmp_path, behind_proxy=True) as uas:
        config.write_text(KAMAILIO.format(proxy=proxy, behind=uas.port), encoding="utf-8")
        path = program("kamailio", "kamailio")
        command = [path, "-f", str(config), "-DD", "-E", "-Y", str(tmp_path), "-P", str(tmp_path / "pid")]
        with Child([*command, "-m", "32", "-M", "4"], tmp_path) as kamailio:
            kamailio.said(lambda line: "Listening on" in line, within=10)
            code, facts, said = load(tmp_path, target=proxy, rest=UAS, options=("--no-media",))
        theirs = uas.counts()
    assert code == 1, "without audio the threshold of its loss has nothing to go by"
    assert "BROKEN: rtp_loss < 1% (nothing measured)" in said
    assert facts["calls"]["succeeded"] == CALLS, said
    assert (theirs["IncomingCall(C)"], theirs["SuccessfulCall(C)"]) == (CALLS, CALLS)


def test_both_parties_of_paid_calls_are_played_against_a_switch(tmp_path: Path) -> None:
    with Serving(tmp_path, _world(tmp_path, listen=free_range())) as switch:
        code, facts, said = load(
            tmp_path, target=switch.address[1], rest=STORY, options=("--rate", "5/s", "--for", "3s")
        )
        audit, records = switch.audit(), switch.command("calls", "--last", "100")
    kinds = facts["kinds"]
    assert code == 0, said
    assert facts["calls"]["succeeded"] == facts["calls"]["started"] == len(records) == 15
    assert not audit["findings"], audit
    whys = [record["why"] for record in records]
    assert whys.count("funds-exhausted") == kinds["cut"]["finished"] > 0
    assert whys.count("busy") == kinds["busy"]["finished"]
    assert whys.count("refused") == kinds["refuse"]["finished"]
    assert facts["times"]["cutoff"]["count"] == kinds["cut"]["finished"]
    assert facts["rtp"]["streams"]["expected"] > 2_000


def test_a_scenario_is_a_load_in_a_world_of_its_copies(tmp_path: Path) -> None:
    file, folder = tmp_path / "calls.yaml", tmp_path / "world"
    file.write_text(SCENARIO, encoding="utf-8")
    assert run_load(Options(file, callers=30, world_out=folder)) == KEPT
    with Serving(folder, _at_free_ports((folder / "world.toml").read_text(encoding="utf-8"))) as switch:
        options = ("--callers", "30", "--rate", "5/s", "--for", "3s", "--target", f"127.0.0.1:{switch.address[1]}")
        code, facts, said = load_file(file, *options)
        audit, records = switch.audit(), switch.command("calls", "--last", "100")
    kinds = facts["kinds"]
    assert code == 0, said
    assert facts["calls"]["succeeded"] == facts["calls"]["started"] == len(records) > 5
    assert not audit["findings"], audit
    whys = [record["why"] for record in records]
    assert whys.count("hung-up") == kinds["accept"]["finished"]
    assert whys.count("refused") == kinds["refuse"]["finished"]
    assert whys.count("busy") == kinds["busy"]["finished"]


def test_without_copies_a_scenario_is_a_load_in_its_own_world_one_call_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(SCENARIO.replace('advancepay: "5"', 'advancepay: "1"'), encoding="utf-8")
    world = find_world("per-second", tmp_path)
    tariff = "per-second.tariff.toml"
    (tmp_path / tariff).write_text((world.parent / tariff).read_text(encoding="utf-8"), encoding="utf-8")
    with Serving(tmp_path, _at_free_ports(world.read_text(encoding="utf-8"), book="payphone.db")) as switch:
        target = f"127.0.0.1:{switch.address[1]}"
        _, facts, said = load_file(file, "--rate", "2/s", "--for", "4s", "--target", target)
        records = switch.command("calls", "--last", "100")
    assert "1 caller for calls of some" in said
    assert {failure["class"] for failure in facts["failures"]} <= {"no free caller"}, said
    assert facts["calls"]["succeeded"] == len(records) > 0
    assert {record["station"] for record in records} == {"4-yard"}


def _at_free_ports(world: str, *, book: str = "") -> str:
    """A world that listens where nothing else does."""
    first = free_range(400)
    raw = tomllib.loads(world)
    raw["switch"] = {**raw.get("switch", {}), "listen": "127.0.0.1:0"}
    raw["media"] = {**raw["media"], "listen": "127.0.0.1", "ports": [first, first + 399]}
    if book:
        raw["book"] = {"url": f"sqlite+aiosqlite:///{book}"}
    return toml_text(raw)


def _world(folder: Path, *, listen: int) -> str:
    (folder / "tariff.toml").write_text(TARIFF, encoding="utf-8")
    (folder / "profile.toml").write_text('name = "load"\n[talking]\nslice = 3\nwarnings = []\n', encoding="utf-8")
    first = free_range(400)
    seats = [SEAT.format(n=index, pin=f"1{index:03}", funds="10.00" if index < 30 else "0.03") for index in range(50)]
    return WORLD.format(first=first, last=first + 399, listen=listen) + "".join(seats)
