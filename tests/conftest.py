"""Async tests run on virtual time over a simulated network, unless marked otherwise."""

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from scenarios.sim.loop import VirtualLoop
from scenarios.sim.network import Network
from tests.support.examples import register_profiles
from tests.support.recognised import RECOGNISED, told

try:
    from uvloop import new_event_loop as new_real_loop
except ImportError:
    from asyncio import new_event_loop as new_real_loop

register_profiles()

MEMORY: Final = Path("/dev/shm")
MEMORY_LEAST: Final = 4 << 30
"""Bytes: the folders of three runs need about one of these GiB."""
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_LEAST:
    # Books are written durably, a thousand times a minute, and no test pulls the plug: nobody need wait for a disk.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

REAL_MARKS = ("realtime", "live", "postgres")
"""Marks of tests that talk to real sockets or programs: they get the loop of production, and its time."""

LIVE = ("tests/live/", "tests/prompts/")
"""Where `make test` looks for tests marked `live`: not to collect thousands of others for them."""

WHOLE = (
    "docs/test_docs_extending",
    "docs/test_service_page",
    "ledger/papers/test_papers_names",
    "ledger/proof/test_proof_sealing",
    "ledger/proof/test_proof_tampering",
    "ledger/test_ledger_audit",
    "ledger/test_ledger_crowd",
    "ledger/test_ledger_hammer",
    "ledger/test_ledger_history",
    "ledger/test_ledger_kill",
    "ledger/test_ledger_machine",
    "ledger/test_ledger_writer",
    "ledger/test_products_card_refunds",
    "ledger/test_products_machine",
    "ledger/test_products_messages",
    "ledger/test_products_stored",
    "prompts/test_prompt_asterisk",
    "prompts/test_prompt_intelligible",
    "prompts/test_prompt_level",
    "prompts/test_prompt_recognise",
    "rating/test_rating_price",
    "scenarios/demo/",
    "scenarios/library/",
    "scenarios/load/test_load_generator",
    "scenarios/load/test_load_measures",
    "scenarios/load/test_load_media",
    "scenarios/play/",
    "scenarios/run/",
    "scenarios/swarm/",
    "switch/app/test_books",
    "switch/app/test_deposits",
    "switch/app/test_running",
    "switch/app/test_service_commands",
    "switch/app/test_staff_commands",
    "switch/app/test_whole_call",
    "switch/call/test_blocked_in_mid_call",
    "switch/call/test_book_outage",
    "switch/call/test_calls_on_one_account",
    "switch/call/test_card_calls_killed",
    "switch/call/test_ended_at",
    "switch/call/test_lossy_network",
    "switch/call/test_meter_on_one_purse",
    "switch/call/test_monitoring",
    "switch/call/test_moving_money",
    "switch/call/test_names_forgotten",
    "switch/call/test_one_call_on_one_book",
    "switch/call/test_service_calls",
    "switch/call/test_settlement",
    "switch/call/test_settles_later",
    "switch/call/test_stopping",
    "switch/call/test_third_party",
    "switch/call/test_warned_in_time",
    "switch/call/test_who_may_call",
    "switch/media/test_media_few",
    "switch/media/test_media_hearing",
    "switch/media/test_media_leaping",
    "switch/media/test_media_machine",
    "switch/media/test_media_third_party",
    "switch/media/test_media_tones",
    "switch/service/test_acts_killed",
)
"""Where tests play whole calls, kill processes, listen to half an hour of sound, try thousands of prices, or take their
time otherwise: `make quick` is done within a minute."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if _has_its_own_loop(item)]
    for item in items:
        if item.get_closest_marker("live") and not any(folder in item.path.as_posix() for folder in LIVE):
            raise pytest.UsageError(
                f"{item.nodeid} is live, and `make test` looks for those in {' and '.join(LIVE)} only"
            )
        if any(folder in item.path.as_posix() for folder in WHOLE):
            item.add_marker(pytest.mark.whole)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many of the clips that were said over the library of scenarios were recognised."""
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.getreports(kind)]
    counts = [value for each in reports for name, value in each.user_properties if name == RECOGNISED]
    if counts:
        terminalreporter.write_line(told(counts))


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if any(item.get_closest_marker(mark) for mark in REAL_MARKS):
        return {"real": new_real_loop}
    if "shelf" in getattr(item, "fixturenames", ()):  # On PostgreSQL it is marked, but nobody can know that yet.
        return {"virtual": VirtualLoop, "real": new_real_loop}
    return {"virtual": VirtualLoop}


def _has_its_own_loop(item: pytest.Item) -> bool:
    """Whether a test on both loops is on the one for its database: real time for a server, virtual for a file."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    if not {"shelf", "_asyncio_loop_factory"} <= parameters.keys():
        return True
    is_real = any(item.get_closest_marker(mark) for mark in REAL_MARKS)
    return is_real is (parameters["_asyncio_loop_factory"] is new_real_loop)


@pytest.fixture
async def network() -> Network:
    """The simulated network of the test's own loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop), "a test on the real loop has no simulated network"
    return loop.network
