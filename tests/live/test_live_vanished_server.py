"""PostgreSQL behind a network that goes away without a word: nobody is told, and TCP alone would wait for hours."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ledger.outcomes import Ended
from tests.live.programs import REPOSITORY, lacking, program
from tests.support.ledger import CALL, usd
from tests.support.postgres import cluster, missing

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

REFUSED_MAX = 40.0
"""Seconds: ten until it is lost, three tries to connect of five each, and a machine at work."""


def test_a_server_that_vanishes_is_given_up_within_seconds_and_found_again() -> None:
    if (why := missing()) is not None:
        lacking(why)
    confined = [program("unshare", "util-linux"), "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    program("ip", "iproute2")
    if subprocess.run([*confined, "true"], capture_output=True, check=False).returncode != 0:
        lacking("a network namespace cannot be made: it takes root")
    with cluster() as server:
        server.make("book")
        ended = subprocess.run(
            [
                *confined,
                sys.executable,
                "-m",
                "tests.live.vanished",
                server.user,
                "book",
                server.socket_folder / ".s.PGSQL.5432",
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["refused"].startswith("the database took nothing"), told
    assert told["seconds"] < REFUSED_MAX, told
    assert told["ended"] == str(Ended(CALL, "call-1/charge", usd("3"), usd("1"))), told
    assert told["after"] < REFUSED_MAX / 8, told
