"""The torture tests of RFC 4475 and RFC 5118, octet by octet, against a switch in a namespace of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.programs import lacking, shared
from tests.live.serving import Serving

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

CONFIG = """
[switch]
listen = "127.0.0.1:0"
[media]
ports = [20000, 20100]
[[facilities]]
id = "prison"
[[stations]]
user = "yard"
password = "yard-secret"
facility = "prison"
"""
WAIT_SECONDS = 0.3
"""How long an answer is waited for; on loopback it comes within milliseconds."""
LATER = {"dblreq"}
"""Judged alone: while the whole suite runs, a 401 sent again to an earlier INVITE is taken for its answer. That INVITE
(`longreq`) has no branch, and the ACK it gets has another Request-URI, which by RFC 3261 §17.2.3 is none of its."""


@pytest.fixture
def confined(tmp_path: Path) -> Iterator[Serving]:
    """A switch that sees loopback and nothing else: the messages name addresses of the whole world."""
    confine = str(shared("tools", "netns.sh"))
    if subprocess.run([confine, "true"], capture_output=True, check=False).returncode != 0:
        lacking("a network namespace cannot be made: it takes root, and iproute2")
    with Serving(tmp_path, CONFIG, within=[confine]) as switch:
        yield switch


@pytest.mark.parametrize(("suite", "count"), [("rfc4475", 46), ("rfc5118", 8)])
def test_every_torture_message_is_judged_as_its_rfc_says(confined: Serving, suite: str, count: int) -> None:
    verdicts = torture(confined, suite)
    assert len(verdicts) == count
    alone = torture(confined, suite, *LATER) if LATER & verdicts.keys() else {}
    assert {name: result for name, result in (verdicts | alone).items() if result != "PASS"} == {}
    assert confined.end() == 0
    assert "faults" not in confined.logged("metrics", within=5), confined.tail()


def torture(switch: Serving, suite: str, *only: str) -> dict[str, str]:
    """Run the messages of a suite that are transactions of their own; returns a verdict for each."""
    verdicts = switch.folder / f"{suite}.json"
    named = ["--only", ",".join(only)] if only else []
    command = [
        *("nsenter", "--target", str(switch.process.pid), "--net"),
        *(sys.executable, str(shared("tools", "run_torture.py")), "--suite", str(shared("data", suite))),
        *("--target", "{}:{}".format(*switch.address), "--wait", str(WAIT_SECONDS), "--json", str(verdicts)),
        *("--no-second-round", *named),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert verdicts.exists(), ended.stdout + ended.stderr
    return {result["name"]: result["result"] for result in json.loads(verdicts.read_text())["results"]}
