from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace

from ledger.liveness import SILENCE_MAX, dead, is_running, started_mark, this_process
from tests.support.ledger import NOW, PROCESS, later


def test_this_process_runs() -> None:
    process = this_process("switch-1", NOW)
    assert (process.pid, process.host, process.beat_at) == (os.getpid(), socket.gethostname(), NOW)
    assert is_running(process) is True


def test_a_process_that_ended_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        mark = started_mark(child.pid)
        process = replace(this_process("switch-1", NOW), pid=child.pid, pid_started=mark or "")
        assert is_running(process) is True
    assert started_mark(process.pid) is None
    assert is_running(process) is False


def test_another_process_under_the_same_pid_is_not_it() -> None:
    assert is_running(replace(this_process("switch-1", NOW), pid_started="1")) is False


def test_nobody_knows_of_processes_elsewhere_but_their_silence() -> None:
    elsewhere = replace(PROCESS, host="elsewhere.invalid")
    assert is_running(elsewhere) is None
    assert dead([elsewhere], NOW + SILENCE_MAX, is_running) == ()
    assert dead([elsewhere], later(SILENCE_MAX.total_seconds() + 0.001), is_running) == (elsewhere,)


def test_a_process_that_runs_is_alive_however_silent() -> None:
    assert dead([this_process("switch-1", NOW)], later(3600), is_running) == ()
