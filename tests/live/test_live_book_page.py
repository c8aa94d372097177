"""Every block of the page about the book does what the page says, on the book of the demonstration."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import structlog

from scenarios.demo.folder import Folder, start_afresh
from scenarios.demo.stage import demo_world, perform
from scenarios.sim.loop import VirtualLoop
from tests.live.programs import REPOSITORY, program

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

PAGE = REPOSITORY / "docs" / "book.md"
JUNE = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def steps() -> list[tuple[str, str]]:
    """Each command of the page, with what it prints."""
    found: list[tuple[str, str]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def matches(expected: str, printed: str) -> bool:
    """Whether a text is as the page has it; `…` stands for anything."""
    pattern = ".*".join(map(re.escape, expected.split("…")))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """What the demonstration leaves, played on virtual time."""
    folder = start_afresh(tmp_path_factory.mktemp("page") / "out" / "demo")
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(perform(demo_world(), folder, random=Random(7), utc=JUNE, log=structlog.get_logger("test")))
    return folder


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8", "COLUMNS": "120"}
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=clean, capture_output=True, text=True, timeout=100, check=False
    )


def test_the_demonstration_leaves_a_book_that_both_programs_pass(demonstration: Folder) -> None:
    hledger = program("hledger", "hledger")
    for words in ("bean-check book.beancount", f"{hledger} -f book.journal check --strict"):
        done = shell(words, demonstration.path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), words


# Two dozen commands, each a process of a second or two; on a busy machine several times that.
@pytest.mark.timeout(400)
def test_every_block_of_the_page_does_what_it_says(demonstration: Folder) -> None:
    program("hledger", "hledger")
    program("openssl", "openssl")
    folder = demonstration.path.parents[1]
    setting = ""
    for command, expected in steps():
        if command.startswith("export "):
            setting += f"{command}\n"
            continue
        done = shell(setting + command, folder)
        assert done.stderr == "", command
        assert matches(expected, done.stdout), f"{command}\n{done.stdout}"


def test_the_page_has_commands_of_every_kind() -> None:
    commands = "\n".join(command for command, _ in steps())
    for words in (
        "bean-check",
        "hledger",
        "ledger export",
        "ledger statement",
        "ledger checkpoint",
        "audit",
        "openssl",
    ):
        assert words in commands
    assert len(steps()) >= 18


def test_a_block_that_says_otherwise_is_seen() -> None:
    assert matches("a … c\n", "a b c\n")
    assert not matches("a … c\n", "a b d\n")
